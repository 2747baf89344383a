//! Results: where they are, how long they stay, how they are had in numbers.

use serde_json::{Value, json};
use wask_tests::{items, keys_of};

use crate::shared;

/// Goal: an intermediate goes when nobody needs it; an output and what is kept stay.
#[test]
fn intermediates_go_and_kept_results_stay() {
    let server = shared();
    let run = server.finish(&json!({"outputs": ["end"], "tasks": {
        "gone": {"call": "numbers/inc", "args": [1]},
        "kept": {"call": "numbers/inc", "args": [2], "keep": true},
        "end": {"call": "numbers/add", "args": [{"$task": "gone"}, {"$task": "kept"}]}}}));
    let id = run["id"].as_str().expect("an id");
    assert_eq!(server.result(id, "end").status(200).json(), 5);
    assert_eq!(server.result(id, "kept").status(200).json(), 3);
    server.result(id, "gone").problem(410, "released");
    assert_eq!(server.task(id, "gone")["state"], "succeeded");
}

/// Goal: a task's result is described by its object, and the object is there under that id.
#[test]
fn a_result_is_an_object() {
    let server = shared();
    let run = server.finish(&json!({"tasks": {
        "raw": {"call": "lab/bytes_of", "args": [70_000, 5]},
        "text": {"call": "lab/text_of", "args": [70_000]},
        "small": {"call": "numbers/inc", "args": [41]}}}));
    let id = run["id"].as_str().expect("an id");
    for (key, size) in [("raw", 70_000_u64), ("text", 70_005), ("small", 2)] {
        let about = server.task(id, key)["result"].clone();
        assert_eq!(about["size"], size, "{key}");
        let result = server.result(id, key).status(200);
        assert!(!result.body.is_empty());
        assert_eq!(result.header("etag").trim_matches('"'), about["object"], "{key}");
    }
    assert_eq!(server.result(id, "raw").body, vec![5; 70_000]);
    let outputs = &run["outputs"];
    assert_eq!(outputs["small"], 42);
    for large in ["raw", "text"] {
        let object = outputs[large]["$object"].as_str().expect("large outputs are references");
        server.get(&format!("/objects/{object}")).status(200);
    }
}

/// Goal: the one-curl way answers with the result itself, of whatever type.
#[test]
fn a_call_answers_with_the_result() {
    let server = shared();
    assert_eq!(server.call("numbers/add", &json!([40, 2])).status(200).json(), 42);
    assert_eq!(server.call("lab/same_text", &json!(["x"])).status(200).json(), "x");
    let raw = server.call("lab/bytes_of", &json!([3, 9])).status(200);
    assert_eq!(raw.header("content-type"), "application/octet-stream");
    assert_eq!(raw.body, [9, 9, 9]);
    let failed = server.call("numbers/checked_div", &json!([1, 0]));
    let problem = failed.problem(409, "task_failed");
    assert_eq!(problem["failure"]["kind"], "app");
    assert_eq!(problem["failure"]["message"], "cannot divide 1 by 0");
    server.call("numbers/sqaure", &json!([1])).problem(404, "unknown_function");
    server.call("nubmers/square", &json!([1])).problem(404, "unknown_module");
    let errors = server.call("numbers/add", &json!([1])).errors(400, "invalid_arguments");
    assert_eq!(errors.len(), 1, "{errors:?}");
    let later = server.post("/call/lab/work?wait=10ms", &json!([1_000_000, 4])).status(202).json();
    let run = later["id"].as_str().or(later["run"].as_str()).expect("the run's id").to_owned();
    server.post(&format!("/runs/{run}/cancel"), &json!({})).json();
}

/// Goal: requests and responses may be CBOR.
#[test]
fn cbor_in_and_out() {
    let server = shared();
    let graph = json!({"tasks": {"a": {"call": "numbers/inc", "args": [1]}}});
    let mut body = Vec::new();
    ciborium::into_writer(&graph, &mut body).expect("CBOR");
    let request = server.request("POST", "/runs?wait=30s").body("application/cbor", body);
    let reply = request.header("accept", "application/cbor").send().status(200);
    assert_eq!(reply.header("content-type"), "application/cbor");
    let run: Value = ciborium::from_reader(reply.body.as_slice()).expect("CBOR");
    assert_eq!(run["outputs"]["a"], 2);
    let mut args = Vec::new();
    ciborium::into_writer(&[ciborium::Value::Bytes(vec![1; 9])], &mut args).expect("CBOR");
    let request = server.request("POST", "/call/lab/len?wait=30s").body("application/cbor", args);
    assert_eq!(request.send().status(200).json(), 9);
}

