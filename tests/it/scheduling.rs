//! Who runs when and where: priorities, slots, resources, and why a task does not run.

use serde_json::{Value, json};
use wask_tests::{Server, ServerOptions, items};

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The most tasks of a run that ran at the same moment, by their own times.
fn most_at_once(server: &Server, run: &str, key: &str) -> i32 {
    let page = server.get(&format!("/runs/{run}/tasks?limit=1000")).status(200).json();
    let mut moments: Vec<(&str, i32)> = Vec::new();
    for task in items(&page).iter().filter(|task| text(&task["key"]).starts_with(key)) {
        moments.push((text(&task["started_at"]), 1));
        moments.push((text(&task["finished_at"]), -1));
    }
    assert!(moments.len() > 2 && moments.iter().all(|(at, _)| !at.is_empty()), "{page}");
    // Times of one form sort as texts; at the same moment an end comes before a begin.
    moments.sort_unstable();
    let mut running = 0;
    let at_each = moments.iter().map(|(_, step)| {
        running += step;
        running
    });
    at_each.max().unwrap_or(0)
}

/// Goal: with one slot, the higher priority runs first, and equals run in the order of the graph.
#[test]
fn priorities_decide_the_order() {
    let server = ServerOptions::default().slots(1).guests(&["lab"]).start();
    let work = |priority: i32, tag: i32| json!({"call": "lab/work", "args": [20, tag], "priority": priority, "after": ["gate"]});
    let run = server.finish(&json!({"tasks": {
        "gate": {"call": "lab/work", "args": [20, 0]},
        "low": work(-5, 1), "normal": work(0, 2), "same": work(0, 3), "high": work(7, 4),
        "highest": work(100, 5)}}));
    let id = text(&run["id"]);
    let page = server.get(&format!("/runs/{id}/completed?after=0")).status(200).json();
    let order: Vec<&str> = items(&page).iter().map(|item| text(&item["key"])).collect();
    assert_eq!(order, ["gate", "highest", "high", "normal", "same", "low"]);
}

/// Goal: a later run of higher priority overtakes what waits, and takes nothing from what runs.
#[test]
fn a_later_run_overtakes_by_priority() {
    let server = ServerOptions::default().slots(1).guests(&["lab"]).start();
    let long = server.submit(&json!({"tasks": {
        "w": {"call": "lab/work", "map": {"range": [0, 20]}, "args": [50, {"$item": 0}]}}}));
    server.wait_task(&long, "w[0]", &["running", "succeeded"]);
    let urgent = server.finish(&json!({"tasks": {
        "u": {"call": "lab/work", "args": [1, 100], "priority": 10}}}));
    assert_eq!(urgent["outputs"], json!({"u": 100}));
    assert_eq!(server.run(&long)["state"], "running", "it waited for all of the other run");
    let run = server.wait_run(&long);
    assert_eq!(run["counts"]["succeeded"], 20);
    assert!(server.task(&long, "w[0]")["attempt"] == 1);
}

/// Goal: a resource is never given to more tasks than there is of it, and is given in full.
#[test]
fn resources_are_not_overdrawn() {
    let options = ServerOptions::default().slots(4).guests(&["numbers", "lab"]);
    let server = options.arg("--resource").arg("gpu=2").start();
    let run = server.finish(&json!({"tasks": {
        "g": {"call": "lab/work", "map": {"range": [0, 6]}, "args": [150, {"$item": 0}],
              "resources": {"gpu": 1}},
        "half": {"call": "lab/work", "map": {"range": [10, 12]}, "args": [20, {"$item": 0}],
                 "resources": {"gpu": 0.5}, "after": ["g"]},
        "whole": {"call": "lab/work", "map": {"range": [20, 23]}, "args": [50, {"$item": 0}],
                  "resources": {"gpu": 2}, "after": ["half"]}}}));
    assert_eq!(run["state"], "succeeded");
    let id = text(&run["id"]);
    assert_eq!(most_at_once(&server, id, "g["), 2, "two at once, and no more");
    assert_eq!(most_at_once(&server, id, "whole["), 1);
    let workers = server.get("/workers").status(200).json();
    let worker = &items(&workers)[0];
    assert_eq!(worker["slots"], 4);
    assert!(worker["resources"].to_string().contains("gpu"), "{worker}");
}

/// Goal: no more tasks run at once than there are slots.
#[test]
fn slots_bound_what_runs_at_once() {
    let server = ServerOptions::default().slots(2).guests(&["lab"]).start();
    let run = server.finish(&json!({"tasks": {
        "w": {"call": "lab/work", "map": {"range": [0, 8]}, "args": [100, {"$item": 0}]}}}));
    assert_eq!(most_at_once(&server, text(&run["id"]), "w["), 2, "both slots, and no more");
    assert_eq!(server.executors().len(), 2);
}

/// Goal: a task that nobody may run says so, with the reason of every worker, and can be cancelled.
#[test]
fn a_task_without_a_worker_says_why() {
    let options = ServerOptions::default().guests(&["numbers", "lab"]);
    let server = options.arg("--resource").arg("gpu=1").start();
    let id = server.submit(&json!({"tasks": {
        "t": {"call": "numbers/inc", "args": [1], "resources": {"tpu": 1}},
        "more": {"call": "numbers/inc", "args": [2], "resources": {"gpu": 3}},
        "next": {"call": "numbers/inc", "args": [{"$task": "t"}]}}}));
    for (key, resource) in [("t", "tpu"), ("more", "gpu")] {
        let told = server.wait_task(&id, key, &["no-worker"]);
        assert!(text(&told["reason"]).contains(resource), "names what is missing: {told}");
        let why = server.get(&format!("/runs/{id}/tasks/{key}/explain")).status(200).json();
        assert_eq!(why["state"], "no-worker");
        let workers = why["workers"].as_array().expect("workers");
        assert_eq!(workers.len(), 1, "{why}");
        assert!(text(&workers[0]["reason"]).contains(resource), "{why}");
    }
    let next = server.get(&format!("/runs/{id}/tasks/next/explain")).status(200).json();
    assert_eq!((&next["state"], &next["waiting_for"]), (&json!("waiting"), &json!(["t"])));
    assert_eq!(server.run(&id)["counts"]["no-worker"], 2);
    server.is_well();
    server.post(&format!("/runs/{id}/cancel"), &json!({})).json();
    assert_eq!(server.wait_run(&id)["state"], "cancelled");
}

/// Goal: a task that waits for a slot, runs or is done explains itself as well.
#[test]
fn every_state_is_explained() {
    let server = ServerOptions::default().slots(1).guests(&["numbers", "lab", "hostile"]).start();
    let id = server.submit(&json!({"tasks": {
        "first": {"call": "numbers/inc", "args": [1], "priority": 2},
        "spin": {"call": "hostile/spin", "args": [], "after": ["first"], "priority": 1},
        "queued": {"call": "lab/work", "args": [1, 1], "after": ["first"]}}}));
    server.wait_task(&id, "spin", &["running"]);
    for (key, state) in [("first", "succeeded"), ("spin", "running"), ("queued", "queued")] {
        let why = server.get(&format!("/runs/{id}/tasks/{key}/explain")).status(200).json();
        assert_eq!(why["state"], state, "{why}");
        assert!(text(&why["reason"]).len() > 5, "{why}");
    }
    server.post(&format!("/runs/{id}/cancel"), &json!({})).json();
    server.wait_run(&id);
}
