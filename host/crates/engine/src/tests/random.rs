//! Random lives of a scheduler: graphs, workers that come and go, failures, cancels, retries,
//! releases, lost values and restarts, all from one seed.

use wask_proto::{FailureKind, OnFailed, RunId, TaskId, TaskIndex, WorkerId};

use super::model::{Held, Model, RunBook};
use crate::{Action, AttemptOutcome, Event, Need, Node, NodeOptions, Wait, testing::node};

/// Xorshift: random enough, and the same everywhere.
pub(super) struct Random(pub(super) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11
    }

    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    fn chance(&mut self, one_in: u64) -> bool {
        self.below(one_in) == 0
    }

    pub(super) fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let at = self.below(of.len() as u64) as usize;
        of.get(at)
    }
}

const SEEDS: u64 = 400;
const STEPS: u32 = 160;

#[test]
fn every_life_keeps_the_invariants_and_brings_each_task_to_one_end() {
    let (mut settled, mut actions) = (0, [0_u64; 15]);
    for seed in 1..=SEEDS {
        let life = live(seed);
        settled += life.settled;
        life.log.iter().for_each(|action| actions[kind(action)] += 1);
    }
    assert!(settled > 30 * SEEDS, "only {settled} tasks reached their end");
    for (kind, count) in actions.iter().enumerate() {
        assert!(*count > SEEDS / 10, "action {kind} was seen {count} times: {actions:?}");
    }
}

#[test]
fn the_same_seed_gives_the_same_actions() {
    for seed in 1..=30 {
        assert_eq!(live(seed).log, live(seed).log, "seed {seed}");
    }
}

fn live(seed: u64) -> Model {
    let guard = Guard(seed);
    let mut life = Life { model: Model::new(seed), random: Random(seed), next: 1 };
    for _ in 0..STEPS {
        life.step();
    }
    life.end();
    std::mem::forget(guard);
    life.model
}

/// Names the seed of a life that went wrong.
struct Guard(u64);

impl Drop for Guard {
    fn drop(&mut self) {
        println!("the seed was {}", self.0);
    }
}

struct Life {
    model: Model,
    random: Random,
    next: u32,
}

impl Life {
    fn step(&mut self) {
        match self.random.below(40) {
            0..3 => self.new_run(),
            3..5 => self.grow_run(),
            5 => self.close_run(),
            6..8 => self.join(),
            8 => self.leave(),
            9 => self.drain(),
            10 => self.cancel(),
            11 => self.retry(),
            12 => self.release(),
            13 => {
                if let Some(task) = self.model.any_value() {
                    self.model.lose_value(task);
                }
            }
            14 => self.delete(),
            15..17 => self.tick(),
            17 if self.random.chance(4) => self.model.restart(),
            _ => self.work(),
        }
    }

    /// No more trouble: whatever is left succeeds, and nothing stays occupied.
    fn end(&mut self) {
        let worker = WorkerId(self.next);
        self.next += 1;
        self.model.workers.insert(worker, Vec::new());
        let resources = vec![("gpu".into(), 3_000), ("disk".into(), 3_000)];
        self.model.send(Event::WorkerJoined { worker, slots: 3, resources });
        let open: Vec<RunId> = self.runs(|run| run.open);
        open.into_iter().for_each(|run| self.model.close(run));
        while self.model.states.values().any(|state| !state.is_final()) {
            if !self.finish_one(true) {
                let stuck = self.model.states.iter().find(|(_, state)| !state.is_final());
                let why = stuck.map(|(task, _)| self.model.engine.explain(*task, self.model.now));
                let goes_on = self.model.engine.next_deadline().is_some();
                assert!(goes_on, "{stuck:?} is stuck: {why:?}");
                self.tick();
            }
        }
        while self.finish_one(true) {}
        let unfinished = self.runs(|run| !run.finished && !run.nodes.is_empty());
        assert!(unfinished.is_empty(), "{unfinished:?}");
        for worker in self.model.engine.workers() {
            assert_eq!((worker.running, worker.prefetched), (0, 0), "{worker:?}");
            assert!(worker.resources.iter().all(|(_, all, free)| all == free), "{worker:?}");
        }
    }

