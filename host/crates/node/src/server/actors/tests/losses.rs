//! What happens when instances go: for lack of room, with their executor, or under a call.

use wask_proto::{
    Failure, FailureKind, Value,
    worker::{ActorOutcome, InstanceAfter},
};

use super::super::{
    Persistence,
    testing::{A, Mishap, TestEnv, args, done},
};

/// Goal: an instance that made room is made again, and nobody notices.
#[test]
fn an_evicted_actor_comes_back() {
    let mut env = TestEnv::new();
    env.made(A);
    let told: Vec<_> = (0..20u8).map(|n| env.call(A, "List.push", &[n])).collect();
    for _ in 0..10 {
        env.step(Mishap::None);
    }
    env.step(Mishap::Evicted);
    env.work();
    let results: Vec<u8> = told.into_iter().flat_map(|told| told.bytes()).collect();
    assert_eq!(results, (0..20).collect::<Vec<_>>());
    assert_eq!(env.state(A), results);
    assert_eq!(env.actors.stats().restored, 1);
}

/// Goal: a call under which the executor died is done again, three times at most; then it has
/// failed without effect, and those behind it go on.
#[test]
fn a_lost_call_is_tried_again() {
    let mut env = TestEnv::new();
    env.made(A);
    let first = env.call(A, "List.push", &[1]);
    let second = env.call(A, "List.push", &[2]);
    env.step(Mishap::Lost);
    env.work();
    assert_eq!((first.bytes(), second.bytes()), (vec![1], vec![2]));

    let third = env.call(A, "List.push", &[3]);
    let fourth = env.call(A, "List.push", &[4]);
    for _ in 0..3 {
        while !env.worker.orders.front().is_some_and(|order| {
            let argument = order.call.as_ref().and_then(|call| call.args.first()?.first()?.bytes());
            argument == Some(&[3])
                && (order.start.is_some() || env.worker.instances.contains_key(&A))
        }) {
            env.step(Mishap::None);
        }
        env.step(Mishap::Lost);
    }
    env.work();
    let failure = third.failure();
    assert_eq!(failure.kind, FailureKind::WorkerLost);
    assert!(failure.message.contains("killed"), "{}", failure.message);
    assert_eq!(fourth.bytes(), [4]);
    assert_eq!(env.state(A), [1, 2, 4]);
}

/// Goal: a constructor is tried again as well, and leaves nothing behind when it fails.
#[test]
fn a_lost_constructor_is_tried_again() {
    let mut env = TestEnv::new();
    let told = env.make(A);
    env.step(Mishap::Lost);
    env.work();
    assert!(told.ok().is_ok());

    let told = env.make(super::super::ActorId(2));
    (0..3).for_each(|_| assert!(env.step(Mishap::Lost)));
    env.work();
    assert_eq!(told.ok().expect_err("a failure").kind, FailureKind::WorkerLost);
    assert_eq!((env.actors.stats().actors, env.actors.stats().waiting), (1, 0));
    assert_eq!(env.forgotten, [super::super::ActorId(2)]);
}

/// Goal: a worker that has no instance even where it was to make one does not keep a call for
/// ever.
#[test]
fn a_worker_without_instances_is_not_asked_for_ever() {
    let mut env = TestEnv::new();
    env.made(A);
    let told = env.call(A, "List.push", &[1]);
    let mut asked = 0;
    while let Some(order) = env.worker.orders.pop_front() {
        asked += 1;
        env.report(done(&order, ActorOutcome::Absent, None));
    }
    env.deliver();
    assert_eq!(asked, 4, "once where it was thought to be, three times to make it");
    assert_eq!(told.failure().kind, FailureKind::WorkerLost);
}

/// Goal: where the state should have been saved and was not, the call did not take place; what
/// the instance did after it is void.
#[test]
fn what_cannot_be_saved_did_not_happen() {
    let mut env = TestEnv::new();
    env.made(A);
    let first = env.call_with(A, "List.push", args(&[1]), Persistence::State);
    let second = env.call(A, "List.push", &[2]);
    let order = env.worker.orders.pop_front().expect("an order");
    let late = env.worker.step(Mishap::None).expect("an order");
    let failure = Failure::new(FailureKind::Output, "the state is too large");
    env.report(done(&order, ActorOutcome::Failed(Box::new(failure), InstanceAfter::Gone), None));
    env.report(late);
    env.work();
    assert_eq!(first.failure().kind, FailureKind::Output);
    assert_eq!(second.bytes(), [2]);
    assert_eq!(env.state(A), [2]);

    let third = env.call_with(A, "List.push", args(&[3]), Persistence::State);
    let order = env.worker.orders.pop_front().expect("an order");
    env.report(done(&order, ActorOutcome::Success(Value::null()), None));
    env.work();
    assert_eq!(third.failure().kind, FailureKind::Output);
    assert_eq!(env.state(A), [2]);
}

/// Goal: a server that stops sends nothing more and does not wait for what was not sent.
#[test]
fn a_stopping_server_orders_nothing() {
    let mut env = TestEnv::new();
    env.made(A);
    let told: Vec<_> = (0..70u8).map(|n| env.call(A, "List.push", &[n])).collect();
    env.actors.stop();
    assert!(!env.actors.is_idle());
    env.work();
    assert!(env.actors.is_idle());
    assert_eq!(env.state(A), (0..64).collect::<Vec<_>>());
    assert_eq!(told.into_iter().filter_map(|mut told| told.now()).count(), 64);
}
