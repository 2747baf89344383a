//! A caller of the engine that believes nothing: it keeps its own books and compares.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    ops::Range,
};

use wask_proto::{
    FailureKind, MemoKey, OnFailed, RunId, TaskId, TaskIndex, TaskState, Timestamp, WorkerId,
};

use crate::{
    Action, AttemptOutcome, Engine, EngineConfig, Event, Fact, Node, ResultSource, Settled, Stage,
    tests::random::Random,
};

/// What the journal holds of a run, in order.
#[derive(Clone, Debug)]
pub(super) enum Entry {
    Added(Vec<Node>),
    Fact(Fact),
}

/// A run, as the caller knows it.
#[derive(Clone, Debug, Default)]
pub(super) struct RunBook {
    pub(super) journal: Vec<Entry>,
    pub(super) nodes: Vec<Node>,
    pub(super) open: bool,
    pub(super) finished: bool,
}

/// An attempt that a worker holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub(super) task: TaskId,
    pub(super) attempt: u32,
    pub(super) started: bool,
    /// The engine asked for it back.
    pub(super) asked_back: bool,
    /// The worker drains and will hand it back.
    pub(super) leaving: bool,
    /// It waits for tasks that it handed out.
    pub(super) parked: bool,
    /// The engine stopped it.
    pub(super) stopped: bool,
    /// It was parked, and can go on nowhere else.
    pub(super) resumed: bool,
    /// It was sent behind the task that it waits for.
    pub(super) behind: bool,
}

impl Held {
    fn new(task: TaskId, attempt: u32) -> Self {
        let (started, asked_back, leaving) = (false, false, false);
        let (parked, stopped, resumed, behind) = (false, false, false, false);
        Self { task, attempt, started, asked_back, leaving, parked, stopped, resumed, behind }
    }
}

/// The caller, its workers and its journal.
pub(super) struct Model {
    pub(super) engine: Engine,
    pub(super) now: Timestamp,
    pub(super) runs: BTreeMap<RunId, RunBook>,
    pub(super) workers: BTreeMap<WorkerId, Vec<Held>>,
    pub(super) states: BTreeMap<TaskId, TaskState>,
    pub(super) log: Vec<Action>,
    pub(super) settled: u64,
    values: BTreeSet<TaskId>,
    attempts: BTreeMap<TaskId, u32>,
    staged: BTreeSet<TaskId>,
    random: Random,
}

impl RunBook {
    pub(super) fn len(&self) -> TaskIndex {
        self.nodes.last().map_or(0, |node| node.tasks.end)
    }

    fn node(&self, index: TaskIndex) -> &Node {
        self.nodes.iter().find(|node| node.tasks.contains(&index)).expect("the task has a node")
    }

    /// What a task needs, and whether it uses the result.
    fn inputs(&self, index: TaskIndex) -> Vec<(TaskIndex, bool)> {
        let node = self.node(index);
        let element = index - node.tasks.start;
        let own = node.element_needs.iter().filter(|(e, _)| *e == element).map(|(_, t)| *t);
        let zip = node.zip.iter().map(|zip| zip.start + element);
        let common =
            node.needs.iter().flat_map(|need| need.tasks.clone().map(|t| (t, need.uses_results)));
        own.chain(zip).map(|task| (task, true)).chain(common).collect()
    }
}

