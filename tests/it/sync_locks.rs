//! Locks and semaphores: one holder, tokens that only grow, leases that end, guarded calls.

use std::thread;

use serde_json::{Value, json};
use wask_tests::{Api, DEADLINE, Reply, Server, eventually};

fn acquire(api: &Api, path: &str, lease: &str) -> Reply {
    api.post(&format!("/sync/{path}"), &json!({"lease": lease}))
}

fn token(reply: &Reply) -> u64 {
    reply.json()["token"].as_u64().expect("a token is a number")
}

fn release(api: &Api, of: &str, token: u64) -> Reply {
    api.post(&format!("/sync/{of}/release"), &json!({"token": token}))
}

/// Waits until so many calls wait for a lease.
#[track_caller]
fn wait_for_waiters(api: &Api, of: &str, waiters: u64) {
    eventually(&format!("{waiters} who wait for {of}"), DEADLINE, || {
        (api.get(&format!("/sync/{of}")).json()["waiters"] == waiters).then_some(())
    });
}

/// Goal: a lock goes from hand to hand in order, with a larger token each time.
#[test]
fn a_lock_goes_from_hand_to_hand() {
    let server = crate::shared();
    let server = &server;
    let mut last = token(&acquire(server, "locks/hands/acquire", "1h"));
    acquire(server, "locks/hands/acquire", "1h").problem(408, "timeout");
    acquire(server, "locks/hands/acquire?wait=50ms", "1h").problem(408, "timeout");
    thread::scope(|scope| {
        let mut takers = Vec::new();
        for number in 1..=3 {
            takers.push(
                scope.spawn(|| token(&acquire(server, "locks/hands/acquire?wait=30s", "1h"))),
            );
            wait_for_waiters(server, "locks/hands", number);
        }
        for taker in takers {
            release(server, "locks/hands", last).status(204);
            let next = taker.join().expect("an answer");
            assert!(next > last, "{next} after {last}");
            release(server, "locks/hands", last).problem(409, "stale_token");
            last = next;
        }
    });
    let shown = server.get("/sync/locks/hands").json();
    assert_eq!(shown["holders"][0]["token"], last);
    release(server, "locks/hands", last).status(204);
    assert_eq!(server.get("/sync/locks/hands").json()["free"], 1);
}

/// Goal: a lease that runs out hands the lock to who waits, and the late holder is told so.
#[test]
fn a_lease_that_runs_out_hands_over() {
    let server = crate::shared();
    let late = token(&acquire(&server, "locks/late/acquire", "300ms"));
    let renewed = server.post("/sync/locks/late/renew", &json!({"token": late})).json();
    assert_eq!(renewed["token"], late);
    let next = token(&acquire(&server, "locks/late/acquire?wait=30s", "1h"));
    assert!(next > late);
    release(&server, "locks/late", late).problem(409, "stale_token");
    let renewal = server.post("/sync/locks/late/renew", &json!({"token": late, "lease": "1h"}));
    renewal.problem(409, "stale_token");
    release(&server, "locks/late", next).status(204);
}

/// Goal: a held lock is held after a crash; tokens grow across crashes and deletion; a lease that
/// ran out while the server was down is over.
#[test]
fn locks_survive_a_crash() {
    let mut server = Server::start_default();
    let held = token(&acquire(&server, "locks/kept/acquire", "1h"));
    let short = token(&acquire(&server, "locks/short/acquire", "100ms"));
    let shown = server.get("/sync/locks/kept").json();
    server.restart_hard();
    assert_eq!(server.get("/sync/locks/kept").json(), shown);
    acquire(&server, "locks/kept/acquire", "1h").problem(408, "timeout");
    let next = token(&acquire(&server, "locks/short/acquire?wait=30s", "1h"));
    assert!(next > short && next > held);
    release(&server, "locks/short", short).problem(409, "stale_token");
    release(&server, "locks/kept", held).status(204);
    assert_eq!(server.delete("/sync/locks/short").status, 204);
    release(&server, "locks/short", next).problem(409, "stale_token");
    server.delete("/sync/locks/short").problem(404, "unknown_lock");
    server.restart_hard();
    assert_eq!(server.get("/sync/locks").json()["total"], 0);
    assert!(token(&acquire(&server, "locks/kept/acquire", "1h")) > next);
}

