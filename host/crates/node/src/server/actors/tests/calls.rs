//! Calls where nothing goes wrong but the calls themselves.

use wask_proto::{
    ActorId, ActorRecord, Encoding, FailureKind, ModuleId, ObjectId, StoredValue, Value,
    worker::ActorStart,
};

use super::super::{
    ActorLimits, Args, Persistence,
    testing::{A, Mishap, TestEnv, args},
};
use crate::refusal::Refusal;

/// Goal: calls are answered in order, each with its own result, and written down before.
#[test]
fn calls_happen_in_order() {
    let mut env = TestEnv::new();
    env.made(A);
    let told: Vec<_> = (0..100u8).map(|n| env.call(A, "List.push", &[n])).collect();
    assert_eq!(env.worker.orders.len(), 64, "so many are sent ahead");
    env.work();
    let results: Vec<u8> = told.into_iter().flat_map(|told| told.bytes()).collect();
    assert_eq!(results, (0..100).collect::<Vec<_>>());
    assert_eq!(env.state(A), (0..100).collect::<Vec<_>>());
    assert_eq!(env.records.len(), 101);
    let view = env.actors.view(A).unwrap();
    assert_eq!((view.calls, view.waiting, view.saved_at_call), (100, 0, 96));
}

/// Goal: an answer is not given before its record is written.
#[test]
fn nothing_is_answered_early() {
    let mut env = TestEnv::new();
    let mut made = env.make(A);
    env.step(Mishap::None);
    assert_eq!(env.records.len(), 1);
    assert!(made.now().is_none(), "the record is not durable");
    env.deliver();
    assert_eq!(made.ok().unwrap().id, A);
    let mut told = env.call(A, "List.push", &[1]);
    env.step(Mishap::None);
    assert!(told.now().is_none());
    env.deliver();
    assert_eq!(told.bytes(), [1]);
}

/// Goal: an error of a method leaves the state as the method left it; a trap leaves it as it was
/// before, and the calls after it go on.
#[test]
fn failures_have_the_effect_that_they_should_have() {
    let mut env = TestEnv::new();
    env.made(A);
    let first = env.call(A, "List.push", &[1]);
    let error = env.call(A, "List.fail", &[2]);
    let trap = env.call(A, "List.trap", &[3]);
    let last = env.call(A, "List.push", &[4]);
    env.work();
    assert_eq!((first.bytes(), last.bytes()), (vec![1], vec![4]));
    assert_eq!(error.failure().kind, FailureKind::App);
    assert_eq!(trap.failure().kind, FailureKind::Trap);
    assert_eq!(env.state(A), [1, 2, 4]);
    let view = env.actors.view(A).unwrap();
    assert_eq!((view.calls, view.last_failure.unwrap().kind), (3, FailureKind::Trap));
}

/// Goal: the state is saved after so many calls, after so many bytes, and after each call of which
/// the effects show outside; what was saved need not be done again.
#[test]
fn states_are_saved_in_time() {
    let saved = |persistence, argument: &[u8], calls: usize| {
        let mut env = TestEnv::new();
        env.made(A);
        for _ in 0..calls {
            env.call_with(A, "List.push", args(argument), persistence);
            env.work();
        }
        let is_saved = |record: &ActorRecord| match record {
            ActorRecord::Called { args, state, .. } => {
                assert_eq!(args.is_empty(), state.is_some(), "one of the two is written down");
                state.is_some()
            }
            _ => false,
        };
        env.records.iter().filter(|record| is_saved(record)).count()
    };
    assert_eq!(saved(Persistence::Replay, &[1], 32), 4, "each eight while the state is small");
    assert_eq!(saved(Persistence::Replay, &[1; 1_000], 8 + 32), 2, "then each 32");
    assert_eq!(saved(Persistence::Replay, &[1; 4_000], 8 + 17 + 26), 3, "or by their bytes");
    assert_eq!(saved(Persistence::Replay, &[1; 4_000], 8 + 17 + 25), 2);
    assert_eq!(saved(Persistence::State, &[1], 5), 5);
    assert_eq!(saved(Persistence::Replay, &[1; 70_000], 3), 3, "larger than what is written down");
}

/// Goal: a large state is in a file; the one before is let go, and the last one with its actor.
#[test]
fn large_states_are_files() {
    let mut env = TestEnv::new();
    env.made(A);
    for _ in 0..3 {
        let told = env.call_with(A, "List.push", args(&[9; 3_000]), Persistence::State);
        env.work();
        assert_eq!(told.bytes().len(), 3_000);
    }
    let object = env.actors.view(A).unwrap().object.expect("a file");
    assert_eq!(env.files.clone().into_iter().collect::<Vec<_>>(), [(object, 1)]);
    let user = env.actors.user_of_object(&object);
    assert_eq!(user, Some(A));
    let again = env.records.clone();
    env.restart(again);
    assert_eq!(env.files.clone().into_iter().collect::<Vec<_>>(), [(object, 1)]);
    assert_eq!(env.state(A), [9; 9_000]);
    env.delete(A).ok();
    assert!(env.files.is_empty());
}

