//! Tasks from tasks: parked, resumed, suspended, handed over.

use wask_proto::{TaskState, WorkerId};

use crate::{
    AttemptOutcome, Event, Fact, Reason,
    testing::{RUN, TestEnv, node, one, task},
};

/// A run of one task, which runs.
fn with_parent(slots: u16) -> TestEnv {
    let mut env = TestEnv::with_worker(slots);
    env.submit(vec![one(0).output()]).schedule().start(0).forget();
    env
}

#[test]
fn a_parked_task_frees_its_slot_and_goes_on_with_what_it_waited_for() {
    let mut env = with_parent(1);
    env.add(RUN, vec![one(1).child_of(0)]).schedule();
    assert_eq!(env.told(), ["1 queued"], "the only slot is taken");
    env.park(0, &[1]).schedule();
    assert_eq!(env.told(), ["0 waiting", "assign 1#1 to 1"]);
    let why = env.engine.explain(task(0), env.now).unwrap().reason;
    assert_eq!(why, Reason::Parked { first: vec![1], total: 1 });
    env.succeed(1).schedule();
    assert_eq!(env.told(), ["1 succeeded#1", "0 queued", "resume 0#1 on 1"]);
    env.succeed(0);
    assert_eq!(env.told(), ["0 succeeded#1", "drop 1", "run succeeded"]);
}

#[test]
fn waiting_for_what_is_finished_goes_on_at_once() {
    let mut env = with_parent(2);
    env.add(RUN, vec![one(1).child_of(0)]).schedule().succeed(1).forget();
    env.park(0, &[1, 1]).schedule();
    assert_eq!(env.told(), ["0 waiting", "0 queued", "resume 0#1 on 1"]);
    env.run_to_the_end().forget();
}

#[test]
fn children_go_before_what_was_there_and_a_parent_goes_on_by_its_priority() {
    let mut env = with_parent(1);
    env.add(RUN, vec![one(1).child_of(0), one(2).priority(9), one(3)]).park(0, &[1]).schedule();
    let order = ["assign 2#1 to 1", "assign 1#1 to 1", "assign 3#1 to 1"];
    assert_eq!(env.told_of("assign"), order, "by priority, then by depth");
    env.add(RUN, vec![one(4).priority(1), one(5)]).succeed(1).schedule();
    let order = ["assign 4#1 to 1", "resume 0#1 on 1", "assign 5#1 to 1"];
    assert_eq!(env.told_of(" 1"), order, "before what came later, with the same priority");
    env.run_to_the_end().forget();
}

#[test]
fn the_children_of_a_cancelled_parent_are_cancelled_with_theirs() {
    let mut env = with_parent(1);
    env.add(RUN, vec![one(1).child_of(0), one(2).child_of(0)]).park(0, &[1, 2]).schedule();
    env.start(1).add(RUN, vec![one(3).child_of(1)]).park(1, &[3]).schedule().start(3).forget();
    env.cancel(0..1);
    let told = env.told();
    assert_eq!(told[..2], ["0..4 cancelled", "run failed"]);
    let stops = ["cancel 0#1 on 1", "cancel 1#1 on 1", "cancel 2#1 on 1", "cancel 3#1 on 1"];
    assert_eq!(told[2..], stops);
    for index in 0..4 {
        env.finish(task(index), AttemptOutcome::Cancelled);
    }
    let workers: Vec<_> = env.engine.workers().collect();
    assert_eq!((workers[0].running, workers[0].prefetched), (0, 0));
}

#[test]
fn a_success_leaves_its_children_alone_and_a_failure_does_not() {
    let mut env = with_parent(2);
    env.add(RUN, vec![one(1).child_of(0)]).schedule().succeed(0);
    assert_eq!(env.told_of("1 "), ["1 queued", "assign 1#1 to 1"]);
    env.succeed(1);
    assert_eq!(env.told(), ["1 succeeded#1", "drop 1", "run succeeded"]);

    let mut env = with_parent(1);
    env.add(RUN, vec![one(1).child_of(0)]).fail(0);
    assert_eq!(env.told_of("1 "), ["1 queued", "1 cancelled"]);
    env.retry(0..1).schedule().forget();
    assert_eq!(env.state(1), TaskState::Cancelled, "the parent hands it out anew, or not");
    env.run_to_the_end().forget();
}

