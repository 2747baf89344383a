//! Locks and semaphores: one holder at a time, tokens that grow, leases that end.

use wask_proto::{LeaseKind, LeaseName};

use super::super::{
    SyncCommand,
    testing::{TestEnv, Told, lock, name, number},
};
use crate::{refusal::Refusal, view::sync::LeaseView};

fn acquire(env: &mut TestEnv, of: &LeaseName, lease_ms: u64, wait_ms: u64) -> Told<LeaseView> {
    let of = of.clone();
    env.ask(Some(wait_ms), |call| SyncCommand::Acquire { of, lease_ms, call })
}

fn release(env: &mut TestEnv, of: &LeaseName, token: u64) -> Told<()> {
    let of = of.clone();
    env.ask(None, |call| SyncCommand::Release { of, token, call })
}

/// Goal: a lock has one holder; who waits gets it in order, with a larger token each time.
#[test]
fn a_lock_goes_from_hand_to_hand() {
    let (mut env, a) = (TestEnv::new(), lock("a"));
    let first = acquire(&mut env, &a, 1_000, 0).ok();
    let mut second = acquire(&mut env, &a, 1_000, 9_000);
    let mut third = acquire(&mut env, &a, 1_000, 9_000);
    assert!(second.now().is_none());
    release(&mut env, &a, first.token).ok();
    let second = second.ok();
    assert!(second.token > first.token && third.now().is_none());
    assert!(matches!(release(&mut env, &a, first.token).refused(), Refusal::StaleToken { .. }));
    release(&mut env, &a, second.token).ok();
    assert!(third.ok().token > second.token);
}

/// Goal: a lease that runs out ends by itself, the next gets the lock, and the late holder can
/// neither renew nor release.
#[test]
fn a_lease_that_runs_out_hands_over() {
    let (mut env, a) = (TestEnv::new(), lock("a"));
    let late = acquire(&mut env, &a, 500, 0).ok();
    let mut next = acquire(&mut env, &a, 500, 9_000);
    env.pass_ms(400);
    let (of, token) = (a.clone(), late.token);
    let renewed = env.ask(None, |call| SyncCommand::Renew { of, token, lease_ms: None, call });
    assert_eq!(renewed.ok().until, env.now.plus_ms(500));
    env.pass_ms(499);
    assert!(next.now().is_none(), "the lease was renewed");
    env.pass_ms(1);
    assert!(next.ok().token > late.token);
    assert!(matches!(release(&mut env, &a, late.token).refused(), Refusal::StaleToken { .. }));
}

/// Goal: a lease whose taker is gone before it hears of it goes to the next.
#[test]
fn a_lease_of_somebody_who_is_gone_is_handed_on() {
    let (mut env, a) = (TestEnv::new(), lock("a"));
    let of = a.clone();
    drop(env.ask_only(None, |call| SyncCommand::Acquire { of, lease_ms: 60_000, call }));
    let next = acquire(&mut env, &a, 60_000, 1_000).ok();
    assert_eq!(next.token, 2);
}

/// Goal: tokens grow across locks, deletion and all, and a deleted lock goes to the next.
#[test]
fn tokens_only_grow() {
    let (mut env, a) = (TestEnv::new(), lock("a"));
    let mut last = 0;
    for round in 0..5 {
        let of = if round % 2 == 0 { a.clone() } else { lock("b") };
        let held = acquire(&mut env, &of, 60_000, 0).ok();
        let next = acquire(&mut env, &of, 60_000, 1_000);
        let delete = of.clone();
        env.ask(None, |call| SyncCommand::DeleteLeases { of: delete, call }).ok();
        let next = next.ok();
        assert!(last < held.token && held.token < next.token);
        last = next.token;
        release(&mut env, &of, next.token).ok();
    }
    assert_eq!(env.sync.stats().bytes, 0, "a free lock leaves nothing behind");
}

/// Goal: a semaphore gives as many leases as it has; more of them serve those who wait, and its
/// end tells them.
#[test]
fn a_semaphore_counts() {
    let mut env = TestEnv::new();
    let s = LeaseName { kind: LeaseKind::Semaphore, name: name("s") };
    assert!(matches!(acquire(&mut env, &s, 1, 0).refused(), Refusal::UnknownName(..)));
    let make = |leases| move |call| SyncCommand::MakeSemaphore { name: name("s"), leases, call };
    env.ask(None, make(2)).ok();
    let held = [acquire(&mut env, &s, 60_000, 0).ok(), acquire(&mut env, &s, 60_000, 0).ok()];
    assert!(held[0].token < held[1].token);
    assert!(matches!(acquire(&mut env, &s, 60_000, 0).refused(), Refusal::TimedOut));
    let waiting = acquire(&mut env, &s, 60_000, 1_000);
    env.ask(None, make(3)).ok();
    waiting.ok();
    env.ask(None, make(1)).ok();
    let waiting = acquire(&mut env, &s, 60_000, 1_000);
    release(&mut env, &s, held[0].token).ok();
    let of = s.clone();
    env.ask(None, |call| SyncCommand::DeleteLeases { of, call }).ok();
    assert!(matches!(waiting.refused(), Refusal::Deleted(..)));
}

/// Goal: what depends on a lease changes nothing once the lease is over, also when it had to wait.
#[test]
fn a_stale_guard_stops_a_change() {
    let (mut env, a) = (TestEnv::new(), lock("a"));
    let token = acquire(&mut env, &a, 1_000, 0).ok().token;
    let put = |call| SyncCommand::Put { name: name("q"), value: number(1), call };
    env.guarded(&a, token).ask(None, put).ok();
    let get = |call| SyncCommand::Get { name: name("other"), batch: 1, call };
    let waiting = env.guarded(&a, token).ask(Some(9_000), get);
    env.pass_ms(1_000);
    assert!(matches!(env.guarded(&a, token).ask(None, put).refused(), Refusal::StaleToken { .. }));
    assert_eq!(env.get("q", 10), [1]);
    env.put("other", 5);
    assert!(matches!(waiting.refused(), Refusal::StaleToken { .. }));
    assert_eq!(env.get("other", 1), [5]);
}
