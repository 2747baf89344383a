//! Restarts: what was acknowledged is there after a crash, and what was not finished goes on.

use std::{collections::BTreeMap, fs};

use serde_json::{Value, json};
use wask_tests::{DEADLINE, Server, ServerOptions, eventually, guest_variant, items};

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn server() -> Server {
    ServerOptions::default().guests(&["numbers", "lab"]).start()
}

/// Goal: a finished run comes back with results, history and logs, byte for byte, time after time.
#[test]
fn finished_runs_come_back() {
    let mut server = server();
    let run = server.finish(&json!({"name": "kept", "outputs": ["raw", "total", "bad"], "tasks": {
        "sq": {"call": "numbers/square", "map": {"range": [0, 100]}},
        "total": {"call": "numbers/sum", "args": [{"$tasks": "sq"}]},
        "raw": {"call": "lab/bytes_of", "args": [200_000, 3]},
        "bad": {"call": "lab/fail_times", "args": [5], "retries": 1, "retry_delay": "1ms"},
        "lines": {"call": "lab/log_lines", "args": [3]},
        "next": {"call": "numbers/inc", "args": [{"$task": "bad"}]}}}));
    let id = text(&run["id"]);
    let look = |server: &Server| {
        let logs = server.get(&format!("/runs/{id}/tasks/lines/logs")).status(200).json();
        (logs, server.get("/modules").status(200).json())
    };
    let before = look(&server);
    assert_eq!(before.0["attempts"][0]["lines"].as_array().map(Vec::len), Some(3));
    let tasks: BTreeMap<&str, Value> =
        ["sq[7]", "total", "raw", "bad", "next"].map(|key| (key, server.task(id, key))).into();
    assert_eq!(tasks["bad"]["attempts"].as_array().map(Vec::len), Some(2));
    for round in 0..3 {
        server.restart_hard();
        assert_eq!(server.run(id), run, "round {round}");
        assert_eq!(look(&server), before, "round {round}");
        for (key, task) in &tasks {
            assert_eq!(&server.task(id, key), task, "{key} in round {round}");
        }
        assert_eq!(server.result(id, "raw").status(200).body, vec![3; 200_000]);
        assert_eq!(server.result(id, "total").status(200).json(), 328_350);
        server.result(id, "bad").problem(409, "task_failed");
        assert_eq!(server.run_ids(), [id]);
    }
    server.is_well();
}

/// Goal: modules and objects come back with names and bytes.
#[test]
fn modules_and_objects_come_back() {
    let mut server = server();
    let before = server.get("/modules").status(200).json();
    let bytes = vec![9; 50_000];
    let large = server.request("POST", "/objects").body("image/png", bytes.clone()).send().json();
    let small = server.request("POST", "/objects").body("application/json", "[1, 2]").send().json();
    server.restart_hard();
    assert_eq!(server.get("/modules").status(200).json(), before);
    let object =
        |object: &Value| server.get(&format!("/objects/{}", text(&object["id"]))).status(200);
    assert_eq!(object(&large).body, bytes);
    assert_eq!(object(&large).header("content-type"), "image/png");
    assert_eq!(object(&small).json(), json!([1, 2]));
    assert_eq!(server.call("numbers/inc", &json!([1])).status(200).json(), 2);
}

/// Goal: a long run that is hit in the middle goes on, comes out right, and executes nothing again
/// that it had reported.
#[test]
fn an_unfinished_run_goes_on() {
    let mut server = server();
    let id = server.submit(&json!({"outputs": ["total"], "tasks": {
        "w": {"call": "lab/work", "map": {"range": [0, 300]}, "args": [10, {"$item": 0}],
              "keep": true},
        "total": {"call": "numbers/sum", "args": [{"$tasks": "w"}]}}}));
    let done = |server: &Server, least: usize| {
        eventually("some completed tasks", DEADLINE, || {
            let path = format!("/runs/{id}/completed?after=0&limit=1000");
            let page = server.get(&path).status(200).json();
            let keys = items(&page).iter().map(|item| text(&item["key"]).to_owned());
            let keys: Vec<String> = keys.collect();
            (keys.len() >= least).then_some(keys)
        })
    };
    let mut known = Vec::new();
    for least in [20, 80] {
        let keys = done(&server, least);
        assert!(keys.len() < 300, "the run was over before it could be disturbed");
        known.extend(keys.into_iter().map(|key| (server.task(&id, &key), key)));
        server.restart_hard();
    }
    let run = server.wait_run(&id);
    assert_eq!((&run["state"], &run["outputs"]["total"]), (&json!("succeeded"), &json!(44_850)));
    assert_eq!(run["counts"]["succeeded"], 301);
    for (task, key) in &known {
        assert_eq!(&server.task(&id, key), task, "{key} was done and was executed again");
    }
    assert!(known.len() >= 100, "too little was acknowledged to say anything");
}

