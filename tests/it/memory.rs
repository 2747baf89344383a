//! What waiting costs the server.

use serde_json::{Map, Value, json};
use wask_tests::{DEADLINE, ServerOptions, eventually};

/// Goal: a waiting task with a key of its own, a value and an input takes some hundred bytes, however
/// large the request was that brought it.
#[test]
fn a_waiting_task_takes_little_memory() {
    const TASKS: u64 = 40_000;
    // 515 in most runs; the allocator may keep up to 190 more of what the request left behind.
    const TASK_MAX_BYTES: u64 = 750;
    let server = ServerOptions::default().guests(&["lab"]).start();
    let submit = |tasks: Map<String, Value>| {
        server.submit(&json!({"open": true, "tasks": tasks}));
    };
    let after_gate = |count: u64| -> Map<String, Value> {
        let gate = json!({"call": "lab/work", "args": [1_000_000, count]});
        let task = |number| json!({"call": "lab/minus", "args": [number, {"$task": "gate"}]});
        let tasks = (0..count).map(|number| (format!("t{number}"), task(number)));
        tasks.chain([("gate".to_owned(), gate)]).collect()
    };
    submit(after_gate(100));
    let before = server.process().resident_bytes();
    submit(after_gate(TASKS));
    // What checking the request took is handed back when it is quiet.
    eventually("memory of waiting tasks within its limit", DEADLINE, || {
        let grown = server.process().resident_bytes().saturating_sub(before);
        (grown <= TASKS * TASK_MAX_BYTES).then_some(())
    });
}