#[test]
fn a_parent_whose_sandbox_is_gone_begins_anew_when_it_could_have_gone_on() {
    let mut env = with_parent(1);
    env.add(RUN, vec![one(1).child_of(0)]).park(0, &[1]).forget();
    env.send(Event::Returned { worker: WorkerId(1), task: task(0), attempt: 1 }).schedule();
    assert_eq!(env.told(), ["assign 1#1 to 1"]);
    assert_eq!(env.state(0), TaskState::Waiting);
    env.succeed(1).schedule();
    assert_eq!(env.told(), ["1 succeeded#1", "0 queued", "assign 0#2 to 1"]);
    env.park(0, &[1]).schedule().forget();
    env.send(Event::WorkerLeft(WorkerId(1)));
    assert_eq!(env.told(), ["0 no-worker"]);
    env.join(2, 1).schedule().forget();
    env.succeed(0);
    assert_eq!(env.told(), ["0 succeeded#3", "drop 1", "run succeeded"]);
}

#[test]
fn a_task_that_hands_over_ends_as_the_other_one_ends() {
    let mut env = with_parent(1);
    env.add(RUN, vec![one(1).child_of(0), one(2).needs(0..1).output()]).schedule().forget();
    env.finish(task(0), AttemptOutcome::Becomes(1)).schedule();
    assert_eq!(env.told(), ["0 waiting", "assign 1#1 to 1"]);
    env.succeed(1).schedule();
    let told = env.told();
    assert_eq!(told[..4], ["1 succeeded#1", "0 same as 1", "drop 1", "2 queued"]);
    env.run_to_the_end().forget();

    let mut env = with_parent(1);
    env.add(RUN, vec![one(1).child_of(0)]).finish(task(0), AttemptOutcome::Becomes(1));
    env.schedule().fail(1);
    assert_eq!(env.told_of("failed"), ["1 failed#1", "0 failed#1", "run failed"]);
}

#[test]
fn a_chain_of_a_thousand_waiting_parents_ends_from_below() {
    let mut env = with_parent(1);
    for depth in 0..1_000 {
        env.add(RUN, vec![one(depth + 1).child_of(depth)]).park(depth, &[depth + 1]);
        env.schedule().start(depth + 1).forget();
    }
    for depth in (0..=1_000).rev() {
        env.succeed(depth).schedule();
    }
    assert_eq!(env.told_of("run"), ["run succeeded"]);
}

#[test]
fn parked_tasks_hold_no_resources() {
    let mut env = TestEnv::new();
    env.join_with(1, 2, &[("gpu", 1_000)]);
    env.submit(vec![one(0).resource("gpu", 1_000).output()]).schedule().start(0);
    env.add(RUN, vec![one(1).resource("gpu", 1_000).child_of(0)]).park(0, &[1]).schedule();
    assert_eq!(env.told_of("assign 1"), ["assign 1#1 to 1"]);
    env.run_to_the_end().forget();
}

#[test]
fn few_calls_of_functions_that_wait_are_sent_ahead() {
    let mut env = with_parent(1);
    env.add(RUN, vec![node(1..200).child_of(0)]).park(0, &[1, 199]).schedule();
    let ahead = env.told_of("assign").len();
    assert!((4..=10).contains(&ahead), "{ahead}");
    env.run_to_the_end().forget();
}

#[test]
fn after_a_restart_the_results_of_children_wait_for_their_parent() {
    let mut env = TestEnv::with_worker(1);
    env.send(Event::AddRun { run: RUN, open: false });
    env.add(RUN, vec![one(0).output(), one(1).child_of(0), one(2).child_of(0)]);
    let done = |task| Fact::Succeeded { task, attempt: 1, size_bytes: 8, available: true };
    env.send(Event::Restore { run: RUN, facts: vec![done(1)] });
    env.forget().send(Event::RestoreDone);
    assert_eq!(env.told(), ["0 queued", "2 queued"]);
    assert_eq!(env.engine.holds_value(task(1)), Some(true));
    env.schedule().succeed(2).succeed(0);
    assert_eq!(env.told_of("drop"), ["drop 1..3"]);
    env.forget();
}

#[test]
fn what_a_task_asks_besides_tasks_wakes_it_when_it_is_there() {
    let mut env = with_parent(1);
    let (worker, wait) = (WorkerId(1), crate::Wait::Answer);
    env.send(Event::Parked { worker, task: task(0), attempt: 1, wait, busy_us: 5 }).forget();
    env.send(Event::Answered { task: task(0), attempt: 2 }).schedule();
    assert!(env.told().is_empty(), "that is another attempt's");
    env.send(Event::Answered { task: task(0), attempt: 1 }).schedule();
    assert_eq!(env.told(), ["0 queued", "resume 0#1 on 1"]);
    env.send(Event::Answered { task: task(0), attempt: 1 }).succeed(0).forget();
}