    fn runs(&self, which: impl Fn(&RunBook) -> bool) -> Vec<RunId> {
        self.model.runs.iter().filter(|(_, run)| which(run)).map(|(id, _)| *id).collect()
    }

    fn any_run(&mut self) -> Option<RunId> {
        let runs = self.runs(|_| true);
        self.random.pick(&runs).copied()
    }

    fn new_run(&mut self) {
        if self.model.runs.len() >= 4 {
            return;
        }
        let id = RunId(u64::from(self.next));
        self.next += 1;
        let open = self.random.chance(2);
        self.model.runs.insert(id, RunBook { open, ..RunBook::default() });
        self.model.send(Event::AddRun { run: id, open });
        if !open {
            // Replays open a run and close it by a record.
            let closed = super::model::Entry::Fact(crate::Fact::Closed);
            let nodes = self.nodes(0);
            self.model.add(id, nodes);
            let journal = &mut self.model.runs.get_mut(&id).expect("the run exists").journal;
            journal.insert(1, closed);
        }
    }

    fn grow_run(&mut self) {
        let open = self.runs(|run| run.open && run.len() < 40);
        let Some(&id) = self.random.pick(&open) else { return };
        let nodes = self.nodes(self.model.runs[&id].len());
        self.model.add(id, nodes);
    }

    fn nodes(&mut self, first: TaskIndex) -> Vec<Node> {
        let (mut next, mut nodes) = (first, Vec::<Node>::new());
        for _ in 0..1 + self.random.below(6) {
            let len = if self.random.chance(3) { self.random.below(6) as u32 } else { 1 };
            nodes.push(self.node(next, len, &nodes));
            next += len;
        }
        nodes
    }

    fn node(&mut self, start: TaskIndex, len: u32, siblings: &[Node]) -> Node {
        let mut made = node(start..start + len).0;
        if self.random.chance(10)
            && let Some(source) = self.source(len)
        {
            made.import = Some(source);
            made.options = self.options();
            return made;
        }
        let random = &mut self.random;
        made.function = random.below(4) as u32;
        if start > 0 && len == 1 && random.chance(4) {
            // A chain.
            made.needs.push(Need { tasks: start - 1..start, uses_results: true });
        } else if start > 0 {
            for _ in 0..random.below(3) {
                let from = random.below(u64::from(start)) as u32;
                let to = from + 1 + random.below(u64::from(start - from).min(5)) as u32;
                made.needs
                    .push(Need { tasks: from..to.min(start), uses_results: !random.chance(3) });
            }
            if let Some(sibling) = random.pick(siblings)
                && random.chance(2)
            {
                made.needs.push(Need { tasks: sibling.tasks.clone(), uses_results: true });
            }
            if len <= start && random.chance(3) {
                let from = random.below(u64::from(start - len + 1)) as u32;
                made.zip.push(from..from + len);
            }
            for element in 0..len {
                if random.chance(3) {
                    made.element_needs.push((element, random.below(u64::from(start)) as u32));
                }
            }
        }
        made.options = self.options();
        made
    }

    /// The first of so many tasks of some run.
    fn source(&mut self, len: u32) -> Option<TaskId> {
        let run = self.any_run()?;
        let most = self.model.runs[&run].len().checked_sub(len.max(1))?;
        let index = self.random.below(u64::from(most) + 1) as u32;
        Some(TaskId { run, index })
    }

    fn options(&mut self) -> NodeOptions {
        let random = &mut self.random;
        let mut resources = Vec::new();
        if random.chance(6) {
            resources.push(("gpu".into(), 500 + random.below(3) * 500));
        }
        if random.chance(12) {
            resources.push(("disk".into(), random.below(2) * 1_000));
        }
        let output = random.chance(3);
        NodeOptions {
            retries: random.below(3) as u32,
            retry_delay_ms: random.below(3) * 50,
            priority: random.below(3) as i32 - 1,
            resources,
            on_failed: if random.chance(4) { OnFailed::Run } else { OnFailed::Abort },
            max_fails: random.chance(3).then(|| random.below(3) as u32),
            wanted: output || random.chance(4),
            output,
        }
    }

    fn close_run(&mut self) {
        let open = self.runs(|run| run.open);
        if let Some(&id) = self.random.pick(&open) {
            self.model.close(id);
        }
    }

