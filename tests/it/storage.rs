//! Where results live: memory, files, and when they go.

use std::{fs, path::Path, thread};

use serde_json::{Value, json};
use wask_tests::{DEADLINE, ServerOptions, eventually};

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Bytes of all files below a folder.
fn bytes_below(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => bytes_below(&entry.path()),
        Ok(metadata) => metadata.len(),
        // It went while the folder was read.
        Err(_) => 0,
    });
    sizes.sum()
}

/// Goal: results beyond the memory for them go to files and come back unchanged.
#[test]
fn results_beyond_memory_go_to_files() {
    let options = ServerOptions::default().guests(&["numbers", "lab"]);
    let server = options.arg("--values-memory").arg("1MiB").start();
    let metric = |name: &str| -> u64 {
        let text = server.get("/metrics").status(200).text();
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.and_then(|value| value.parse().ok()).expect("a figure of that name")
    };
    let id = server.submit(&json!({"outputs": ["sum"], "tasks": {
        "b": {"call": "lab/bytes_of", "map": {"range": [1, 41]}, "args": [200_000, {"$item": 0}]},
        "len": {"call": "lab/len", "map": {"zip": [{"$tasks": "b"}]}, "after": ["gate"]},
        "gate": {"call": "lab/work", "args": [1_000_000, 1], "after": ["b"]},
        "sum": {"call": "lab/lens", "args": [[{"$task": "b[0]"}, {"$task": "b[39]"}]],
                "after": ["gate"], "on_failed": "run"}}}));
    server.wait_task(&id, "gate", &["running"]);
    // Eight megabytes that are still needed do not fit into one.
    assert!(metric("wask_values_memory_bytes") <= 1 << 20);
    assert!(metric("wask_values_spilled_bytes") >= 6_500_000);
    assert_eq!(server.result(&id, "b[7]").status(200).body, vec![8; 200_000]);
    server.post(&format!("/runs/{id}/cancel"), &json!({"keys": ["gate"]})).json();
    let run = server.wait_run(&id);
    assert_eq!(run["outputs"]["sum"], json!([200_000, 200_000]), "{run}");
}

/// Goal: what a run leaves on disk goes with it.
#[test]
fn a_deleted_run_takes_its_results_along() {
    let server = ServerOptions::default().guests(&["lab"]).start();
    let objects = server.data_dir().join("objects");
    let before = bytes_below(&objects);
    let run = server.finish(&json!({"tasks": {
        "b": {"call": "lab/bytes_of", "map": {"range": [0, 20]}, "args": [100_000, {"$item": 0}]}}}));
    let id = text(&run["id"]);
    let object = server.task(id, "b[3]")["result"]["object"].clone();
    let object = format!("/objects/{}", text(&object));
    assert_eq!(server.get(&object).status(200).body, vec![3; 100_000]);
    assert!(bytes_below(&objects) >= before + 2_000_000, "outputs are durable");
    assert_eq!(server.delete(&format!("/runs/{id}")).status, 204);
    let gone = || (server.get(&object).status == 404).then_some(());
    eventually("end of the deleted run's results", DEADLINE, gone);
    let freed = || (bytes_below(&objects) <= before + 100_000).then_some(());
    eventually("space of the deleted run's results", DEADLINE, freed);
}

/// Goal: results that two runs have in common stay for the second when the first goes.
#[test]
fn common_results_stay_for_the_other_run() {
    let mut server = ServerOptions::default().guests(&["lab"]).start();
    let graph = json!({"tasks": {"b": {"call": "lab/bytes_of", "args": [100_000, 9]}}});
    let (one, other) = (server.finish(&graph), server.finish(&graph));
    let other = text(&other["id"]);
    assert_eq!(server.delete(&format!("/runs/{}", text(&one["id"]))).status, 204);
    assert_eq!(server.result(other, "b").status(200).body, vec![9; 100_000]);
    server.restart_hard();
    assert_eq!(server.result(other, "b").status(200).body, vec![9; 100_000]);
}

/// Goal: an uploaded object with the same bytes as a result outlives the run.
#[test]
fn an_uploaded_object_outlives_a_run_with_the_same_bytes() {
    let server = ServerOptions::default().guests(&["lab"]).start();
    let bytes = vec![4; 50_000];
    let object = server.request("POST", "/objects").body("application/octet-stream", bytes.clone());
    let object = format!("/objects/{}", text(&object.send().json()["id"]));
    let run =
        server.finish(&json!({"tasks": {"b": {"call": "lab/bytes_of", "args": [50_000, 4]}}}));
    assert_eq!(server.delete(&format!("/runs/{}", text(&run["id"]))).status, 204);
    let again = server.finish(&json!({"tasks": {"b": {"call": "lab/bytes_of", "args": [1, 1]}}}));
    assert_eq!(again["state"], "succeeded");
    assert_eq!(server.get(&object).status(200).body, bytes);
}

/// Goal: a result outlives an earlier one of the same bytes, also through restarts.
#[test]
fn the_same_bytes_survive_a_deletion_before_them() {
    let mut server = ServerOptions::default().guests(&["lab"]).start();
    let graph = json!({"tasks": {"b": {"call": "lab/bytes_of", "args": [100_000, 1]}}});
    let first = server.finish(&graph);
    assert_eq!(server.delete(&format!("/runs/{}", text(&first["id"]))).status, 204);
    let second = server.finish(&graph);
    for _ in 0..2 {
        server.restart_hard();
        let result = server.result(text(&second["id"]), "b");
        assert_eq!(result.status(200).body, vec![1; 100_000]);
    }
}

/// Goal: runs that come and go with the same large result never take it from each other.
#[test]
fn the_same_bytes_come_and_go() {
    let server = ServerOptions::default().guests(&["lab"]).start();
    let graph = json!({"tasks": {"b": {"call": "lab/bytes_of", "args": [100_000, 1]}}});
    let expected = vec![1; 100_000];
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..40 {
                    let run = server.finish(&graph);
                    let id = text(&run["id"]);
                    assert_eq!(server.result(id, "b").status(200).body, expected);
                    assert_eq!(server.delete(&format!("/runs/{id}")).status, 204);
                }
            });
        }
    });
    let kept = server.finish(&graph);
    assert_eq!(server.result(text(&kept["id"]), "b").status(200).body, expected);
}
