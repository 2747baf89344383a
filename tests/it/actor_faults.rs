//! Actors whose executors and servers die, and actors that are many.

use std::{
    collections::BTreeSet,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use serde_json::{Value, json};
use wask_tests::{Api, Server, ServerOptions, kill_hard};

use crate::actors::ActorCalls as _;

/// Clients that count at the same time.
const CLIENTS: usize = 6;

/// Counts with several clients until `disturb` returns; what was acknowledged.
fn count_during(api: &Api, counter: &str, disturb: impl FnOnce()) -> BTreeSet<i64> {
    let (over, acknowledged) = (AtomicBool::new(false), Mutex::new(BTreeSet::new()));
    let client = || {
        while !over.load(Ordering::Relaxed) {
            let request = api.request("POST", &format!("/actors/{counter}/increment"));
            let Ok(reply) = request.json(&json!([])).try_send() else { return };
            // A call that lost its instance too often has failed, and did not take place.
            if reply.status == 409 {
                reply.problem(409, "task_failed");
                continue;
            }
            let number = reply.status(200).json().as_i64().expect("a number");
            let mut acknowledged = acknowledged.lock().unwrap_or_else(PoisonError::into_inner);
            assert!(acknowledged.insert(number), "{number} was given twice");
        }
    };
    thread::scope(|scope| {
        (0..CLIENTS).for_each(|_| drop(scope.spawn(client)));
        disturb();
        over.store(true, Ordering::Relaxed);
    });
    acknowledged.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn value(server: &Server, counter: &str) -> i64 {
    let value = server.ask(counter, "value", &json!([])).status(200).json();
    value.as_i64().expect("a number")
}

fn restored(server: &Server) -> u64 {
    let text = server.at_root("GET", "/metrics").send().status(200).text();
    let line = text.lines().find_map(|line| line.strip_prefix("wask_actors_restored_total "));
    line.and_then(|count| count.parse().ok()).expect("a counter")
}

/// Goal: executors that die under load cost no increment and double none.
#[test]
fn dying_executors_cost_no_call() {
    let server = ServerOptions::default().guests(&["counter"]).start();
    let counter = server.make("counter/Counter", &json!([]));
    let acknowledged = count_during(&server, &counter, || {
        // The pauses leave room for work between the blows; nothing is concluded from their length.
        for _ in 0..15 {
            server.executors().iter().for_each(|victim| kill_hard(victim.pid));
            thread::sleep(Duration::from_millis(120));
        }
    });
    let count = value(&server, &counter);
    assert!(count > 100, "{count} calls are no load");
    assert!(acknowledged.into_iter().eq(1..=count), "every call took place once");
    assert!(restored(&server) >= 5, "no instance was lost");
}

/// Goal: what a server acknowledged before it was killed is there afterwards, once; what it did not
/// acknowledge took place at most once.
#[test]
fn dying_servers_cost_no_acknowledged_call() {
    let mut server = ServerOptions::default().guests(&["counter"]).start();
    let counter = server.make("counter/Counter", &json!([]));
    let (mut acknowledged, mut lost) = (BTreeSet::new(), 0);
    for round in 0..4 {
        let pid = server.pid();
        let more = count_during(&server.clone(), &counter, || {
            thread::sleep(Duration::from_millis(250 + 70 * round));
            kill_hard(pid);
        });
        server.kill9();
        server.start_again();
        let count = value(&server, &counter);
        acknowledged.extend(more);
        let known = i64::try_from(acknowledged.len()).expect("not so many");
        assert!(acknowledged.last().is_some_and(|last| *last <= count), "a call was lost");
        assert!((known..=known + lost + CLIENTS as i64).contains(&count), "{known} {lost} {count}");
        lost = count - known;
    }
    assert!(acknowledged.len() > 100, "{} calls are no load", acknowledged.len());
}

/// Goal: a server that stops in order finishes or refuses calls, and an actor with a large state
/// comes back as it was.
#[test]
fn a_stop_in_order_keeps_actors() {
    let mut server = ServerOptions::default().guests(&["counter", "actors"]).start();
    let counter = server.make("counter/Counter", &json!([]));
    let rogue = server.make("actors/Rogue", &json!([1]));
    server.ask(&rogue, "fill", &json!([300_000])).status(200);
    for n in 0..50 {
        server.ask(&counter, "increment", &json!([])).status(200);
        server.ask(&rogue, "push", &json!([n])).status(200);
    }
    let shown = server.get(&format!("/actors/{rogue}")).json();
    assert!(shown["state_bytes"].as_u64() > Some(300_000), "{shown}");
    for _ in 0..2 {
        server.restart();
        assert_eq!(value(&server, &counter), 50);
        let values: Vec<u64> = [1].into_iter().chain(0..50).collect();
        assert_eq!(server.ask(&rogue, "values", &json!([])).json(), json!(values));
    }
}

/// Goal: actors that do nothing cost little memory, and answer when they are asked.
#[test]
fn idle_actors_are_cheap() {
    const ACTORS: usize = 2_000;
    let server = ServerOptions::default().guests(&["counter"]).start();
    let warm = server.make("counter/Counter", &json!([]));
    server.ask(&warm, "increment", &json!([])).status(200);
    let counters: Vec<String> = thread::scope(|scope| {
        let make = || {
            let counter = |_| server.make("counter/Counter", &json!([]));
            (0..ACTORS / 4).map(counter).collect::<Vec<_>>()
        };
        let makers: Vec<_> = (0..4).map(|_| scope.spawn(make)).collect();
        makers.into_iter().flat_map(|maker| maker.join().expect("a client")).collect()
    });
    let increment = &|counters: &[String], round: u64| {
        for counter in counters {
            assert_eq!(server.ask(counter, "increment", &json!([])).json(), round);
        }
    };
    for round in 1..=2 {
        thread::scope(|scope| {
            let parts = counters.chunks(ACTORS / 4);
            parts.for_each(|part| drop(scope.spawn(move || increment(part, round))));
        });
    }
    let own = wask_tests::children_of(std::process::id());
    let own = own.into_iter().find(|process| process.pid == server.pid()).expect("the server");
    for process in server.executors().into_iter().chain([own]) {
        let mib = process.resident_bytes() / (1 << 20);
        assert!((1..64).contains(&mib), "{:?} has {mib} MiB", process.command);
    }
    assert_eq!(server.get("/actors?limit=1").json()["total"], Value::from(ACTORS + 1));
}
