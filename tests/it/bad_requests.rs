//! Requests that no proper client sends: wrong paths, methods, hosts, bodies without end.

use std::{
    io::Write as _,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use wask_tests::{Api, RawReply, exchange, open, read_reply};

use crate::shared;

fn problem(reply: &RawReply, status: u16, code: &str) {
    let body: Value = serde_json::from_slice(&reply.body).expect("a problem is JSON");
    assert_eq!((reply.status, &body["code"]), (status, &json!(code)), "{body}");
}

fn raw(api: &Api, head: &str) -> RawReply {
    exchange(api, head.replace('\n', "\r\n").as_bytes())
}

/// Goal: unknown paths are 404, known paths with a wrong method 405 with what is allowed.
#[test]
fn wrong_paths_and_methods() {
    let server = shared();
    for path in ["/nothing", "/runs/x/y/z", "/modules/numbers/wasm/more"] {
        server.get(path).problem(404, "not_found");
    }
    for (method, path) in [
        ("DELETE", "/runs"),
        ("PUT", "/runs"),
        ("PATCH", "/modules/numbers"),
        ("GET", "/call/a/b"),
        ("POST", "/workers"),
        ("GET", "/runs/last/cancel"),
        ("BREW", "/runs"),
    ] {
        let reply = server.request(method, path).send();
        reply.problem(405, "method_not_allowed");
        assert!(!reply.header("allow").is_empty(), "{method} {path}: {reply}");
    }
    server.is_well();
}

/// Goal: ids that are none, or of nothing, are 404 or 400, never more.
#[test]
fn ids_of_nothing() {
    let server = shared();
    let zeros = "0".repeat(64);
    for path in [
        format!("/objects/{zeros}"),
        format!("/modules/{zeros}"),
        "/runs/ffffffffffffffff".to_owned(),
        "/runs/ffffffffffffffff/tasks".to_owned(),
        "/runs/ffffffffffffffff/tasks/a/result".to_owned(),
        "/runs/ffffffffffffffff/completed".to_owned(),
        "/modules/%00".to_owned(),
    ] {
        let reply = server.get(&path);
        assert!([400, 404].contains(&reply.status), "{reply}");
        assert_eq!(reply.header("content-type"), "application/problem+json");
    }
    for path in ["/objects/abc", "/objects/..%2f..%2fetc", "/runs/%2e%2e", "/runs/%ff"] {
        let reply = server.get(path);
        assert!((400..500).contains(&reply.status), "{reply}");
    }
    server.is_well();
}

/// Goal: an unknown parameter of the query is named, and a wrong value refused.
#[test]
fn unknown_parameters() {
    let server = shared();
    for path in ["/runs?stat=failed", "/modules?nme=x", "/events?wait=1s", "/runs/last?waits=1s"] {
        let problem = server.get(path).problem(400, "unknown_parameter");
        let name = path.split(['?', '=']).nth(1).expect("a name");
        assert!(problem["detail"].as_str().is_some_and(|text| text.contains(name)), "{problem}");
    }
    let graph = json!({"tasks": {"a": {"call": "numbers/inc", "args": [1]}}});
    for query in ["?wait=soon", "?wait=5", "?wait=-1s", "?wait="] {
        server.post(&format!("/runs{query}"), &graph).problem(400, "invalid_parameter");
    }
    server.post("/runs?wiat=1s", &graph).problem(400, "unknown_parameter");
    server.is_well();
}

/// Goal: a page in a browser cannot reach the server under another name (DNS rebinding).
#[test]
fn foreign_hosts_are_refused() {
    let server = shared();
    for host in ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "127.0.0.1:1", ""] {
        let head = format!("GET /api/v1/runs HTTP/1.1\nHost: {host}\n\n");
        problem(&raw(&server, &head), 421, "wrong_host");
    }
    let authority = server.authority();
    let port = authority.rsplit(':').next().expect("a port");
    for host in [authority, &format!("localhost:{port}")] {
        let head = format!("GET /api/v1/runs HTTP/1.1\nHost: {host}\nConnection: close\n\n");
        assert_eq!(raw(&server, &head).status, 200, "{host}");
    }
}

/// Goal: a page of another origin cannot make the server do anything.
#[test]
fn foreign_origins_are_refused() {
    let server = shared();
    let graph = json!({"tasks": {"a": {"call": "numbers/inc", "args": [1]}}});
    for origin in ["http://evil.example", "null", "http://127.0.0.1:1", "https://localhost"] {
        let request = server.request("POST", "/runs").header("origin", origin);
        request.json(&graph).send().problem(403, "wrong_origin");
        let read = server.request("GET", "/runs").header("origin", origin).send();
        read.problem(403, "wrong_origin");
        assert!(read.header("access-control-allow-origin").is_empty());
    }
    let own = server.origin().to_owned();
    server.request("GET", "/runs").header("origin", &own).send().status(200);
}

