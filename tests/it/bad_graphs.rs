//! Graphs that cannot be: all errors at once, each with its place and what to write instead;
//! nothing is queued and the server is as well as before.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use wask_tests::{Reply, ServerOptions, Shared};

/// Sends a body that must be refused, and checks that nothing came of it.
#[track_caller]
fn refused(media_type: &str, body: &[u8]) -> Reply {
    static SERVER: Shared = Shared::new(|| ServerOptions::default().guests(&["numbers", "lab"]));
    static TURN: Mutex<()> = Mutex::new(());
    // The list of runs can only be compared while no other test of this file adds to it.
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let server = SERVER.get();
    let before = server.run_ids();
    let reply = server.request("POST", "/runs").body(media_type, body).send();
    assert!((400..500).contains(&reply.status), "expected a refusal of {reply}");
    assert_eq!(server.run_ids(), before, "something was queued");
    server.is_well();
    reply
}

#[track_caller]
fn refused_json(body: &str) -> Reply {
    refused("application/json", body.as_bytes())
}

/// The errors of a graph, sorted.
#[track_caller]
fn errors(graph: &Value) -> Vec<String> {
    let mut errors = refused_json(&graph.to_string()).errors(400, "invalid_graph");
    errors.sort();
    errors
}

/// The details of a graph's errors, in one text.
#[track_caller]
fn details(graph: &Value) -> String {
    let problem = refused_json(&graph.to_string()).problem(400, "invalid_graph");
    problem["errors"].to_string()
}

/// Goal: all errors of a graph come at once, each with a JSON pointer to its place.
#[test]
fn all_errors_at_once() {
    let found = errors(&json!({
        "naem": "typo", "outputs": ["totl"],
        "defaults": {"retries": -1, "timeout": "soon"},
        "tasks": {
            "sq": {"call": "numbers/sqare", "map": {"range": [0, 10]}},
            "mod": {"call": "nubmers/square", "args": [1]},
            "total": {"call": "numbers/sum", "args": [{"$tasks": "sqq"}], "retrys": 1},
            "few": {"call": "numbers/add", "args": [1]},
            "many": {"call": "numbers/inc", "args": [1, 2]},
            "type": {"call": "numbers/inc", "args": ["one"]},
            "a/b": {"call": "numbers/inc", "args": [1]},
            "none": {"args": [1]}}}));
    let expected = [
        "invalid_key /tasks/a~1b",
        "missing_argument /tasks/few/args",
        "missing_field /tasks/none",
        "too_many_arguments /tasks/many/args",
        "unknown_field /naem",
        "unknown_field /tasks/total/retrys",
        "unknown_function /tasks/sq/call",
        "unknown_key /outputs/0",
        "unknown_key /tasks/total/args/0/$tasks",
        "unknown_module /tasks/mod/call",
        "wrong_type /tasks/type/args/0",
        "wrong_value /defaults/retries",
        "wrong_value /defaults/timeout",
    ];
    assert_eq!(found, expected);
}

/// Goal: a word that is nearly right is answered with the right one.
#[test]
fn what_was_meant_is_suggested() {
    let details = details(&json!({
        "taks": {}, "tasks": {
            "f": {"call": "numbers/sqaure", "args": [1]},
            "m": {"call": "nubmers/square", "args": [1]},
            "total": {"call": "numbers/inc", "args": [1], "prioritty": 2},
            "k": {"call": "numbers/inc", "args": [{"$task": "totl"}]},
            "d": {"call": "numbers/inc", "args": [{"$tsk": "total"}]},
            "n": {"call": "lab/minus", "args": {"form": 1, "take": 2}}}}));
    for meant in ["tasks", "square", "numbers", "priority", "total", "$task", "from"] {
        assert!(details.contains(&format!("did you mean `{meant}`?")), "{meant}: {details}");
    }
}

/// Goal: cycles are named by their keys, whichever kind of reference closes them.
#[test]
fn cycles_are_named() {
    let details = details(&json!({"tasks": {
        "a": {"call": "numbers/inc", "args": [{"$task": "b"}]},
        "b": {"call": "numbers/inc", "args": [{"$task": "c"}]},
        "c": {"call": "numbers/inc", "args": [1], "after": ["a"]},
        "self": {"call": "numbers/inc", "args": [{"$task": "self"}]},
        "z": {"call": "numbers/inc", "map": {"zip": [{"$tasks": "z"}]}},
        "free": {"call": "numbers/inc", "args": [{"$task": "a"}]}}}));
    assert_eq!(details.matches("\"cycle\"").count(), 3, "{details}");
    assert!(details.contains("a → b → c → a"), "{details}");
    assert!(details.contains("self → self") && details.contains("z → z"), "{details}");
}

