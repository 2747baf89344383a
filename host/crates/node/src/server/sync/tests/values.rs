//! Variables, events and topics.

use super::super::{
    SyncCommand,
    testing::{TestEnv, Told, name, number},
};
use crate::{refusal::Refusal, view::sync::TopicItems};

fn post(env: &mut TestEnv, value: u8) -> u64 {
    let value = number(value);
    env.ask(None, |call| SyncCommand::Post { name: name("t"), value, call }).ok()
}

fn read(env: &mut TestEnv, after: Option<u64>, wait_ms: Option<u64>) -> Told<TopicItems> {
    env.ask(wait_ms, |call| SyncCommand::ReadTopic { name: name("t"), after, limit: 3, call })
}

fn offsets(items: &TopicItems) -> Vec<u64> {
    items.items.iter().map(|(offset, _)| *offset).collect()
}

/// Goal: all who wait for a variable get its value, and a deleted one is unknown again.
#[test]
fn a_variable_is_waited_for() {
    let mut env = TestEnv::new();
    let ask = |call| SyncCommand::Variable { name: name("v"), call };
    assert!(matches!(env.ask(None, ask).refused(), Refusal::UnknownName(..)));
    let waiting = [env.ask(Some(1_000), ask), env.ask(Some(1_000), ask)];
    let late = env.ask(Some(10), ask);
    env.pass_ms(10);
    assert!(matches!(late.refused(), Refusal::TimedOut));
    let set = |n| move |call| SyncCommand::SetVariable { name: name("v"), value: number(n), call };
    env.ask(None, set(4)).ok();
    assert!(waiting.into_iter().all(|told| told.ok().cbor == [4]));
    env.ask(None, set(5)).ok();
    assert_eq!(env.ask(Some(1), ask).ok().cbor, [5]);
    env.ask(None, |call| SyncCommand::DeleteVariable { name: name("v"), call }).ok();
    assert!(matches!(env.ask(None, ask).refused(), Refusal::UnknownName(..)));
    assert_eq!(env.sync.stats().bytes, 0);
}

/// Goal: an event wakes all who wait, stays until it is cleared, and then leaves nothing behind.
#[test]
fn an_event_wakes_all() {
    let mut env = TestEnv::new();
    let ask = |call| SyncCommand::AwaitFlag { name: name("e"), call };
    let flag = |set| move |call| SyncCommand::Flag { name: name("e"), set, call };
    assert!(!env.ask(None, ask).ok());
    let waiting = [env.ask(Some(1_000), ask), env.ask(Some(1_000), ask)];
    env.ask(None, flag(true)).ok();
    assert!(waiting.into_iter().all(Told::ok));
    assert!(env.ask(None, ask).ok());
    env.ask(None, flag(false)).ok();
    assert!(!env.ask(None, ask).ok());
    let late = env.ask(Some(10), ask);
    env.pass_ms(10);
    assert!(matches!(late.refused(), Refusal::TimedOut));
    assert_eq!(env.sync.stats().bytes, 0);
}

/// Goal: every reader sees every item in order, from where it is; old items go, offsets stay.
#[test]
fn a_topic_keeps_offsets() {
    let mut env = TestEnv::new();
    let waiting = read(&mut env, None, Some(1_000));
    assert_eq!(post(&mut env, 0), 0);
    assert_eq!(offsets(&waiting.ok()), [0]);
    (1..6).for_each(|n| assert_eq!(post(&mut env, n), u64::from(n)));
    let page = read(&mut env, None, None).ok();
    assert_eq!((offsets(&page), page.next), (vec![0, 1, 2], Some(2)));
    let page = read(&mut env, page.next, None).ok();
    assert_eq!((offsets(&page), page.next), (vec![3, 4, 5], Some(5)));
    let empty = read(&mut env, Some(5), None).ok();
    assert_eq!((empty.items.len(), empty.next), (0, Some(5)));
    let retain = Some(2);
    env.ask(None, |call| SyncCommand::MakeTopic { name: name("t"), retain, call }).ok();
    let page = read(&mut env, Some(1), None).ok();
    assert_eq!((offsets(&page), page.first), (vec![4, 5], 4));
    post(&mut env, 6);
    assert_eq!(offsets(&read(&mut env, None, None).ok()), [5, 6]);
    env.ask(None, |call| SyncCommand::DeleteTopic { name: name("t"), call }).ok();
    assert_eq!(post(&mut env, 7), 0);
    assert_eq!(offsets(&read(&mut env, Some(6), Some(1)).ok()), [0], "a new topic is all new");
}