    fn join(&mut self) {
        if self.model.workers.len() >= 4 {
            return;
        }
        let worker = WorkerId(self.next);
        self.next += 1;
        self.model.workers.insert(worker, Vec::new());
        let mut resources = Vec::new();
        if self.random.chance(2) {
            resources.push(("gpu".into(), 1_000 * self.random.below(3)));
        }
        let slots = self.random.below(4) as u16;
        self.model.send(Event::WorkerJoined { worker, slots, resources });
    }

    fn any_worker(&mut self) -> Option<WorkerId> {
        let workers: Vec<WorkerId> = self.model.workers.keys().copied().collect();
        self.random.pick(&workers).copied()
    }

    fn leave(&mut self) {
        let Some(worker) = self.any_worker() else { return };
        self.model.workers.remove(&worker);
        self.model.send(Event::WorkerLeft(worker));
    }

    fn drain(&mut self) {
        let Some(worker) = self.any_worker() else { return };
        for held in &mut self.model.workers.get_mut(&worker).expect("the worker is there")[..] {
            held.leaving = !held.started;
        }
        self.model.send(Event::WorkerDraining(worker));
    }

    fn ranges(&mut self, run: RunId) -> Vec<std::ops::Range<TaskIndex>> {
        let len = u64::from(self.model.runs[&run].len());
        let mut range = || {
            let start = self.random.below(len) as u32;
            start..start + 1 + self.random.below(4) as u32
        };
        vec![range(), range()]
    }

    fn cancel(&mut self) {
        let Some(run) = self.any_run() else { return };
        let tasks = (!self.random.chance(4)).then(|| self.ranges(run));
        self.model.send(Event::Cancel { run, tasks });
    }

    fn retry(&mut self) {
        let Some(run) = self.any_run() else { return };
        let tasks = (!self.random.chance(3)).then(|| self.ranges(run));
        self.model.send(Event::Retry { run, tasks });
    }

    fn release(&mut self) {
        let Some(run) = self.any_run() else { return };
        let tasks = self.ranges(run);
        self.model.send(Event::Release { run, tasks });
    }

    fn delete(&mut self) {
        let finished = self.runs(|run| run.finished);
        if let Some(&run) = self.random.pick(&finished)
            && !self.model.engine.is_held(run)
        {
            self.model.delete(run);
        }
    }

    fn tick(&mut self) {
        if let Some(at) = self.model.engine.next_deadline() {
            self.model.now = self.model.now.max(at);
            self.model.send(Event::Tick);
        }
    }

    /// Something happens on a worker.
    fn work(&mut self) {
        let Some(worker) = self.any_worker() else { return };
        let held = &mut self.model.workers.get_mut(&worker).expect("the worker is there");
        let at = self.random.below(held.len() as u64) as usize;
        let Some(&attempt) = held.get(at) else { return };
        let current = self.model.engine.attempt(attempt.task) == Some(attempt.attempt);
        if attempt.behind && self.model.waits_behind(&attempt) {
            // What is before it may have failed, or is told of late.
            match self.random.below(4) {
                0 => self.hand_back(worker, at),
                1 => self.finish(worker, at, false),
                _ => {}
            }
            return;
        }
        if attempt.parked && !attempt.stopped {
            // Its sandbox is gone, now and then.
            if self.random.chance(6) {
                self.hand_back(worker, at);
            }
            return;
        }
        if current && !attempt.stopped && !attempt.asked_back && self.random.chance(4) {
            return self.hand_out(worker, attempt.task, attempt.attempt);
        }
        let Some(held) = self.model.workers.get_mut(&worker) else { return };
        if (attempt.asked_back || attempt.leaving) && !attempt.started && self.random.chance(2) {
            self.hand_back(worker, at);
        } else if !attempt.started && self.random.chance(3) {
            held[at].started = true;
            let (task, attempt) = (attempt.task, attempt.attempt);
            self.model.send(Event::Started { worker, task, attempt });
        } else {
            self.finish(worker, at, false);
        }
    }

    fn hand_back(&mut self, worker: WorkerId, at: usize) {
        let held = self.model.workers.get_mut(&worker).expect("the worker is there").remove(at);
        let (task, attempt) = (held.task, held.attempt);
        if held.behind && self.model.waits_behind(&held) {
            self.model.give_number_back(task);
        }
        self.model.send(Event::Returned { worker, task, attempt });
    }