/// Goal: a run whose intermediates were only in memory computes them again where they are needed.
#[test]
fn lost_intermediates_are_computed_again() {
    let mut server = server();
    let id = server.submit(&json!({"outputs": ["end"], "tasks": {
        "a": {"call": "numbers/square", "map": {"range": [0, 50]}, "cache": false},
        "slow": {"call": "lab/work", "args": [1_500, 1]},
        "sum": {"call": "numbers/sum", "args": [{"$tasks": "a"}]},
        "end": {"call": "lab/minus", "args": [{"$task": "sum"}, {"$task": "slow"}],
                "after": ["a"]}}}));
    server.wait_task(&id, "sum", &["succeeded"]);
    assert_ne!(server.task(&id, "slow")["state"], "succeeded", "too quick to be disturbed");
    server.restart_hard();
    let run = server.wait_run(&id);
    assert_eq!(run["outputs"], json!({"end": 40_424}));
}

/// Goal: cancelled, failed and aborted stay what they are, with reasons; nothing runs again.
#[test]
fn final_states_stay_final() {
    let mut server = server();
    let cancelled = server.submit(&json!({"tasks": {
        "w": {"call": "lab/work", "args": [1_000_000, 1]},
        "n": {"call": "numbers/inc", "args": [{"$task": "w"}]}}}));
    server.wait_task(&cancelled, "w", &["running"]);
    server.post(&format!("/runs/{cancelled}/cancel"), &json!({"reason": "enough"})).json();
    server.wait_run(&cancelled);
    let failed = server.finish(&json!({"tasks": {
        "d": {"call": "numbers/checked_div", "args": [1, 0]},
        "n": {"call": "numbers/inc", "args": [{"$task": "d"}]}}}));
    let failed = text(&failed["id"]).to_owned();
    let look = |server: &Server| {
        let tasks = [(&cancelled, "n"), (&failed, "d"), (&failed, "n")];
        let tasks = tasks.map(|(id, key)| server.task(id, key));
        let stopped = server.task(&cancelled, "w");
        let stopped = ["state", "reason", "failure", "finished_at"].map(|of| stopped[of].clone());
        let run = server.run(&cancelled);
        let run = ["state", "counts", "finished_at", "failures"].map(|of| run[of].clone());
        (run, server.run(&failed), tasks, stopped)
    };
    let before = look(&server);
    assert_eq!(before.0[0], "cancelled");
    for _ in 0..2 {
        server.restart_hard();
        assert_eq!(look(&server), before);
    }
    let retried = server.post(&format!("/runs/{failed}/retry"), &json!({})).json();
    assert_eq!(retried["retried"], 2, "a retry works across restarts");
    assert_eq!(server.wait_run(&failed)["state"], "failed");
    assert_eq!(server.task(&failed, "d")["attempt"], 2);
}

/// Goal: an open run is still open, with its keys, and can be used on.
#[test]
fn an_open_run_stays_open() {
    let mut server = server();
    let id = server.submit(&json!({"open": true, "tasks": {
        "a": {"call": "numbers/inc", "args": [1]}}}));
    assert_eq!(server.result(&id, "a").status(200).json(), 2);
    server.restart_hard();
    let tasks = json!({"tasks": {"b": {"call": "numbers/inc", "args": [{"$task": "a"}]}}});
    server.post(&format!("/runs/{id}/tasks"), &tasks).json();
    assert_eq!(server.result(&id, "b").status(200).json(), 3);
    server.restart_hard();
    server.post(&format!("/runs/{id}/close"), &json!({}));
    let run = server.wait_run(&id);
    assert_eq!((&run["state"], &run["outputs"]), (&json!("succeeded"), &json!({"a": 2, "b": 3})));
}

