//! Tasks of one run that stand for tasks of another.

use serde_json::{Value, json};
use wask_tests::ServerOptions;

use crate::shared;

fn import(run: &str, what: &str, name: &str) -> Value {
    json!({"import": {"run": run, what: name}})
}

/// Goal: results of other runs are used like one's own, single ones, elements and whole arrays.
#[test]
fn results_of_other_runs_are_used() {
    let server = shared();
    let first = server.submit(&json!({"open": true, "tasks": {
        "a": {"call": "numbers/inc", "args": [1]},
        "sq": {"call": "numbers/square", "map": {"range": [0, 5]}}}}));
    let run = server.finish(&json!({"tasks": {
        "a": import(&first, "task", "a"),
        "nine": import(&first, "task", "sq[3]"),
        "all": import(&first, "tasks", "sq"),
        "plus": {"call": "numbers/inc", "map": {"zip": [{"$tasks": "all"}]}},
        "sum": {"call": "numbers/sum", "args": [[{"$task": "a"}, {"$task": "nine"},
                                                 {"$task": "plus[4]"}]]},
        "total": {"call": "numbers/sum", "args": [{"$tasks": "all"}]}}}));
    assert_eq!(run["state"], "succeeded", "{run}");
    assert_eq!((&run["outputs"]["sum"], &run["outputs"]["total"]), (&json!(28), &json!(30)));
    let task = server.task(run["id"].as_str().expect("an id"), "nine");
    assert_eq!((&task["call"], &task["cached"]), (&json!("numbers/square"), &json!(true)));
    server.post(&format!("/runs/{first}/close"), &json!({}));
    server.wait_run(&first);
}

/// Goal: an import waits for its source and says so, keeps it alive, and fails as it fails.
#[test]
fn an_import_shares_the_fate_of_its_source() {
    let server = shared();
    let first = server.submit(&json!({"open": true, "tasks": {
        "long": {"call": "lab/work", "args": [400, 7]},
        "bad": {"call": "numbers/checked_div", "args": [1, 0]}}}));
    let second = server.submit(&json!({"tasks": {
        "long": import(&first, "task", "long"),
        "next": {"call": "numbers/inc", "args": [{"$task": "long"}]}}}));
    let why = server.get(&format!("/runs/{second}/tasks/long/explain")).status(200).json();
    assert!(why["reason"].as_str().is_some_and(|why| why.contains(&first)), "{why}");
    server.post(&format!("/runs/{first}/release"), &json!({"keys": ["long"]})).json();
    server.post(&format!("/runs/{first}/close"), &json!({}));
    server.delete(&format!("/runs/{first}")).problem(409, "run_unfinished");
    assert_eq!(server.wait_run(&second)["outputs"], json!({"next": 8}));
    server.result(&first, "long").problem(410, "released");

    let third = server.finish(&json!({"tasks": {
        "bad": import(&first, "task", "bad"),
        "next": {"call": "numbers/inc", "args": [{"$task": "bad"}]}}}));
    assert_eq!(third["state"], "failed");
    let third = third["id"].as_str().expect("an id");
    let failure = server.task(third, "bad")["failure"].clone();
    assert_eq!(
        (&failure["kind"], &failure["message"]),
        (&json!("app"), &json!("cannot divide 1 by 0"))
    );
    assert_eq!(server.task(third, "next")["state"], "aborted");
}

/// Goal: what cannot be imported is refused with the place and a remedy, and nothing is queued.
#[test]
fn imports_are_checked() {
    let server = shared();
    let first = server.submit(&json!({"tasks": {
        "a": {"call": "numbers/inc", "args": [1]},
        "sq": {"call": "numbers/square", "map": {"range": [0, 5]}}}}));
    let graph = json!({"tasks": {
        "gone": import("ffffffffffffffff", "task", "a"),
        "name": import(&first, "task", "b"),
        "whole": import(&first, "task", "sq"),
        "single": import(&first, "tasks", "a"),
        "far": import(&first, "task", "sq[5]"),
        "both": {"import": {"run": first, "task": "a"}, "call": "numbers/inc", "args": [1]},
        "options": {"import": {"run": first, "task": "a"}, "retries": 2},
        "nothing": {"import": {"run": first}},
        "typo": {"import": {"run": first, "taks": "a"}}}});
    let mut errors = server.post("/runs", &graph).errors(400, "invalid_graph");
    errors.sort();
    let expected = [
        "bad_reference /tasks/single/import/tasks",
        "bad_reference /tasks/whole/import/task",
        "missing_field /tasks/nothing/import",
        "missing_field /tasks/typo/import",
        "unknown_field /tasks/typo/import/taks",
        "unknown_key /tasks/far/import/task",
        "unknown_key /tasks/name/import/task",
        "unknown_run /tasks/gone/import/run",
        "wrong_value /tasks/both/args",
        "wrong_value /tasks/both/call",
        "wrong_value /tasks/options",
    ];
    assert_eq!(errors, expected);
}

/// Goal: imports that wait, and results that were imported, survive a crash.
#[test]
fn imports_survive_a_crash() {
    let mut server = ServerOptions::default().guests(&["numbers", "lab"]).start();
    let first = server.submit(&json!({"open": true, "tasks": {
        "done": {"call": "numbers/inc", "args": [1]},
        "long": {"call": "lab/work", "args": [600, 7]}}}));
    server.wait_task(&first, "done", &["succeeded"]);
    let second = server.submit(&json!({"tasks": {
        "done": import(&first, "task", "done"),
        "long": import(&first, "task", "long"),
        "sum": {"call": "numbers/add", "args": [{"$task": "done"}, {"$task": "long"}]}}}));
    server.wait_task(&second, "done", &["succeeded"]);
    server.restart_hard();
    assert_eq!(server.wait_run(&second)["outputs"], json!({"sum": 9}));
    server.post(&format!("/runs/{first}/close"), &json!({}));
    server.wait_run(&first);
    assert_eq!(server.delete(&format!("/runs/{first}")).status, 204);
    server.restart_hard();
    assert_eq!(server.run(&second)["outputs"], json!({"sum": 9}));
}
