//! Cancelling: at once, for good, with a reason, and without harm to others.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use wask_tests::{ServerOptions, Shared};

/// Every test here fills the one slot, so each gets a server of its own.
fn one_slot() -> ServerOptions {
    ServerOptions::default().slots(1).guests(&["numbers", "lab", "hostile"])
}

/// How long a task may go on after a cancel. The aim is 100 ms; the machine may be busy.
const CANCEL_MAX: Duration = Duration::from_secs(1);

/// Goal: an endless task ends soon after its cancel, and its slot takes the next one.
#[test]
fn a_running_task_stops_and_frees_its_slot() {
    let server = one_slot().start();
    let run = server.submit(&json!({"tasks": {
        "spin": {"call": "hostile/spin", "args": []},
        "next": {"call": "numbers/inc", "args": [1]}}}));
    server.wait_task(&run, "spin", &["running"]);
    let begun = Instant::now();
    let reply = server.post(&format!("/runs/{run}/cancel"), &json!({"keys": ["spin"]})).json();
    assert_eq!(reply["cancelled"], 1);
    let run = server.wait_run(&run);
    let took = begun.elapsed();
    assert!(run["started_at"].is_string(), "a task of it ran: {run}");
    assert!(took < CANCEL_MAX, "from the cancel to the end of the next task: {took:?}");
    assert_eq!(run["outputs"], json!({"next": 2}));
    assert_eq!(run["counts"]["cancelled"], 1);
    let executors = server.executors();
    assert_eq!(executors.len(), 1, "{executors:?}");
    server.is_well();
}

/// Goal: a cancelled run keeps what it had, stops the rest and tells the reason.
#[test]
fn a_run_is_cancelled_with_a_reason() {
    let server = one_slot().start();
    let id = server.submit(&json!({"tasks": {
        "done": {"call": "numbers/inc", "args": [1], "priority": 1},
        "spin": {"call": "hostile/spin", "args": [], "after": ["done"]},
        "many": {"call": "lab/work", "map": {"range": [0, 100]}, "args": [100, {"$item": 0}],
                 "after": ["done"], "priority": -1},
        "end": {"call": "numbers/inc", "args": [{"$task": "many[0]"}]}}}));
    server.wait_task(&id, "spin", &["running"]);
    server.post(&format!("/runs/{id}/cancel"), &json!({"reason": "wrong input"})).json();
    let run = server.wait_run(&id);
    assert_eq!(run["state"], "cancelled");
    assert_eq!(run["counts"]["succeeded"], 1);
    for key in ["spin", "many[0]", "many[99]"] {
        let told = server.task(&id, key);
        assert_eq!(told["state"], "cancelled", "{told}");
        let reason = told["reason"].as_str().unwrap_or_default();
        assert!(reason.contains("wrong input"), "{told}");
    }
    let end = server.task(&id, "end");
    assert!(["cancelled", "aborted"].contains(&end["state"].as_str().unwrap_or_default()), "{end}");
    server.is_well();
    let again = server.post(&format!("/runs/{id}/cancel"), &json!({})).json();
    assert_eq!(again["cancelled"], 0, "there is nothing left to cancel");
    assert_eq!(server.run(&id)["state"], "cancelled");
}

/// Goal: what needs a cancelled task is aborted and names it.
#[test]
fn dependents_of_a_cancelled_task_are_aborted() {
    let server = one_slot().start();
    let id = server.submit(&json!({"tasks": {
        "spin": {"call": "hostile/spin", "args": []},
        "next": {"call": "numbers/inc", "args": [{"$task": "spin"}]}}}));
    server.wait_task(&id, "spin", &["running"]);
    server.post(&format!("/runs/{id}/cancel"), &json!({"keys": ["spin"]})).json();
    server.wait_run(&id);
    let next = server.task(&id, "next");
    assert_eq!(next["state"], "aborted");
    assert_eq!(next["cause"], "spin", "{next}");
    server.result(&id, "next").problem(409, "task_aborted");
    server.result(&id, "spin").problem(409, "task_cancelled");
}

/// Goal: tasks that have not begun are cancelled without ever running.
#[test]
fn queued_tasks_are_cancelled_without_running() {
    let server = one_slot().start();
    let id = server.submit(&json!({"tasks": {
        "spin": {"call": "hostile/spin", "args": [], "priority": 1},
        "queued": {"call": "lab/work_aloud", "map": {"range": [0, 50]}, "args": [1, {"$item": 0}]}}}));
    server.wait_task(&id, "spin", &["running"]);
    let reply = server.post(&format!("/runs/{id}/cancel"), &json!({"keys": ["queued"]})).json();
    assert_eq!(reply["cancelled"], 50);
    server.post(&format!("/runs/{id}/cancel"), &json!({"keys": ["spin"]})).json();
    server.wait_run(&id);
    let logs = server.get(&format!("/runs/{id}/tasks/queued%5B0%5D/logs")).status(200).text();
    assert!(!logs.contains("begin"), "it ran: {logs}");
    for n in [0, 25, 49] {
        assert_eq!(server.task(&id, &format!("queued[{n}]"))["started_at"], Value::Null);
    }
}

/// Goal: two runs that want the same call do not cancel each other.
#[test]
fn a_cancel_does_not_touch_another_run() {
    let server = one_slot().start();
    let graph = json!({"tasks": {
        "gate": {"call": "lab/work", "args": [300, 9]},
        "t": {"call": "numbers/add", "args": [123, 456], "after": ["gate"]}}});
    let (one, other) = (server.submit(&graph), server.submit(&graph));
    server.post(&format!("/runs/{one}/cancel"), &json!({})).json();
    assert_eq!(server.wait_run(&one)["state"], "cancelled");
    let run = server.wait_run(&other);
    assert_eq!((&run["state"], &run["outputs"]["t"]), (&json!("succeeded"), &json!(579)));
}

/// Goal: a cancel that names nothing that is there says so.
#[test]
fn a_cancel_of_nothing_is_refused() {
    static SERVER: Shared = Shared::new(one_slot);
    let server = SERVER.get();
    let unknown = format!("/runs/{}/cancel", "0".repeat(16));
    server.post(&unknown, &json!({})).problem(404, "unknown_run");
    let id = server.submit(&json!({"tasks": {"a": {"call": "numbers/inc", "args": [1]}}}));
    let reply = server.post(&format!("/runs/{id}/cancel"), &json!({"keys": ["b"]}));
    assert!((400..500).contains(&reply.status), "{reply}");
    let reply = server.post(&format!("/runs/{id}/cancel"), &json!({"kyes": ["a"]}));
    let errors = reply.errors(400, "invalid_request");
    assert_eq!(errors, ["unknown_field /kyes"]);
    assert_eq!(server.wait_run(&id)["state"], "succeeded");
}
