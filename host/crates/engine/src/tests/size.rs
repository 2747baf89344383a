//! Large graphs: no recursion, nothing that grows with the square.

use std::ops::Range;

use wask_proto::{FailureKind, TaskIndex, TaskState};

use crate::{
    Action, AttemptOutcome, Engine, EngineConfig, Event, Settled, Stage,
    testing::{Build, RUN, node, one, task},
};

const FIRST: Range<TaskIndex> = 0..1;
const LAST: Range<TaskIndex> = 99_999..100_000;

/// An engine without the checks that take time in proportion to everything.
struct Large {
    engine: Engine,
    actions: Vec<Action>,
}

impl Large {
    fn submit(nodes: Vec<Build>) -> Self {
        let mut large = Self { engine: Engine::new(EngineConfig::default()), actions: Vec::new() };
        let worker = wask_proto::WorkerId(1);
        large.send(Event::WorkerJoined { worker, slots: 1, resources: Vec::new() });
        large.send(Event::AddRun { run: RUN, open: false });
        let nodes = nodes.into_iter().map(|build| build.0).collect();
        large.send(Event::AddTasks { run: RUN, nodes });
        large
    }

    fn send(&mut self, event: Event) {
        self.engine.handle(event, wask_proto::Timestamp(0), &mut self.actions);
    }

    fn settled(&self) -> Vec<(usize, Settled)> {
        let settled = self.actions.iter().filter_map(|action| match action {
            Action::Settled { tasks, how, .. } => Some((tasks.len(), *how)),
            _ => None,
        });
        settled.collect()
    }
}

fn chain(len: u32) -> Vec<Build> {
    let link = |index: u32| if index == 0 { one(0) } else { one(index).needs(index - 1..index) };
    (0..len).map(link).collect()
}

#[test]
fn the_failure_of_a_long_chains_first_task_is_one_stretch() {
    let mut large = Large::submit(chain(100_000));
    large.engine.schedule(wask_proto::Timestamp(0), &mut large.actions);
    large.send(Event::Staged { task: task(0), stage: Stage::Run { memo: None } });
    large.actions.clear();
    let outcome = AttemptOutcome::Failed(FailureKind::Trap);
    let worker = wask_proto::WorkerId(1);
    large.send(Event::Finished { worker, task: task(0), attempt: 1, outcome, busy_us: 1 });
    assert_eq!(large.settled(), [(1, Settled::Failed), (99_999, Settled::Aborted { cause: 0 })]);
    large.actions.clear();
    large.send(Event::Retry { run: RUN, tasks: Some(vec![LAST]) });
    assert_eq!(large.engine.state(task(99_999)), Some(TaskState::Waiting));
    assert_eq!(large.engine.state(task(0)), Some(TaskState::Queued));
    large.engine.check_invariants();
}

#[test]
fn a_released_chain_is_cancelled_to_its_root() {
    let mut nodes = chain(100_000);
    let last = nodes.pop().expect("the chain has an end").output();
    nodes.push(last);
    let mut large = Large::submit(nodes);
    large.actions.clear();
    large.send(Event::Release { run: RUN, tasks: vec![LAST] });
    assert_eq!(large.settled(), [(100_000, Settled::Cancelled)]);
    large.engine.check_invariants();
}

#[test]
fn a_large_array_is_told_and_cancelled_as_one_stretch() {
    let mut large = Large::submit(vec![node(0..200_000), node(200_000..400_000).needs(0..200_000)]);
    assert_eq!(large.actions.len(), 2);
    large.actions.clear();
    large.send(Event::Cancel { run: RUN, tasks: None });
    assert_eq!(large.settled(), [(400_000, Settled::Cancelled)]);
    assert_eq!(large.engine.counts(RUN).map(|c| c.get(TaskState::Cancelled)), Some(400_000));
}

#[test]
fn all_users_of_one_result_are_found_from_it() {
    let mut large = Large::submit(vec![one(0), node(1..300_001).needs(0..1)]);
    large.actions.clear();
    large.send(Event::Cancel { run: RUN, tasks: Some(vec![FIRST]) });
    assert_eq!(
        large.settled(),
        [(1, Settled::Cancelled), (300_000, Settled::Aborted { cause: 0 })]
    );
}
