//! Runs whose results on the way are ten times what the server may hold in memory.

use std::fs;

use serde_json::{Value, json};
use wask_tests::{DEADLINE, Server, ServerOptions, eventually, items_of};

/// Results of a mebibyte each, ten times as many as fit.
const VALUES: u64 = 160;
const VALUE_BYTES: u64 = 1 << 20;
const MEMORY_BYTES: u64 = 16 << 20;

/// What may be on its way beside results that are held: two slots have work sent ahead, and a value
/// is copied out of frames and into files.
const ON_ITS_WAY_BYTES: u64 = 64 << 20;

fn start() -> Server {
    let options = ServerOptions::default().guests(&["lab", "numbers"]);
    options.arg("--values-memory").arg("16MiB").start()
}

/// Values of which each is used by one task, and what these tell by one more.
fn graph() -> Value {
    json!({"outputs": ["sum"], "tasks": {
        "b": {"call": "lab/bytes_of", "map": {"range": [0, VALUES]},
              "args": [VALUE_BYTES, {"$item": 0}]},
        "len": {"call": "lab/len", "map": {"zip": [{"$tasks": "b"}]}},
        "sum": {"call": "numbers/sum", "args": [{"$tasks": "len"}]}}})
}

fn metric(server: &Server, name: &str) -> u64 {
    let text = server.get("/metrics").status(200).text();
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.and_then(|value| value.parse().ok()).expect("a figure of that name")
}

/// The right sum, bounded memory, and nothing left of what was on the way.
fn check_end(server: &Server, run: &Value, before: u64) {
    assert_eq!(run["outputs"]["sum"], json!(VALUES * VALUE_BYTES), "{run}");
    let grown = server.process().peak_resident_bytes() - before;
    assert!(grown <= MEMORY_BYTES + ON_ITS_WAY_BYTES, "the server grew by {grown} bytes");
    let spilled = server.data_dir().join("spill");
    let gone = || (fs::read_dir(&spilled).map_or(0, Iterator::count) == 0).then_some(());
    eventually("end of the spilled files", DEADLINE, gone);
    assert_eq!(metric(server, "wask_values_spilled_bytes"), 0);
    assert_eq!(metric(server, "wask_values_memory_bytes"), 0);
}

/// Goal: results that are all needed at the same time go to files, and the run ends as it should.
#[test]
fn what_does_not_fit_into_memory_is_spilled_until_it_is_used() {
    let server = start();
    let before = server.process().peak_resident_bytes();
    let mut graph = graph();
    // It ends when it is cancelled; until then all values are needed.
    graph["tasks"]["gate"] = json!({"call": "lab/work", "args": [1_000_000, 1], "after": ["b"]});
    graph["tasks"]["len"]["after"] = json!(["gate"]);
    graph["tasks"]["len"]["on_failed"] = json!("run");
    let id = server.submit(&graph);
    server.wait_task(&id, "gate", &["running"]);
    assert!(metric(&server, "wask_values_memory_bytes") <= MEMORY_BYTES);
    assert!(metric(&server, "wask_values_spilled_bytes") >= VALUES * VALUE_BYTES - MEMORY_BYTES);
    server.post(&format!("/runs/{id}/cancel"), &json!({"keys": ["gate"]})).json();
    check_end(&server, &server.wait_run(&id), before);
}

/// Goal: a result is used before others of its kind are made, so that few are there at once.
#[test]
fn results_are_used_before_more_of_them_are_made() {
    let server = start();
    let before = server.process().peak_resident_bytes();
    let run = server.finish(&graph());
    let id = run["id"].as_str().expect("a run has an id");
    let (made, used) = (ends(&server, id, "b"), ends(&server, id, "len"));
    assert_eq!((made.len() as u64, used.len() as u64), (VALUES, VALUES));
    let held = |at: &String| {
        let before = |ends: &[String]| ends.iter().filter(|end| *end <= at).count();
        before(&made).saturating_sub(before(&used))
    };
    let most = made.iter().map(held).max().unwrap_or(0);
    assert!(most as u64 <= VALUES / 4, "{most} results waited for their use at once");
    check_end(&server, &run, before);
}

/// When the elements of an array came to their ends. Times of one server are texts of one length.
fn ends(server: &Server, run: &str, key: &str) -> Vec<String> {
    let path = format!("/runs/{run}/tasks?limit=1000&key={key}");
    let page = server.get(&path).status(200).json();
    let ends = items_of(&page, "finished_at");
    ends.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}
