//! References and escapes in arguments, at any depth, and what is no reference.

use serde_json::json;

use crate::shared;

/// Goal: references are found at any depth and lists are put together in order.
#[test]
fn references_at_any_depth() {
    let run = shared().finish(&json!({"tasks": {
        "one": {"call": "numbers/inc", "args": [0]},
        "sq": {"call": "numbers/square", "map": {"range": [0, 4]}},
        "deep": {"call": "lab/same_lists", "args": [{
            "a": [[{"$task": "one"}, 7], {"$tasks": "sq"}],
            "b": [[{"$task": "sq[3]"}, {"$task": "one"}, {"$task": "sq[3]"}]],
            "c": []}]}}}));
    let expected = json!({"a": [[1, 7], [0, 1, 4, 9]], "b": [[9, 1, 9]], "c": []});
    assert_eq!(run["outputs"]["deep"], expected);
}

/// Goal: bytes go into raw parameters and into lists, written as base64.
#[test]
fn bytes_are_written_as_base64() {
    let run = shared().finish(&json!({"tasks": {
        "len": {"call": "lab/len", "args": [{"$bytes": "AAECAwQ="}]},
        "text": {"call": "lab/len", "args": ["größer"]},
        "lens": {"call": "lab/lens", "args": [[{"$bytes": ""}, {"$bytes": "AAE="}]]},
        "raw": {"call": "lab/bytes_of", "args": [3, 255]},
        "passed": {"call": "lab/len", "args": [{"$task": "raw"}]},
        "listed": {"call": "lab/lens", "args": [[{"$task": "raw"}, {"$bytes": "AA=="}]]}}}));
    let expected = json!({"len": 5, "text": 8, "lens": [0, 2], "passed": 3, "listed": [3, 1]});
    assert_eq!(run["outputs"], expected);
}

/// Goal: floats that JSON lacks go in and come out.
#[test]
fn floats_that_json_lacks() {
    let run = shared().finish(&json!({"tasks": {
        "nan": {"call": "lab/is_nan", "args": [{"$float": "NaN"}]},
        "is": {"call": "lab/is_nan", "args": [1.5]},
        "half": {"call": "lab/half", "args": [{"$float": "-Infinity"}]},
        "whole": {"call": "lab/half", "args": [5]}}}));
    let expected = json!({"nan": true, "is": false, "half": {"$float": "-Infinity"}, "whole": 2.5});
    assert_eq!(run["outputs"], expected);
}

/// Goal: a literal key with a dollar survives both ways, doubled on the outside only.
#[test]
fn literal_dollars_are_doubled() {
    let server = shared();
    let value = json!({"$$task": "a", "$$$x": "b", "plain": "$task"});
    let run = server.finish(&json!({"tasks": {"m": {"call": "lab/same_map", "args": [value]}}}));
    assert_eq!(run["outputs"]["m"], value);
    let id = run["id"].as_str().expect("an id");
    let path = format!("/runs/{id}/tasks/m/result");
    let cbor = server.request("GET", &path).header("accept", "application/cbor").send();
    let inside: std::collections::BTreeMap<String, String> =
        ciborium::from_reader(cbor.status(200).body.as_slice()).expect("CBOR");
    assert!(inside.contains_key("$task") && inside.contains_key("$$x"), "{inside:?}");
}

/// Goal: texts are never taken for references, whatever they look like.
#[test]
fn texts_are_no_references() {
    let run = shared().finish(&json!({"tasks": {
        "a": {"call": "numbers/inc", "args": [1]},
        "t": {"call": "lab/same_text", "args": ["a"]},
        "u": {"call": "lab/same_text", "args": ["{\"$task\": \"a\"}"]}}}));
    assert_eq!(run["outputs"], json!({"a": 2, "t": "a", "u": "{\"$task\": \"a\"}"}));
}

/// Goal: arguments by parameter name reach their parameters, references included.
#[test]
fn arguments_by_name() {
    let run = shared().finish(&json!({"tasks": {
        "ten": {"call": "numbers/inc", "args": [9]},
        "m": {"call": "lab/minus", "args": {"take": {"$task": "ten"}, "from": 50}}}}));
    assert_eq!(run["outputs"], json!({"m": 40}));
}

/// Goal: whole numbers keep all their digits, at both ends of what 64 bits hold.
#[test]
fn whole_numbers_keep_their_digits() {
    let run = shared().finish(&json!({"tasks": {
        "max": {"call": "lab/same_number", "args": [i64::MAX]},
        "min": {"call": "lab/same_number", "args": [i64::MIN]},
        "odd": {"call": "lab/same_number", "args": [9_007_199_254_740_993_i64]}}}));
    let expected = json!({"max": i64::MAX, "min": i64::MIN, "odd": 9_007_199_254_740_993_i64});
    assert_eq!(run["outputs"], expected);
}

/// Goal: keys and texts outside of ASCII are kept as they are.
#[test]
fn keys_and_texts_of_all_scripts() {
    let server = shared();
    let run = server.finish(&json!({"name": "größe 中", "tasks": {
        "größe 1": {"call": "lab/same_text", "args": ["\u{1f980} \u{0} \n ü"]},
        "n": {"call": "lab/same_text", "args": [{"$task": "größe 1"}]}}}));
    assert_eq!(run["outputs"], json!({"n": "\u{1f980} \u{0} \n ü"}));
    assert_eq!(run["name"], "größe 中");
}
