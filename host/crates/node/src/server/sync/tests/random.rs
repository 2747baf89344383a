//! Random use: whatever comes in whatever order, nothing is lost and nobody overtakes.

use std::collections::BTreeMap;

use super::super::{
    SyncCommand,
    command::Items,
    testing::{TestEnv, Told, lock, name, number},
};
use crate::view::sync::LeaseView;

/// A generator that gives the same numbers for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % sides
    }
}

/// Goal: with takers that time out or go away at any moment, every item is taken once, and items
/// that are taken by the living come in order.
#[test]
fn nothing_is_lost_and_nothing_is_given_twice() {
    for seed in 0..200 {
        let (mut env, mut dice) = (TestEnv::new(), Dice(seed));
        let (mut put, mut got) = (0u8, Vec::new());
        let mut waiting: Vec<Told<Items>> = Vec::new();
        for _ in 0..120 {
            match dice.roll(6) {
                0 | 1 if put < 250 => {
                    let value = number(put);
                    env.ask_only(None, |call| SyncCommand::Put { name: name("q"), value, call });
                    put += 1;
                }
                2 | 3 => {
                    let (wait, batch) = (dice.roll(50), 1 + dice.roll(3) as usize);
                    let get = |call| SyncCommand::Get { name: name("q"), batch, call };
                    waiting.push(env.ask_only(Some(wait), get));
                }
                4 if !waiting.is_empty() => {
                    let gone = dice.roll(waiting.len() as u64) as usize;
                    drop(waiting.remove(gone));
                }
                _ => env.pass_ms(dice.roll(20)),
            }
            if dice.roll(3) == 0 {
                env.deliver();
            }
            waiting.retain_mut(|told| match told.now() {
                None => true,
                Some(items) => {
                    got.extend(items.unwrap_or_default().iter().map(|(number, _)| *number));
                    false
                }
            });
        }
        drop(waiting);
        env.deliver();
        env.pass_ms(100);
        let rest = env.get("q", 1_000);
        got.extend(rest.iter().map(|n| u64::from(*n)));
        got.sort_unstable();
        assert_eq!(got, (0..u64::from(put)).collect::<Vec<_>>(), "seed {seed}");
    }
}

/// Goal: however leases are taken, given back, renewed and left to run out, a lock has one holder
/// at a time, and each new holder's token is larger.
#[test]
fn a_lock_has_one_holder_at_a_time() {
    for seed in 0..200 {
        let (mut env, mut dice) = (TestEnv::new(), Dice(seed));
        let mut waiting: Vec<Told<LeaseView>> = Vec::new();
        let mut held: BTreeMap<u64, LeaseView> = BTreeMap::new();
        let mut last = 0;
        for _ in 0..120 {
            match dice.roll(4) {
                0 | 1 => {
                    let (lease_ms, wait) = (1 + dice.roll(40), dice.roll(100));
                    let of = lock("a");
                    let take = |call| SyncCommand::Acquire { of, lease_ms, call };
                    waiting.push(env.ask(Some(wait), take));
                }
                2 => {
                    if let Some((token, _)) = held.pop_last() {
                        let of = lock("a");
                        let give = |call| SyncCommand::Release { of, token, call };
                        env.ask(None, give).ok();
                    }
                }
                _ => env.pass_ms(dice.roll(20)),
            }
            held.retain(|_, lease| lease.until > env.now);
            waiting.retain_mut(|told| match told.now() {
                None => true,
                Some(Ok(lease)) => {
                    assert!(lease.token > last, "seed {seed}");
                    last = lease.token;
                    if lease.until > env.now {
                        held.insert(lease.token, lease);
                    }
                    false
                }
                Some(Err(_)) => false,
            });
            assert!(held.len() <= 1, "seed {seed}: {held:?}");
        }
    }
}
