//! Tasks that submit tasks: parked without a slot, resumed, cancelled together, found again after a
//! loss, remembered where they are pure.

use serde_json::json;
use wask_tests::{DEADLINE, Server, ServerOptions, Shared, eventually, kill_hard};

static SERVER: Shared = Shared::new(two_slots);

fn two_slots() -> ServerOptions {
    ServerOptions::default().slots(2).guests(&["fib", "family", "lab", "numbers"])
}

fn one_slot() -> ServerOptions {
    two_slots().slots(1)
}

/// The keys of the tasks of a run that call this function, in order.
fn keys_of_calls(server: &Server, run: &str, call: &str) -> Vec<String> {
    let page = server.get(&format!("/runs/{run}/tasks?call={call}&limit=1000")).json();
    wask_tests::keys_of(&page)
}

/// Everything that tasks of a run have logged.
fn logged(server: &Server, run: &str, call: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for key in keys_of_calls(server, run, call) {
        let logs = server.get(&format!("/runs/{run}/tasks/{key}/logs")).json();
        let attempts = logs["attempts"].as_array().into_iter().flatten();
        let said = attempts.flat_map(|attempt| attempt["lines"].as_array().into_iter().flatten());
        lines.extend(said.map(|line| line["message"].as_str().unwrap_or_default().to_owned()));
    }
    lines
}

/// Goal: recursion of thousands of tasks ends on a single slot, each of them a task of its own.
#[test]
fn recursion_needs_one_slot_only() {
    let server = one_slot().start();
    let run = server.finish(&json!({"tasks": {
        "f": {"call": "fib/fib", "args": [17], "cache": false}}}));
    assert_eq!(run["outputs"]["f"], 1597);
    assert_eq!(run["counts"]["total"], 5167, "two calls for each but the last ones");
    assert_eq!(run["counts"]["succeeded"], 5167);
    let id = run["id"].as_str().expect("an id");
    let key = &keys_of_calls(&server, id, "fib/fib")[1];
    assert_eq!(server.task(id, key)["parent"], "f");
    server.is_well();
}

/// Goal: pure recursion with a memory makes each call once.
#[test]
fn pure_recursion_is_remembered() {
    let server = one_slot().start();
    let run = server.finish(&json!({"tasks": {"f": {"call": "fib/fib", "args": [60]}}}));
    assert_eq!(run["outputs"]["f"], 1_548_008_755_920_u64);
    let total = run["counts"]["total"].as_u64().expect("a number");
    assert!(total < 5_000, "{total} tasks for 61 different calls");
    let again = server.finish(&json!({"tasks": {"f": {"call": "fib/fib", "args": [60]}}}));
    assert_eq!(again["counts"]["total"], 1, "the whole of it is known");
}

/// Goal: two thousand levels of waiting tasks end, though not all of their sandboxes can be kept.
#[test]
fn deep_recursion_ends() {
    let server = one_slot().start();
    assert_eq!(server.call("family/nest", &json!([2_000])).json(), 2_000);
    let executors = server.executors();
    let held: u64 = executors.iter().map(wask_tests::Process::resident_bytes).sum();
    assert!(held < 128 << 20, "the executor holds {held} bytes");
    server.is_well();
}

/// Goal: recursion without end fails, and says why.
#[test]
fn endless_recursion_fails() {
    let server = one_slot().start();
    let id = server.submit(&json!({"tasks": {"e": {"call": "family/endless", "args": [1]}}}));
    server.wait_run(&id);
    let failure = &server.task(&id, "e")["failure"];
    let message = failure["message"].as_str().unwrap_or_default();
    assert!(message.contains("5000 levels deep"), "{failure}");
    server.is_well();
}

/// Goal: results are handed on without waiting, in values and alone, and failures likewise.
#[test]
fn a_task_can_leave_its_result_to_another() {
    let server = SERVER.get();
    assert_eq!(server.call("fib/sum_of_squares", &json!([50])).json(), 40_425);
    assert_eq!(server.call("fib/countdown", &json!([300, 0])).json(), 300);
    let id = server.submit(&json!({"tasks": {
        "h": {"call": "family/hand_over_to_failure", "args": []}}}));
    server.wait_run(&id);
    let task = server.task(&id, "h");
    assert_eq!(task["state"], "failed");
    assert_eq!(task["failure"]["message"], "told to fail");
    assert_eq!(task["failure"]["cause"], "code 9");
}

