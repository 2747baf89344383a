//! Failures, retries, lost workers, fencing, identical calls.

use wask_proto::{FailureKind, RunId, TaskId, TaskState, WorkerId};

use crate::{
    AttemptOutcome, EngineConfig, Event,
    testing::{RUN, TestEnv, node, one, task},
};

#[test]
fn a_failed_attempt_is_followed_by_another_after_a_growing_delay() {
    let mut env = TestEnv::with_worker(1);
    env.submit(vec![one(0).retries(2).output()]).schedule().forget();
    env.fail(0).schedule();
    let told = env.told();
    let delay_ms = env.engine.next_deadline().expect("a delay").micros_since(env.now) / 1_000;
    assert!((100..=125).contains(&delay_ms), "{delay_ms}");
    assert_eq!(told, [format!("0#1 failed, again in {delay_ms} ms"), "0 waiting".to_owned()]);
    env.tick_after_ms(delay_ms - 1).schedule();
    assert!(env.told().is_empty(), "a millisecond too early");
    env.tick_after_ms(1).schedule();
    assert_eq!(env.told(), ["0 queued", "assign 0#2 to 1"]);
    env.start(0).fail(0).forget();
    let delay_ms = env.engine.next_deadline().expect("a delay").micros_since(env.now) / 1_000;
    assert!((200..=250).contains(&delay_ms), "{delay_ms}");
    env.tick_after_ms(delay_ms).schedule().forget();
    env.fail(0);
    assert_eq!(env.told(), ["0 failed#3", "run failed"]);
    assert_eq!(env.engine.next_deadline(), None);
}

#[test]
fn a_call_that_does_not_fit_fails_at_once() {
    let mut env = TestEnv::with_worker(1);
    env.invalid.insert(task(0));
    env.submit(vec![one(0).retries(5).output(), one(1).retries(5).output()]).forget();
    env.schedule();
    assert_eq!(env.told(), ["0 failed#0", "assign 1#1 to 1"]);
    env.finish(task(1), AttemptOutcome::Failed(FailureKind::Invalid));
    assert_eq!(env.told(), ["1 failed#1", "run failed"]);
}

#[test]
fn lost_executors_have_a_budget_of_their_own() {
    let mut env = TestEnv::with(EngineConfig { lost_max: 2, ..EngineConfig::default() });
    env.join(1, 1).submit(vec![one(0).output()]).schedule().forget();
    for attempt in [1, 2] {
        env.finish(task(0), AttemptOutcome::Lost).schedule();
        let again = format!("assign 0#{} to 1", attempt + 1);
        assert_eq!(env.told(), [format!("0#{attempt} failed, again in 0 ms"), again]);
    }
    env.finish(task(0), AttemptOutcome::Lost);
    assert_eq!(env.told(), ["0 failed#3", "run failed"]);
}

#[test]
fn only_what_had_begun_on_a_lost_worker_is_blamed() {
    let mut env = TestEnv::with(EngineConfig { lost_max: 0, ..EngineConfig::default() });
    env.join(1, 2).submit(vec![node(0..3).output()]).schedule();
    env.start(1).forget();
    env.send(Event::WorkerLeft(WorkerId(1)));
    assert_eq!(env.told(), ["0 no-worker", "1 failed#1", "2 no-worker"]);
    env.join(2, 2).schedule();
    assert_eq!(env.told(), ["0 queued", "2 queued", "assign 0#2 to 2", "assign 2#2 to 2"]);
    env.run_to_the_end();
    assert_eq!(env.told_of("run"), ["run failed"]);
}

#[test]
fn what_is_said_of_a_former_attempt_changes_nothing() {
    let mut env = TestEnv::with_worker(1);
    env.submit(vec![one(0).retries(1).output()]).schedule().forget();
    let (worker, attempt) = env.attempts[&task(0)];
    env.send(Event::Returned { worker, task: task(0), attempt }).schedule();
    assert_eq!(env.told(), ["assign 0#2 to 1"]);
    let outcome = AttemptOutcome::Succeeded { size_bytes: 1 };
    env.send(Event::Finished { worker, task: task(0), attempt, outcome, busy_us: 1 });
    env.send(Event::Started { worker, task: task(0), attempt });
    env.send(Event::Finished {
        worker: WorkerId(9),
        task: task(0),
        attempt: 2,
        outcome,
        busy_us: 1,
    });
    assert!(env.told().is_empty());
    env.succeed(0).succeed(0);
    assert_eq!(env.told(), ["0 succeeded#2", "run succeeded"]);
}

