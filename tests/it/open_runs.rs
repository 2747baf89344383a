//! Open runs: tasks that are added as a program goes along.

use serde_json::{Value, json};

use wask_tests::{DEADLINE, ServerOptions, eventually};

use crate::shared;

fn add(run: &str, tasks: &Value) -> wask_tests::Reply {
    shared().post(&format!("/runs/{run}/tasks"), &json!({"tasks": tasks}))
}

/// Goal: an open run takes tasks that name earlier ones, until it is closed.
#[test]
fn tasks_are_added_until_the_run_is_closed() {
    let server = shared();
    let id = server.submit(&json!({"open": true, "tasks": {
        "a": {"call": "numbers/inc", "args": [1]}}}));
    assert_eq!(server.result(&id, "a").status(200).json(), 2);
    assert_eq!(server.run(&id)["state"], "running", "an open run does not end by itself");
    let tasks = json!({
        "sq": {"call": "numbers/square", "map": {"range": [0, 5]}},
        "b": {"call": "numbers/add", "args": [{"$task": "a"}, {"$task": "sq[4]"}]}});
    let added = add(&id, &tasks);
    assert!((200..300).contains(&added.status), "{added}");
    assert_eq!(server.result(&id, "b").status(200).json(), 18);
    let tasks = json!({"sum": {"call": "numbers/sum", "args": [{"$tasks": "sq"}]},
                       "last": {"call": "numbers/inc", "args": [{"$task": "b"}]}});
    add(&id, &tasks).json();
    assert_eq!(server.result(&id, "sum").status(200).json(), 30);
    let closed = server.post(&format!("/runs/{id}/close"), &json!({}));
    assert!((200..300).contains(&closed.status), "{closed}");
    let run = server.wait_run(&id);
    assert_eq!((&run["state"], &run["open"]), (&json!("succeeded"), &json!(false)));
    assert_eq!(run["counts"]["succeeded"], 9);
    let late = add(&id, &json!({"c": {"call": "numbers/inc", "args": [1]}}));
    late.problem(409, "run_closed");
}

/// Goal: what is added is checked as a new graph is, with all errors, and nothing of it is taken.
#[test]
fn additions_are_checked() {
    let server = shared();
    let id = server.submit(&json!({"open": true, "tasks": {
        "a": {"call": "numbers/inc", "args": [1]}}}));
    let tasks = json!({
        "good": {"call": "numbers/inc", "args": [1]},
        "b": {"call": "numbers/inc", "args": [{"$task": "aa"}]},
        "c": {"call": "numbers/inc", "args": ["x"]},
        "d": {"call": "numbers/nothing", "args": []}});
    let mut errors = add(&id, &tasks).errors(400, "invalid_graph");
    errors.sort();
    let expected = [
        "unknown_function /tasks/d/call",
        "unknown_key /tasks/b/args/0/$task",
        "wrong_type /tasks/c/args/0",
    ];
    assert_eq!(errors, expected);
    let again = add(&id, &json!({"a": {"call": "numbers/inc", "args": [1]}}));
    assert!([400, 409].contains(&again.status), "a key is taken: {again}");
    assert!(again.text().contains("duplicate_key"), "{again}");
    assert_eq!(server.run(&id)["counts"]["total"], 1, "nothing was taken");
    server.post(&format!("/runs/{id}/close"), &json!({}));
    assert_eq!(server.wait_run(&id)["state"], "succeeded");
}

/// Goal: a run may begin empty, and end so.
#[test]
fn an_open_run_may_begin_empty() {
    let server = shared();
    let id = server.submit(&json!({"open": true, "name": "session", "tasks": {}}));
    add(&id, &json!({"x": {"call": "numbers/inc", "args": [0]}})).json();
    assert_eq!(server.result(&id, "x").status(200).json(), 1);
    server.post(&format!("/runs/{id}/close"), &json!({}));
    assert_eq!(server.wait_run(&id)["outputs"], json!({"x": 1}));
    let empty = server.submit(&json!({"open": true}));
    server.post(&format!("/runs/{empty}/close"), &json!({}));
    assert_eq!(server.wait_run(&empty)["state"], "succeeded");
}

/// Goal: a result in an open run stays usable until it is released, also when it was used before.
#[test]
fn results_stay_until_they_are_released() {
    let server = shared();
    let id = server.submit(&json!({"open": true, "tasks": {
        "a": {"call": "numbers/inc", "args": [6]}}}));
    for n in 0..3 {
        let key = format!("use{n}");
        add(&id, &json!({&key: {"call": "numbers/square", "args": [{"$task": "a"}]}})).json();
        assert_eq!(server.result(&id, &key).status(200).json(), 49);
    }
    let released = server.post(&format!("/runs/{id}/release"), &json!({"keys": ["a", "use0"]}));
    assert!((200..300).contains(&released.status), "{released}");
    server.result(&id, "a").problem(410, "released");
    assert_eq!(server.result(&id, "use1").status(200).json(), 49);
    server.post(&format!("/runs/{id}/close"), &json!({}));
    server.wait_run(&id);
}

/// Goal: work that only released results needed is given up.
#[test]
fn a_release_gives_up_work_that_nobody_wants() {
    let server = shared();
    let id = server.submit(&json!({"open": true, "tasks": {
        "long": {"call": "lab/work", "args": [1_000_000, 31]},
        "next": {"call": "numbers/inc", "args": [{"$task": "long"}]}}}));
    server.post(&format!("/runs/{id}/release"), &json!({"keys": ["long"]}));
    let states = ["running", "queued"];
    assert!(states.contains(&server.task(&id, "long")["state"].as_str().unwrap_or_default()));
    server.post(&format!("/runs/{id}/release"), &json!({"keys": ["next"]}));
    server.wait_task(&id, "long", &["cancelled"]);
    server.wait_task(&id, "next", &["cancelled", "aborted"]);
    server.post(&format!("/runs/{id}/close"), &json!({}));
    server.wait_run(&id);
    server.is_well();
}

