//! Variables and events: waiting for what is not there yet, and what survives.

use std::thread;

use serde_json::{Value, json};
use wask_tests::{Api, DEADLINE, Reply, Server, eventually};

fn set(api: &Api, variable: &str, value: &Value) -> Reply {
    let request = api.request("PUT", &format!("/sync/variables/{variable}"));
    request.json(&json!({"value": value})).send()
}

/// Waits until so many calls wait anywhere on this server.
#[track_caller]
fn wait_for_waiters(api: &Api, waiters: u64) {
    eventually(&format!("{waiters} calls that wait"), DEADLINE, || {
        (api.get("/sync").json()["totals"]["waiters"] == waiters).then_some(())
    });
}

/// Goal: a variable that is not set is unknown, or waited for; a value wakes all who wait, and
/// survives a crash until it is deleted.
#[test]
fn a_variable_is_waited_for_and_survives() {
    let mut server = Server::start_default();
    server.get("/sync/variables/v").problem(404, "unknown_variable");
    server.get("/sync/variables/v?wait=50ms").problem(408, "timeout");
    let api: &Api = &server;
    thread::scope(|scope| {
        let wait = || api.get("/sync/variables/v?wait=30s").json()["value"].clone();
        let waiting = [scope.spawn(wait), scope.spawn(wait)];
        wait_for_waiters(api, 2);
        set(api, "v", &json!({"step": 1})).status(204);
        for waiting in waiting {
            assert_eq!(waiting.join().expect("an answer"), json!({"step": 1}));
        }
    });
    set(&server, "v", &json!([2])).status(204);
    server.restart_hard();
    assert_eq!(server.get("/sync/variables/v?wait=1s").json()["value"], json!([2]));
    assert_eq!(server.delete("/sync/variables/v").status, 204);
    server.delete("/sync/variables/v").problem(404, "unknown_variable");
    server.restart_hard();
    server.get("/sync/variables/v").problem(404, "unknown_variable");
}

/// Goal: a variable keeps what it refers to, until it has another value.
#[test]
fn a_variable_keeps_its_object() {
    let server = crate::shared();
    let object = server.request("POST", "/objects").body("text/plain", "pinned").send().json();
    let value = json!({"$object": object["id"]});
    set(&server, "pin", &value).status(204);
    assert_eq!(server.get("/sync/variables/pin").json()["value"], value);
    let path = format!("/objects/{}", object["id"].as_str().expect("an id"));
    let problem = server.delete(&path).problem(409, "object_in_use");
    assert!(problem["detail"].as_str().is_some_and(|text| text.contains("the variable `pin`")));
    set(&server, "pin", &json!(null)).status(204);
    assert_eq!(server.delete(&path).status, 204);
}

/// Goal: an event wakes all who wait, stays over a crash, and is gone when it is cleared.
#[test]
fn an_event_wakes_all_and_survives() {
    let mut server = Server::start_default();
    assert_eq!(server.get("/sync/events/e").json(), json!({"set": false}));
    server.get("/sync/events/e?wait=50ms").problem(408, "timeout");
    let api: &Api = &server;
    thread::scope(|scope| {
        let wait = || api.get("/sync/events/e?wait=30s").json();
        let waiting = [scope.spawn(wait), scope.spawn(wait), scope.spawn(wait)];
        wait_for_waiters(api, 3);
        assert_eq!(api.request("POST", "/sync/events/e/set").send().json(), json!({"set": true}));
        for waiting in waiting {
            assert_eq!(waiting.join().expect("an answer"), json!({"set": true}));
        }
    });
    server.restart_hard();
    assert_eq!(server.get("/sync/events/e?wait=30s").json(), json!({"set": true}));
    assert_eq!(server.request("POST", "/sync/events/e/clear").send().json(), json!({"set": false}));
    server.restart_hard();
    assert_eq!(server.get("/sync/events/e").json(), json!({"set": false}));
    assert_eq!(server.get("/sync/events").json()["total"], 0);
}

/// Goal: a stop in order ends waits with an answer that says when to ask again.
#[test]
fn a_stop_ends_waits() {
    let mut server = Server::start_default();
    let api = Api::new(server.origin());
    let waiting = thread::spawn(move || api.get("/sync/variables/never?wait=60s"));
    wait_for_waiters(&server, 1);
    assert_eq!(server.stop(), Some(0));
    waiting.join().expect("an answer").problem(503, "shutting_down");
}

/// Goal: what is wrong with a request is said, and nothing is changed.
#[test]
fn bad_requests_are_refused() {
    let server = crate::shared();
    let put = |body: &Value| server.request("PUT", "/sync/variables/bad").json(body).send();
    assert_eq!(put(&json!({})).errors(400, "invalid_request"), ["missing_field "]);
    assert_eq!(put(&json!([1])).errors(400, "invalid_request"), ["wrong_type "]);
    let twice = put(&json!({"value": {"$run": "x"}}));
    assert_eq!(twice.errors(400, "invalid_request"), ["bad_reference /value/$run"]);
    put(&json!({"value": "x".repeat(70_000)})).problem(413, "value_too_large");
    server.get("/sync/variables/bad").problem(404, "unknown_variable");
    server.get("/sync/events/e?wiat=1s").problem(400, "unknown_parameter");
    server.get("/sync/thing").problem(404, "not_found");
}
