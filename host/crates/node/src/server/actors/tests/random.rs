//! Random use: whatever is lost in whatever order, each acknowledged call took place once, in the
//! order of arrival.

use std::collections::BTreeMap;

use wask_proto::{ActorId, ActorRecord};

use super::super::{
    Answered, Persistence,
    testing::{Mishap, TestEnv, Told, args},
};

const ACTORS: u64 = 3;

/// A generator that gives the same numbers for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % sides
    }
}

/// What the client knows of one actor.
#[derive(Default)]
struct Client {
    calls: u16,
    waiting: Vec<(u16, &'static str, Told<Answered>)>,
    /// Calls whose end was told, and whether they took place.
    told: BTreeMap<u16, bool>,
    /// Calls of which nobody will hear any more.
    unknown: Vec<u16>,
}

impl Client {
    fn call(&mut self, env: &mut TestEnv, id: ActorId, dice: &mut Dice) {
        self.calls += 1;
        let method = ["List.push", "List.push", "List.push", "List.fail", "List.trap"];
        let method = method[dice.roll(5) as usize];
        let persistence = match dice.roll(6) {
            0 => Persistence::State,
            _ => Persistence::Replay,
        };
        let argument = args(&self.calls.to_be_bytes());
        let told = env.call_with(id, method, argument, persistence);
        self.waiting.push((self.calls, method, told));
    }

    fn listen(&mut self) {
        let told = &mut self.told;
        self.waiting.retain_mut(|(number, method, answer)| {
            let Some(answer) = answer.now() else { return true };
            let took_place = match answer.expect("no refusal") {
                Ok(value) => {
                    assert_eq!(value.bytes(), Some(&number.to_be_bytes()[..]));
                    true
                }
                Err(failure) => failure.kind == wask_proto::FailureKind::App,
            };
            assert!(*method != "List.trap" || !took_place);
            told.insert(*number, took_place);
            false
        });
    }

    /// Compares a state with what was told.
    fn check(&self, state: &[u8], seed: u64) {
        let numbers: Vec<u16> = state.chunks(2).map(|n| u16::from_be_bytes([n[0], n[1]])).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b), "seed {seed}: {numbers:?} in order, each once");
        for (number, took_place) in &self.told {
            assert_eq!(numbers.contains(number), *took_place, "seed {seed}: call {number}");
        }
        let known = |n: &u16| self.told.contains_key(n) || self.unknown.contains(n);
        let waits = |n: &u16| self.waiting.iter().any(|(number, ..)| number == n);
        assert!(numbers.iter().all(|n| known(n) || waits(n)), "seed {seed}");
    }
}

/// Goal: with evictions, dying executors and a server that crashes before or after it has written
/// records down, no acknowledged call is lost or done twice, and none overtakes another.
#[test]
fn acknowledged_calls_took_place_once_and_in_order() {
    let (mut restarts, mut losses) = (0, 0);
    for seed in 0..300 {
        let (mut env, mut dice) = (TestEnv::new(), Dice(seed));
        let mut clients: BTreeMap<ActorId, Client> =
            (1..=ACTORS).map(|n| (ActorId(n), Client::default())).collect();
        clients.keys().for_each(|id| env.made(*id));
        let mut durable = env.records.len();
        for _ in 0..200 {
            match dice.roll(20) {
                0..=6 => {
                    let id = ActorId(1 + dice.roll(ACTORS));
                    let client = clients.get_mut(&id).unwrap();
                    client.call(&mut env, id, &mut dice);
                }
                7 => drop(env.step(Mishap::Evicted)),
                8 => losses += u32::from(env.step(Mishap::Lost)),
                9 | 10 => {
                    durable = env.records.len();
                    env.deliver();
                }
                11 if dice.roll(4) == 0 => {
                    // Some of what was not acknowledged may have been written down all the same.
                    let written =
                        durable + dice.roll((env.records.len() - durable) as u64 + 1) as usize;
                    let records: Vec<ActorRecord> = env.records.drain(..).take(written).collect();
                    clients.values_mut().for_each(Client::listen);
                    for client in clients.values_mut() {
                        let waiting = std::mem::take(&mut client.waiting);
                        client.unknown.extend(waiting.into_iter().map(|(number, ..)| number));
                    }
                    env.restart(records);
                    durable = env.records.len();
                    restarts += 1;
                }
                _ => drop(env.step(Mishap::None)),
            }
            clients.values_mut().for_each(Client::listen);
            for (id, client) in &clients {
                let state = env.state(*id);
                client.check(&state, seed);
            }
        }
        env.work();
        for (id, client) in &mut clients {
            client.listen();
            assert!(client.waiting.is_empty(), "seed {seed}: everybody was answered");
            let state = env.state(*id);
            client.check(&state, seed);
            let kept = env.worker.instances.get(id);
            assert!(kept.is_none_or(|kept| *kept == state), "seed {seed}: the instance is right");
        }
    }
    assert!(restarts > 50 && losses > 500, "{restarts} restarts, {losses} losses");
}
