//! Memory of pure calls: the same call is executed once.

use serde_json::{Value, json};
use wask_tests::{DEADLINE, Server, ServerOptions, eventually};

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

/// Whether a call of `numbers` was answered without an execution.
fn is_known(server: &Server, call: &str, args: &Value) -> bool {
    let run = server.finish(&json!({"tasks": {"t": {"call": call, "args": args}}}));
    assert_eq!(run["state"], "succeeded", "{run}");
    server.task(text(&run["id"]), "t")["cached"] == true
}

/// Goal: the number of remembered calls is bounded, in memory and on disk; what is used stays, and
/// the rest runs again.
#[test]
fn old_calls_are_forgotten_and_used_ones_are_not() {
    let options = ServerOptions::default().guests(&["numbers"]);
    let mut server = options.arg("--memo-max-entries").arg("100").start();
    let used = json!([40, 2]);
    assert!(!is_known(&server, "numbers/add", &used));
    for step in 0..20 {
        server.finish(&json!({"tasks": {
            "i": {"call": "numbers/inc", "map": {"range": [step * 20, step * 20 + 20]}}}}));
        assert!(is_known(&server, "numbers/add", &used), "it was used a moment ago");
    }
    let entries = || -> Option<u64> {
        let text = server.get("/metrics").status(200).text();
        text.lines().find_map(|line| line.strip_prefix("wask_memo_entries ")?.parse().ok())
    };
    // The index follows a little later.
    eventually("remembered calls", DEADLINE, || entries().filter(|count| *count >= 50));
    assert!(entries() <= Some(100));
    assert!(!is_known(&server, "numbers/inc", &json!([0])), "memory has forgotten it");
    server.restart();
    assert!(is_known(&server, "numbers/add", &used), "it was used all the time");
    assert!(is_known(&server, "numbers/inc", &json!([399])), "it is one of the last");
    assert!(!is_known(&server, "numbers/inc", &json!([100])), "the disk has forgotten it");
}

/// Goal: a remembered call keeps no file: when the last run that has the result goes, the file
/// goes, and the next identical call runs again and has the same result.
#[test]
fn a_remembered_call_whose_result_is_gone_runs_again() {
    let mut server = ServerOptions::default().guests(&["letters"]).start();
    let graph = json!({"tasks": {"t": {"call": "letters/make", "args": [7, 100_000]}}});
    let runs =
        [server.finish(&graph), server.finish(&graph)].map(|run| text(&run["id"]).to_owned());
    assert_eq!(server.task(&runs[1], "t")["cached"], true);
    let bytes = server.result(&runs[0], "t").status(200).body;
    assert_eq!(server.delete(&format!("/runs/{}", runs[0])).status, 204);
    assert_eq!(server.result(&runs[1], "t").status(200).body, bytes, "the other run needs it");
    assert_eq!(server.delete(&format!("/runs/{}", runs[1])).status, 204);
    for round in 0..2 {
        let run = server.finish(&graph);
        let id = text(&run["id"]);
        assert_eq!(server.task(id, "t")["cached"], false, "round {round}");
        assert_eq!(server.result(id, "t").status(200).body, bytes, "round {round}");
        assert_eq!(server.delete(&format!("/runs/{id}")).status, 204);
        server.restart();
    }
}
