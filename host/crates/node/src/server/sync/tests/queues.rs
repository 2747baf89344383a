//! Queues: order, room, waits, and what happens to those who go away.

use std::sync::Arc;

use wask_proto::{RunId, SyncValue, TaskId};

use super::super::{
    Claim, SyncCommand, SyncLimits,
    command::Items,
    testing::{TestEnv, Told, name, number},
};
use crate::{refusal::Refusal, view::sync::QueueView};

fn make(env: &mut TestEnv, maxsize: u64) {
    let command = |call| SyncCommand::MakeQueue { name: name("q"), maxsize: Some(maxsize), call };
    assert_eq!(env.ask(None, command).ok().maxsize, maxsize);
}

fn put(env: &mut TestEnv, value: u8, wait_ms: u64) -> Told<QueueView> {
    let value = number(value);
    env.ask(Some(wait_ms), |call| SyncCommand::Put { name: name("q"), value, call })
}

fn get(env: &mut TestEnv, wait_ms: u64) -> Told<Items> {
    env.ask(Some(wait_ms), |call| SyncCommand::Get { name: name("q"), batch: 1, call })
}

fn first(told: Told<Items>) -> u8 {
    told.ok()[0].1.cbor[0]
}

/// Goal: items come out in the order in which they went in, one by one or many at once.
#[test]
fn items_keep_their_order() {
    let mut env = TestEnv::new();
    (0..10).for_each(|n| env.put("q", n));
    assert_eq!(env.get("q", 3), [0, 1, 2]);
    assert_eq!(env.get("q", 1), [3]);
    assert_eq!(env.get("q", 100), [4, 5, 6, 7, 8, 9]);
    assert!(env.get("q", 1).is_empty());
}

/// Goal: a full queue makes putters wait, in order; room lets the first of them in.
#[test]
fn putters_wait_for_room_in_order() {
    let mut env = TestEnv::new();
    make(&mut env, 2);
    (0..2).for_each(|n| env.put("q", n));
    let mut waiting: Vec<_> = (2..4).map(|n| put(&mut env, n, 1_000)).collect();
    assert!(waiting.iter_mut().all(|told| told.now().is_none()));
    assert_eq!(env.get("q", 1), [0]);
    assert_eq!(waiting.remove(0).ok().size, 2);
    assert!(waiting[0].now().is_none());
    let value = number(9);
    let full = env.ask(None, |call| SyncCommand::Put { name: name("q"), value, call });
    assert!(matches!(full.refused(), Refusal::TimedOut));
    make(&mut env, 0);
    assert_eq!(waiting.remove(0).ok().size, 3);
    assert_eq!(env.get("q", 10), [1, 2, 3]);
}

/// Goal: takers are served in the order in which they came, and those whose time is over or who
/// went away take nothing.
#[test]
fn takers_are_served_in_order() {
    let mut env = TestEnv::new();
    let one = get(&mut env, 10_000);
    let two = get(&mut env, 100);
    drop(get(&mut env, 10_000));
    let four = get(&mut env, 10_000);
    env.pass_ms(100);
    assert!(matches!(two.refused(), Refusal::TimedOut));
    (0..3).for_each(|n| env.put("q", n));
    assert_eq!((first(one), first(four)), (0, 1));
    assert_eq!(env.get("q", 10), [2]);
}

/// Goal: items whose takers are gone when the answers are given are back at their places.
#[test]
fn items_of_takers_who_are_gone_go_back() {
    let mut env = TestEnv::new();
    (0..5).for_each(|n| env.put("q", n));
    let take = |call| SyncCommand::Get { name: name("q"), batch: 2, call };
    let gone = [env.ask_only(None, take), env.ask_only(None, take)];
    drop(gone);
    env.deliver();
    assert_eq!(env.get("q", 10), [0, 1, 2, 3, 4]);
}

/// Goal: an item that goes back is given to whoever waits by then.
#[test]
fn items_that_go_back_are_handed_on() {
    let mut env = TestEnv::new();
    env.put("q", 7);
    drop(env.ask_only(None, |call| SyncCommand::Get { name: name("q"), batch: 1, call }));
    let next = env.ask_only(Some(100), |call| SyncCommand::Get { name: name("q"), batch: 1, call });
    env.deliver();
    assert_eq!(first(next), 7);
}

/// Goal: those who wait for a queue that is deleted hear of it.
#[test]
fn a_deleted_queue_ends_its_waits() {
    let mut env = TestEnv::new();
    make(&mut env, 1);
    env.put("q", 1);
    let putter = put(&mut env, 2, 1_000);
    env.ask(None, |call| SyncCommand::DeleteQueue { name: name("q"), call }).ok();
    assert!(matches!(putter.refused(), Refusal::Deleted(..)));
    let again = env.ask(None, |call| SyncCommand::DeleteQueue { name: name("q"), call });
    assert!(matches!(again.refused(), Refusal::UnknownName(..)));
    assert_eq!(env.sync.stats().bytes, 0);
}

/// Goal: values and waits have bounds; what waits counts, and what is taken makes room.
#[test]
fn bytes_and_waits_are_bounded() {
    let mut env = TestEnv::with_limits(SyncLimits { bytes_max: 500, waiters_max: 2 });
    make(&mut env, 2);
    (0..2).for_each(|n| env.put("q", n));
    let waiting = put(&mut env, 2, 1_000);
    let value = number(3);
    let refused = env.ask(Some(9), |call| SyncCommand::Put { name: name("q"), value, call });
    assert!(matches!(refused.refused(), Refusal::SyncFull { limit_bytes: 500 }));
    drop(waiting);
    assert_eq!(env.get("q", 2), [0, 1]);
    assert!(env.sync.queue(&name("q")).is_some_and(|queue| queue.size == 0));
    let waits = [get(&mut env, 1_000), get(&mut env, 1_000)];
    assert!(matches!(get(&mut env, 1_000).refused(), Refusal::Busy(_)));
    drop(waits);
    assert!(get(&mut env, 1_000).now().is_none(), "those who are gone make room");
}

/// Goal: a task is claimed from the first value that refers to it until the last is in its taker's
/// hands, also while a value waits for room or goes back.
#[test]
fn results_are_claimed_while_values_need_them() {
    let mut env = TestEnv::new();
    let task = TaskId { run: RunId(1), index: 7 };
    let value = Arc::new(SyncValue { cbor: vec![0], objects: Vec::new(), tasks: vec![task] });
    make(&mut env, 1);
    let put = || {
        let value = Arc::clone(&value);
        move |call| SyncCommand::Put { name: name("q"), value, call }
    };
    let take = |call| SyncCommand::Get { name: name("q"), batch: 1, call };
    env.ask(None, put()).ok();
    let waiting = env.ask(Some(1_000), put());
    assert_eq!(env.claims, [Claim::Begins(task)]);
    drop(env.ask_only(None, take));
    env.deliver();
    waiting.ok();
    assert_eq!(env.claims, [Claim::Begins(task)], "one went back, one came in");
    assert_eq!(env.sync.user_of_run(RunId(1)).as_deref(), Some("the queue `q`"));
    env.ask(None, take).ok();
    env.ask(None, take).ok();
    assert_eq!(env.claims, [Claim::Begins(task), Claim::Ends(task)]);
    assert_eq!(env.sync.user_of_run(RunId(1)), None);
}