impl Model {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            engine: Engine::new(config()),
            now: Timestamp(1),
            runs: BTreeMap::new(),
            workers: BTreeMap::new(),
            states: BTreeMap::new(),
            log: Vec::new(),
            settled: 0,
            values: BTreeSet::new(),
            attempts: BTreeMap::new(),
            staged: BTreeSet::new(),
            random: Random(seed ^ 0x5555),
        }
    }

    /// Sends an event, carries out what follows, schedules, and compares the books.
    pub(super) fn send(&mut self, event: Event) {
        let lost = matches!(
            event,
            Event::WorkerLeft(_)
                | Event::Finished { outcome: AttemptOutcome::Lost | AttemptOutcome::Cancelled, .. }
                | Event::Finished { outcome: AttemptOutcome::Failed(FailureKind::WorkerLost), .. }
        );
        let mut actions = Vec::new();
        self.engine.handle(event, self.now, &mut actions);
        self.engine.check_invariants();
        self.carry_out(actions, lost);
        loop {
            let mut actions = Vec::new();
            self.engine.schedule(self.now, &mut actions);
            self.engine.check_invariants();
            if actions.is_empty() {
                break;
            }
            self.carry_out(actions, false);
        }
        assert!(self.staged.is_empty(), "staged and forgotten: {:?}", self.staged);
        for (task, state) in &self.states {
            assert_eq!(self.engine.state(*task), Some(*state), "{task:?}");
            let held = self.values.contains(task);
            assert_eq!(self.engine.holds_value(*task), Some(held), "value of {task:?}");
        }
    }

    pub(super) fn add(&mut self, id: RunId, nodes: Vec<Node>) {
        let run = self.runs.get_mut(&id).expect("the run exists");
        run.journal.push(Entry::Added(nodes.clone()));
        run.nodes.extend(nodes.clone());
        for node in &nodes {
            for index in node.tasks.clone() {
                self.states.insert(TaskId { run: id, index }, TaskState::Waiting);
            }
        }
        self.send(Event::AddTasks { run: id, nodes });
    }

    pub(super) fn close(&mut self, id: RunId) {
        let run = self.runs.get_mut(&id).expect("the run exists");
        run.open = false;
        run.journal.push(Entry::Fact(Fact::Closed));
        self.send(Event::CloseRun(id));
    }

    pub(super) fn delete(&mut self, id: RunId) {
        self.runs.remove(&id);
        self.states.retain(|task, _| task.run != id);
        self.values.retain(|task| task.run != id);
        self.attempts.retain(|task, _| task.run != id);
        self.send(Event::DeleteRun(id));
        assert_eq!(self.engine.counts(id), None);
    }

    pub(super) fn lose_value(&mut self, task: TaskId) {
        self.values.remove(&task);
        self.send(Event::ValueLost { task });
    }

    pub(super) fn any_value(&mut self) -> Option<TaskId> {
        let values: Vec<TaskId> = self.values.iter().copied().collect();
        self.random.pick(&values).copied()
    }

    /// The process dies; another one starts from the journal, of which the last records may be
    /// missing, and with some of the results gone.
    pub(super) fn restart(&mut self) {
        self.engine = Engine::new(config());
        (self.workers, self.states) = (BTreeMap::new(), BTreeMap::new());
        // Attempts under way leave no trace in the journal, so their numbers come again.
        self.attempts.clear();
        let mut ignored = Vec::new();
        let (mut runs, values) = (std::mem::take(&mut self.runs), std::mem::take(&mut self.values));
        for (id, run) in &mut runs {
            for _ in 0..self.random.below(3) {
                if matches!(run.journal.last(), Some(Entry::Fact(_))) {
                    run.journal.pop();
                }
            }
            let journal = run.journal.clone();
            let opened = Event::AddRun { run: *id, open: true };
            (run.open, run.finished) = (true, false);
            self.engine.handle(opened, self.now, &mut ignored);
            for entry in journal {
                let event = match entry {
                    Entry::Added(nodes) => Event::AddTasks { run: *id, nodes },
                    Entry::Fact(fact) => {
                        let fact = self.remember(*id, run, fact, &values);
                        Event::Restore { run: *id, facts: vec![fact] }
                    }
                };
                if let Event::AddTasks { nodes, .. } = &event {
                    for index in nodes.iter().flat_map(|node| node.tasks.clone()) {
                        self.states.insert(TaskId { run: *id, index }, TaskState::Waiting);
                    }
                }
                self.engine.handle(event, self.now, &mut ignored);
            }
            let last = Event::Restore { run: *id, facts: Vec::new() };
            self.engine.handle(last, self.now, &mut ignored);
        }
        self.runs = runs;
        self.send(Event::RestoreDone);
    }

    /// Takes over what a record of the journal says.
    fn remember(
        &mut self,
        id: RunId,
        run: &mut RunBook,
        fact: Fact,
        values: &BTreeSet<TaskId>,
    ) -> Fact {
        let task = |index| TaskId { run: id, index };
        let mut put = |tasks: Range<TaskIndex>, state| {
            self.states.extend(tasks.map(|index| (task(index), state)));
        };
        match fact.clone() {
            Fact::Succeeded { task: index, attempt, size_bytes, .. } => {
                put(index..index + 1, TaskState::Succeeded);
                let available = values.contains(&task(index)) && self.random.below(4) > 0;
                if available {
                    self.values.insert(task(index));
                } else {
                    self.values.remove(&task(index));
                }
                return Fact::Succeeded { task: index, attempt, size_bytes, available };
            }
            Fact::Failed { task: index, .. } => put(index..index + 1, TaskState::Failed),
            Fact::Cancelled(tasks) => put(tasks, TaskState::Cancelled),
            Fact::Aborted { tasks, .. } => put(tasks, TaskState::Aborted),
            Fact::Retried(tasks) => {
                put(tasks.clone(), TaskState::Waiting);
                for index in tasks {
                    self.values.remove(&task(index));
                }
                run.finished = false;
            }
            Fact::Closed => run.open = false,
            Fact::RunFinished => run.finished = true,
            Fact::AttemptFailed { .. } | Fact::Released(_) => {}
        }
        fact
    }

    /// Carries actions out in order. What the engine answers to staged tasks comes last.
    fn carry_out(&mut self, actions: Vec<Action>, lost: bool) {
        let mut actions = VecDeque::from(actions);
        while let Some(action) = actions.pop_front() {
            self.log.push(action.clone());
            self.record(&action, lost);
            match action {
                Action::StateChanged { run, tasks, state } => self.change(run, tasks, state),
                Action::Stage { task } => actions.extend(self.stage(task)),
                Action::StageBehind { task, first } => {
                    actions.extend(self.stage_behind(task, first));
                }
                Action::Joined { task } => actions.extend(self.name_key(task)),
                Action::Assign { worker, task, attempt } => {
                    assert!(self.staged.remove(&task), "{task:?} was not staged");
                    let before = self.attempts.insert(task, attempt).unwrap_or(0);
                    assert!(attempt > before, "{task:?} has attempt {attempt} again");
                    let waits = self.states[&task] == TaskState::Waiting;
                    let held = Held { behind: waits, ..Held::new(task, attempt) };
                    self.workers.get_mut(&worker).expect("the worker is there").push(held);
                }
                Action::Cancel { worker, task, attempt } => {
                    self.held(worker, task, attempt).stopped = true;
                }
                Action::Resume { worker, task, attempt } => {
                    let held = self.held(worker, task, attempt);
                    assert!(std::mem::take(&mut held.parked), "{held:?}");
                    held.resumed = true;
                }
                Action::Reclaim { worker, task, attempt } => {
                    let held = self.held(worker, task, attempt);
                    let movable = !held.started && !held.asked_back && !held.resumed;
                    assert!(movable, "{held:?}");
                    held.asked_back = true;
                }
                Action::Unstage { task } => drop(self.staged.remove(&task)),
                Action::AttemptFailed { .. } => {}
                Action::Settled { run, tasks, attempt, how } => {
                    assert!(tasks.len() == 1 || attempt == 0);
                    tasks.for_each(|index| self.settle(TaskId { run, index }, how));
                }
                Action::Retried { run, tasks } => {
                    for index in tasks {
                        let task = TaskId { run, index };
                        assert!(self.states[&task].is_final(), "{task:?} was not finished");
                        self.states.insert(task, TaskState::Waiting);
                        self.values.remove(&task);
                    }
                }
                Action::Released { .. } => {}
                Action::Drop { run, tasks } => {
                    for index in tasks {
                        let task = TaskId { run, index };
                        assert!(self.values.remove(&task), "{task:?} has nothing to drop");
                    }
                }
                Action::RunFinished { run, .. } => {
                    let book = self.runs.get_mut(&run).expect("the run exists");
                    assert!(!book.finished && !book.open, "{run:?}");
                    book.finished = true;
                }
                Action::RunResumed { run } => {
                    let book = self.runs.get_mut(&run).expect("the run exists");
                    assert!(std::mem::take(&mut book.finished), "{run:?} was not finished");
                }
            }
        }
    }

    fn held(&mut self, worker: WorkerId, task: TaskId, attempt: u32) -> &mut Held {
        let held = self.workers.get_mut(&worker).expect("the worker is there");
        let held = held.iter_mut().find(|held| (held.task, held.attempt) == (task, attempt));
        held.expect("the attempt is there")
    }

    fn change(&mut self, run: RunId, tasks: Range<TaskIndex>, state: TaskState) {
        assert!(!state.is_final(), "final states are told by Settled");
        for index in tasks {
            let before = self.states.insert(TaskId { run, index }, state);
            assert!(before.is_some_and(|s| !s.is_final()), "{index} was {before:?}");
        }
    }

    fn stage(&mut self, task: TaskId) -> Vec<Action> {
        let run = &self.runs[&task.run];
        for (index, uses_result) in run.inputs(task.index) {
            let input = TaskId { run: task.run, index };
            assert!(self.states[&input].is_final(), "{task:?} needs {input:?}");
            let succeeded = self.states[&input] == TaskState::Succeeded;
            let runs_anyway = run.node(task.index).options.on_failed == OnFailed::Run;
            assert!(succeeded || runs_anyway, "{task:?} runs in spite of {input:?}");
            let gone = succeeded && uses_result && !self.values.contains(&input);
            assert!(!gone, "{task:?} uses {input:?}, which was dropped");
        }
        self.staged.insert(task);
        let stage = match self.random.below(16) {
            0 => Stage::Known { size_bytes: 5 },
            1 => Stage::Invalid,
            2..8 => Stage::Run { memo: Some(MemoKey([self.random.below(6) as u8; 32])) },
            _ => Stage::Run { memo: None },
        };
        if !matches!(stage, Stage::Run { .. }) {
            self.staged.remove(&task);
        }
        self.answer(Event::Staged { task, stage })
    }

    fn stage_behind(&mut self, task: TaskId, first: TaskIndex) -> Vec<Action> {
        assert_eq!(self.states[&task], TaskState::Waiting, "{task:?}");
        for (index, _) in self.runs[&task.run].inputs(task.index) {
            let is_final = self.states[&TaskId { run: task.run, index }].is_final();
            assert_eq!(is_final, index != first, "{task:?} is to follow {first}, lacks {index}");
        }
        let stage = match self.random.below(4) {
            0 => Stage::Alone,
            _ => Stage::Run { memo: None },
        };
        if matches!(stage, Stage::Run { .. }) {
            self.staged.insert(task);
        }
        self.answer(Event::Staged { task, stage })
    }

    /// Says the key of a task that went along, now and then.
    fn name_key(&mut self, task: TaskId) -> Vec<Action> {
        if self.random.below(2) == 1 {
            return Vec::new();
        }
        let key = MemoKey([self.random.below(6) as u8; 32]);
        let known = (self.random.below(3) == 0).then_some(5);
        self.answer(Event::Keyed { task, key, known })
    }

    fn answer(&mut self, event: Event) -> Vec<Action> {
        let mut actions = Vec::new();
        self.engine.handle(event, self.now, &mut actions);
        self.engine.check_invariants();
        actions
    }

    /// Whether an attempt went along with another one that is not over.
    pub(super) fn waits_behind(&self, held: &Held) -> bool {
        self.engine.attempt(held.task) == Some(held.attempt)
            && self.states.get(&held.task) == Some(&TaskState::Waiting)
    }

    /// An attempt that never had a chance to run is handed back: its number comes again.
    pub(super) fn give_number_back(&mut self, task: TaskId) {
        self.attempts.entry(task).and_modify(|attempt| *attempt -= 1);
    }

    fn settle(&mut self, task: TaskId, how: Settled) {
        self.settled += 1;
        let (state, value) = match how {
            Settled::Succeeded(source) => {
                if let ResultSource::SameAs(other) = source {
                    assert!(self.values.contains(&other), "{task:?} copies nothing");
                }
                (TaskState::Succeeded, true)
            }
            Settled::Failed => (TaskState::Failed, false),
            Settled::Cancelled => (TaskState::Cancelled, false),
            Settled::Aborted { cause } => {
                let cause = self.states[&TaskId { run: task.run, index: cause }];
                assert!(matches!(cause, TaskState::Failed | TaskState::Cancelled), "{cause:?}");
                (TaskState::Aborted, false)
            }
        };
        let before = self.states.insert(task, state);
        assert!(before.is_some_and(|s| !s.is_final()), "{task:?} was {before:?} before {state:?}");
        if value {
            self.values.insert(task);
        }
    }

    /// Writes hard state into the journal.
    fn record(&mut self, action: &Action, lost: bool) {
        let (run, fact) = match action.clone() {
            Action::AttemptFailed { task, attempt, .. } => {
                (task.run, Fact::AttemptFailed { task: task.index, attempt, lost })
            }
            Action::Settled { run, tasks, attempt, how } => {
                let task = tasks.start;
                let fact = match how {
                    Settled::Succeeded(_) => {
                        Fact::Succeeded { task, attempt, size_bytes: 8, available: true }
                    }
                    Settled::Failed => Fact::Failed { task, attempt },
                    Settled::Cancelled => Fact::Cancelled(tasks),
                    Settled::Aborted { cause } => Fact::Aborted { tasks, cause },
                };
                (run, fact)
            }
            Action::Retried { run, tasks } => (run, Fact::Retried(tasks)),
            Action::Released { run, tasks } => (run, Fact::Released(tasks)),
            Action::RunFinished { run, .. } => (run, Fact::RunFinished),
            _ => return,
        };
        let book = self.runs.get_mut(&run).expect("the run exists");
        book.journal.push(Entry::Fact(fact));
    }
}

fn config() -> EngineConfig {
    EngineConfig { prefetch_us: 120, stage_max: 5, lost_max: 2, ..EngineConfig::default() }
}
