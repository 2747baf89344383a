//! After a restart the journal's facts bring everything back.

use wask_proto::{RunId, TaskState};

use crate::{
    Event, Fact,
    testing::{Build, RUN, TestEnv, node, one, task},
};

/// An environment in which the run of these nodes came back with these facts.
fn restored(nodes: Vec<Build>, facts: Vec<Fact>) -> TestEnv {
    let mut env = TestEnv::new();
    env.submit(nodes).send(Event::Restore { run: RUN, facts }).forget();
    env.join(1, 1);
    assert!(env.told().is_empty(), "nothing is told before everything is known");
    env.send(Event::RestoreDone);
    env
}

fn succeeded(task: u32, available: bool) -> Fact {
    Fact::Succeeded { task, attempt: 1, size_bytes: 8, available }
}

#[test]
fn finished_tasks_stay_finished_and_the_others_go_on() {
    let facts = vec![succeeded(0, true), succeeded(2, true)];
    let mut env = restored(vec![node(0..4), one(4).needs(0..4).output()], facts);
    assert_eq!(env.told(), ["1 queued", "3 queued", "4 waiting"]);
    env.run_to_the_end();
    assert_eq!(env.told_of("run"), ["run succeeded"]);
    assert_eq!(env.engine.attempt(task(0)), Some(1));
}

#[test]
fn results_that_did_not_survive_are_computed_again_where_they_are_needed() {
    let facts = vec![succeeded(0, false), succeeded(1, false), succeeded(2, true)];
    let nodes = vec![one(0), one(1).needs(0..1), one(2).needs(1..2), one(3).needs(2..3).output()];
    let mut env = restored(nodes, facts);
    assert_eq!(env.told(), ["3 queued"], "nobody needs the first two");
    env.run_to_the_end().forget();
    let facts = vec![succeeded(0, false), succeeded(1, false)];
    let nodes = vec![one(0), one(1).needs(0..1), one(2).needs(1..2).output()];
    let mut env = restored(nodes, facts);
    assert_eq!(env.told(), ["retried 0..2", "0 queued", "1 waiting", "1..3 waiting"]);
    env.run_to_the_end();
    assert_eq!(env.told_of("run"), ["run succeeded"]);
}

#[test]
fn results_that_nobody_needs_any_more_are_dropped() {
    let facts = vec![succeeded(0, true), succeeded(1, true), Fact::Closed, Fact::RunFinished];
    let mut env = restored(vec![one(0), one(1).needs(0..1).output()], facts);
    assert_eq!(env.told(), ["drop 0"]);
}

#[test]
fn failures_cancels_aborts_and_budgets_come_back() {
    let facts = vec![
        Fact::Failed { task: 0, attempt: 2 },
        Fact::Aborted { tasks: 1..2, cause: 0 },
        Fact::Cancelled(2..3),
        Fact::AttemptFailed { task: 3, attempt: 1, lost: false },
        Fact::AttemptFailed { task: 3, attempt: 2, lost: true },
    ];
    let nodes = vec![one(0), one(1).needs(0..1).output(), one(2), one(3).retries(1).output()];
    let mut env = restored(nodes, facts);
    assert_eq!(env.told(), ["3 queued"]);
    assert_eq!(env.state(1), TaskState::Aborted);
    env.schedule();
    assert_eq!(env.told(), ["assign 3#3 to 1"]);
    env.fail(3);
    assert_eq!(env.told(), ["3 failed#3", "run failed"], "the retry was used before the restart");
}

#[test]
fn a_failure_whose_consequences_were_cut_off_still_has_them() {
    let facts = vec![Fact::Failed { task: 0, attempt: 1 }];
    let mut env = restored(vec![one(0), one(1).needs(0..1), one(2).after(1..2).output()], facts);
    assert_eq!(env.told(), ["1 queued", "2 waiting", "1..3 aborted by 0", "run failed"]);
}

#[test]
fn a_finished_run_that_was_retried_goes_on_and_releases_are_remembered() {
    let facts = vec![
        Fact::Failed { task: 0, attempt: 1 },
        succeeded(1, true),
        Fact::RunFinished,
        Fact::Retried(0..1),
        Fact::Released(1..2),
    ];
    let mut env = restored(vec![node(0..2).output()], facts);
    assert_eq!(env.told(), ["0 queued", "drop 1"]);
    env.run_to_the_end();
    assert_eq!(env.told_of("run"), ["run succeeded"]);
}

#[test]
fn a_cancelled_run_whose_end_was_cut_off_is_told_cancelled() {
    let mut env = restored(vec![node(0..3).output()], vec![Fact::Cancelled(0..3)]);
    assert_eq!(env.told(), ["run cancelled"]);
}

#[test]
fn open_runs_come_back_open_with_all_their_tasks() {
    let mut env = TestEnv::with_worker(1);
    env.send(Event::AddRun { run: RUN, open: true });
    env.add(RUN, vec![one(0).output()]);
    env.send(Event::Restore { run: RUN, facts: vec![succeeded(0, true)] });
    env.add(RUN, vec![one(1).needs(0..1).output()]);
    env.send(Event::AddRun { run: RunId(2), open: true });
    env.add(RunId(2), vec![one(0).output()]);
    env.forget().send(Event::RestoreDone);
    assert_eq!(env.told(), ["1 queued", "2:0 queued"]);
    env.run_to_the_end().forget();
    env.send(Event::CloseRun(RUN));
    assert_eq!(env.told(), ["run succeeded"]);
}
