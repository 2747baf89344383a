//! Failures: whose fault it was, what it says, whom it takes along.

use serde_json::{Value, json};
use wask_tests::Borrowed;

use crate::shared;

/// The failure of a task that is alone in its run.
#[track_caller]
fn failure_of(server: &Borrowed, task: &Value) -> Value {
    let run = server.finish(&json!({"tasks": {"t": task}}));
    assert_eq!(run["state"], "failed", "{run}");
    assert_eq!(run["counts"]["failed"], 1, "{run}");
    let id = run["id"].as_str().expect("an id");
    let told = server.task(id, "t");
    assert_eq!(told["state"], "failed");
    let failure = told["failure"].clone();
    let problem = server.result(id, "t").problem(409, "task_failed");
    assert_eq!(problem["failure"], failure, "task and result tell the same");
    assert_eq!(run["failures"].as_array().map(Vec::len), Some(1));
    assert_eq!(run["failures"][0]["key"], "t");
    failure
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Goal: an error of the function is its own message, with the causes behind it.
#[test]
fn an_error_of_the_function_is_told_as_it_is() {
    let server = shared();
    let task = json!({"call": "numbers/checked_div", "args": [7, 0]});
    let failure = failure_of(&server, &task);
    assert_eq!(
        (&failure["kind"], &failure["message"]),
        (&json!("app"), &json!("cannot divide 7 by 0"))
    );
    let task = json!({"call": "lab/fail_with_cause", "args": ["no report"]});
    let failure = failure_of(&server, &task);
    assert_eq!(failure["kind"], "app");
    assert!(text(&failure["message"]).contains("no report"), "{failure}");
    assert!(text(&failure["cause"]).contains("the disk is full"), "{failure}");
    server.is_well();
}

/// Goal: a panic is a trap, with its message and its place.
#[test]
fn a_panic_has_message_and_place() {
    let server = shared();
    let failure = failure_of(&server, &json!({"call": "lab/panic_with", "args": ["it broke"]}));
    assert_eq!(failure["kind"], "trap");
    let message = text(&failure["message"]);
    assert!(message.contains("it broke") && message.contains("lib.rs:"), "{message}");
    let trace = failure["trace"].as_array().expect("a trace");
    let names_function = trace.iter().any(|frame| text(frame).contains("panic_with"));
    assert!(names_function, "the trace names the function: {failure}");
    server.is_well();
}

/// Goal: a task that takes too long ends with the kind `timeout` soon after its time is up.
#[test]
fn a_long_task_times_out() {
    let server = shared();
    let task = json!({"call": "lab/work", "args": [1_000_000, 6], "timeout": "200ms"});
    let run = server.finish(&json!({"tasks": {"t": task}}));
    let told = server.task(text(&run["id"]), "t");
    assert_eq!(told["failure"]["kind"], "timeout", "{told}");
    assert!(text(&told["failure"]["message"]).contains("200"), "names the limit: {told}");
    let took = told["run_us"].as_u64().expect("a duration");
    assert!((150_000..5_000_000).contains(&took), "the limit was 200 ms, it took {took} us");
    server.is_well();
}

/// Goal: a task that takes too much memory ends with the kind `memory`; others go on beside it.
#[test]
fn a_greedy_task_hits_its_memory_limit() {
    let server = shared();
    let run = server.finish(&json!({"tasks": {
        "greedy": {"call": "hostile/grow_slowly", "args": [], "memory": "16MiB"},
        "modest": {"call": "lab/work", "args": [100, 7], "memory": "16MiB"}}}));
    assert_eq!(run["outputs"], json!({"modest": 7}));
    let told = server.task(text(&run["id"]), "greedy");
    assert_eq!(told["failure"]["kind"], "memory", "{told}");
    assert!(told["peak_memory"].as_u64() <= Some(16 << 20), "{told}");
    server.is_well();
}

/// Goal: arguments that only show at run time that they do not fit are `invalid`, by parameter.
#[test]
fn a_result_of_the_wrong_type_is_invalid() {
    let server = shared();
    let run = server.finish(&json!({"tasks": {
        "number": {"call": "numbers/inc", "args": [1]},
        "t": {"call": "lab/same_text", "args": [{"$task": "number"}]}}}));
    let told = server.task(text(&run["id"]), "t");
    assert_eq!(told["failure"]["kind"], "invalid", "{told}");
    assert!(text(&told["failure"]["message"]).contains("text"), "names the parameter: {told}");
}

/// Goal: what needs a failed task is aborted and names it; what does not need it runs.
#[test]
fn dependents_are_aborted_and_name_the_cause() {
    let server = shared();
    let run = server.finish(&json!({"tasks": {
        "bad": {"call": "numbers/checked_div", "args": [1, 0]},
        "next": {"call": "numbers/inc", "args": [{"$task": "bad"}]},
        "last": {"call": "numbers/inc", "args": [{"$task": "next"}]},
        "waits": {"call": "numbers/inc", "args": [1], "after": ["bad"]},
        "other": {"call": "numbers/inc", "args": [1]}}}));
    assert_eq!(run["state"], "failed");
    assert_eq!(run["outputs"], json!({"other": 2}));
    let id = text(&run["id"]);
    for key in ["next", "last", "waits"] {
        let told = server.task(id, key);
        assert_eq!(told["state"], "aborted", "{key}");
        assert_eq!(told["cause"], "bad", "{key} names the cause: {told}");
        let problem = server.result(id, key).problem(409, "task_aborted");
        assert_eq!(problem["failure"]["message"], "cannot divide 1 by 0", "{key}");
    }
    let counts = &run["counts"];
    assert_eq!((&counts["failed"], &counts["aborted"]), (&json!(1), &json!(3)));
}

/// Goal: a task with `on_failed: run` runs all the same and finds null in the place of the result.
#[test]
fn a_task_may_run_after_failures() {
    let server = shared();
    let run = server.finish(&json!({"tasks": {
        "some": {"call": "lab/fail_multiples", "map": {"range": [0, 10]}, "args": [{"$item": 0}, 3]},
        "count": {"call": "lab/count_present", "args": [{"$tasks": "some"}], "on_failed": "run"},
        "clean": {"call": "numbers/inc", "args": [0], "after": ["some"], "on_failed": "run"}},
        "outputs": ["count", "clean"]}));
    assert_eq!(run["outputs"], json!({"count": 6, "clean": 1}));
    assert_eq!(run["state"], "succeeded", "all outputs succeeded: {run}");
    assert_eq!(run["counts"]["failed"], 4);
}

/// Goal: an array that fails too often is stopped early, and what ran is told from what did not.
#[test]
fn an_array_stops_after_too_many_failures() {
    let server = shared();
    let run = server.finish(&json!({"tasks": {
        "bad": {"call": "lab/fail_multiples", "map": {"range": [0, 20_000]},
                "args": [{"$item": 0}, 1], "max_fails": 5}}}));
    assert_eq!(run["state"], "failed");
    let count = |state: &str| run["counts"][state].as_u64().unwrap_or(0);
    assert!(count("failed") > 5, "{}", run["counts"]);
    assert!(count("aborted") > 10_000, "it stopped early: {}", run["counts"]);
    assert_eq!(count("failed") + count("aborted"), 20_000);
    let few = server.finish(&json!({"tasks": {
        "bad": {"call": "lab/fail_multiples", "map": {"range": [1, 21]},
                "args": [{"$item": 0}, 5], "max_fails": 5}}}));
    assert_eq!((&few["counts"]["failed"], &few["counts"]["succeeded"]), (&json!(4), &json!(16)));
}
