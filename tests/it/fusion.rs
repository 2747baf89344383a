//! Quick tasks that go to an executor along with the one whose result they use: nobody sees a
//! difference but in speed.

use serde_json::{Map, Value, json};
use wask_tests::{DEADLINE, Server, ServerOptions, eventually, kill_hard};

/// A server that has seen these functions run, so that it knows them for quick ones.
fn server() -> Server {
    let server = ServerOptions::default().guests(&["numbers", "lab"]).start();
    let warm = json!({"tasks": {
        "inc": {"call": "numbers/inc", "args": [-1]},
        "square": {"call": "numbers/square", "args": [-1]},
        "sum": {"call": "numbers/sum", "args": [[-1]]},
        "div": {"call": "numbers/checked_div", "args": [1, 1]},
        "flaky": {"call": "lab/fail_times", "args": [0]},
        "same": {"call": "lab/same_text", "args": ["warm"]},
        "len": {"call": "lab/len", "args": [{"$task": "bytes"}]},
        "bytes": {"call": "lab/bytes_of", "args": [1, 1]}}});
    server.finish(&warm);
    server
}

fn fused(server: &Server) -> u64 {
    let text = server.get("/metrics").status(200).text();
    let line = text.lines().find(|line| line.starts_with("wask_tasks_fused_total "));
    line.and_then(|line| line.split(' ').nth(1)?.parse().ok()).expect("a number of fused tasks")
}

/// `first`, then so many times `inc` of the one before.
fn chain(first: Value, len: u32) -> Value {
    let mut tasks = Map::from_iter([("t0".to_owned(), first)]);
    for n in 1..=len {
        let args = json!([{"$task": format!("t{}", n - 1)}]);
        tasks.insert(format!("t{n}"), json!({"call": "numbers/inc", "args": args}));
    }
    json!({"tasks": tasks, "outputs": [format!("t{len}")]})
}

/// Goal: a chain gives what it would give task by task, and each task has its own record.
#[test]
fn a_chain_travels_together_and_each_task_is_told_of() {
    let server = server();
    let run = server.finish(&chain(json!({"call": "numbers/square", "args": [100]}), 300));
    assert_eq!(run["outputs"]["t300"], 10_300);
    let count = fused(&server);
    assert!(count > 100, "{count} tasks of 300 went along");
    let id = run["id"].as_str().expect("an id");
    for n in [0, 1, 77, 300] {
        let task = server.task(id, &format!("t{n}"));
        assert_eq!((&task["state"], &task["attempt"]), (&json!("succeeded"), &json!(1)), "{task}");
        let at = |name: &str| task[name].as_str().expect("a time").to_owned();
        assert!(at("queued_at") <= at("started_at") && at("started_at") <= at("finished_at"));
    }
}

/// Goal: results are put where they belong, whatever stands around them.
#[test]
fn results_are_spliced_into_arguments_of_any_shape() {
    let server = server();
    let run = server.finish(&json!({"tasks": {
        "a": {"call": "numbers/inc", "args": [40_000]},
        "twice": {"call": "numbers/sum", "args": [[1, {"$task": "a"}, {"$task": "a"}, 2]]},
        "text": {"call": "lab/same_text", "args": ["from here"]},
        "map": {"call": "lab/same_map", "args": [{"x": {"$task": "text"}, "y": "z"}]},
        "bytes": {"call": "lab/bytes_of", "args": [9_000, 7]},
        "len": {"call": "lab/len", "args": [{"$task": "bytes"}]},
        "lens": {"call": "lab/lens", "args": [[{"$task": "bytes"}, {"$task": "bytes"}]]}},
        "outputs": ["twice", "map", "len", "lens"]}));
    let expected = json!({"twice": 80_005, "map": {"x": "from here", "y": "z"},
        "len": 9_000, "lens": [9_000, 9_000]});
    assert_eq!(run["outputs"], expected);
}

/// Goal: when one in the middle fails, what is behind it does not run, and a retry gets it done.
#[test]
fn a_failure_in_the_middle_stops_what_is_behind() {
    let server = server();
    let mut graph = chain(json!({"call": "numbers/square", "args": [3]}), 40);
    graph["tasks"]["t20"] = json!({"call": "numbers/checked_div", "args": [{"$task": "t19"}, 0]});
    let id = server.submit(&graph);
    let run = server.wait_run(&id);
    assert_eq!(run["counts"]["succeeded"], 20, "{run}");
    assert_eq!((&run["counts"]["failed"], &run["counts"]["aborted"]), (&json!(1), &json!(20)));
    let failed = server.task(&id, "t20");
    assert_eq!(failed["failure"]["message"], "cannot divide 28 by 0");
    let behind = server.task(&id, "t21");
    assert_eq!((&behind["state"], &behind["attempts"]), (&json!("aborted"), &json!([])));
}

/// Goal: a task that fails at first takes those behind it along again, with their own numbers.
#[test]
fn a_retry_in_front_does_not_count_against_those_behind() {
    let server = server();
    let first = json!({"call": "lab/fail_times", "args": [2], "retries": 3, "retry_delay": "10ms"});
    let run = server.finish(&chain(first, 5));
    assert_eq!(run["outputs"]["t5"], 8);
    let id = run["id"].as_str().expect("an id");
    assert_eq!(server.task(id, "t0")["attempt"], 3);
    assert_eq!(server.task(id, "t1")["attempt"], 1);
}

/// Goal: pure calls that went along are remembered, and are known when they come again.
#[test]
fn what_went_along_is_remembered() {
    let server = server();
    server.finish(&chain(json!({"call": "numbers/square", "args": [1_000]}), 20));
    let before = fused(&server);
    assert!(before > 0);
    // Another way to the same value: all behind it is known.
    let run = server.finish(&chain(json!({"call": "numbers/inc", "args": [999_999]}), 20));
    let id = run["id"].as_str().expect("an id");
    assert_eq!(run["outputs"]["t20"], 1_000_020);
    for n in 1..=20 {
        assert_eq!(server.task(id, &format!("t{n}"))["cached"], true, "t{n}");
    }
}

/// Goal: an executor that dies loses the task that ran, and nothing of what waited behind it.
#[test]
fn a_dead_executor_takes_nothing_along() {
    let server = server();
    let mut graph = chain(json!({"call": "numbers/square", "args": [9]}), 2_000);
    graph["tasks"]["slow"] = json!({"call": "lab/work", "args": [200, 5]});
    let id = server.submit(&graph);
    eventually("some of the chain", DEADLINE, || {
        (server.run(&id)["counts"]["succeeded"].as_u64() > Some(50)).then_some(())
    });
    server.executors().iter().for_each(|executor| kill_hard(executor.pid));
    let run = server.wait_run(&id);
    assert_eq!(run["state"], "succeeded", "{run}");
    assert_eq!(run["outputs"]["t2000"], 2_081);
}

/// Goal: a run that is cancelled while a chain is under way stops, and its slots are free.
#[test]
fn a_chain_can_be_cancelled() {
    let server = server();
    let id = server.submit(&chain(json!({"call": "lab/fail_times", "args": [0]}), 20_000));
    server.post(&format!("/runs/{id}/cancel"), &json!({})).json();
    assert_eq!(server.wait_run(&id)["state"], "cancelled");
    let after = server.finish(&chain(json!({"call": "numbers/square", "args": [11]}), 10));
    assert_eq!(after["outputs"]["t10"], 131);
}
