//! When tasks become ready, in which order they run, and when they are aborted.

use wask_proto::{RunId, TaskState};

use crate::{
    Event,
    testing::{RUN, TestEnv, node, one, task},
};

#[test]
fn a_task_runs_when_both_of_its_inputs_are_there() {
    let mut env = TestEnv::with_worker(2);
    env.submit(vec![one(0), one(1), one(2).needs(0..1).needs(1..2).output()]).schedule();
    assert_eq!(env.told(), ["0..2 queued", "2 waiting", "assign 0#1 to 1", "assign 1#1 to 1"]);
    env.succeed(0).schedule();
    assert_eq!(env.told(), ["0 succeeded#1"]);
    env.succeed(1).schedule();
    assert_eq!(env.told(), ["1 succeeded#1", "2 queued", "assign 2#1 to 1"]);
    env.succeed(2).schedule();
    assert_eq!(env.told(), ["2 succeeded#1", "drop 0..2", "run succeeded"]);
}

#[test]
fn an_array_is_told_in_stretches_and_its_results_go_when_its_sum_is_there() {
    let mut env = TestEnv::with_worker(2);
    env.submit(vec![node(0..300), one(300).needs(0..300).output()]);
    assert_eq!(env.told(), ["0..300 queued", "300 waiting"]);
    env.run_to_the_end();
    let told = env.told();
    assert_eq!(told.iter().filter(|line| line.contains("succeeded#1")).count(), 301);
    assert_eq!(told[told.len() - 3..], ["300 succeeded#1", "drop 0..300", "run succeeded"]);
    assert_eq!(env.engine.counts(RUN).map(|c| c.get(TaskState::Succeeded)), Some(301));
}

#[test]
fn zipped_elements_and_single_needs_wait_for_their_own_inputs_alone() {
    let mut env = TestEnv::with_worker(4);
    env.submit(vec![node(0..3), node(3..6).zip(0..3).element(1, 0).element(2, 4).output()]);
    env.schedule().forget();
    env.succeed(2).schedule();
    assert_eq!(env.told(), ["2 succeeded#1"], "element 2 also needs task 4");
    env.succeed(0).schedule();
    assert_eq!(env.told(), ["0 succeeded#1", "3 queued", "assign 3#1 to 1"]);
    env.succeed(1).schedule();
    assert_eq!(
        env.told(),
        ["1 succeeded#1", "4 queued", "assign 4#1 to 1", "stage 5 behind 4", "assign 5#1 to 1"]
    );
    env.succeed(4).schedule();
    assert_eq!(env.told(), ["4 succeeded#1", "drop 1", "5 queued", "joined 5"]);
    env.run_to_the_end();
    assert_eq!(env.told_of("run"), ["run succeeded"]);
}

#[test]
fn a_range_that_covers_parts_of_nodes_waits_for_exactly_these() {
    let mut env = TestEnv::with_worker(8);
    env.submit(vec![node(0..4), node(4..8), one(8).needs(2..6).output()]).schedule().forget();
    for index in [2, 3, 4] {
        env.succeed(index);
    }
    assert_eq!(env.state(8), TaskState::Waiting);
    env.succeed(5);
    assert_eq!(env.state(8), TaskState::Queued);
    env.run_to_the_end().forget();
}

#[test]
fn nodes_may_name_later_nodes_of_the_same_request() {
    let mut env = TestEnv::with_worker(1);
    env.submit(vec![one(0).needs(1..2).output(), one(1).needs(2..3), one(2)]);
    assert_eq!(env.told(), ["0..2 waiting", "2 queued"]);
    env.run_to_the_end();
    assert_eq!(env.told_of("run"), ["run succeeded"]);
}

#[test]
fn the_deeper_task_goes_first_then_the_lower_place() {
    let mut env = TestEnv::with_worker(1);
    let pairs = |first: u32| one(first).needs(first - 6..first - 5).output();
    env.submit(vec![node(0..6), pairs(6), pairs(7), pairs(8)]);
    let mut order = Vec::new();
    for _ in 0..9 {
        env.schedule();
        // Durations are unknown or tiny, so several are assigned; the worker keeps their order.
        for line in env.told_of("assign") {
            order.push(line);
        }
        let next = env.attempts.keys().next().copied();
        if let Some(next) = next {
            env.succeed(next.index).forget();
            env.attempts.remove(&next);
        }
    }
    assert_eq!(order[0], "assign 0#1 to 1");
    assert_eq!(order[1], "assign 1#1 to 1");
    assert_eq!(order[2], "assign 6#1 to 1", "{order:?}");
    env.run_to_the_end().forget();
}

