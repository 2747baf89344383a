//! Queues: order, room, waits, references, and what survives.

use std::thread;

use serde_json::{Value, json};
use wask_tests::{Api, DEADLINE, Reply, Server, eventually, items, open};

fn put(api: &Api, queue: &str, value: &Value) -> Reply {
    api.post(&format!("/sync/queues/{queue}/put"), &json!({"value": value}))
}

fn get(api: &Api, path: &str) -> Reply {
    api.request("POST", &format!("/sync/queues/{path}")).send()
}

/// What a queue gives at once; nothing if it is empty.
fn take_all(api: &Api, queue: &str) -> Vec<Value> {
    let reply = get(api, &format!("{queue}/get?batch=10000"));
    if reply.status == 408 {
        return Vec::new();
    }
    items(&reply.json()).clone()
}

/// Waits until so many calls wait for items and for room.
#[track_caller]
fn wait_for_waiters(api: &Api, queue: &str, getters: u64, putters: u64) {
    let what = format!("{getters} getters and {putters} putters of {queue}");
    eventually(&what, DEADLINE, || {
        let shown = api.get(&format!("/sync/queues/{queue}")).json();
        (shown["getters"] == getters && shown["putters"] == putters).then_some(())
    });
}

/// Goal: items come out in the order in which they went in, also after a crash, one by one or many
/// at once; what was taken does not come back.
#[test]
fn items_keep_their_order_over_a_crash() {
    let mut server = Server::start_default();
    server.request("PUT", "/sync/queues/jobs").json(&json!({"maxsize": 50})).send().json();
    for n in 0..20 {
        assert_eq!(put(&server, "jobs", &json!({"n": n})).json()["size"], n + 1);
    }
    let first = get(&server, "jobs/get?batch=3").json();
    assert_eq!(first["items"], json!([{"n": 0}, {"n": 1}, {"n": 2}]));
    server.restart_hard();
    let shown = server.get("/sync/queues/jobs").json();
    assert_eq!((&shown["size"], &shown["maxsize"]), (&json!(17), &json!(50)));
    assert_eq!(get(&server, "jobs/get").json()["items"], json!([{"n": 3}]));
    server.restart_hard();
    let rest: Vec<Value> = (4..20).map(|n| json!({"n": n})).collect();
    assert_eq!(take_all(&server, "jobs"), rest);
    get(&server, "jobs/get").problem(408, "timeout");
    assert_eq!(server.delete("/sync/queues/jobs").status, 204);
    server.restart_hard();
    server.get("/sync/queues/jobs").problem(404, "unknown_queue");
}

/// Goal: the third put into a queue for two waits until there is room, or for its time.
#[test]
fn a_full_queue_blocks() {
    let server = crate::shared();
    server.request("PUT", "/sync/queues/full").json(&json!({"maxsize": 2})).send().json();
    put(&server, "full", &json!(1)).json();
    put(&server, "full", &json!(2)).json();
    put(&server, "full", &json!(3)).problem(408, "timeout");
    let path = "/sync/queues/full/put?wait=50ms";
    server.post(path, &json!({"value": 3})).problem(408, "timeout");
    thread::scope(|scope| {
        let blocked = scope
            .spawn(|| server.post("/sync/queues/full/put?wait=30s", &json!({"value": 4})).json());
        wait_for_waiters(&server, "full", 0, 1);
        assert_eq!(get(&server, "full/get").json()["items"], json!([1]));
        assert_eq!(blocked.join().expect("an answer")["maxsize"], 2);
    });
    assert_eq!(take_all(&server, "full"), [2, 4]);
}

/// Goal: takers are served in the order in which they came.
#[test]
fn takers_are_served_in_order() {
    let server = crate::shared();
    let server = &server;
    thread::scope(|scope| {
        let mut takers = Vec::new();
        for number in 1..=4 {
            takers.push(scope.spawn(|| get(server, "fifo/get?wait=30s").json()));
            eventually("the queue", DEADLINE, || {
                (server.get("/sync/queues/fifo").status == 200).then_some(())
            });
            wait_for_waiters(server, "fifo", number, 0);
        }
        for n in 0..4 {
            put(server, "fifo", &json!(n)).json();
        }
        for (taker, n) in takers.into_iter().zip(0..) {
            assert_eq!(taker.join().expect("an answer")["items"], json!([n]));
        }
    });
}