/// Goal: a graph without tasks, or that is none, says what belongs there.
#[test]
fn shapes_that_are_no_graph() {
    assert_eq!(errors(&json!({"tasks": {}})), ["empty_graph /tasks"]);
    assert_eq!(errors(&json!({})), ["missing_field "]);
    assert_eq!(errors(&json!([])), ["wrong_type "]);
    assert_eq!(errors(&json!("graph")), ["wrong_type "]);
    assert_eq!(errors(&json!({"tasks": []})), ["wrong_type /tasks"]);
    assert_eq!(errors(&json!({"tasks": {"a": 5}})), ["wrong_type /tasks/a"]);
    assert_eq!(
        errors(&json!({"open": "yes", "tasks": {"a": {"call": 1}}})),
        ["wrong_type /open", "wrong_type /tasks/a/call"]
    );
}

/// Goal: references that cannot be are named as such.
#[test]
fn wrong_references() {
    let found = errors(&json!({"tasks": {
        "one": {"call": "numbers/inc", "args": [1]},
        "sq": {"call": "numbers/square", "map": {"range": [0, 3]}},
        "a": {"call": "numbers/inc", "args": [{"$task": "sq"}]},
        "b": {"call": "numbers/sum", "args": [{"$tasks": "one"}]},
        "c": {"call": "numbers/inc", "args": [{"$task": "sq[3]"}]},
        "d": {"call": "numbers/inc", "args": [{"$item": 0}]},
        "e": {"call": "lab/len", "args": [{"$bytes": "?"}]},
        "f": {"call": "lab/half", "args": [{"$float": "big"}]},
        "g": {"call": "lab/len", "args": [{"$object": "123"}]},
        "h": {"call": "lab/len", "args": [{"$object": "ab".repeat(32)}]},
        "i": {"call": "numbers/inc", "args": [{"$task": 5}]},
        "j": {"call": "lab/minus", "map": {"zip": [[1, 2], [1]]}}}}));
    let expected = [
        "bad_reference /tasks/a/args/0/$task",
        "bad_reference /tasks/b/args/0/$tasks",
        "bad_reference /tasks/d/args/0/$item",
        "bad_reference /tasks/g/args/0/$object",
        "unknown_key /tasks/c/args/0/$task",
        "wrong_type /tasks/i/args/0/$task",
        "wrong_value /tasks/e/args/0/$bytes",
        "wrong_value /tasks/f/args/0/$float",
        "wrong_value /tasks/j/map/zip",
    ];
    let found: Vec<&str> =
        found.iter().map(String::as_str).filter(|it| !it.starts_with("unknown_object")).collect();
    assert_eq!(found, expected);
    let lone = errors(&json!({"tasks": {
        "h": {"call": "lab/len", "args": [{"$object": "ab".repeat(32)}]}}}));
    assert_eq!(lone, ["unknown_object /tasks/h/args/0/$object"]);
}

/// Goal: a range of a trillion elements is refused at once, with the limit.
#[test]
fn a_gigantic_array_is_refused_at_once() {
    let begun = Instant::now();
    let problem = refused_json(
        r#"{"tasks": {"a": {"call": "numbers/inc", "map": {"range": [0, 1000000000000]}}}}"#,
    );
    assert_eq!(problem.errors(400, "invalid_graph"), ["limit /tasks/a/map"]);
    assert!(problem.text().contains("10000000"), "states the limit: {problem}");
    assert!(begun.elapsed() < Duration::from_secs(5), "it was counted, not computed");
    let most = errors(&json!({"tasks": {
        "a": {"call": "numbers/inc", "map": {"range": [i64::MIN, i64::MAX]}},
        "b": {"call": "numbers/inc", "map": {"range": [0, 5, 0]}}}}));
    assert_eq!(most, ["limit /tasks/a/map", "wrong_value /tasks/b/map/range/2"]);
}

