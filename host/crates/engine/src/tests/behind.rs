//! Tasks that go along with the one whose result they wait for.

use wask_proto::{FailureKind, MemoKey, TaskId, TaskIndex, TaskState, WorkerId};

use crate::{
    AttemptOutcome, Event,
    testing::{Build, RUN, TestEnv, node, one, task},
};

/// A run of a chain whose function is known to be quick.
fn chain(len: TaskIndex) -> TestEnv {
    let mut env = quick();
    env.submit((0..len).map(link).collect()).forget();
    env
}

fn link(index: TaskIndex) -> Build {
    let link = if index == 0 { one(0) } else { one(index).needs(index - 1..index) };
    link.output()
}

/// One worker that has seen the function run.
fn quick() -> TestEnv {
    let mut env = TestEnv::with_worker(2);
    let other = wask_proto::RunId(99);
    env.submit_as(other, vec![one(0)]).run_to_the_end().forget();
    env.send(Event::DeleteRun(other));
    env
}

fn hand_back(env: &mut TestEnv, index: TaskIndex) {
    let (worker, attempt) = env.attempts[&task(index)];
    env.send(Event::Returned { worker, task: task(index), attempt });
}

#[test]
fn a_chain_of_quick_tasks_goes_in_one_go_and_waits_as_everybody_sees_it() {
    let mut env = chain(3);
    env.schedule();
    let went = ["assign 0#1 to 1", "stage 1 behind 0", "assign 1#1 to 1", "stage 2 behind 1"];
    assert_eq!(env.told()[..4], went);
    assert_eq!(
        [0, 1, 2].map(|index| env.state(index)),
        [TaskState::Queued, TaskState::Waiting, TaskState::Waiting]
    );
    env.succeed(0);
    assert_eq!(env.told(), ["0 succeeded#1", "1 queued", "joined 1"]);
    env.succeed(1).succeed(2).schedule();
    assert_eq!(env.told_of("run"), ["run succeeded"]);
}

#[test]
fn what_nobody_has_seen_run_or_takes_long_goes_alone() {
    let mut env = TestEnv::with_worker(2);
    env.submit(vec![link(0), link(1)]).schedule();
    assert_eq!(env.told_of("behind"), [""; 0]);
    let (worker, attempt) = env.attempts[&task(0)];
    let outcome = AttemptOutcome::Succeeded { size_bytes: 8 };
    env.send(Event::Finished { worker, task: task(0), attempt, outcome, busy_us: 100_000 });
    env.submit_as(wask_proto::RunId(2), vec![link(0), link(1)]).schedule();
    assert_eq!(env.told_of("behind"), [""; 0]);
}

#[test]
fn only_the_last_missing_input_can_be_gone_along_with() {
    let mut env = quick();
    env.submit(vec![one(0), one(1), one(2).needs(0..1).needs(1..2).output()]).schedule();
    assert_eq!(env.told_of("behind"), [""; 0]);
    env.succeed(0).run_to_the_end().forget();
    let mut env = quick();
    // Each element of an array waits for the same task: they can go to different workers.
    env.submit(vec![one(0), node(1..4).needs(0..1).output()]).schedule();
    assert_eq!(env.told_of("behind"), [""; 0]);
    env.run_to_the_end().forget();
}

#[test]
fn what_is_less_urgent_does_not_go_along() {
    let mut env = quick();
    env.submit(vec![one(0).priority(1), one(1).needs(0..1).output()]).schedule();
    assert_eq!(env.told_of("behind"), [""; 0]);
    env.run_to_the_end().forget();
}

#[test]
fn one_that_does_not_fit_waits_as_if_nothing_had_been() {
    let mut env = chain(2);
    env.alone.insert(task(1));
    env.schedule();
    assert_eq!(env.told(), ["assign 0#1 to 1", "stage 1 behind 0"]);
    env.succeed(0).schedule();
    assert_eq!(env.told(), ["0 succeeded#1", "1 queued", "assign 1#1 to 1"]);
    env.run_to_the_end().forget();
}

