//! Tasks that stand for tasks of other runs, and holds.

use wask_proto::{RunId, TaskId, TaskState};

use crate::{
    Event, Fact, Reason,
    testing::{RUN, TestEnv, node, one, task},
};

const OTHER: RunId = RunId(2);

fn other(index: u32) -> TaskId {
    TaskId { run: OTHER, index }
}

#[test]
fn an_import_ends_with_its_source_and_takes_over_the_result() {
    let mut env = TestEnv::with_worker(1);
    env.submit(vec![one(0).output()]);
    env.submit_as(OTHER, vec![one(0).import(RUN, 0), one(1).needs(0..1).output()]).forget();
    assert_eq!(env.engine.state(other(0)), Some(TaskState::Waiting));
    let why = env.engine.explain(other(0), env.now).unwrap().reason;
    assert_eq!(why, Reason::Import { source: task(0) });
    env.schedule().forget();
    env.succeed(0);
    assert_eq!(env.told(), ["0 succeeded#1", "2:0 same as 0", "2:1 queued", "run succeeded"]);
    env.run_to_the_end().forget();
}

#[test]
fn an_import_of_a_finished_task_is_finished_at_once() {
    let mut env = TestEnv::with_worker(1);
    env.submit(vec![node(0..3).output()]).run_to_the_end().forget();
    env.submit_as(OTHER, vec![node(0..2).import(RUN, 1).output()]);
    assert_eq!(env.told(), ["2:0..2 waiting", "2:0 same as 1", "2:1 same as 2", "run 2 succeeded"]);
    assert!(!env.engine.is_held(RUN));
}

#[test]
fn a_released_source_lives_as_long_as_an_import_waits_for_it() {
    let mut env = TestEnv::with_worker(1);
    env.submit(vec![one(0).output()]);
    env.submit_as(OTHER, vec![one(0).import(RUN, 0).output()]).forget();
    env.release(0..1);
    assert_eq!(env.told(), ["released 0"]);
    env.send(Event::DeleteRun(RUN)).schedule().forget();
    env.succeed(0);
    let told = env.told();
    assert_eq!(told[..3], ["0 succeeded#1", "2:0 same as 0", "drop 0"], "{told:?}");
    env.send(Event::DeleteRun(RUN));
    assert_eq!(env.engine.state(task(0)), None);
}

#[test]
fn work_that_only_a_cancelled_import_needed_is_cancelled() {
    let mut env = TestEnv::with_worker(1);
    env.submit(vec![one(0), one(1).needs(0..1).output()]);
    env.submit_as(OTHER, vec![one(0).import(RUN, 1).output()]).forget();
    env.release(1..2).forget();
    env.send(Event::Cancel { run: OTHER, tasks: None });
    let told = env.told();
    assert_eq!(told, ["0..2 cancelled", "2:0 cancelled", "run 2 cancelled", "run succeeded"]);
}

#[test]
fn a_source_that_fails_or_is_gone_fails_the_import() {
    let mut env = TestEnv::with_worker(1);
    env.submit(vec![one(0).output()]);
    env.submit_as(OTHER, vec![one(0).import(RUN, 0), one(1).needs(0..1).output()]);
    env.schedule().fail(0);
    let told = env.told();
    assert!(told.ends_with(&["run 2 failed".into(), "run failed".into()]), "{told:?}");
    let states = [0, 1].map(|index| env.engine.state(other(index)));
    assert_eq!(states, [Some(TaskState::Failed), Some(TaskState::Aborted)]);
    env.send(Event::DeleteRun(RUN)).forget();
    env.send(Event::Retry { run: OTHER, tasks: None });
    assert_eq!(env.told_of("run"), ["run resumed", "run 2 failed"]);
}

#[test]
fn a_dropped_result_is_computed_again_for_an_import() {
    let mut env = TestEnv::with_worker(1);
    env.submit(vec![one(0), one(1).needs(0..1).output()]).run_to_the_end().forget();
    env.submit_as(OTHER, vec![one(0).import(RUN, 0).output()]).run_to_the_end();
    assert!(env.told().contains(&"run 2 succeeded".to_owned()));
}

#[test]
fn holds_keep_results_until_the_last_one_goes() {
    let mut env = TestEnv::with_worker(1);
    env.submit(vec![one(0).output()]);
    env.send(Event::Hold(task(0))).send(Event::Hold(task(0))).run_to_the_end().forget();
    env.release(0..1).send(Event::Unhold(task(0)));
    assert_eq!(env.told(), ["released 0"]);
    env.send(Event::DeleteRun(RUN));
    assert!(env.engine.is_held(RUN), "a held run is not deleted");
    env.send(Event::Unhold(task(0)));
    assert_eq!(env.told(), ["drop 0"]);
}

#[test]
fn after_a_restart_imports_wait_for_their_sources_in_whatever_order_they_come_back() {
    for (first, second) in [(RUN, OTHER), (OTHER, RUN)] {
        let mut env = TestEnv::new();
        for run in [first, second] {
            let nodes = match run {
                RUN => vec![one(0), one(1).output()],
                _ => vec![node(0..2).import(RUN, 0).output()],
            };
            let done = Fact::Succeeded { task: 0, attempt: 1, size_bytes: 8, available: true };
            let facts = if run == RUN { vec![done] } else { Vec::new() };
            env.submit_as(run, nodes).send(Event::Restore { run, facts }).forget();
        }
        env.join(1, 1).send(Event::RestoreDone);
        let told = env.told();
        assert!(told.contains(&"2:0 same as 0".to_owned()), "{told:?}");
        env.run_to_the_end();
        assert_eq!(env.told_of("run 2"), ["run 2 succeeded"]);
    }
}
