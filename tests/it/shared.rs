//! Tasks that share queues, variables, events, locks, topics and objects with other programs.

use serde_json::{Value, json};
use wask_tests::{DEADLINE, ServerOptions, Shared, eventually};

static SERVER: Shared = Shared::new(|| ServerOptions::default().slots(2).guests(&["shared"]));

fn one_slot() -> ServerOptions {
    ServerOptions::default().slots(1).guests(&["shared", "numbers"])
}

/// Goal: a consumer waits without a slot for what a producer puts, on the same single slot.
#[test]
fn tasks_meet_at_a_queue() {
    let server = one_slot().start();
    let id = server.submit(&json!({"tasks": {
        "take": {"call": "shared/consume", "args": ["q", 50], "priority": 1}}}));
    let waits = || {
        let task = server.task(&id, "take");
        (task["state"] == "waiting" && task["attempt"] == 1).then_some(task)
    };
    let task = eventually("a parked consumer", DEADLINE, waits);
    let reason = task["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("parked"), "{reason}");
    assert_eq!(server.call("shared/produce", &json!(["q", 50])).json(), 50);
    assert_eq!(server.wait_run(&id)["outputs"]["take"], 1_225);
    server.is_well();
}

/// Goal: what tasks put, HTTP takes, and the other way round.
#[test]
fn queues_are_the_same_for_all() {
    let server = SERVER.get();
    server.call("shared/produce", &json!(["both", 3])).json();
    let taken = server.post("/sync/queues/both/get?batch=10", &json!({})).json();
    assert_eq!(taken["items"], json!([0, 1, 2]));
    for n in [7, 8] {
        server.post("/sync/queues/both/put", &json!({"value": n})).json();
    }
    assert_eq!(server.call("shared/drain", &json!(["both", 0])).json(), json!([7, 8]));
    assert_eq!(server.call("shared/drain", &json!(["both", 20])).json(), json!([]));
}

/// Goal: keys with a dollar go through a queue as they are, and are no references.
#[test]
fn keys_with_a_dollar_are_literal() {
    let server = SERVER.get();
    assert_eq!(server.call("shared/dollars", &json!(["dollars"])).json(), "t 2");
}

/// Goal: a lock keeps tasks apart that change the same variable, and what they wrote stays.
#[test]
fn a_lock_keeps_tasks_apart() {
    let server = SERVER.get();
    let tasks: serde_json::Map<String, Value> = (0..8)
        .map(|n| (format!("t{n}"), json!({"call": "shared/count_up", "args": ["sum", 10]})))
        .collect();
    let run = server.finish(&json!({ "tasks": tasks }));
    assert_eq!(run["state"], "succeeded", "{run}");
    assert_eq!(server.get("/sync/variables/sum").json()["value"], 80);
    assert_eq!(server.get("/sync/locks/sum").json()["holders"].as_array().map(Vec::len), Some(0));
}

/// Goal: a task whose lease ran out cannot write any more.
#[test]
fn a_lease_that_ran_out_guards_nothing() {
    let server = SERVER.get();
    let told = server.call("shared/too_late", &json!(["late"])).json();
    let told = told.as_str().unwrap_or_default();
    assert!(told.contains("does not hold `late`"), "{told}");
}

/// Goal: all who wait for an event go on when it comes.
#[test]
fn an_event_wakes_all() {
    let server = one_slot().start();
    let id = server.submit(&json!({"tasks": {
        "w": {"call": "shared/wait_for", "map": {"range": [0, 20]}, "args": ["go"]}}}));
    eventually("twenty that wait", DEADLINE, || {
        let waiting = server.get(&format!("/runs/{id}/tasks?state=waiting")).json();
        (waiting["total"] == 20).then_some(())
    });
    server.call("shared/announce", &json!(["go"])).json();
    assert_eq!(server.wait_run(&id)["counts"]["succeeded"], 20);
}

/// Goal: topics keep what is posted, with offsets that HTTP readers see too.
#[test]
fn topics_are_read_from_the_beginning() {
    let server = SERVER.get();
    let read = server.call("shared/post", &json!(["news", ["one", "two"]])).json();
    assert_eq!(read, json!([[0, "one"], [1, "two"]]));
    let items = server.get("/sync/topics/news?after=0").json();
    assert_eq!(items["items"], json!([{"offset": 1, "value": "two"}]));
}

/// Goal: objects go both ways.
#[test]
fn tasks_store_and_read_objects() {
    let server = SERVER.get();
    let kept = server.call("shared/keep", &json!(["a text"])).json();
    assert_eq!(kept[1], "a text");
    let id = kept[0].as_str().expect("an id");
    let object = server.get(&format!("/objects/{id}"));
    assert_eq!((object.header("content-type"), object.text().as_str()), ("text/plain", "a text"));
}

/// Goal: a task that is cancelled while it waits takes nothing with it.
#[test]
fn a_cancelled_wait_takes_nothing() {
    let server = one_slot().start();
    let id = server.submit(&json!({"tasks": {
        "take": {"call": "shared/consume", "args": ["left", 1]}}}));
    server.wait_task(&id, "take", &["waiting"]);
    eventually("a parked consumer", DEADLINE, || {
        let reason = server.task(&id, "take")["reason"].as_str().unwrap_or_default().to_owned();
        reason.contains("parked").then_some(())
    });
    server.post(&format!("/runs/{id}/cancel"), &json!({})).json();
    server.wait_run(&id);
    server.call("shared/produce", &json!(["left", 1])).json();
    assert_eq!(server.call("shared/drain", &json!(["left", 1_000])).json(), json!([0]));
    server.is_well();
}

/// Goal: tasks call an actor that everybody knows, one after the other, and make actors of their own.
#[test]
fn tasks_call_actors() {
    let server =
        ServerOptions::default().slots(2).guests(&["shared", "counter", "numbers"]).start();
    let made = server.post("/actors", &json!({"call": "counter/Counter", "args": []})).status(201);
    let actor = made.json()["id"].as_str().expect("an id").to_owned();
    let tasks: serde_json::Map<String, Value> = (0..4)
        .map(|n| (format!("t{n}"), json!({"call": "shared/add_to", "args": [actor, 25]})))
        .collect();
    let run = server.finish(&json!({ "tasks": tasks }));
    assert_eq!(run["state"], "succeeded", "{run}");
    assert_eq!(server.post(&format!("/actors/{actor}/value"), &json!([])).json(), 100);
    assert_eq!(server.call("shared/own_counter", &json!([7])).json(), 7);
    assert_eq!(server.get("/actors").json()["total"], 1, "the task's own one is gone");
    for (id, method, words) in [
        (actor.as_str(), "nothing", "has no method `nothing`"),
        (actor.as_str(), "add", "takes 1 arguments, and 0 were given"),
        ("0123456789abcdef", "value", "there is no such actor"),
    ] {
        let problem =
            server.call("shared/call_actor", &json!([id, method])).problem(409, "task_failed");
        let message = problem["failure"]["message"].as_str().unwrap_or_default();
        assert!(message.contains(words), "{problem}");
    }
    server.is_well();
}