/// Goal: gather gives results in the order asked for, failures and released ones in their places.
#[test]
fn gather_keeps_the_order() {
    let server = shared();
    let run = server.finish(&json!({"outputs": ["d", "n", "s"], "tasks": {
        "d": {"call": "numbers/checked_div", "map": {"each": [[8, 2], [1, 0], [9, 3]]}},
        "gone": {"call": "numbers/inc", "args": [0]},
        "n": {"call": "numbers/inc", "args": [{"$task": "gone"}]},
        "s": {"call": "numbers/inc", "args": [{"$task": "d[1]"}]}}}));
    let id = run["id"].as_str().expect("an id");
    let gather = |body: Value| server.post(&format!("/runs/{id}/gather"), &body).status(200).json();
    let results =
        gather(json!({"keys": ["n", "d[2]", "d[1]", "gone", "s", "d[0]"]}))["results"].clone();
    let list = results.as_array().expect("results");
    assert_eq!(list[0], json!({"key": "n", "state": "succeeded", "value": 2}));
    assert_eq!(list[1], json!({"key": "d[2]", "state": "succeeded", "value": 3}));
    assert_eq!((&list[2]["state"], &list[2]["failure"]["kind"]), (&json!("failed"), &json!("app")));
    assert_eq!((&list[3]["state"], &list[3]["released"]), (&json!("succeeded"), &json!(true)));
    assert_eq!((&list[4]["state"], &list[4]["key"]), (&json!("aborted"), &json!("s")));
    assert_eq!(list[5]["value"], 4);
    let all = gather(json!({"tasks": "d"}))["results"].clone();
    let keys: Vec<&Value> = all.as_array().expect("results").iter().map(|r| &r["key"]).collect();
    assert_eq!(keys, ["d[0]", "d[1]", "d[2]"]);
    let unknown = server.post(&format!("/runs/{id}/gather"), &json!({"keys": ["nobody"]}));
    assert!((400..500).contains(&unknown.status), "{unknown}");
}

/// Goal: many results come in one answer, in order, after a wait.
#[test]
fn gather_waits_for_an_array() {
    let server = shared();
    let id = server.submit(&json!({"tasks": {
        "sq": {"call": "numbers/square", "map": {"range": [0, 3_000]}}}}));
    let reply = server.post(&format!("/runs/{id}/gather?wait=30s"), &json!({"tasks": "sq"}));
    let reply = reply.status(200).json();
    let results = reply["results"].as_array().expect("results");
    let values = results.iter().map(|result| result["value"].as_i64());
    assert!(values.eq((0..3_000).map(|n| Some(n * n))), "a result is wrong or out of order");
}

/// Goal: completed tasks come in the order of their completion, each once, page by page.
#[test]
fn completed_tasks_are_paged_in_order() {
    let server = shared();
    let id = server.submit(&json!({"tasks": {
        "sq": {"call": "numbers/square", "map": {"range": [0, 105]}}}}));
    let (mut after, mut keys, mut seqs) = (0, Vec::new(), Vec::new());
    while keys.len() < 105 {
        let path = format!("/runs/{id}/completed?after={after}&wait=10s&limit=10");
        let page = server.get(&path).status(200).json();
        let items = items(&page);
        assert!((1..=10).contains(&items.len()), "an empty page although tasks remain: {page}");
        for item in items {
            assert_eq!(item["state"], "succeeded");
            seqs.push(item["seq"].as_u64().expect("a number"));
        }
        keys.extend(keys_of(&page));
        after = page["next"].as_u64().expect("where to go on");
    }
    assert!(seqs.windows(2).all(|pair| pair[0] < pair[1]), "out of order: {seqs:?}");
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 105, "a task came twice");
    let end = server.get(&format!("/runs/{id}/completed?after={after}&wait=10s")).json();
    assert!(items(&end).is_empty(), "more tasks than there are");
}

/// Goal: a result that is not there yet is answered with the task's state.
#[test]
fn an_unfinished_result_is_202() {
    let server = shared();
    let id = server.submit(&json!({"tasks": {
        "w": {"call": "lab/work", "args": [1_000_000, 5]},
        "n": {"call": "numbers/inc", "args": [{"$task": "w"}]}}}));
    let waiting = server.get(&format!("/runs/{id}/tasks/n/result")).status(202).json();
    assert_eq!(waiting["state"], "waiting");
    server.get(&format!("/runs/{id}/tasks/nobody/result")).problem(404, "unknown_task");
    server.post(&format!("/runs/{id}/cancel"), &json!({})).json();
    server.wait_run(&id);
    server.result(&id, "w").problem(409, "task_cancelled");
}