/// Goal: arguments in files stay as long as the call waits, and are not written down.
#[test]
fn arguments_in_files_are_held() {
    let mut env = TestEnv::new();
    env.made(A);
    let file = Value::stored(Encoding::Raw, ObjectId([5; 32]), 100);
    let args = Args::new(vec![vec![file]]);
    let told = env.call_with(A, "List.push", args, Persistence::Replay);
    assert_eq!(env.files.get(&ObjectId([5; 32])), Some(&1));
    assert_eq!(env.actors.user_of_object(&ObjectId([5; 32])), Some(A));
    env.work();
    assert!(told.ok().is_ok() && env.files.is_empty());
    let last = env.records.last().unwrap();
    assert!(matches!(last, ActorRecord::Called { state: Some(StoredValue::Inline(..)), .. }));
}

/// Goal: what waits is bounded, and who comes too late hears it at once.
#[test]
fn lines_are_bounded() {
    let limits = ActorLimits { actors_max: 1, calls_max: 3, waiting_max_bytes: 100 };
    let mut env = TestEnv::with_limits(limits);
    env.made(A);
    let second = env.make(ActorId(2));
    env.deliver();
    assert!(matches!(second.refused(), Refusal::TooManyActors { limit: 1 }));
    let waiting = [1, 2, 3].map(|n| env.call(A, "List.push", &[n]));
    let fourth = env.call(A, "List.push", &[4]);
    env.deliver();
    assert!(fourth.refused().to_string().contains("3 calls of one actor"));
    env.work();
    let large = env.call(A, "List.push", &[0; 200]);
    let small = env.call(A, "List.push", &[5]);
    env.work();
    assert_eq!(large.bytes().len(), 200, "alone, any size may wait");
    assert!(matches!(small.refused(), Refusal::ActorCallsFull(_)));
    waiting.into_iter().for_each(|told| drop(told.bytes()));
}

/// Goal: a deleted actor is unknown, calls in its line hear of it, and its worker forgets it.
#[test]
fn deleting_ends_the_line() {
    let mut env = TestEnv::new();
    env.made(A);
    env.call(A, "List.push", &[1]);
    env.work();
    let told = env.call(A, "List.push", &[2]);
    let late = env.worker.step(Mishap::None).expect("an order");
    assert!(env.actors.user_of_module(ModuleId([7; 32])).is_some());
    env.delete(A).ok();
    assert!(matches!(told.refused(), Refusal::ActorDeleted));
    env.report(late);
    assert_eq!(env.forgotten, [A]);
    assert!(matches!(env.delete(A).refused(), Refusal::UnknownActor));
    let unknown = env.call(A, "List.push", &[3]);
    env.deliver();
    assert!(matches!(unknown.refused(), Refusal::UnknownActor));
    assert_eq!(env.actors.user_of_module(ModuleId([7; 32])), None);
    assert_eq!(env.actors.records(), 0);
}

/// Goal: lists go from the newest on, page by page.
#[test]
fn pages_are_newest_first() {
    let mut env = TestEnv::new();
    (1..=5).for_each(|n| env.made(ActorId(n)));
    env.delete(ActorId(4)).ok();
    let ids = |page: &crate::view::actors::ActorPage| {
        page.actors.iter().map(|actor| actor.id.0).collect::<Vec<_>>()
    };
    let first = env.actors.page(None, 2);
    assert_eq!((ids(&first), first.total), (vec![5, 3], 4));
    let second = env.actors.page(first.next, 2);
    assert_eq!((ids(&second), second.next), (vec![2, 1], None));
}

/// Goal: an actor whose worker has not joined waits; its first order says how it is restored.
#[test]
fn after_a_restart_an_actor_starts_with_its_first_call() {
    let mut env = TestEnv::new();
    env.made(A);
    (1..=10u8).for_each(|n| drop(env.call(A, "List.push", &[n])));
    env.work();
    let records = env.records.clone();
    env.restart(records);
    assert_eq!(env.actors.view(A).unwrap().worker, None);
    assert!(env.worker.orders.is_empty(), "nothing runs before it is asked for");
    let told = env.call(A, "List.push", &[11]);
    let start = env.worker.orders.front().and_then(|order| order.start.clone());
    let Some(ActorStart::Load { state, replay }) = start else { panic!("no start") };
    assert_eq!((state.bytes(), replay.len()), (Some(&[1, 2, 3, 4, 5, 6, 7, 8][..]), 2));
    env.work();
    assert_eq!(told.bytes(), [11]);
    assert_eq!(env.state(A), (1..=11).collect::<Vec<_>>());
}