    /// An attempt hands out tasks, waits for some, or lets one end in its place.
    fn hand_out(&mut self, worker: WorkerId, task: TaskId, attempt: u32) {
        let Some(len) = self.model.runs.get(&task.run).map(RunBook::len) else { return };
        if len < 50 && self.random.chance(2) {
            let mut nodes = vec![self.node(len, 1 + self.random.0 as u32 % 2, &[])];
            nodes[0].import = None;
            nodes[0].parent = Some(task.index);
            let siblings = self.children(task);
            nodes[0].needs.retain(|need| need.tasks.clone().all(|task| siblings.contains(&task)));
            nodes[0].element_needs.retain(|(_, task)| siblings.contains(task));
            nodes[0].zip.clear();
            return self.model.add(task.run, nodes);
        }
        let children = self.children(task);
        let Some(&child) = self.random.pick(&children) else { return };
        let held = self.model.workers.get_mut(&worker).expect("the worker is there");
        let at = held.iter().position(|held| (held.task, held.attempt) == (task, attempt));
        let at = at.expect("the attempt is there");
        if self.random.chance(4) {
            held.remove(at);
            let outcome = AttemptOutcome::Becomes(child);
            self.model.send(Event::Finished { worker, task, attempt, outcome, busy_us: 5 });
            return;
        }
        (held[at].parked, held[at].started) = (true, false);
        let mut on = vec![child];
        on.extend(self.random.pick(&children));
        let wait = Wait::Tasks(on);
        self.model.send(Event::Parked { worker, task, attempt, wait, busy_us: 5 });
    }

    fn children(&self, parent: TaskId) -> Vec<TaskIndex> {
        let nodes = &self.model.runs[&parent.run].nodes;
        let own = nodes.iter().filter(|node| node.parent == Some(parent.index));
        own.flat_map(|node| node.tasks.clone()).collect()
    }

    fn finish_one(&mut self, well: bool) -> bool {
        let can_end = |held: &Held| !held.parked || held.stopped;
        let busy = self
            .model
            .workers
            .iter()
            .find_map(|(worker, held)| Some((*worker, held.iter().position(can_end)?)));
        let Some((worker, at)) = busy else { return false };
        self.finish(worker, at, well);
        true
    }

    fn finish(&mut self, worker: WorkerId, at: usize, well: bool) {
        let held = self.model.workers.get_mut(&worker).expect("the worker is there").remove(at);
        let outcome = match self.random.below(12) {
            _ if well => AttemptOutcome::Succeeded { size_bytes: 8 },
            0 => AttemptOutcome::Failed(FailureKind::App),
            1 => AttemptOutcome::Failed(FailureKind::Timeout),
            2 => AttemptOutcome::Failed(FailureKind::Invalid),
            3 => AttemptOutcome::Lost,
            4 => AttemptOutcome::Cancelled,
            5 => AttemptOutcome::Failed(FailureKind::WorkerLost),
            _ => AttemptOutcome::Succeeded { size_bytes: self.random.below(1 << 33) },
        };
        let (task, attempt, busy_us): (TaskId, _, _) =
            (held.task, held.attempt, self.random.below(50));
        self.model.send(Event::Finished { worker, task, attempt, outcome, busy_us });
        if self.random.chance(8) {
            // The same word twice: a stale attempt changes nothing.
            self.model.send(Event::Finished { worker, task, attempt, outcome, busy_us });
        }
    }
}

fn kind(action: &Action) -> usize {
    match action {
        Action::StateChanged { .. } => 0,
        Action::Stage { .. } => 1,
        Action::Assign { .. } => 2,
        Action::Cancel { .. } => 3,
        Action::Reclaim { .. } => 4,
        Action::Unstage { .. } => 5,
        Action::AttemptFailed { .. } => 6,
        Action::Settled { .. } => 7,
        Action::Retried { .. } => 8,
        Action::Released { .. } => 9,
        Action::Drop { .. } => 10,
        Action::RunFinished { .. } | Action::RunResumed { .. } => 11,
        Action::Resume { .. } => 12,
        Action::StageBehind { .. } => 13,
        Action::Joined { .. } => 14,
    }
}
