//! Graphs that go well: dependencies, arrays, outputs, options.

use serde_json::{Value, json};

use crate::shared;

/// Goal: the contract's own example gives the sum of the first 500 squares.
#[test]
fn sum_of_squares() {
    let run = shared().finish(&json!({
        "name": "sum of squares", "open": false, "outputs": ["total"],
        "defaults": {"retries": 1, "timeout": "30s", "memory": "256MiB"},
        "tasks": {
            "sq": {"call": "numbers/square", "map": {"range": [0, 500]}},
            "total": {"call": "numbers/sum", "args": [{"$tasks": "sq"}]}}}));
    assert_eq!(run["outputs"], json!({"total": 41_541_750}));
    assert_eq!((&run["state"], &run["name"]), (&json!("succeeded"), &json!("sum of squares")));
    assert_eq!(run["open"], false);
    assert_eq!(run["counts"]["total"], 501);
    assert_eq!(run["counts"]["succeeded"], 501);
    assert_eq!(run["failures"], json!([]));
    let times: Vec<&str> = ["created_at", "started_at", "finished_at"]
        .iter()
        .map(|member| run[*member].as_str().expect("a time"))
        .collect();
    assert!(times.is_sorted(), "times of one form sort as texts: {times:?}");
    let functions = run["functions"].as_array().expect("functions");
    let square = functions.iter().find(|function| function["call"] == "numbers/square");
    let square = square.expect("the run's functions are listed");
    assert!(square["run_us"]["max"].as_u64() >= square["run_us"]["p50"].as_u64(), "{square}");
}

/// Goal: an accepted run tells its id, where it is and where to look at it.
#[test]
fn an_accepted_run_tells_where_it_is() {
    let server = shared();
    let graph = json!({"tasks": {"a": {"call": "numbers/inc", "args": [1]}}});
    let accepted = server.post("/runs", &graph).status(202).json();
    let id = accepted["id"].as_str().expect("an id");
    assert_eq!(accepted["url"], format!("{}/api/v1/runs/{id}", server.origin()));
    assert!(accepted["dashboard"].as_str().expect("a link").contains(id));
    assert!(accepted["state"].is_string());
    assert_eq!(server.wait_run(id)["outputs"], json!({"a": 2}));
    for reference in [&id[..8], "last"] {
        server.get(&format!("/runs/{reference}")).status(200);
    }
}

/// Goal: a submit that waits shorter than the run takes is answered with what there is.
#[test]
fn a_wait_ends_before_a_long_run() {
    let server = shared();
    let graph = json!({"tasks": {"w": {"call": "lab/work", "args": [1_000_000, 3]}}});
    let reply = server.post("/runs?wait=50ms", &graph).status(202).json();
    let id = reply["id"].as_str().expect("an id");
    assert_eq!(server.get(&format!("/runs/{id}?wait=50ms")).status(200).json()["state"], "running");
    server.post(&format!("/runs/{id}/cancel"), &json!({})).json();
    assert_eq!(server.wait_run(id)["state"], "cancelled");
}

/// Goal: outputs are what nobody uses, unless they are named.
#[test]
fn outputs_by_default_and_by_name() {
    let server = shared();
    let mut graph = json!({"tasks": {
        "a": {"call": "numbers/inc", "args": [10]},
        "b": {"call": "numbers/inc", "args": [{"$task": "a"}]},
        "c": {"call": "numbers/dec", "args": [0]}}});
    assert_eq!(server.finish(&graph)["outputs"], json!({"b": 12, "c": -1}));
    graph["outputs"] = json!(["a"]);
    assert_eq!(server.finish(&graph)["outputs"], json!({"a": 11}));
}

/// Goal: a task sees the results of all that it names, and starts after them.
#[test]
fn a_diamond_is_computed_in_order() {
    let server = shared();
    let run = server.finish(&json!({"tasks": {
        "top": {"call": "numbers/inc", "args": [9]},
        "left": {"call": "numbers/square", "args": [{"$task": "top"}]},
        "right": {"call": "lab/minus", "args": [{"$task": "top"}, 3]},
        "end": {"call": "lab/minus", "args": [{"$task": "left"}, {"$task": "right"}]}}}));
    assert_eq!(run["outputs"], json!({"end": 93}));
    let id = run["id"].as_str().expect("an id");
    let time = |key: &str, member: &str| server.task(id, key)[member].clone();
    let at = |key, member| time(key, member).as_str().expect("a time").to_owned();
    for (before, after) in [("top", "left"), ("top", "right"), ("left", "end"), ("right", "end")] {
        assert!(at(before, "finished_at") <= at(after, "finished_at"));
        assert!(at(before, "finished_at") <= at(after, "queued_at"), "{before} before {after}");
    }
    let deps = server.task(id, "end")["deps"].clone();
    assert_eq!(deps, json!(["left", "right"]));
}

/// Goal: `after` orders tasks without handing anything over.
#[test]
fn after_orders_without_using_results() {
    let server = shared();
    let run = server.finish(&json!({"tasks": {
        "second": {"call": "lab/work", "args": [1, 12], "after": ["first", "each"]},
        "each": {"call": "lab/work", "map": {"range": [20, 23]}, "args": [5, {"$item": 0}]},
        "first": {"call": "lab/work", "args": [30, 11]}}}));
    let outputs = &run["outputs"];
    assert_eq!((&outputs["second"], &outputs["first"]), (&json!(12), &json!(11)));
    let id = run["id"].as_str().expect("an id");
    let at = |key: &str, member: &str| server.task(id, key)[member].as_str().map(str::to_owned);
    for before in ["first", "each[0]", "each[1]", "each[2]"] {
        assert!(at(before, "finished_at") <= at("second", "started_at"), "{before}");
    }
}