/// Goal: a semaphore gives as many leases as it has, over a crash too.
#[test]
fn a_semaphore_counts() {
    let mut server = Server::start_default();
    let make = |server: &Api, leases: u32| {
        let request = server.request("PUT", "/sync/semaphores/s");
        request.json(&json!({"leases": leases})).send().json()
    };
    let take =
        |server: &Api, wait: &str| acquire(server, &format!("semaphores/s/acquire{wait}"), "1h");
    take(&server, "?wait=30s").problem(404, "unknown_semaphore");
    assert_eq!(make(&server, 2)["free"], 2);
    let (one, two) = (token(&take(&server, "")), token(&take(&server, "")));
    assert!(one < two);
    server.restart_hard();
    take(&server, "").problem(408, "timeout");
    let api: &Api = &server;
    thread::scope(|scope| {
        let waiting = scope.spawn(|| token(&take(api, "?wait=30s")));
        wait_for_waiters(api, "semaphores/s", 1);
        release(api, "semaphores/s", one).status(204);
        assert!(waiting.join().expect("an answer") > two);
        let waiting = scope.spawn(|| token(&take(api, "?wait=30s")));
        wait_for_waiters(api, "semaphores/s", 1);
        assert_eq!(make(api, 3)["leases"], 3);
        waiting.join().expect("an answer");
        let waiting = scope.spawn(|| take(api, "?wait=30s"));
        wait_for_waiters(api, "semaphores/s", 1);
        assert_eq!(api.delete("/sync/semaphores/s").status, 204);
        waiting.join().expect("an answer").problem(410, "semaphore_deleted");
    });
    server.get("/sync/semaphores/s").problem(404, "unknown_semaphore");
    server.delete("/sync/semaphores/s").problem(404, "unknown_semaphore");
}

/// A request that depends on a lease.
fn guarded(api: &Api, (method, path): (&str, &str), guard: &str, body: &Value) -> Reply {
    api.request(method, path).header("wask-guard", guard).json(body).send()
}

/// Goal: what depends on a lease is done while the lease is held and not after, in one step.
#[test]
fn a_stale_guard_stops_changes() {
    let server = crate::shared();
    let name = "leader%20%C3%BC%3D1";
    let first = token(&acquire(&server, &format!("locks/{name}/acquire"), "1h"));
    let guard = format!("{name}={first}");
    let value = json!({"value": 1});
    let graph = json!({"open": true, "name": "guarded", "tasks": {}});
    let changes = [
        ("POST", "/sync/queues/guarded/put"),
        ("POST", "/sync/topics/guarded"),
        ("PUT", "/sync/variables/guarded"),
    ];
    for change in changes {
        assert!(guarded(&server, change, &guard, &value).status < 300, "{change:?}");
    }
    let run = guarded(&server, ("POST", "/runs"), &guard, &graph).status(202).json();
    let tasks = format!("/runs/{}/tasks", run["id"].as_str().expect("an id"));
    let more = |key: &str| json!({"tasks": {key: {"call": "numbers/inc", "args": [1]}}});
    guarded(&server, ("POST", &tasks), &guard, &more("a")).status(202);

    release(&server, &format!("locks/{name}"), first).status(204);
    let next = token(&acquire(&server, &format!("locks/{name}/acquire"), "1h"));
    for change in changes {
        guarded(&server, change, &guard, &json!({"value": 2})).problem(409, "stale_token");
    }
    for path in ["/sync/events/guarded/set", "/sync/queues/guarded/get", "/sync/locks/o/acquire"] {
        server
            .request("POST", path)
            .header("wask-guard", &guard)
            .send()
            .problem(409, "stale_token");
    }
    for path in ["/sync/queues/guarded", "/sync/topics/guarded", "/sync/variables/guarded"] {
        let request = server.request("DELETE", path).header("wask-guard", &guard);
        request.send().problem(409, "stale_token");
    }
    let runs = |name: &str| server.get(&format!("/runs?name={name}")).json()["total"].clone();
    guarded(&server, ("POST", "/runs"), &guard, &graph).problem(409, "stale_token");
    assert_eq!(runs("guarded"), 1);
    guarded(&server, ("POST", &tasks), &guard, &more("b")).problem(409, "stale_token");
    let call = guarded(&server, ("POST", "/call/numbers/inc"), &guard, &json!([1]));
    call.problem(409, "stale_token");
    assert_eq!(server.get("/sync/queues/guarded").json()["size"], 1);
    assert_eq!(server.get("/sync/variables/guarded").json()["value"], 1);
    assert_eq!(
        server.get("/sync/topics/guarded").json()["items"].as_array().map(Vec::len),
        Some(1)
    );
    let guard = format!("{name}={next}");
    guarded(&server, ("POST", &tasks), &guard, &more("b")).status(202);
    server.post(&tasks.replace("/tasks", "/close"), &json!({})).json();
}

