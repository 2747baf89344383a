//! Workers: slots, work sent ahead, resources, data, work asked back, and why a task waits.

use wask_proto::{TaskState, WorkerId};

use crate::{
    AttemptOutcome, EngineConfig, Event, QueuePosition, Reason, WorkerFit, WorkerReason,
    testing::{RUN, TestEnv, node, one, task},
};

#[test]
fn without_a_worker_tasks_say_so_and_start_when_one_joins() {
    let mut env = TestEnv::new();
    env.submit(vec![node(0..3).output()]).schedule();
    assert_eq!(env.told(), ["0..3 no-worker"]);
    env.join(1, 8).schedule();
    assert_eq!(
        env.told(),
        ["0..3 queued", "assign 0#1 to 1", "assign 1#1 to 1", "assign 2#1 to 1"]
    );
    env.send(Event::WorkerDraining(WorkerId(1)));
    env.run_to_the_end().forget();
    assert_eq!(env.engine.counts(RUN).map(|c| c.get(TaskState::Succeeded)), Some(3));
}

#[test]
fn a_draining_worker_finishes_what_it_has_and_gets_nothing_new() {
    let mut env = TestEnv::with_worker(1);
    env.submit(vec![node(0..5).output()]).schedule().forget();
    env.start(0).send(Event::WorkerDraining(WorkerId(1)));
    assert_eq!(env.told(), ["0 running", "2..5 no-worker"]);
    let (worker, attempt) = env.attempts[&task(1)];
    env.send(Event::Returned { worker, task: task(1), attempt }).succeed(0).schedule();
    assert_eq!(env.told(), ["1 no-worker", "0 succeeded#1"]);
    env.send(Event::WorkerLeft(WorkerId(1)));
    env.attempts.clear();
    env.join(2, 1).run_to_the_end();
    assert_eq!(env.told_of("run"), ["run succeeded"]);
}

#[test]
fn resources_are_never_overdrawn() {
    let mut env = TestEnv::new();
    env.join_with(1, 8, &[("gpu", 2_000)]);
    env.submit(vec![node(0..5).resource("gpu", 1_000).output(), one(5).output()]);
    env.forget().schedule();
    assert_eq!(
        env.told(),
        ["assign 0#1 to 1", "assign 1#1 to 1", "assign 5#1 to 1"],
        "what asks for nothing goes past"
    );
    env.succeed(0).schedule();
    assert_eq!(env.told(), ["0 succeeded#1", "assign 2#1 to 1"]);
    env.run_to_the_end().forget();
}

#[test]
fn a_resource_that_no_worker_has_is_named() {
    let mut env = TestEnv::with_worker(2);
    env.submit(vec![one(0).resource("gpu", 500).output()]).schedule();
    assert_eq!(env.told(), ["0 no-worker"]);
    let lacks = |has, free| WorkerFit::Lacks { resource: "gpu".into(), has, needs: 500, free };
    let reason = |env: &TestEnv| env.engine.explain(task(0), env.now).expect("known").reason;
    let workers = vec![WorkerReason { worker: WorkerId(1), fit: lacks(0, 0) }];
    assert_eq!(reason(&env), Reason::Queued { position: QueuePosition::Next, workers });
    env.join_with(2, 1, &[("gpu", 500)]).schedule();
    assert_eq!(env.told(), ["0 queued", "assign 0#1 to 2"]);
    assert_eq!(reason(&env), Reason::Prefetched { worker: WorkerId(2) });
    env.start(0).forget();
    assert_eq!(reason(&env), Reason::Running { worker: WorkerId(2) });
    env.send(Event::WorkerLeft(WorkerId(2)));
    assert_eq!(env.told(), ["0#1 failed, again in 0 ms", "0 no-worker"]);
}

#[test]
fn unknown_functions_go_ahead_once_and_known_ones_as_far_as_they_fit() {
    let config = EngineConfig { prefetch_us: 100, prefetch_max: 8, ..EngineConfig::default() };
    let mut env = TestEnv::with(config);
    env.join(1, 2).submit(vec![node(0..100).output()]).schedule();
    assert_eq!(env.told_of("assign").len(), 3, "a task for each slot, and one more");
    env.succeed(0).schedule();
    // 10 us each: the cost of the two unknown ones that are left counts as two full slots.
    assert_eq!(env.told_of("assign").len(), 0);
    env.succeed(1).succeed(2).schedule();
    assert_eq!(env.told_of("assign").len(), 16, "the limit is by number here");
    env.run_to_the_end().forget();
}