/// Goal: a taker whose connection is gone takes nothing.
#[test]
fn a_taker_that_is_gone_takes_nothing() {
    let server = crate::shared();
    let head = format!(
        "POST /api/v1/sync/queues/gone/get?wait=30s HTTP/1.1\r\nHost: {}\r\nContent-Length: 0\r\n\r\n",
        server.authority()
    );
    put(&server, "gone", &json!(0)).json();
    take_all(&server, "gone");
    let streams = [open(&server, head.as_bytes()), open(&server, head.as_bytes())];
    wait_for_waiters(&server, "gone", 2, 0);
    drop(streams);
    wait_for_waiters(&server, "gone", 0, 0);
    for n in 0..3 {
        put(&server, "gone", &json!(n)).json();
    }
    assert_eq!(take_all(&server, "gone"), [0, 1, 2]);
}

/// Goal: takers that vanish at any moment, also while their items become durable, lose nothing
/// that nobody was sent.
#[test]
fn takers_that_vanish_lose_nothing_they_were_not_sent() {
    let server = crate::shared();
    let head = format!(
        "POST /api/v1/sync/queues/vanish/get HTTP/1.1\r\nHost: {}\r\nContent-Length: 0\r\n\r\n",
        server.authority()
    );
    for n in 0..60 {
        put(&server, "vanish", &json!(n)).json();
    }
    for _ in 0..30 {
        drop(open(&server, head.as_bytes()));
    }
    let left = eventually("a queue at rest", DEADLINE, || {
        let left = take_all(&server, "vanish");
        (!left.is_empty()).then_some(left)
    });
    let numbers: Vec<u64> = left.iter().filter_map(Value::as_u64).collect();
    assert!(numbers.is_sorted() && numbers.len() >= 30, "{numbers:?}");
}

/// Goal: who waits for a queue that is deleted hears of it at once.
#[test]
fn a_deleted_queue_ends_its_waits() {
    let server = crate::shared();
    server.request("PUT", "/sync/queues/short").json(&json!({"maxsize": 1})).send().json();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| get(&server, "short/get?wait=30s"));
        wait_for_waiters(&server, "short", 1, 0);
        assert_eq!(server.delete("/sync/queues/short").status, 204);
        waiting.join().expect("an answer").problem(410, "queue_deleted");
    });
    server.delete("/sync/queues/short").problem(404, "unknown_queue");
}

/// Goal: values come back as they were put, whatever is in them.
#[test]
fn values_come_back_as_they_were_put() {
    let server = crate::shared();
    let values = [
        json!(null),
        json!({"$$object": "no reference", "a": [1, -2.5, "ü", {"b": false}]}),
        json!([{"$bytes": "AQID"}, {"$float": "NaN"}]),
        json!(18_446_744_073_709_551_615_u64),
    ];
    for value in &values {
        put(&server, "mixed", value).json();
    }
    assert_eq!(take_all(&server, "mixed"), values);
    let cbor = [0xa1, 0x65, b'v', b'a', b'l', b'u', b'e', 0x43, 1, 2, 3];
    let request = server.request("POST", "/sync/queues/mixed/put");
    request.body("application/cbor", cbor).send().json();
    let request = server.request("POST", "/sync/queues/mixed/get");
    let reply = request.header("accept", "application/cbor").send().status(200);
    assert_eq!(reply.body, b"\xa1\x65items\x81\x43\x01\x02\x03");
}

/// Goal: an object that a queue refers to cannot be deleted, and the refusal names the queue.
#[test]
fn a_queued_object_stays() {
    let server = crate::shared();
    let object = server.request("POST", "/objects").body("text/plain", "queued").send().json();
    let id = object["id"].as_str().expect("an id").to_owned();
    let value = json!({"file": {"$object": id}});
    put(&server, "files", &value).json();
    let path = format!("/objects/{id}");
    let problem = server.delete(&path).problem(409, "object_in_use");
    assert!(problem["detail"].as_str().is_some_and(|text| text.contains("the queue `files`")));
    assert_eq!(take_all(&server, "files"), [value]);
    eventually("free object", DEADLINE, || (server.delete(&path).status == 204).then_some(()));
    let missing = put(&server, "files", &json!([{"$object": id}]));
    assert_eq!(missing.errors(400, "invalid_request"), ["unknown_object /value/0/$object"]);
}

