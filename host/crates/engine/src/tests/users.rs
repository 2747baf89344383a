//! Cancelling and deleting.

use wask_proto::{RunId, TaskState};

use crate::{
    AttemptOutcome, Event,
    testing::{RUN, TestEnv, node, one, task},
};

#[test]
fn a_cancelled_task_ends_at_once_and_its_slot_when_the_worker_says_so() {
    let mut env = TestEnv::with_worker(1);
    env.submit(vec![one(0).output(), one(1).needs(0..1).output(), one(2).output()]);
    env.schedule().start(0).forget();
    env.cancel(0..1).schedule();
    assert_eq!(env.told(), ["0 cancelled", "1 aborted by 0", "cancel 0#1 on 1"]);
    env.start(2).forget();
    env.finish(task(0), AttemptOutcome::Succeeded { size_bytes: 1 });
    assert!(env.told().is_empty(), "the outcome of a cancelled attempt is ignored");
    env.succeed(2);
    assert_eq!(env.told(), ["2 succeeded#1", "run failed"]);
    env.cancel(0..3);
    assert!(env.told().is_empty(), "finished tasks stay as they are");
}

#[test]
fn a_cancelled_run_says_cancelled_of_everything_that_was_left() {
    let mut env = TestEnv::with_worker(2);
    env.submit(vec![node(0..100), one(100).needs(0..100).output()]).schedule();
    env.succeed(0).forget();
    env.send(Event::Cancel { run: RUN, tasks: None });
    let told = env.told();
    assert_eq!(told[..3], ["1..101 cancelled", "drop 0", "run cancelled"]);
    assert!(told[3..].iter().all(|line| line.starts_with("cancel ")), "{told:?}");
    env.send(Event::Cancel { run: RUN, tasks: None });
    assert!(env.told().is_empty());
    env.send(Event::Retry { run: RUN, tasks: None }).forget();
    env.attempts.clear();
    for index in 1..3 {
        let (worker, attempt) = (wask_proto::WorkerId(1), 1);
        let outcome = AttemptOutcome::Cancelled;
        env.send(Event::Finished { worker, task: task(index), attempt, outcome, busy_us: 1 });
    }
    env.run_to_the_end();
    assert_eq!(env.told_of("run"), ["run succeeded"]);
}

#[test]
fn a_delayed_retry_can_be_cancelled() {
    let mut env = TestEnv::with_worker(1);
    env.submit(vec![one(0).retries(1).output()]).schedule().fail(0).forget();
    env.cancel(0..1);
    assert_eq!(env.told(), ["0 cancelled", "run failed"]);
    assert_eq!(env.engine.next_deadline(), None);
}

#[test]
fn ranges_beyond_the_run_and_unknown_runs_are_harmless() {
    let mut env = TestEnv::with_worker(1);
    env.submit(vec![one(0).output()]).forget();
    env.cancel(5..u32::MAX).retry(7..9).release(2..2);
    env.send(Event::Cancel { run: RunId(9), tasks: None });
    env.send(Event::Retry { run: RunId(9), tasks: None });
    env.send(Event::DeleteRun(RunId(9)));
    assert!(env.told().is_empty());
    env.run_to_the_end().forget();
}

#[test]
fn a_run_is_deleted_when_it_is_finished_and_its_place_is_used_again() {
    let mut env = TestEnv::with_worker(1);
    env.submit(vec![one(0).resource("gpu", 0).output()]).forget();
    env.send(Event::DeleteRun(RUN));
    assert_eq!(env.engine.state(task(0)), Some(TaskState::Queued), "not while it goes on");
    env.run_to_the_end().forget();
    env.send(Event::DeleteRun(RUN));
    assert_eq!(env.engine.state(task(0)), None);
    env.submit_as(RunId(2), vec![node(0..3).output()]).run_to_the_end();
    assert_eq!(env.told_of("run"), ["run 2 succeeded"]);
}