#[test]
fn priority_comes_before_submission_and_submission_before_depth() {
    let mut env = TestEnv::new();
    env.submit_as(RunId(1), vec![one(0).output(), one(1).needs(0..1).output()]);
    env.submit_as(RunId(2), vec![one(0).output(), one(1).priority(5).output()]);
    env.forget().join(1, 1).schedule();
    assert_eq!(env.told_of("assign"), ["assign 2:1#1 to 1", "assign 0#1 to 1"]);
    env.run_to_the_end().forget();
}

#[test]
fn a_failure_aborts_everything_behind_it_and_names_the_root() {
    let mut env = TestEnv::with_worker(4);
    env.submit(vec![
        one(0),
        one(1).needs(0..1),
        node(2..5).needs(1..2).output(),
        one(5).after(2..5).output(),
        one(6).output(),
    ]);
    env.schedule().forget();
    env.fail(0).schedule();
    assert_eq!(env.told(), ["0 failed#1", "1..6 aborted by 0"]);
    env.succeed(6);
    assert_eq!(env.told(), ["6 succeeded#1", "run failed"]);
}

#[test]
fn a_task_that_runs_even_if_inputs_failed_waits_for_their_end() {
    let mut env = TestEnv::with_worker(4);
    env.submit(vec![
        node(0..2),
        one(2).needs(0..1).needs(1..2).even_if_failed().output(),
        one(3).needs(0..2).even_if_failed(),
    ]);
    env.schedule().forget();
    env.fail(0);
    assert_eq!(env.told(), ["0 failed#1"]);
    env.succeed(1).schedule();
    assert_eq!(env.told(), ["1 succeeded#1", "2..4 queued", "assign 2#1 to 1", "assign 3#1 to 1"]);
    env.succeed(2).succeed(3);
    assert_eq!(env.told(), ["2 succeeded#1", "3 succeeded#1", "drop 3", "drop 1", "run succeeded"]);
}

#[test]
fn an_array_is_cut_short_when_too_many_of_its_elements_failed() {
    let mut env = TestEnv::with_worker(3);
    env.submit(vec![node(0..10).max_fails(1).output(), one(10).after(2..3).output()]);
    env.schedule().forget();
    env.start(2).forget();
    env.fail(0);
    assert_eq!(env.told(), ["0 failed#1"]);
    env.fail(1);
    assert_eq!(
        env.told(),
        ["1 failed#1", "2..11 aborted by 1", "run failed", "cancel 2#1 on 1", "cancel 3#1 on 1"]
    );
    let view = env.engine.workers().next().expect("a worker");
    assert_eq!(view.running, 1, "the attempt keeps its slot until it is over");
    env.succeed(2).succeed(3);
    assert!(env.told().is_empty());
    assert_eq!(env.state(2), TaskState::Aborted);
    assert_eq!(env.engine.workers().next().map(|w| w.running + w.prefetched), Some(0));
}

#[test]
fn empty_arrays_hold_nobody_up() {
    let mut env = TestEnv::with_worker(1);
    env.submit(vec![node(0..0).output(), one(0).needs(0..0).output()]);
    env.run_to_the_end();
    assert_eq!(env.told_of("run"), ["run succeeded"]);
    env.submit_as(RunId(2), vec![node(0..0)]);
    assert_eq!(env.told(), ["run 2 succeeded"]);
}

#[test]
fn an_open_run_takes_tasks_until_it_is_closed() {
    let mut env = TestEnv::with_worker(1);
    env.send(Event::AddRun { run: RUN, open: true });
    env.add(RUN, vec![one(0).output()]).run_to_the_end().forget();
    env.add(RUN, vec![one(1).needs(0..1).output()]);
    assert_eq!(env.told(), ["1 queued"]);
    env.send(Event::CloseRun(RUN));
    assert!(env.told().is_empty());
    env.run_to_the_end();
    assert_eq!(env.told_of("run"), ["run succeeded"]);
    env.send(Event::AddRun { run: RunId(2), open: true }).send(Event::CloseRun(RunId(2)));
    assert_eq!(env.told(), ["run 2 succeeded"]);
}

#[test]
fn new_tasks_that_need_a_failed_one_are_aborted_at_once() {
    let mut env = TestEnv::with_worker(1);
    env.send(Event::AddRun { run: RUN, open: true });
    env.add(RUN, vec![node(0..2).output()]).schedule().fail(0).forget();
    env.add(RUN, vec![one(2).needs(0..2), node(3..5).zip(0..2), one(5).needs(2..3)]);
    assert_eq!(
        env.told(),
        ["2 waiting", "3 queued", "4..6 waiting", "2..4 aborted by 0", "5 aborted by 0"],
        "element 4 waits for task 1"
    );
    env.run_to_the_end();
    assert_eq!(env.engine.state(task(4)), Some(TaskState::Succeeded));
    env.forget();
}