/// Goal: the result of a queued task stays though its run has released it, also over a crash, and
/// its run can be deleted once the reference was taken.
#[test]
fn a_queued_result_stays() {
    let mut server = Server::start_default();
    let run = server.finish(&json!({"tasks": {
        "sq": {"call": "numbers/square", "map": {"range": [0, 5]}, "keep": true},
        "sum": {"call": "numbers/sum", "args": [{"$tasks": "sq"}]}}}));
    let id = run["id"].as_str().expect("an id").to_owned();
    let value = json!({"$task": "sq[3]", "$run": id});
    put(&server, "results", &value).json();
    server.post(&format!("/runs/{id}/release"), &json!({"keys": ["sq"]})).json();
    server.result(&id, "sq[2]").problem(410, "released");
    assert_eq!(server.result(&id, "sq[3]").status(200).json(), 9);
    server.restart_hard();
    assert_eq!(server.result(&id, "sq[3]").status(200).json(), 9);
    server.delete(&format!("/runs/{id}")).problem(409, "run_in_use");
    assert_eq!(take_all(&server, "results"), [value]);
    assert_eq!(server.result(&id, "sq[3]").status(200).json(), 9, "its taker may still ask");
    assert_eq!(server.delete(&format!("/runs/{id}")).status, 204);
    let gone = put(&server, "results", &json!({"$task": "sum", "$run": id}));
    assert_eq!(gone.errors(400, "invalid_request"), ["unknown_run /value/$run"]);
}

/// Goal: a task whose reference was taken from a queue goes on, though nobody else wants it.
#[test]
fn a_task_goes_on_when_its_reference_is_taken() {
    let server = crate::shared();
    let id = server.submit(&json!({"tasks": {
        "slow": {"call": "lab/work", "args": [700, 3], "cache": false}}}));
    put(&server, "slow", &json!({"$task": "slow", "$run": id})).json();
    server.post(&format!("/runs/{id}/release"), &json!({"keys": ["slow"]})).json();
    assert_eq!(take_all(&server, "slow").len(), 1);
    assert_eq!(server.task(&id, "slow")["finished_at"], Value::Null, "too quick to be cancelled");
    assert_eq!(server.result(&id, "slow").status(200).json(), 3);
}

/// Goal: references that lead nowhere are refused with their places, and nothing is put.
#[test]
fn wrong_references_are_refused() {
    let server = crate::shared();
    let run = server.finish(&json!({"tasks": {
        "sq": {"call": "numbers/square", "map": {"range": [0, 2]}}}}));
    let id = run["id"].as_str().expect("an id");
    for (value, error) in [
        (json!({"$task": "sqq", "$run": id}), "unknown_key /value/$task"),
        (json!({"$task": "sq", "$run": id}), "unknown_key /value/$task"),
        (json!([{"$task": "sq[2]", "$run": id}]), "unknown_key /value/0/$task"),
        (json!({"$task": "sq[0]", "$run": "last"}), "bad_reference /value/$run"),
        (json!({"$task": "sq[0]"}), "bad_reference /value/$task"),
        (json!({"a": {"$tasks": "sq"}}), "bad_reference /value/a/$tasks"),
        (json!({"$object": "x"}), "bad_reference /value/$object"),
    ] {
        let reply = put(&server, "nothing", &value);
        assert_eq!(reply.errors(400, "invalid_request"), [error], "{value}");
    }
    server.get("/sync/queues/nothing").problem(404, "unknown_queue");
}