/// Goal: deleted things stay deleted.
#[test]
fn deletions_last() {
    let mut server = server();
    let graph = json!({"tasks": {"t": {"call": "numbers/add", "args": [77, 88]}}});
    let (deleted, kept) = (server.finish(&graph), server.finish(&graph));
    let deleted = format!("/runs/{}", text(&deleted["id"]));
    let object = server.request("POST", "/objects").body("text/plain", "short-lived").send().json();
    let object = format!("/objects/{}", text(&object["id"]));
    let wasm = server
        .upload_bytes("?name=short-lived", &guest_variant("numbers", "short-lived"))
        .status(201);
    assert_eq!(server.delete(&deleted).status, 204, "{wasm}");
    assert_eq!(server.delete(&object).status, 204);
    assert_eq!(server.delete("/modules/short-lived").status, 204);
    for _ in 0..2 {
        server.restart_hard();
        server.get(&deleted).problem(404, "unknown_run");
        server.get(&object).problem(404, "unknown_object");
        server.get("/modules/short-lived").problem(404, "unknown_module");
        assert_eq!(server.run_ids(), [text(&kept["id"])]);
        assert_eq!(server.result(text(&kept["id"]), "t").status(200).json(), 165);
    }
}

/// Goal: what pure calls gave is remembered over a restart in order.
#[test]
fn the_memory_of_pure_calls_lasts() {
    let mut server = server();
    let graph = json!({"tasks": {
        "t": {"call": "numbers/add", "args": [11, 22]},
        "i": {"call": "numbers/inc", "map": {"range": [0, 100]}}}});
    server.finish(&graph);
    server.restart();
    let run = server.finish(&graph);
    assert_eq!(run["outputs"]["t"], 33);
    for key in ["t", "i[0]", "i[99]"] {
        assert_eq!(server.task(text(&run["id"]), key)["cached"], true, "{key}");
    }
}

/// Goal: the index is derived: without it, the server comes up with all that it had.
#[test]
fn a_lost_index_is_built_again() {
    let mut server = server();
    let run = server.finish(&json!({"tasks": {
        "sq": {"call": "numbers/square", "map": {"range": [0, 20]}, "keep": true}}}));
    let id = text(&run["id"]);
    server.kill9();
    let index = server.data_dir().join("index");
    assert!(index.is_dir(), "the index is not where this test looks for it");
    fs::remove_dir_all(index).expect("the server is down");
    server.start_again();
    assert_eq!(server.run(id), run);
    assert_eq!(server.result(id, "sq[19]").status(200).json(), 361);
    server.is_well();
}

/// Goal: a record that was torn by the crash is cut off; everything before it is there.
#[test]
fn a_torn_tail_is_cut_off() {
    let mut server = server();
    let run = server.finish(&json!({"tasks": {"a": {"call": "numbers/inc", "args": [1]}}}));
    let id = text(&run["id"]);
    for torn in [&b"\x50"[..], b"\x50\0\0\0abcdefgh", &[0x7f; 300]] {
        server.kill9();
        let journal = server.data_dir().join("journal");
        let segments = fs::read_dir(journal).expect("the journal is in its folder");
        let mut paths: Vec<_> = segments.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        let last = paths.last().expect("a segment");
        let mut bytes = fs::read(last).expect("a segment can be read");
        bytes.extend_from_slice(torn);
        fs::write(last, bytes).expect("a segment can be written");
        server.start_again();
        assert_eq!(server.run(id), run);
        server.is_well();
    }
}

/// Goal: two servers never share a data directory.
#[test]
fn a_data_directory_has_one_owner() {
    let server = server();
    let cli = wask_tests::Cli::new(None, server.folder());
    let dir = server.data_dir();
    let dir = dir.to_str().expect("a path in UTF-8");
    let printed = cli.run(&["serve", "--listen", "127.0.0.1:0", "--data-dir", dir]).code(1);
    assert!(printed.stderr.contains(dir), "names the directory: {printed}");
    server.is_well();
}