/// Goal: the three sources of arrays give the elements that they say.
#[test]
fn ranges_each_and_zip() {
    let run = shared().finish(&json!({"tasks": {
        "up": {"call": "numbers/square", "map": {"range": [2, 9, 3]}},
        "down": {"call": "numbers/inc", "map": {"range": [3, 0, -1]}},
        "each": {"call": "lab/minus", "map": {"each": [[5, 1], [1, 5], [7, 7]]}},
        "zip": {"call": "lab/minus", "map": {"zip": [{"$tasks": "up"}, [1, 2, 3]]}},
        "pairs": {"call": "numbers/add", "map": {"zip": [{"$tasks": "up"}, {"$tasks": "down"}]}},
        "none": {"call": "numbers/inc", "map": {"range": [5, 5]}},
        "all": {"call": "lab/same_lists", "args": [{"l": [
            {"$tasks": "up"}, {"$tasks": "down"}, {"$tasks": "each"}, {"$tasks": "zip"},
            {"$tasks": "pairs"}, {"$tasks": "none"}]}]}}}));
    let expected = json!([[4, 25, 64], [4, 3, 2], [4, -4, 0], [3, 23, 61], [8, 28, 66], []]);
    assert_eq!(run["outputs"], json!({"all": {"l": expected}}));
}

/// Goal: `$item` puts the parts of an element where the arguments need them.
#[test]
fn items_stand_anywhere_in_the_arguments() {
    let run = shared().finish(&json!({"tasks": {
        "base": {"call": "numbers/inc", "args": [99]},
        "flip": {"call": "lab/minus", "map": {"each": [[1, 10], [2, 20]]},
                 "args": [{"$item": 1}, {"$item": 0}]},
        "deep": {"call": "lab/same_lists", "map": {"range": [0, 2]},
                 "args": [{"a": [[{"$item": 0}, 5], [{"$task": "base"}, {"$item": 0}]]}]},
        "named": {"call": "lab/minus", "map": {"range": [0, 3]},
                  "args": {"take": {"$item": 0}, "from": {"$task": "base"}}}}}));
    let outputs = &run["outputs"];
    let value = |key: &str| outputs[key].clone();
    assert_eq!((value("flip[0]"), value("flip[1]")), (json!(9), json!(18)));
    assert_eq!(value("deep[1]"), json!({"a": [[1, 5], [100, 1]]}));
    assert_eq!((value("named[0]"), value("named[2]")), (json!(100), json!(98)));
}

/// Goal: one element of an array can be used by itself.
#[test]
fn single_elements_are_references() {
    let run = shared().finish(&json!({"tasks": {
        "sq": {"call": "numbers/square", "map": {"range": [0, 10]}},
        "one": {"call": "lab/minus", "args": [{"$task": "sq[9]"}, {"$task": "sq[2]"}],
                "after": ["sq[5]"]}}}));
    assert_eq!(run["outputs"], json!({"one": 77}));
}

/// Goal: a large array and the sum over it are one request and come out right.
#[test]
fn a_large_array_is_summed() {
    let run = shared().finish(&json!({"outputs": ["total"], "tasks": {
        "many": {"call": "numbers/inc", "map": {"range": [0, 30_000]}},
        "total": {"call": "numbers/sum", "args": [{"$tasks": "many"}]}}}));
    assert_eq!(run["outputs"]["total"], 450_015_000);
    assert_eq!(run["counts"]["succeeded"], 30_001);
}

/// Goal: the tree of the examples, 256 leaves deep, comes to 65536.
#[test]
fn a_tree_is_reduced() {
    let mut tasks = serde_json::Map::new();
    let zip = |one: &str, other: &str| json!({"zip": [{"$tasks": one}, {"$tasks": other}]});
    let mut task = |key: &str, value: Value| tasks.insert(key.to_owned(), value);
    task("x", json!({"call": "numbers/inc", "map": {"range": [0, 256]}}));
    task("y", json!({"call": "numbers/dec", "map": {"zip": [{"$tasks": "x"}]}}));
    task("z0", json!({"call": "numbers/add", "map": zip("x", "y")}));
    for level in 0..8 {
        let below = format!("z{level}");
        let pairs: Vec<Value> = (0..128 >> level)
            .map(|n| [2 * n, 2 * n + 1].map(|n| json!({"$task": format!("{below}[{n}]")})))
            .map(|pair| json!(pair))
            .collect();
        task(&format!("z{}", level + 1), json!({"call": "numbers/add", "map": {"each": pairs}}));
    }
    let run = shared().finish(&json!({"tasks": tasks}));
    assert_eq!(run["outputs"], json!({"z8[0]": 65_536}));
}

/// Goal: a chain as long as a thousand tasks comes to its end.
#[test]
fn a_long_chain_is_followed() {
    let mut tasks = serde_json::Map::new();
    tasks.insert("t0".to_owned(), json!({"call": "numbers/inc", "args": [0]}));
    for n in 1..1_000 {
        let before = format!("t{}", n - 1);
        tasks.insert(format!("t{n}"), json!({"call": "numbers/inc", "args": [{"$task": before}]}));
    }
    let run = shared().finish(&json!({"tasks": tasks}));
    assert_eq!(run["outputs"], json!({"t999": 1_000}));
}
