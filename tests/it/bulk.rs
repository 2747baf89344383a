//! Values that are too large for a message: whole on both sides of every bound, and gone with the
//! executor that held them.

use std::fs;

use serde_json::{Value, json};
use wask_tests::{DEADLINE, Server, ServerOptions, eventually, kill_hard};

const MIB: u32 = 1024 * 1024;

/// Bytes that do not repeat at any power of two.
fn bytes_of(size: usize) -> Vec<u8> {
    (0..size).map(|at| (at % 251) as u8).collect()
}

fn stored(server: &Server, bytes: &[u8]) -> Value {
    let media_type = "application/octet-stream";
    let reply = server.request("POST", "/objects").body(media_type, bytes).send();
    assert!([200, 201].contains(&reply.status), "expected an object of {reply}");
    reply.json()["id"].clone()
}

/// A chain of calls, each of which changes a byte of so many.
fn chain(bytes: u32, calls: u32) -> Value {
    let mut tasks = serde_json::Map::new();
    tasks.insert("b0".into(), json!({"call": "lab/bytes_of", "args": [bytes, 7]}));
    for index in 1..=calls {
        let before = json!({"$task": format!("b{}", index - 1)});
        tasks.insert(format!("b{index}"), json!({"call": "lab/bytes_after", "args": [before]}));
    }
    let last = json!({"$task": format!("b{calls}")});
    tasks.insert("end".into(), json!({"call": "lab/first_of", "args": [last]}));
    json!({"outputs": ["end"], "tasks": tasks})
}

/// Goal: arguments and results around the sizes at which bytes leave the message, and get a mapping
/// of their own, come back byte for byte.
#[test]
fn values_of_every_size_come_back_whole() {
    let server = ServerOptions::default().guests(&["lab"]).start();
    for bound in [64 * 1024, 2 * 1024 * 1024, 5_000_000] {
        for size in [bound - 1, bound, bound + 1] {
            let mut bytes = bytes_of(size);
            let object = json!({"$object": stored(&server, &bytes)});
            let run = server.finish(&json!({"tasks": {
                "once": {"call": "lab/bytes_after", "args": [object]},
                "twice": {"call": "lab/bytes_after", "args": [{"$task": "once"}]}},
                "outputs": ["once", "twice"]}));
            for key in ["once", "twice"] {
                bytes[0] += 1;
                let result = server.result(run["id"].as_str().expect("an id"), key).status(200);
                assert!(result.body == bytes, "{key} of {size} bytes has {}", result.body.len());
            }
        }
    }
}

/// Goal: large bytes that are pieces of one argument arrive side by side.
#[test]
fn large_pieces_are_put_together() {
    let server = ServerOptions::default().guests(&["lab"]).start();
    let run = server.finish(&json!({"tasks": {
        "part": {"call": "lab/bytes_of", "map": {"each": [[70_000, 1], [10, 2], [3_000_000, 3]]}},
        "lens": {"call": "lab/lens", "args": [[
            {"$task": "part[0]"}, {"$task": "part[1]"}, {"$task": "part[2]"}]]}}}));
    assert_eq!(run["outputs"]["lens"], json!([70_000, 10, 3_000_000]), "{run}");
}

/// Goal: an executor that is killed with large values in it and on their way costs an attempt and
/// nothing else: the chain goes on, and the server keeps neither descriptors nor memory.
#[test]
fn a_killed_executor_leaves_nothing_behind() {
    let server = ServerOptions::default().slots(1).guests(&["lab"]).start();
    server.finish(&chain(8 * MIB, 10));
    let descriptors = || fs::read_dir(format!("/proc/{}/fd", server.pid())).expect("fds").count();
    let before = descriptors();
    let succeeded = |id: &str| server.run(id)["counts"]["succeeded"].as_u64().unwrap_or(0);
    for round in 1..=5 {
        let id = server.submit(&chain(8 * MIB + round, 30));
        eventually("half of the chain", DEADLINE, || (succeeded(&id) >= 10).then_some(()));
        let victim = server.executors().first().map(|executor| executor.pid);
        kill_hard(victim.expect("an executor"));
        let run = server.wait_run(&id);
        assert_eq!(run["state"], "succeeded", "{run}");
        assert_eq!(run["outputs"]["end"], json!([37, 8 * MIB + round]), "{run}");
    }
    let no_more = || (descriptors() <= before).then_some(());
    eventually("as many descriptors as before", DEADLINE, no_more);
}