/// Goal: a body that is announced larger than the limit is refused before it is sent, to a client
/// that asks first (RFC 9110, section 10.1.1).
#[test]
fn an_oversized_graph_is_refused_at_once() {
    let server = shared();
    let authority = server.authority();
    let begun = Instant::now();
    for path in ["/runs", "/modules", "/call/numbers/inc"] {
        let head = format!(
            "POST /api/v1{path} HTTP/1.1\nHost: {authority}\nContent-Type: application/json\n\
             Expect: 100-continue\nContent-Length: 99000000000\n\n"
        );
        problem(&raw(&server, &head), 413, "body_too_large");
    }
    assert!(begun.elapsed() < Duration::from_secs(10));
    server.is_well();
}

/// Goal: a body that grows beyond the limit without saying so is cut off.
#[test]
fn an_endless_body_is_cut_off() {
    let server = shared();
    let authority = server.authority();
    let head = format!(
        "POST /api/v1/runs HTTP/1.1\r\nHost: {authority}\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\n\r\n"
    );
    let mut stream = open(&server, head.as_bytes());
    let chunk = [b"100000\r\n".as_slice(), &vec![b' '; 1 << 20], b"\r\n"].concat();
    let reader = stream.try_clone().expect("a second handle");
    let reply = thread::spawn(move || read_reply(reader));
    // The server stops reading after its limit; what is left of the body has nowhere to go.
    let sent = (0..200).take_while(|_| stream.write_all(&chunk).is_ok()).count();
    let reply = reply.join().expect("a reply");
    problem(&reply, 413, "body_too_large");
    assert!(sent >= 32, "the limit is above a large graph, {sent} MiB were taken");
    server.is_well();
}

/// Goal: a client that sends its body drop by drop is let go, and others are served meanwhile.
#[test]
fn a_slow_body_is_let_go() {
    let server = shared();
    let authority = server.authority();
    let head = format!(
        "POST /api/v1/runs HTTP/1.1\r\nHost: {authority}\r\nContent-Type: application/json\r\n\
         Content-Length: 1000\r\n\r\n{{"
    );
    let stream = open(&server, head.as_bytes());
    let begun = Instant::now();
    server.is_well();
    assert!(begun.elapsed() < Duration::from_secs(8), "others waited for the slow one");
    problem(&read_reply(stream), 408, "slow_body");
    assert!(begun.elapsed() < Duration::from_secs(25), "let go after {:?}", begun.elapsed());
    server.is_well();
}

/// Goal: a body that ends early is no graph, even if what came of it could be one.
#[test]
fn an_interrupted_body_submits_nothing() {
    let server = shared();
    let authority = server.authority();
    let graph = r#"{"name": "interrupted", "tasks": {"a": {"call": "numbers/inc", "args": [1]}}}"#;
    let head = format!(
        "POST /api/v1/runs HTTP/1.1\r\nHost: {authority}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{graph}",
        graph.len() + 10
    );
    drop(open(&server, head.as_bytes()));
    server.is_well();
    let page = server.get("/runs?name=interrupted").status(200).json();
    assert_eq!(wask_tests::items(&page).len(), 0);
}

/// Goal: bytes that are no HTTP are answered or dropped, and nothing more.
#[test]
fn no_http_at_all() {
    let server = shared();
    for bytes in
        [&b"\x16\x03\x01\x02\x00\x01\x00"[..], b"GET\r\n\r\n", b"\0\0\0\0\r\n\r\n", b"\r\n\r\n"]
    {
        let stream = open(&server, bytes);
        // A half-closed connection ends the wait for more of a request.
        stream.shutdown(std::net::Shutdown::Write).expect("an open stream");
        let mut reply = Vec::new();
        // A reset is as good an answer as any.
        let _ = std::io::Read::read_to_end(&mut &stream, &mut reply);
        let reply = String::from_utf8_lossy(&reply).into_owned();
        assert!(reply.is_empty() || reply.starts_with("HTTP/1.1 4"), "{reply}");
    }
    server.is_well();
}

/// Goal: bodies of the small requests are checked as graphs are.
#[test]
fn small_bodies_are_checked() {
    let server = shared();
    let run = server.finish(&json!({"tasks": {"a": {"call": "numbers/inc", "args": [1]}}}));
    let id = run["id"].as_str().expect("an id");
    for (path, body) in [
        ("gather", json!({"kees": ["a"]})),
        ("gather", json!({"keys": "a"})),
        ("gather", json!([])),
        ("release", json!({"keys": [1]})),
        ("release", json!({})),
        ("cancel", json!({"reason": 5})),
        ("retry", json!({"key": ["a"]})),
    ] {
        let reply = server.post(&format!("/runs/{id}/{path}"), &body);
        let errors = reply.errors(400, "invalid_request");
        assert!(!errors.is_empty(), "{path} {body}: {reply}");
    }
    let run = server.get(&format!("/runs/{id}")).status(200).json();
    assert_eq!(run["state"], "succeeded");
}