/// Goal: a task meets the failure of a call as an error and may go on; one that does not fails with
/// that error.
#[test]
fn failures_of_calls_are_errors_that_can_be_met() {
    let server = SERVER.get();
    let told = server.call("family/forgive", &json!([])).json();
    let told = told.as_str().expect("a text");
    assert!(told.ends_with("failed (app): told to fail; code 7"), "{told}");
    for (args, words) in [
        (json!(["panics", []]), "as asked"),
        (json!(["pancis", []]), "names no task of its module, which has `nest`"),
        (json!(["nobody/add", [1]]), "names no module that is there"),
        (json!(["add", [1]]), "has 1 arguments, and it takes 2: x, y"),
    ] {
        let problem = server.call("family/relay", &args).problem(409, "task_failed");
        let message = problem["failure"]["message"].as_str().unwrap_or_default();
        assert!(message.contains(words), "{problem}");
    }
}

/// Goal: bytes go through calls as they are, alone and inside of values.
#[test]
fn bytes_pass_through_calls() {
    let server = SERVER.get();
    let bytes: Vec<u8> = (0..200_000_u32).map(|n| (n % 251) as u8).collect();
    let object = server.request("POST", "/objects").body("application/octet-stream", bytes.clone());
    let id = object.send().json()["id"].as_str().expect("an id").to_owned();
    let reply = server.call("family/round_trip", &json!([{"$object": id}]));
    assert_eq!(reply.body, [bytes.clone(), bytes].concat());
}

/// Goal: calls of one task can be each other's arguments, and many can be waited for at once.
#[test]
fn calls_feed_each_other() {
    let server = SERVER.get();
    assert_eq!(server.call("family/chain", &json!([200])).json(), 200);
    assert_eq!(server.call("family/fan_out", &json!([2_000])).json(), 1_999_000);
}

/// Goal: a parked task says so, leaves its slot, and goes when its run is cancelled, with its
/// children.
#[test]
fn children_of_a_cancelled_parent_are_cancelled() {
    let server = one_slot().start();
    let id = server.submit(&json!({"tasks": {
        "p": {"call": "family/wait_for_work", "args": [600_000, 1]}}}));
    let child = eventually("the child", DEADLINE, || keys_of_calls(&server, &id, "lab/work").pop());
    server.wait_task(&id, &child, &["running"]);
    let parent = server.task(&id, "p");
    assert_eq!(parent["state"], "waiting", "{parent}");
    let reason = parent["reason"].as_str().unwrap_or_default();
    assert!(reason.contains(&child), "{reason}");
    server.post(&format!("/runs/{id}/cancel"), &json!({"keys": ["p"], "reason": "enough"})).json();
    server.wait_task(&id, &child, &["cancelled"]);
    assert_eq!(server.call("family/add", &json!([1, 2])).json(), 3, "the slot is free");
    server.is_well();
}

/// Goal: a call that nobody waits for runs all the same, and the run lasts until it is over.
#[test]
fn a_call_that_nobody_waits_for_runs() {
    let server = SERVER.get();
    let run = server.finish(&json!({"tasks": {
        "f": {"call": "family/fire_and_forget", "args": [50, 7]}}}));
    assert_eq!((&run["outputs"]["f"], &run["counts"]["succeeded"]), (&json!(7), &json!(2)));
    let id = run["id"].as_str().expect("an id");
    assert_eq!(logged(&server, id, "lab/work_aloud"), ["begin 7", "end 7"]);
}