#[test]
fn a_long_task_stops_what_is_sent_ahead() {
    let mut env = TestEnv::with_worker(1);
    env.submit(vec![one(0), node(1..50).output()]).schedule();
    env.succeed(0).forget();
    env.start(1).forget();
    env.schedule();
    assert!(env.told().is_empty());
    let reason = env.engine.explain(task(20), env.now).expect("known").reason;
    let workers =
        vec![WorkerReason { worker: WorkerId(1), fit: WorkerFit::SlotsFull { held: 1, slots: 1 } }];
    assert_eq!(reason, Reason::Queued { position: QueuePosition::Next, workers });
    env.succeed(1).run_to_the_end().forget();
}

#[test]
fn a_task_goes_where_its_data_is_unless_that_worker_has_more_to_do() {
    let mut env = TestEnv::new();
    env.join(1, 2).join(2, 2);
    env.submit(vec![node(0..2), one(2).zip(1..2), one(3).zip(0..1), one(4).zip(1..2).output()]);
    env.schedule();
    assert_eq!(env.told_of("assign"), ["assign 0#1 to 1", "assign 1#1 to 2"]);
    env.finish(task(1), AttemptOutcome::Succeeded { size_bytes: 1_000_000 }).schedule();
    assert_eq!(env.told_of("assign"), ["assign 2#1 to 2", "assign 4#1 to 2"]);
    env.finish(task(0), AttemptOutcome::Succeeded { size_bytes: 1 }).schedule();
    assert_eq!(env.told_of("assign"), ["assign 3#1 to 1"]);
    env.run_to_the_end().forget();
}

#[test]
fn what_waits_behind_long_tasks_is_asked_back_for_an_idle_worker() {
    let config = EngineConfig { prefetch_us: 100, ..EngineConfig::default() };
    let mut env = TestEnv::with(config);
    env.join(1, 1).submit(vec![node(0..6).output()]).schedule();
    env.succeed(0).succeed(1).schedule().forget();
    env.join(2, 2).schedule();
    assert!(env.told().is_empty(), "short tasks are left where they are");
    env.start(2).schedule();
    assert_eq!(env.told(), ["2 running", "reclaim 5#1 from 1", "reclaim 4#1 from 1"]);
    env.schedule();
    assert!(env.told().is_empty(), "asked once");
    let (worker, attempt) = env.attempts[&task(5)];
    env.send(Event::Returned { worker, task: task(5), attempt }).schedule();
    assert_eq!(env.told(), ["assign 5#2 to 2"]);
    env.start(4).schedule();
    assert_eq!(env.told(), ["4 running", "reclaim 3#1 from 1"], "4 had begun already");
    env.run_to_the_end().forget();
}

#[test]
fn explain_names_missing_inputs_delays_and_causes() {
    let mut env = TestEnv::with_worker(1);
    env.submit(vec![node(0..20).retries(1), one(20).needs(0..20).output()]).schedule().forget();
    let reason =
        |env: &TestEnv, index| env.engine.explain(task(index), env.now).expect("known").reason;
    assert_eq!(reason(&env, 20), Reason::MissingInputs { first: (0..10).collect(), total: 20 });
    env.fail(0).forget();
    let at = env.engine.next_deadline().expect("a delay");
    let left_us = at.micros_since(env.now);
    assert_eq!(reason(&env, 0), Reason::RetryDelay { at, left_us });
    env.tick_after_ms(1_000).cancel(3..4).forget();
    assert_eq!(reason(&env, 20), Reason::Aborted { cause: 3 });
    assert_eq!(reason(&env, 3), Reason::Finished);
    assert_eq!(env.engine.explain(task(99), env.now), None);
}

#[test]
fn several_workers_share_the_load() {
    let mut env = TestEnv::new();
    env.join(1, 1).join(2, 1).join(3, 1);
    env.submit(vec![node(0..3).output()]).forget();
    env.schedule();
    assert_eq!(env.told(), ["assign 0#1 to 1", "assign 1#1 to 2", "assign 2#1 to 3"]);
    env.run_to_the_end().forget();
}
