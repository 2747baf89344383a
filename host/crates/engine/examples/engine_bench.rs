//! How fast the engine decides: the caller answers at once and does nothing else.
//!
//! `cargo run --release -p wask-engine --example engine_bench`

use std::{collections::VecDeque, ops::Range, time::Instant};

use wask_engine::{
    Action, AttemptOutcome, Engine, EngineConfig, Event, Need, Node, NodeOptions, Stage,
};
use wask_proto::{OnFailed, RunId, TaskIndex, Timestamp, WorkerId};

const RUN: RunId = RunId(1);

fn main() {
    memory("array element", vec![node(0..1_000_000, None)], 1_000_000);
    println!(
        "{:<24} {:>10} {:>10} {:>12} {:>14}",
        "shape", "add ms", "all ms", "tasks/s", "transitions/s"
    );
    measure("map 1M + sum", map(1_000_000), 1);
    measure("map 1M + sum, 8 workers", map(1_000_000), 8);
    measure("zip of 1M over 1M", zip(1_000_000), 1);
    measure("tree, 16 384 leaves", tree(16_384), 1);
    measure("chain of 100 000", chain(100_000), 1);
    measure("fan-out, 100 000 keys", fan_out(100_000), 1);
    stop("abort, chain of 100 000", chain(100_000), true);
    stop("cancel, map 1M", map(1_000_000), false);
}

/// Runs the nodes to their end on workers of two slots each.
fn measure(name: &str, nodes: Vec<Node>, workers: u32) {
    let tasks = nodes.last().map_or(0, |node| node.tasks.end);
    let mut caller = Caller::new(workers);
    let begin = Instant::now();
    caller.submit(nodes);
    let added = begin.elapsed();
    caller.work();
    let all = begin.elapsed();
    assert_eq!(caller.finished, u64::from(tasks));
    // Ready, staged, assigned, settled.
    let transitions = f64::from(tasks) * 4.0 / all.as_secs_f64();
    println!(
        "{name:<24} {:>10.1} {:>10.1} {:>12.0} {transitions:>14.0}",
        added.as_secs_f64() * 1e3,
        all.as_secs_f64() * 1e3,
        f64::from(tasks) / all.as_secs_f64(),
    );
}

/// Stops everything at its beginning, by a failure of the first task or by a user.
fn stop(name: &str, nodes: Vec<Node>, fail: bool) {
    let mut caller = Caller::new(1);
    caller.submit(nodes);
    caller.schedule();
    let begin = Instant::now();
    if fail {
        let kind = wask_proto::FailureKind::App;
        caller.finish_next(AttemptOutcome::Failed(kind));
    } else {
        caller.send(Event::Cancel { run: RUN, tasks: None });
    }
    println!("{name:<24} {:>10} {:>10.1}", "", begin.elapsed().as_secs_f64() * 1e3);
}

fn memory(name: &str, nodes: Vec<Node>, tasks: u64) {
    let before = resident_bytes();
    let mut caller = Caller::new(1);
    caller.submit(nodes);
    let used = resident_bytes().saturating_sub(before);
    println!("{name:<24} {:>10} bytes each, resident", used / tasks);
}

struct Caller {
    engine: Engine,
    actions: Vec<Action>,
    held: VecDeque<Event>,
    finished: u64,
}

impl Caller {
    fn new(workers: u32) -> Self {
        let mut caller = Self {
            engine: Engine::new(EngineConfig::default()),
            actions: Vec::new(),
            held: VecDeque::new(),
            finished: 0,
        };
        for worker in 1..=workers {
            let worker = WorkerId(worker);
            caller.send(Event::WorkerJoined { worker, slots: 2, resources: Vec::new() });
        }
        caller
    }

    fn submit(&mut self, nodes: Vec<Node>) {
        self.send(Event::AddRun { run: RUN, open: false });
        self.send(Event::AddTasks { run: RUN, nodes });
    }

    fn send(&mut self, event: Event) {
        self.engine.handle(event, Timestamp(1), &mut self.actions);
    }

    fn schedule(&mut self) {
        loop {
            self.carry_out();
            self.engine.schedule(Timestamp(1), &mut self.actions);
            if self.actions.is_empty() {
                return;
            }
        }
    }

    fn carry_out(&mut self) {
        let mut at = 0;
        while let Some(action) = self.actions.get(at) {
            at += 1;
            match *action {
                Action::Stage { task } => {
                    self.send(Event::Staged { task, stage: Stage::Run { memo: None } });
                }
                Action::Assign { worker, task, attempt } => {
                    let outcome = AttemptOutcome::Succeeded { size_bytes: 8 };
                    let end = Event::Finished { worker, task, attempt, outcome, busy_us: 4 };
                    self.held.push_back(end);
                }
                Action::Settled { ref tasks, .. } => self.finished += tasks.len() as u64,
                _ => {}
            }
        }
        self.actions.clear();
    }

    fn finish_next(&mut self, with: AttemptOutcome) {
        if let Some(Event::Finished { worker, task, attempt, busy_us, .. }) = self.held.pop_front()
        {
            self.send(Event::Finished { worker, task, attempt, outcome: with, busy_us });
        }
    }

    /// Attempts end in batches of 64, as they come in from a busy worker.
    fn work(&mut self) {
        self.schedule();
        while !self.held.is_empty() {
            for _ in 0..64 {
                let Some(event) = self.held.pop_front() else { break };
                self.send(event);
            }
            self.schedule();
        }
    }
}

fn node(tasks: Range<TaskIndex>, needs: Option<Range<TaskIndex>>) -> Node {
    let needs = needs.into_iter().map(|tasks| Need { tasks, uses_results: true }).collect();
    let options = NodeOptions {
        retries: 0,
        retry_delay_ms: 100,
        priority: 0,
        resources: Vec::new(),
        on_failed: OnFailed::Abort,
        max_fails: None,
        wanted: false,
        output: false,
    };
    Node {
        tasks,
        needs,
        zip: Vec::new(),
        element_needs: Vec::new(),
        import: None,
        parent: None,
        function: 1,
        options,
    }
}

fn map(len: u32) -> Vec<Node> {
    vec![node(0..len, None), node(len..len + 1, Some(0..len))]
}

fn zip(len: u32) -> Vec<Node> {
    let mut second = node(len..2 * len, None);
    second.zip.push(0..len);
    vec![node(0..len, None), second]
}

fn chain(len: u32) -> Vec<Node> {
    (0..len).map(|i| node(i..i + 1, i.checked_sub(1).map(|input| input..i))).collect()
}

fn fan_out(len: u32) -> Vec<Node> {
    (0..=len).map(|i| node(i..i + 1, (i > 0).then_some(0..1))).collect()
}

/// Each inner task needs two neighbours of the level below.
fn tree(leaves: u32) -> Vec<Node> {
    let mut nodes: Vec<Node> = (0..leaves).map(|i| node(i..i + 1, None)).collect();
    let mut level = 0..leaves;
    while level.len() > 1 {
        let next = level.end;
        for pair in 0..level.len() as u32 / 2 {
            let (place, left) = (next + pair, level.start + 2 * pair);
            nodes.push(node(place..place + 1, Some(left..left + 2)));
        }
        level = next..next + level.len() as u32 / 2;
    }
    nodes
}

fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    status.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4_096
}