/// Goal: a call that waits while its lease ends changes nothing when its turn comes.
#[test]
fn a_guard_is_looked_at_when_the_turn_comes() {
    let server = crate::shared();
    let make = server.request("PUT", "/sync/queues/turn").json(&json!({"maxsize": 1}));
    make.send().json();
    server.post("/sync/queues/turn/put", &json!({"value": 1})).json();
    let held = token(&acquire(&server, "locks/turn/acquire", "1h"));
    let guard = format!("turn={held}");
    let put = ("POST", "/sync/queues/turn/put?wait=30s");
    thread::scope(|scope| {
        let waiting = scope.spawn(|| guarded(&server, put, &guard, &json!({"value": 2})));
        eventually("a put that waits", DEADLINE, || {
            (server.get("/sync/queues/turn").json()["putters"] == 1).then_some(())
        });
        release(&server, "locks/turn", held).status(204);
        server.request("POST", "/sync/queues/turn/get").send().json();
        waiting.join().expect("an answer").problem(409, "stale_token");
    });
    assert_eq!(server.get("/sync/queues/turn").json()["size"], 0);
}

/// Goal: leases have bounds, and what is wrong is said with its place.
#[test]
fn bad_requests_are_refused() {
    let server = crate::shared();
    for lease in [json!("99ms"), json!("25h"), json!("soon"), json!("-1s")] {
        let reply = server.post("/sync/locks/bad/acquire", &json!({"lease": lease}));
        assert_eq!(reply.errors(400, "invalid_request"), ["wrong_value /lease"], "{lease}");
    }
    let reply = server.post("/sync/locks/bad/acquire", &json!({"leese": "1s"}));
    assert_eq!(reply.errors(400, "invalid_request"), ["unknown_field /leese"]);
    assert!(reply.text().contains("did you mean `lease`?"), "{reply}");
    let reply = server.post("/sync/locks/bad/release", &json!({}));
    assert_eq!(reply.errors(400, "invalid_request"), ["missing_field "]);
    let reply = server.post("/sync/locks/bad/release", &json!({"token": "1"}));
    assert_eq!(reply.errors(400, "invalid_request"), ["wrong_type /token"]);
    release(&server, "locks/bad", 1).problem(409, "stale_token");
    let reply = server.request("PUT", "/sync/semaphores/bad").json(&json!({"leases": 0})).send();
    assert_eq!(reply.errors(400, "invalid_request"), ["wrong_value /leases"]);
    let reply = server.request("PUT", "/sync/locks/bad").json(&json!({})).send();
    reply.problem(405, "method_not_allowed");
    assert_eq!(server.get("/sync/locks/bad").json()["free"], 1);
}
