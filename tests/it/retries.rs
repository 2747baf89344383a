//! Attempts: budgets, delays, history, and retries that a person asks for.

use serde_json::{Value, json};
use wask_tests::{DEADLINE, Server, ServerOptions, eventually};

use crate::shared;

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Goal: a task is tried as often as asked, and every attempt can be seen afterwards.
#[test]
fn attempts_are_counted_and_listed() {
    let server = shared();
    let run = server.finish(&json!({"tasks": {"t": {
        "call": "lab/fail_times", "args": [2], "retries": 2, "retry_delay": "20ms"}}}));
    assert_eq!(run["outputs"], json!({"t": 3}), "the third attempt: {run}");
    let told = server.task(text(&run["id"]), "t");
    assert_eq!(told["attempt"], 3);
    let attempts = told["attempts"].as_array().expect("attempts");
    let numbers: Vec<&Value> = attempts.iter().map(|attempt| &attempt["attempt"]).collect();
    assert_eq!(numbers, [1, 2, 3]);
    for attempt in &attempts[..2] {
        let message = format!("attempt {} fails as asked", attempt["attempt"]);
        assert_eq!(attempt["failure"]["message"], message);
        assert_eq!(attempt["failure"]["kind"], "app");
    }
    assert_eq!(attempts[2]["failure"], Value::Null);
}

/// Goal: when the budget is used up, the last failure is the task's.
#[test]
fn the_budget_of_retries_ends() {
    let server = shared();
    let run = server.finish(&json!({"defaults": {"retries": 1, "retry_delay": "10ms"},
        "tasks": {"t": {"call": "lab/fail_times", "args": [5]}}}));
    let told = server.task(text(&run["id"]), "t");
    assert_eq!((&told["state"], &told["attempt"]), (&json!("failed"), &json!(2)));
    assert_eq!(told["failure"]["message"], "attempt 2 fails as asked");
}

/// Goal: retries wait, longer each time.
#[test]
fn retries_back_off() {
    let server = shared();
    let run = server.finish(&json!({"tasks": {"t": {
        "call": "lab/fail_times", "args": [2], "retries": 2, "retry_delay": "200ms"}}}));
    let took = |run: &Value| {
        let seconds = |at: &str| -> f64 {
            let time = text(&run[at]).split_once('T').map_or("", |(_, time)| time);
            let parts = time.trim_end_matches('Z').split(':').map(|part| part.parse::<f64>());
            parts.fold(0.0, |sum, part| sum * 60.0 + part.expect("a number"))
        };
        (seconds("finished_at") - seconds("created_at")).rem_euclid(86_400.0)
    };
    // 200 ms, then 400 ms, each at least half of it after jitter.
    assert!(took(&run) >= 0.3, "the attempts followed at once: {run}");
}

/// Goal: options that a function brings with it hold where the graph says nothing.
#[test]
fn a_function_brings_its_options() {
    let server = shared();
    let run = server.finish(&json!({"tasks": {
        "own": {"call": "lab/with_options", "args": [1_000_000], "retry_delay": "10ms"},
        "graph": {"call": "lab/with_options", "args": [1_000_000], "retries": 0}}}));
    let told = |key: &str| server.task(text(&run["id"]), key);
    let own = told("own");
    assert_eq!((&own["attempt"], &own["failure"]["kind"]), (&json!(3), &json!("timeout")));
    assert_eq!(told("graph")["attempt"], 1);
}

/// Goal: a retry begins at the root failure and brings what was aborted back.
#[test]
fn a_retry_begins_at_the_root() {
    let server = shared();
    let run = server.finish(&json!({"tasks": {
        "root": {"call": "lab/fail_times", "args": [1]},
        "mid": {"call": "numbers/inc", "args": [{"$task": "root"}]},
        "end": {"call": "numbers/inc", "args": [{"$task": "mid"}]},
        "other": {"call": "numbers/inc", "args": [1]}}}));
    let id = text(&run["id"]);
    assert_eq!(run["state"], "failed");
    let other = server.task(id, "other");
    let retried = server.post(&format!("/runs/{id}/retry"), &json!({})).json();
    assert_eq!(retried["retried"], 3, "root, mid and end: {retried}");
    let run = server.wait_run(id);
    assert_eq!(run["state"], "succeeded");
    assert_eq!(run["outputs"], json!({"end": 4, "other": 2}));
    assert_eq!(server.task(id, "root")["attempt"], 2);
    assert_eq!(server.task(id, "other"), other, "what had succeeded was left alone");
}

