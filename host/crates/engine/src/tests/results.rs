//! How long results live, and when they are computed again.

use crate::{
    Event,
    testing::{RUN, TestEnv, node, one, task},
};

#[test]
fn a_result_that_nobody_needs_goes_right_after_it_came() {
    let mut env = TestEnv::with_worker(2);
    env.submit(vec![one(0), one(1).after(0..1).output()]).schedule().forget();
    env.succeed(0);
    assert_eq!(env.told(), ["0 succeeded#1", "drop 0", "1 queued"]);
    env.run_to_the_end().forget();
    assert_eq!(env.engine.holds_value(task(0)), Some(false));
    assert_eq!(env.engine.holds_value(task(1)), Some(true));
}

#[test]
fn a_result_stays_for_the_last_of_its_users() {
    let mut env = TestEnv::with_worker(4);
    env.submit(vec![one(0), one(1).needs(0..1).output(), one(2).needs(0..1).output()]);
    env.schedule().succeed(0).schedule().succeed(1).forget();
    env.fail(2);
    assert_eq!(env.told(), ["2 failed#1", "drop 0", "run failed"]);
}

#[test]
fn a_released_result_goes_when_its_users_are_finished() {
    let mut env = TestEnv::with_worker(4);
    env.submit(vec![node(0..2).output(), one(2).needs(0..2).output()]).schedule();
    env.succeed(0).succeed(1).schedule().forget();
    env.release(0..1);
    assert_eq!(env.told(), ["released 0"]);
    env.release(0..1);
    assert!(env.told().is_empty());
    env.succeed(2);
    assert_eq!(env.told(), ["2 succeeded#1", "drop 0", "run succeeded"]);
    env.release(1..3);
    assert_eq!(env.told(), ["released 1..3", "drop 1..3"]);
}

#[test]
fn releasing_unfinished_work_cancels_what_only_it_needed() {
    let mut env = TestEnv::with_worker(1);
    env.submit(vec![one(0), one(1), one(2).needs(0..2).output(), one(3).needs(1..2).output()]);
    env.schedule().start(0).forget();
    env.release(2..3);
    assert_eq!(env.told(), ["released 2", "2 cancelled", "0 cancelled", "cancel 0#1 on 1"]);
    env.finish(task(0), crate::AttemptOutcome::Cancelled).run_to_the_end();
    assert_eq!(env.told_of("run"), ["run succeeded"], "what was given up is no failure");
}

#[test]
fn a_retry_computes_dropped_inputs_again() {
    let mut env = TestEnv::with_worker(1);
    env.submit(vec![one(0), one(1).needs(0..1), one(2).needs(1..2).output()]).schedule();
    env.succeed(0).schedule().succeed(1).schedule().fail(2).forget();
    env.retry(2..3);
    assert_eq!(env.told(), ["retried 0..3", "run resumed", "0 queued", "1..3 waiting"]);
    env.run_to_the_end();
    assert_eq!(env.engine.attempt(task(0)), Some(2));
    assert_eq!(env.told_of("run"), ["run succeeded"]);
}

#[test]
fn a_retry_goes_back_to_the_root_failure_and_spares_what_succeeded() {
    let mut env = TestEnv::with_worker(8);
    env.submit(vec![
        node(0..3),
        node(3..6).zip(0..3).output(),
        one(6).needs(3..6).output(),
        one(7).output(),
    ]);
    env.schedule().succeed(0).succeed(2).succeed(7).schedule().succeed(3).forget();
    env.fail(1).forget();
    env.schedule().succeed(5);
    assert_eq!(env.told_of("run"), ["run failed"]);
    env.retry(6..7).schedule();
    assert_eq!(
        env.told(),
        [
            "retried 1",
            "retried 4",
            "retried 6",
            "run resumed",
            "1 queued",
            "4 waiting",
            "6 waiting",
            "assign 1#2 to 1",
            "stage 4 behind 1",
            "assign 4#1 to 1"
        ]
    );
    env.run_to_the_end();
    assert_eq!(env.told_of("run"), ["run succeeded"]);
}

#[test]
fn a_task_that_was_queued_in_spite_of_a_failure_waits_for_its_retry() {
    let mut env = TestEnv::with_worker(1);
    env.submit(vec![one(0), node(1..4).needs(0..1).even_if_failed().output(), one(4).output()]);
    env.schedule().fail(0).schedule().forget();
    env.retry(0..1);
    assert_eq!(env.told(), ["retried 0", "1..4 waiting", "0 queued"]);
    env.run_to_the_end();
    assert_eq!(env.told_of("run"), ["run succeeded"]);
}

#[test]
fn a_lost_value_is_computed_again_only_if_somebody_needs_it() {
    let mut env = TestEnv::with_worker(1);
    env.submit(vec![one(0), one(1).needs(0..1), one(2).needs(1..2).output()]).schedule();
    env.succeed(0).forget();
    env.send(Event::ValueLost { task: task(0) });
    assert_eq!(env.told(), ["retried 0", "1 waiting", "0 queued"]);
    env.run_to_the_end().forget();
    env.send(Event::ValueLost { task: task(1) });
    assert!(env.told().is_empty());
    env.send(Event::ValueLost { task: task(2) });
    assert_eq!(env.told(), ["retried 0..3", "run resumed", "0 queued", "1..3 waiting"]);
    env.run_to_the_end().forget();
}

#[test]
fn a_new_task_brings_a_dropped_input_back() {
    let mut env = TestEnv::with_worker(1);
    env.send(Event::AddRun { run: RUN, open: true });
    env.add(RUN, vec![one(0), one(1).needs(0..1).output()]).run_to_the_end().forget();
    env.add(RUN, vec![one(2).needs(0..1).output()]);
    assert_eq!(env.told(), ["retried 0", "0 queued", "2 waiting"]);
    env.run_to_the_end().forget();
}