/// Goal: many small additions by several clients at once all arrive, each once.
#[test]
fn additions_from_many_at_once() {
    let server = shared();
    let id = server.submit(&json!({"open": true}));
    std::thread::scope(|scope| {
        for client in 0..4 {
            let id = &id;
            scope.spawn(move || {
                for n in 0..25 {
                    let key = format!("c{client}-{n}");
                    add(id, &json!({key: {"call": "numbers/inc", "args": [n]}})).json();
                }
            });
        }
    });
    server.post(&format!("/runs/{id}/close"), &json!({}));
    let run = server.wait_run(&id);
    assert_eq!(run["counts"]["succeeded"], 100);
    let values: i64 = (0..4)
        .flat_map(|client| (0..25).map(move |n| format!("c{client}-{n}")))
        .map(|key| run["outputs"][&key].as_i64().expect("a number"))
        .sum();
    assert_eq!(values, 4 * (1..=25).sum::<i64>());
}

/// Goal: in an open run everything can still be used, whether it was used at once or not, and the
/// run's defaults go for tasks that are added later.
#[test]
fn an_open_run_keeps_what_it_has_and_its_defaults() {
    let server = shared();
    let id = server.submit(&json!({"open": true,
        "defaults": {"retries": 2, "retry_delay": "1ms", "cache": false},
        "tasks": {
            "a": {"call": "numbers/inc", "args": [1]},
            "b": {"call": "numbers/inc", "args": [{"$task": "a"}]}}}));
    server.wait_task(&id, "b", &["succeeded"]);
    add(&id, &json!({"t": {"call": "lab/fail_times", "args": [2]}})).json();
    assert_eq!(server.result(&id, "t").status(200).json(), 3, "the third attempt succeeds");
    let gathered = server.post(&format!("/runs/{id}/gather"), &json!({"keys": ["a", "b"]})).json();
    let values: Vec<_> = gathered["results"].as_array().expect("a list").iter().collect();
    assert_eq!((&values[0]["value"], &values[1]["value"]), (&json!(2), &json!(3)));
    server.post(&format!("/runs/{id}/close"), &json!({}));
    server.wait_run(&id);
}

/// Goal: the feed of completions stays small: large results are told by their ids.
#[test]
fn completions_name_large_results() {
    let server = shared();
    let id = server.submit(&json!({"open": true, "tasks": {
        "big": {"call": "lab/bytes_of", "args": [200_000, 5]}}}));
    server.wait_task(&id, "big", &["succeeded"]);
    let items = server.get(&format!("/runs/{id}/completed")).status(200).json();
    let object = items["items"][0]["value"]["$object"].as_str().expect("an id").to_owned();
    assert_eq!(server.get(&format!("/objects/{object}")).status(200).body, vec![5; 200_000]);
    server.post(&format!("/runs/{id}/close"), &json!({}));
    server.wait_run(&id);
}

/// Goal: when the client of a leased run is not heard of, its work ends, its results go, and what
/// is to be kept stays; also after a crash.
#[test]
fn a_lease_that_ends_takes_the_run_along() {
    let mut server = ServerOptions::default().guests(&["numbers", "hostile"]).start();
    let graph = json!({"open": true, "lease": "1s", "tasks": {
        "spin": {"call": "hostile/spin", "args": []},
        "gone": {"call": "numbers/inc", "args": [1]},
        "kept": {"call": "numbers/inc", "args": [2], "keep": true}}});
    let closed = |server: &wask_tests::Server, id: &str| {
        eventually("the end of the run", DEADLINE, || {
            let run = server.run(id);
            (run["state"] != "running").then_some(run)
        });
        server.result(id, "gone").problem(410, "released");
        assert_eq!(server.result(id, "kept").status(200).json(), 3);
        assert_eq!(server.task(id, "spin")["state"], "cancelled");
    };
    let id = server.submit(&graph);
    server.wait_task(&id, "kept", &["succeeded"]);
    let renewed = server.post(&format!("/runs/{id}/renew"), &json!({})).json();
    assert!(renewed["lease_ends_at"].is_string(), "{renewed}");
    closed(&server, &id);
    server.post(&format!("/runs/{id}/renew"), &json!({})).problem(409, "run_closed");
    let id = server.submit(&graph);
    server.wait_task(&id, "gone", &["succeeded"]);
    server.wait_task(&id, "kept", &["succeeded"]);
    server.restart_hard();
    closed(&server, &id);
    // Who waits is there, for however long the wait is.
    let id = server.submit(&json!({"open": true, "lease": "1s"}));
    assert_eq!(server.get(&format!("/runs/{id}?wait=2500ms")).status(200).json()["open"], true);
    let endless = server.submit(&json!({"open": true}));
    server.post(&format!("/runs/{endless}/renew"), &json!({})).problem(409, "no_lease");
    let errors = server.post(
        "/runs",
        &json!({"lease": "1s", "tasks": {
        "a": {"call": "numbers/inc", "args": [1]}}}),
    );
    assert_eq!(errors.errors(400, "invalid_graph"), ["wrong_value /lease"]);
}