/// Goal: whatever is wrong with a request is said with its place, and nothing is changed.
#[test]
fn bad_requests_change_nothing() {
    let server = crate::shared();
    let post = |path: &str, body: &Value| server.post(&format!("/sync/queues/{path}"), body);
    let reply = post("wrong/put", &json!({"valeu": 1}));
    assert_eq!(reply.errors(400, "invalid_request"), ["unknown_field /valeu"]);
    assert!(reply.text().contains("did you mean `value`?"), "{reply}");
    let reply = post("wrong/put", &json!({}));
    assert_eq!(reply.errors(400, "invalid_request"), ["missing_field "]);
    server.request("POST", "/sync/queues/wrong/put").send().problem(400, "malformed_json");
    let reply = server.request("PUT", "/sync/queues/wrong").json(&json!({"maxsize": -1})).send();
    assert_eq!(reply.errors(400, "invalid_request"), ["wrong_value /maxsize"]);
    for path in ["wrong/get?batch=0", "wrong/get?batch=10001", "wrong/get?wait=5"] {
        get(&server, path).problem(400, "invalid_parameter");
    }
    get(&server, "wrong/get?bacth=5").problem(400, "unknown_parameter");
    let long = format!("{}/get", "x".repeat(201));
    for path in ["a%2Fb/get", "a%0Ab/get", "%ff/get", &long] {
        get(&server, path).problem(400, "invalid_parameter");
    }
    let large = post("wrong/put", &json!({"value": "x".repeat(65_536)}));
    let problem = large.problem(413, "value_too_large");
    assert!(problem["detail"].as_str().is_some_and(|text| text.contains("$object")));
    let request = server.request("POST", "/sync/queues/wrong/put").header("wask-guard", "x");
    request.json(&json!({"value": 1})).send().problem(400, "invalid_header");
    server.get("/sync/queues/wrong").problem(404, "unknown_queue");
    post("wrong", &json!({})).problem(405, "method_not_allowed");
    assert_eq!(put(&server, "fits", &json!("x".repeat(65_000))).json()["size"], 1);
}

/// Goal: lists show all there is, page by page, and the figures count it.
#[test]
fn lists_and_figures_show_what_there_is() {
    let server = Server::start_default();
    for name in ["c", "a", "b"] {
        put(&server, name, &json!(name)).json();
    }
    server.request("PUT", "/sync/variables/v").json(&json!({"value": 1})).send().status(204);
    server.request("POST", "/sync/events/e/set").send().json();
    server.request("POST", "/sync/locks/l/acquire").send().json();
    server.request("PUT", "/sync/semaphores/s").json(&json!({"leases": 3})).send().json();
    server.post("/sync/topics/t", &json!({"value": 1})).json();
    let page = server.get("/sync/queues?limit=2").json();
    assert_eq!((&page["total"], &page["next"]), (&json!(3), &json!("b")));
    assert_eq!(wask_tests::items_of(&page, "name"), ["a", "b"]);
    let page = server.get("/sync/queues?limit=2&cursor=b").json();
    assert_eq!(
        (wask_tests::items_of(&page, "name"), &page["next"]),
        (vec![json!("c")], &json!(null))
    );
    let all = server.get("/sync").json();
    for (kind, name) in
        [("variables", "v"), ("events", "e"), ("locks", "l"), ("semaphores", "s"), ("topics", "t")]
    {
        assert_eq!(all[kind][0]["name"], name, "{all}");
        assert_eq!(server.get(&format!("/sync/{kind}")).json()["items"], all[kind]);
        assert_eq!(all["totals"][kind], 1);
    }
    let metrics = server.get("/metrics").text();
    assert!(metrics.contains("wask_sync_things{kind=\"queue\"} 3"), "{metrics}");
    assert!(!metrics.contains("wask_sync_bytes 0"), "{metrics}");
}

/// Goal: a journal in which most changes have no effect any more is written down anew at a start,
/// and everything is as it was.
#[test]
fn old_changes_are_written_down_anew() {
    let mut server = Server::start_default();
    for n in 0..5 {
        put(&server, "kept", &json!(n)).json();
    }
    let lock = server.post("/sync/locks/held/acquire", &json!({"lease": "1h"})).json();
    let api: &Api = &server;
    thread::scope(|scope| {
        for name in ["a", "b", "c", "d"] {
            scope.spawn(move || {
                for _ in 0..1_300 {
                    for change in ["set", "clear"] {
                        let path = format!("/sync/events/{name}/{change}");
                        api.request("POST", &path).send().status(200);
                    }
                }
            });
        }
    });
    let before = server.get("/sync").json();
    for round in 0..2 {
        let start = server.log_length();
        server.restart_hard();
        let log = server.log_since(start);
        assert_eq!(log.contains("written down anew"), round == 0, "{log}");
        assert_eq!(server.get("/sync").json(), before, "round {round}");
    }
    assert_eq!(take_all(&server, "kept"), [0, 1, 2, 3, 4]);
    server.post("/sync/locks/held/release", &json!({"token": lock["token"]})).status(204);
    let next = server.post("/sync/locks/held/acquire", &json!({})).json();
    assert!(next["token"].as_u64() > lock["token"].as_u64());
}