#[test]
fn a_long_task_is_told_to_run_and_a_short_one_goes_straight_to_its_end() {
    let mut env = TestEnv::with_worker(2);
    env.submit(vec![node(0..2).output()]).schedule().forget();
    env.start(0).start(0);
    assert_eq!(env.told(), ["0 running"]);
    env.succeed(1).succeed(0);
    assert_eq!(env.told(), ["1 succeeded#1", "0 succeeded#1", "run succeeded"]);
}

#[test]
fn identical_calls_run_once_across_runs() {
    let mut env = TestEnv::with_worker(4);
    let other = TaskId { run: RunId(2), index: 0 };
    env.memo = [(task(0), 7), (task(1), 7), (other, 7)].into();
    env.submit(vec![one(0), one(1).output()]);
    env.submit_as(RunId(2), vec![one(0).output()]).forget();
    env.schedule();
    assert_eq!(env.told(), ["assign 0#1 to 1", "unstage 1", "unstage 2:0"]);
    env.succeed(0);
    assert_eq!(
        env.told(),
        [
            "0 succeeded#1",
            "1 same as 0",
            "2:0 same as 0",
            "drop 0",
            "run 2 succeeded",
            "run succeeded"
        ],
        "the result is copied before it is dropped"
    );
}

#[test]
fn the_next_identical_call_takes_over_when_the_first_fails_or_is_cancelled() {
    let mut env = TestEnv::with_worker(4);
    env.memo = (0..4).map(|index| (task(index), 1)).collect();
    env.submit(vec![node(0..4).output()]).schedule();
    assert_eq!(
        env.told(),
        ["0..4 queued", "assign 0#1 to 1", "unstage 1", "unstage 2", "unstage 3"]
    );
    env.cancel(3..4);
    assert_eq!(env.told(), ["3 cancelled"]);
    env.fail(0).schedule();
    assert_eq!(env.told(), ["0 failed#1", "assign 1#1 to 1"]);
    env.cancel(1..2).schedule();
    assert_eq!(env.told(), ["1 cancelled", "cancel 1#1 on 1", "assign 2#1 to 1"]);
    env.succeed(2);
    assert_eq!(env.told(), ["2 succeeded#1", "run failed"]);
}

#[test]
fn a_call_that_is_retried_keeps_those_who_wait_for_it() {
    let mut env = TestEnv::with_worker(2);
    env.memo = [(task(0), 1), (task(1), 1)].into();
    env.submit(vec![node(0..2).retries(1).output()]).schedule().forget();
    env.fail(0).schedule();
    assert_eq!(env.state(1), TaskState::Queued);
    env.tick_after_ms(1_000).schedule().forget();
    env.succeed(0);
    assert_eq!(env.told(), ["0 succeeded#2", "1 same as 0", "run succeeded"]);
}

#[test]
fn known_results_need_no_attempt() {
    let mut env = TestEnv::with_worker(1);
    env.known = (0..50).map(task).collect();
    env.submit(vec![node(0..50), one(50).needs(0..50).output()]).forget();
    env.schedule();
    let told = env.told();
    assert_eq!(told.iter().filter(|line| line.ends_with("known")).count(), 50);
    assert_eq!(told[50..], ["50 queued", "assign 50#1 to 1"]);
    assert_eq!(env.engine.attempt(task(3)), Some(0));
    env.run_to_the_end().forget();
    assert_eq!(env.engine.counts(RUN).map(|c| c.finished()), Some(51));
}

#[test]
fn a_failed_attempt_of_a_cancelled_task_is_ignored() {
    let mut env = TestEnv::with_worker(1);
    env.submit(vec![one(0).retries(3).output()]).schedule();
    env.start(0).cancel(0..1).forget();
    env.finish(task(0), AttemptOutcome::Cancelled).schedule();
    assert!(env.told().is_empty());
    assert_eq!(env.state(0), TaskState::Cancelled);
}
