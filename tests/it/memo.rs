//! Memory of pure calls: the same call is executed once.

use serde_json::{Value, json};

use crate::shared;

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Goal: the same pure call of a later run needs no execution; `cache: false` insists on one.
#[test]
fn a_known_call_is_not_executed_again() {
    let server = shared();
    let mut graph = json!({"tasks": {"t": {"call": "numbers/add", "args": [1_001, 2_002]}}});
    let first = server.finish(&graph);
    assert_eq!(server.task(text(&first["id"]), "t")["cached"], false);
    let second = server.finish(&graph);
    assert_eq!(second["outputs"], first["outputs"]);
    let told = server.task(text(&second["id"]), "t");
    assert_eq!((&told["cached"], &told["state"]), (&json!(true), &json!("succeeded")));
    graph["tasks"]["t"]["cache"] = json!(false);
    let third = server.finish(&graph);
    let told = server.task(text(&third["id"]), "t");
    assert_eq!((&told["cached"], &told["attempt"]), (&json!(false), &json!(1)));
    assert_eq!(third["outputs"], first["outputs"]);
}

/// Goal: it is the values that count, not the way in which they came.
#[test]
fn values_count_not_their_origin() {
    let server = shared();
    server.finish(&json!({"tasks": {"t": {"call": "numbers/add", "args": [7_001, 1]}}}));
    let run = server.finish(&json!({"tasks": {
        "one": {"call": "numbers/inc", "args": [7_000]},
        "named": {"call": "numbers/add", "args": {"y": 1, "x": {"$task": "one"}}}}}));
    assert_eq!(run["outputs"]["named"], 7_002);
    assert_eq!(server.task(text(&run["id"]), "named")["cached"], true);
}

/// Goal: identical calls at the same time are one execution, also across runs.
#[test]
fn identical_calls_at_once_are_one_execution() {
    let server = shared();
    let each: Vec<Value> = (0..200).map(|_| json!([555_000, 555])).collect();
    let graph = json!({"tasks": {"s": {"call": "numbers/add", "map": {"each": each}}}});
    let (one, other) = (server.submit(&graph), server.submit(&graph));
    let mut executed = 0;
    for id in [&one, &other] {
        assert_eq!(server.wait_run(id)["counts"]["succeeded"], 200);
        for n in 0..200 {
            let task = server.task(id, &format!("s[{n}]"));
            executed += u32::from(task["cached"] == false);
        }
    }
    assert_eq!(executed, 1);
}

/// Goal: failures are not remembered.
#[test]
fn failures_are_not_remembered() {
    let server = shared();
    let graph = json!({"tasks": {"t": {"call": "numbers/checked_div", "args": [4_711, 0]}}});
    for _ in 0..2 {
        let run = server.finish(&graph);
        let told = server.task(text(&run["id"]), "t");
        assert_eq!((&told["state"], &told["attempt"]), (&json!("failed"), &json!(1)));
        assert_eq!(told["cached"], false);
    }
}

/// Goal: a module that can see more than its arguments is executed every time.
#[test]
fn impure_modules_are_not_remembered() {
    let server = shared();
    let module = server.get("/modules/lab").status(200).json();
    assert_eq!(module["pure"], false, "lab asks for its attempt");
    assert!(module["imports"].as_array().is_some_and(|imports| !imports.is_empty()));
    let graph = json!({"tasks": {"t": {"call": "lab/same_number", "args": [4_712]}}});
    for _ in 0..2 {
        let run = server.finish(&graph);
        assert_eq!(server.task(text(&run["id"]), "t")["cached"], false);
    }
}