/// Goal: numbers that no 64 bits hold are refused, not rounded.
#[test]
fn huge_numbers() {
    let call = |number: &str| {
        format!(r#"{{"tasks": {{"a": {{"call": "numbers/inc", "args": [{number}]}}}}}}"#)
    };
    for number in ["1e400", "-1e400", "123456789012345678901234567890"] {
        let found = refused_json(&call(number)).errors(400, "invalid_graph");
        assert_eq!(found, ["number_out_of_range /tasks/a/args/0"], "{number}");
    }
    for number in ["18446744073709551615", "9223372036854775808", "1.5", "1e300"] {
        let found = refused_json(&call(number)).errors(400, "invalid_graph");
        assert_eq!(found.len(), 1, "{number}: {found:?}");
        assert!(found[0].ends_with(" /tasks/a/args/0"), "{number}: {found:?}");
    }
    refused_json(&call("18446744073709551616"));
}

/// Goal: deep nesting is refused with a limit, whatever the form, and harms nobody.
#[test]
fn deep_nesting() {
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    let body = format!(r#"{{"tasks": {{"a": {{"call": "numbers/sum", "args": [{deep}]}}}}}}"#);
    let reply = refused_json(&body);
    assert!(reply.text().contains("too_deep"), "{reply}");
    let mut cbor = vec![0x81; 100_000];
    cbor.push(1);
    assert!(refused("application/cbor", &cbor).text().contains("too_deep"));
    let objects = format!("{}1{}", r#"{"a":"#.repeat(50_000), "}".repeat(50_000));
    assert!(refused_json(&objects).text().contains("too_deep"));
}

/// Goal: the same key twice is refused, not resolved by chance.
#[test]
fn a_key_twice() {
    let body = r#"{"tasks": {"a": {"call": "numbers/inc", "args": [1]},
                             "a": {"call": "numbers/inc", "args": [2]}}}"#;
    assert_eq!(refused_json(body).errors(400, "invalid_graph"), ["duplicate_key /tasks/a"]);
    let body = r#"{"tasks": {"a": {"call": "numbers/inc", "call": "numbers/dec", "args": [1]}}}"#;
    assert_eq!(refused_json(body).errors(400, "invalid_graph"), ["duplicate_key /tasks/a/call"]);
}

/// Goal: what is no JSON or CBOR is said to be so, with the place.
#[test]
fn malformed_bodies() {
    for body in ["", "{", "{\"tasks\": }", "nope", "{'tasks': {}}", "{\"tasks\": {}} x"] {
        let problem = refused_json(body).problem(400, "malformed_json");
        assert!(problem["detail"].as_str().is_some_and(|text| text.len() > 10), "{problem}");
    }
    refused("application/json", b"{\"name\": \"\xff\"}").problem(400, "malformed_json");
    for body in [&b"\xff"[..], b"\xbf\x01", b"\x5b\xff\xff\xff\xff\xff\xff\xff\xff", b"\xa1\x61"] {
        refused("application/cbor", body).problem(400, "malformed_cbor");
    }
    refused("text/plain", b"{}").problem(415, "unsupported_media_type");
}

/// Goal: options outside of their limits are refused with the limits.
#[test]
fn options_have_limits() {
    let task = |option: &str, value: Value| json!({"tasks": {"a": {"call": "numbers/inc", "args": [1], option: value}}});
    let cases = [
        ("retries", json!(1_000_001)),
        ("retries", json!("1")),
        ("retry_delay", json!("-1s")),
        ("timeout", json!("0s")),
        ("timeout", json!("9999999d")),
        ("timeout", json!(30)),
        ("memory", json!("1B")),
        ("memory", json!("900TiB")),
        ("memory", json!("lots")),
        ("priority", json!(1e10)),
        ("priority", json!(3_000_000_000_u64)),
        ("on_failed", json!("stop")),
        ("resources", json!({"gpu": -1})),
        ("resources", json!(["gpu"])),
        ("cache", json!("no")),
        ("keep", json!(1)),
        ("max_fails", json!(3)),
        ("after", json!("b")),
    ];
    for (option, value) in cases {
        let found = errors(&task(option, value.clone()));
        assert_eq!(found.len(), 1, "{option} {value}: {found:?}");
        let place = format!("/tasks/a/{option}");
        assert!(found[0].contains(&place), "{option} {value}: {found:?}");
    }
}