/// Goal: a retry of one task by its key retries what that one hangs on, and no other failure.
#[test]
fn a_retry_by_key() {
    let server = shared();
    let run = server.finish(&json!({"tasks": {
        "a": {"call": "lab/fail_times", "args": [1]},
        "after_a": {"call": "numbers/inc", "args": [{"$task": "a"}]},
        "b": {"call": "lab/fail_times", "args": [1]}}}));
    let id = text(&run["id"]);
    server.post(&format!("/runs/{id}/retry"), &json!({"keys": ["after_a"]})).json();
    let run = server.wait_run(id);
    assert_eq!(run["outputs"], json!({"after_a": 3}));
    assert_eq!((&run["state"], &run["counts"]["failed"]), (&json!("failed"), &json!(1)));
    let unknown = server.post(&format!("/runs/{id}/retry"), &json!({"keys": ["nobody"]}));
    assert!((400..500).contains(&unknown.status), "{unknown}");
}

/// Goal: a retry computes inputs again that had been dropped, also after a crash.
#[test]
fn a_retry_brings_dropped_inputs_back() {
    let mut server = ServerOptions::default().guests(&["numbers", "lab"]).start();
    let graph = json!({"tasks": {
        "one": {"call": "numbers/dec", "args": [2], "cache": false},
        "t": {"call": "lab/fail_times", "args": [{"$task": "one"}]}}});
    let (now, later) = (server.finish(&graph), server.finish(&graph));
    let retry = |server: &Server, run: &Value| {
        let id = text(&run["id"]);
        assert_eq!(run["state"], "failed");
        server.post(&format!("/runs/{id}/retry"), &json!({})).json();
        assert_eq!(server.wait_run(id)["outputs"], json!({"t": 2}));
    };
    retry(&server, &now);
    server.restart_hard();
    retry(&server, &later);
}

/// Goal: a task that waits for its next attempt says when that is, and can be cancelled.
#[test]
fn a_waiting_retry_is_explained_and_cancelled() {
    let server = shared();
    let id = server.submit(&json!({"tasks": {"t": {
        "call": "lab/fail_times", "args": [9], "retries": 9, "retry_delay": "10m"}}}));
    let why = eventually("a first failure", DEADLINE, || {
        let why = server.get(&format!("/runs/{id}/tasks/t/explain")).status(200).json();
        why["retry_at"].is_string().then_some(why)
    });
    assert_eq!(why["state"], "waiting", "{why}");
    let task = server.task(&id, "t");
    assert_eq!(task["attempts"][0]["failure"]["message"], "attempt 1 fails as asked");
    server.post(&format!("/runs/{id}/cancel"), &json!({})).json();
    assert_eq!(server.wait_run(&id)["state"], "cancelled");
}

/// Goal: a cancelled run can be brought back to life.
#[test]
fn a_cancelled_run_can_be_retried() {
    let server = shared();
    let id = server.submit(&json!({"tasks": {
        "gate": {"call": "lab/work", "args": [300, 5]},
        "n": {"call": "numbers/inc", "args": [{"$task": "gate"}]}}}));
    server.wait_task(&id, "gate", &["running"]);
    server.post(&format!("/runs/{id}/cancel"), &json!({})).json();
    assert_eq!(server.wait_run(&id)["state"], "cancelled");
    let keys = json!({"keys": ["gate", "n"]});
    server.post(&format!("/runs/{id}/retry"), &keys).json();
    let run = server.wait_run(&id);
    assert_eq!((&run["state"], &run["outputs"]), (&json!("succeeded"), &json!({"n": 6})));
}