/// Goal: a task whose executor dies begins anew and finds the calls that it made before.
#[test]
fn a_lost_parent_finds_its_children_again() {
    let server = one_slot().start();
    let id = server.submit(&json!({"tasks": {
        "p": {"call": "family/wait_then_work", "args": [40, 1_500], "cache": false}}}));
    eventually("the parent at work", DEADLINE, || {
        let task = server.task(&id, "p");
        let done = keys_of_calls(&server, &id, "family/trace").len() == 3;
        (done && task["state"] == "running").then_some(())
    });
    server.executors().iter().for_each(|executor| kill_hard(executor.pid));
    let run = server.wait_run(&id);
    assert_eq!(run["outputs"]["p"], json!([40, 41, 42]));
    assert_eq!(server.task(&id, "p")["attempt"], 2);
    assert_eq!(run["counts"]["total"], 4, "no call was made twice");
    let lines = logged(&server, &id, "family/trace");
    assert_eq!(lines.len(), 3, "each ran once: {lines:?}");
}

/// Goal: after a crash of the server too.
#[test]
fn a_restarted_server_finds_the_children_of_its_tasks() {
    let mut server = one_slot().start();
    let id = server.submit(&json!({"tasks": {
        "p": {"call": "family/wait_then_work", "args": [70, 1_500], "cache": false}}}));
    eventually("the parent at work", DEADLINE, || {
        (server.task(&id, "p")["state"] == "running").then_some(())
    });
    server.restart_hard();
    let run = server.wait_run(&id);
    assert_eq!(run["outputs"]["p"], json!([70, 71, 72]));
    assert_eq!(run["counts"]["total"], 4, "no call was made twice");
    let lines = logged(&server, &id, "family/trace");
    assert_eq!(lines.len(), 3, "each ran once: {lines:?}");
    server.is_well();
}

/// Goal: time that a task is parked counts neither for its timeout nor as its run time.
#[test]
fn parked_time_does_not_count() {
    let server = SERVER.get();
    let id = server.submit(&json!({"tasks": {
        "p": {"call": "family/wait_for_work", "args": [900, 5], "timeout": "300ms"}}}));
    let run = server.wait_run(&id);
    assert_eq!(run["state"], "succeeded", "{run}");
    let task = server.task(&id, "p");
    assert!(task["run_us"].as_u64() < Some(300_000), "{task}");
    assert!(task["queue_us"].as_u64() < Some(300_000), "{task}");
}

/// Goal: what a task made of its own module's calls is remembered; what depends on another module,
/// whose name may point elsewhere tomorrow, or on a failure, is not.
#[test]
fn only_what_is_sure_to_be_the_same_is_remembered() {
    let server = ServerOptions::default().slots(1).guests(&["caller", "numbers"]).start();
    let cached = |call: &str, args: serde_json::Value| {
        let graph = json!({"tasks": {"t": {"call": call, "args": args}}});
        let ids: Vec<_> = (0..2).map(|_| server.finish(&graph)["id"].clone()).collect();
        server.task(ids[1].as_str().expect("an id"), "t")["cached"].clone()
    };
    assert_eq!(cached("caller/twice", json!([4])), true);
    assert_eq!(cached("caller/call", json!(["same", 4])), true);
    assert_eq!(cached("caller/call", json!(["numbers/inc", 4])), false);
    assert_eq!(cached("caller/indirect", json!(["numbers/inc", 5])), false);
    assert_eq!(cached("caller/call_or", json!(["refuse", 4])), false);
    assert_eq!(cached("caller/call_or", json!(["same", 4])), true);
}

/// Goal: recursion ends right although executors die under it again and again, with everything that
/// waits in them.
#[test]
fn recursion_survives_the_death_of_executors() {
    let server = two_slots().start();
    let id = server.submit(&json!({"tasks": {
        "f": {"call": "fib/fib", "args": [19], "cache": false}}}));
    let mut killed = 0;
    eventually("the end of the run", 3 * DEADLINE, || {
        let run = server.run(&id);
        let done = run["counts"]["succeeded"].as_u64().unwrap_or(0);
        if killed < 6
            && done > killed * 800
            && let Some(executor) = server.executors().first()
        {
            kill_hard(executor.pid);
            killed += 1;
        }
        (run["state"] != "running").then_some(())
    });
    let run = server.run(&id);
    assert_eq!(run["outputs"]["f"], 4181, "{run}");
    assert_eq!(run["counts"]["failed"], 0);
    assert_eq!(killed, 6, "the run was over too early");
    server.is_well();
}