#[test]
fn the_failure_of_the_first_stops_all_behind_it() {
    let mut env = chain(3);
    env.schedule().forget();
    env.fail(0);
    assert_eq!(
        env.told(),
        ["0 failed#1", "1..3 aborted by 0", "run failed", "cancel 1#1 on 1", "cancel 2#1 on 1",]
    );
    assert_eq!(env.engine.workers().map(|w| w.prefetched).sum::<u32>(), 2, "slots are taken");
    for index in [1, 2] {
        env.finish(task(index), AttemptOutcome::Cancelled);
    }
    assert_eq!(env.engine.workers().map(|w| w.prefetched).sum::<u32>(), 0);
    assert_eq!(env.told(), [""; 0]);
}

#[test]
fn a_retry_of_the_first_brings_the_others_back_with_their_numbers() {
    let mut env = quick();
    env.submit(vec![one(0).retries(1), one(1).needs(0..1).output()]).forget();
    env.schedule().forget();
    let first = env.attempts[&task(0)];
    env.send(Event::Finished {
        worker: first.0,
        task: task(0),
        attempt: first.1,
        outcome: AttemptOutcome::Failed(FailureKind::App),
        busy_us: 10,
    });
    hand_back(&mut env, 1);
    assert_eq!(env.state(1), TaskState::Waiting);
    assert_eq!(env.engine.attempt(task(1)), Some(0), "it never had its input");
    env.tick_after_ms(1_000).schedule();
    env.run_to_the_end();
    assert_eq!(env.engine.attempt(task(1)), Some(1));
    assert_eq!(env.told_of("run"), ["run succeeded"]);
}

#[test]
fn an_end_that_comes_before_that_of_the_first_proves_nothing() {
    let mut env = chain(2);
    env.schedule().forget();
    env.succeed(1);
    assert_eq!(env.state(1), TaskState::Waiting);
    assert_eq!(env.told(), [""; 0]);
    env.succeed(0).schedule();
    assert_eq!(env.told(), ["0 succeeded#1", "1 queued", "assign 1#2 to 1"]);
    env.run_to_the_end().forget();
}

#[test]
fn a_worker_that_leaves_loses_nothing_of_what_was_behind() {
    let mut env = chain(3);
    env.schedule().forget();
    env.send(Event::WorkerLeft(WorkerId(1)));
    assert_eq!([0, 1].map(|index| env.state(index)), [TaskState::NoWorker, TaskState::Waiting]);
    env.join(2, 1).run_to_the_end();
    assert_eq!(env.told_of("run"), ["run succeeded"]);
}

#[test]
fn identical_calls_wait_for_one_that_went_along_once_its_key_is_known() {
    let mut env = chain(2);
    env.submit_as(wask_proto::RunId(2), vec![one(0).output()]).schedule().forget();
    let (key, other) = (MemoKey([7; 32]), TaskId { run: wask_proto::RunId(2), index: 0 });
    env.succeed(0);
    env.send(Event::Keyed { task: task(1), key, known: None });
    env.memo.insert(TaskId { run: wask_proto::RunId(3), index: 0 }, 7);
    env.submit_as(wask_proto::RunId(3), vec![one(0).output()]).schedule().forget();
    env.finish(task(1), AttemptOutcome::Succeeded { size_bytes: 8 });
    assert_eq!(env.told_of("same"), ["3:0 same as 1"]);
    env.finish(other, AttemptOutcome::Succeeded { size_bytes: 8 }).forget();
}

#[test]
fn one_that_went_along_ends_at_once_when_its_result_is_known() {
    let mut env = chain(3);
    env.schedule().succeed(0).forget();
    env.send(Event::Keyed { task: task(1), key: MemoKey([7; 32]), known: Some(8) });
    assert_eq!(env.told(), ["1 known", "2 queued", "joined 2", "cancel 1#1 on 1"]);
    env.finish(task(1), AttemptOutcome::Cancelled).succeed(2);
    assert_eq!(env.told_of("run"), ["run succeeded"]);
}

#[test]
fn a_cancelled_run_takes_everything_back() {
    let mut env = chain(4);
    env.schedule().forget();
    env.send(Event::Cancel { run: RUN, tasks: None });
    let cancels = env.told_of("cancel ");
    assert_eq!(cancels.len(), 4, "{cancels:?}");
}
