//! Crowds and chaos: many clients, large graphs, executors and servers that die while it goes on.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use serde_json::{Map, Value, json};
use wask_tests::{Api, Server, ServerOptions, kill_hard};

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Every task of a run is counted once, in one state.
#[track_caller]
fn counts_add_up(run: &Value) {
    let counts = run["counts"].as_object().expect("counts");
    let of_states = counts.iter().filter(|(state, _)| *state != "total");
    let sum: u64 = of_states.filter_map(|(_, count)| count.as_u64()).sum();
    assert_eq!(counts["total"], sum, "{run}");
}

/// Goal: executors that die all the time cost attempts, never results.
#[test]
fn results_survive_dying_executors() {
    let server = ServerOptions::default().slots(3).guests(&["numbers", "lab"]).start();
    let id = server.submit(&json!({"outputs": ["sum"], "tasks": {
        "w": {"call": "lab/work", "map": {"range": [0, 600]}, "args": [15, {"$item": 0}]},
        "sum": {"call": "numbers/sum", "args": [{"$tasks": "w"}]}}}));
    let mut killed = 0;
    // The pauses leave room for work between the blows; nothing is concluded from their length.
    while server.run(&id)["state"] == "running" {
        if killed < 12 {
            for victim in server.executors().into_iter().take(1) {
                kill_hard(victim.pid);
                killed += 1;
            }
        }
        thread::sleep(Duration::from_millis(200));
    }
    let run = server.run(&id);
    assert_eq!((&run["state"], &run["outputs"]), (&json!("succeeded"), &json!({"sum": 179_700})));
    counts_add_up(&run);
    assert!(killed >= 3, "the run was over before it could be disturbed");
    let page = server.get(&format!("/runs/{id}/tasks?limit=1000")).status(200).json();
    let again = wask_tests::items(&page).iter().filter(|task| task["attempt"] != 1).count();
    assert!(again <= killed, "{killed} executors died, but {again} tasks were tried again");
    server.is_well();
}

/// Goal: a server that is killed again and again brings a run of many tasks to its end.
#[test]
fn a_run_survives_many_crashes() {
    let mut server = ServerOptions::default().guests(&["numbers", "lab"]).start();
    let id = server.submit(&json!({"outputs": ["sum"], "tasks": {
        "w": {"call": "lab/work", "map": {"range": [0, 400]}, "args": [10, {"$item": 0}]},
        "inc": {"call": "numbers/inc", "map": {"zip": [{"$tasks": "w"}]}, "cache": false},
        "sum": {"call": "numbers/sum", "args": [{"$tasks": "inc"}]}}}));
    let mut crashes = 0;
    while server.run(&id)["state"] == "running" && crashes < 6 {
        thread::sleep(Duration::from_millis(150));
        server.restart_hard();
        crashes += 1;
    }
    let run = server.wait_run(&id);
    assert_eq!((&run["state"], &run["outputs"]), (&json!("succeeded"), &json!({"sum": 80_200})));
    assert_eq!(run["counts"]["succeeded"], 801);
    counts_add_up(&run);
    assert!(crashes >= 3, "the run was over before it could be disturbed");
}

/// Goal: what one client does to its runs (cancel, retry, delete) leaves those of others alone.
#[test]
fn clients_do_not_disturb_each_other() {
    let server = ServerOptions::default().guests(&["numbers", "lab"]).start();
    let api: &Api = &server;
    thread::scope(|scope| {
        for client in 0..6_i64 {
            scope.spawn(move || (0..12).for_each(|round| one_round(api, client, round)));
        }
    });
    for id in server.run_ids() {
        let run = server.run(&id);
        assert_ne!(run["state"], "running", "{run}");
        counts_add_up(&run);
    }
    server.is_well();
}

fn one_round(api: &Api, client: i64, round: i64) {
    let tag = client * 1_000 + round;
    let id = api.submit(&json!({"name": format!("client {client}"), "tasks": {
        "w": {"call": "lab/work", "map": {"range": [0, 20]}, "args": [1, {"$item": 0}]},
        "flaky": {"call": "lab/fail_times", "args": [1]},
        "add": {"call": "numbers/add", "args": [{"$task": "flaky"}, tag]}}}));
    match (client + round) % 4 {
        0 => {
            api.post(&format!("/runs/{id}/cancel"), &json!({})).json();
            let state = api.wait_run(&id)["state"].clone();
            assert!(["cancelled", "failed"].contains(&text(&state)), "{state}");
        }
        1 => {
            assert_eq!(api.wait_run(&id)["state"], "failed");
            assert_eq!(api.delete(&format!("/runs/{id}")).status, 204);
            api.get(&format!("/runs/{id}")).problem(404, "unknown_run");
        }
        _ => {
            let run = api.wait_run(&id);
            assert_eq!(
                (&run["state"], &run["counts"]["succeeded"]),
                (&json!("failed"), &json!(20))
            );
            api.post(&format!("/runs/{id}/retry"), &json!({})).json();
            let run = api.wait_run(&id);
            assert_eq!(
                (&run["state"], &run["outputs"]["add"]),
                (&json!("succeeded"), &json!(tag + 2))
            );
            assert_eq!(run["counts"]["succeeded"], 22);
        }
    }
}

/// Goal: a graph of many single tasks is taken and computed as well as one large array.
#[test]
fn a_graph_of_many_keys() {
    const KEYS: i64 = 20_000;
    let server = Server::start_default();
    let mut tasks = Map::new();
    for n in 0..KEYS {
        tasks.insert(format!("t{n}"), json!({"call": "numbers/inc", "args": [n]}));
    }
    let all: Vec<Value> = (0..KEYS).map(|n| json!({"$task": format!("t{n}")})).collect();
    tasks.insert("sum".to_owned(), json!({"call": "numbers/sum", "args": [all]}));
    let run = server.finish(&json!({"tasks": tasks}));
    assert_eq!(run["outputs"], json!({"sum": KEYS * (KEYS + 1) / 2}));
    let states = server.states(text(&run["id"]));
    assert_eq!(states.len() as i64, KEYS + 1);
    assert!(states.iter().all(|(_, state)| state == "succeeded"));
}

/// Goal: readers that come and go while a run goes on see counts that add up at every moment.
#[test]
fn counts_add_up_at_every_moment() {
    let server = ServerOptions::default().guests(&["numbers", "lab"]).start();
    let id = server.submit(&json!({"tasks": {
        "a": {"call": "numbers/inc", "map": {"range": [0, 20_000]}, "cache": false},
        "b": {"call": "lab/fail_multiples", "map": {"zip": [{"$tasks": "a"}]},
              "args": [{"$item": 0}, 7]},
        "c": {"call": "numbers/inc", "map": {"zip": [{"$tasks": "b"}]}, "cache": false}}}));
    let over = AtomicBool::new(false);
    let looks = thread::scope(|scope| {
        let look = || {
            let mut looks = 0;
            while !over.load(Ordering::Relaxed) {
                let run = server.run(&id);
                assert_eq!(run["counts"]["total"], 60_000);
                counts_add_up(&run);
                looks += 1;
            }
            looks
        };
        let readers: Vec<_> = (0..2).map(|_| scope.spawn(look)).collect();
        let run = server.wait_run(&id);
        over.store(true, Ordering::Relaxed);
        assert_eq!(run["counts"]["failed"], 20_000 / 7);
        assert_eq!(run["counts"]["aborted"], 20_000 / 7);
        readers.into_iter().map(|reader| reader.join().expect("no look failed")).sum::<u32>()
    });
    assert!(looks > 3, "nobody looked");
}
