//! The service around it: health, workers, metrics, OpenAPI, stopping in order.

use std::{
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use wask_tests::{Api, Cli, EventReader, Server, ServerOptions, items};

use crate::shared;

/// Goal: a server tells that it lives and that it is ready.
#[test]
fn health_is_told() {
    let server = shared();
    for path in ["/health/live", "/health/ready"] {
        server.get(path).status(200);
        server.request("HEAD", path).send().status(200);
    }
}

/// Goal: the local worker is listed with its slots.
#[test]
fn workers_are_listed() {
    let server = ServerOptions::default().slots(3).start();
    server.is_well();
    let page = server.get("/workers").status(200).json();
    assert_eq!(items(&page).len(), 1);
    let worker = &items(&page)[0];
    assert_eq!((&worker["slots"], &worker["draining"]), (&json!(3), &json!(false)));
    assert!(worker["finished"].as_u64() >= Some(1), "{worker}");
    assert!(worker["name"].as_str().is_some_and(|name| !name.is_empty()));
}

/// Goal: metrics are Prometheus text, at both places, and count what happens.
#[test]
fn metrics_count() {
    let server = Server::start_default();
    let run = server.finish(&json!({"tasks": {
        "i": {"call": "numbers/inc", "map": {"range": [0, 25]}},
        "bad": {"call": "numbers/checked_div", "args": [1, 0]}}}));
    assert_eq!(run["counts"]["succeeded"], 25);
    let metrics = server.get("/metrics").status(200);
    assert!(metrics.header("content-type").contains("text"), "{metrics}");
    let at_root = server.at_root("GET", "/metrics").send().status(200);
    let text = at_root.text();
    assert!(text.contains("# TYPE wask_"), "{text}");
    let tasks = |state: &str| {
        let wanted = format!("state=\"{state}\"");
        let line =
            text.lines().find(|line| line.starts_with("wask_tasks{") && line.contains(&wanted));
        line.and_then(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
    };
    assert_eq!((tasks("succeeded"), tasks("failed")), (Some(25.0), Some(1.0)), "{text}");
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let value = line.rsplit(' ').next().map(str::parse::<f64>);
        assert!(matches!(value, Some(Ok(_))), "no sample: {line}");
    }
}

/// Goal: the OpenAPI document describes every route of the contract.
#[test]
fn openapi_describes_every_route() {
    let server = shared();
    let document = server.get("/openapi.json").status(200).json();
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.")));
    let routes = [
        "post /modules",
        "get /modules",
        "get /modules/{}",
        "delete /modules/{}",
        "get /modules/{}/wasm",
        "put /modules/{}/name/{}",
        "post /objects",
        "put /objects/{}",
        "get /objects/{}",
        "delete /objects/{}",
        "post /runs",
        "get /runs",
        "get /runs/{}",
        "delete /runs/{}",
        "get /runs/{}/tasks",
        "post /runs/{}/tasks",
        "get /runs/{}/tasks/{}",
        "get /runs/{}/tasks/{}/result",
        "get /runs/{}/tasks/{}/logs",
        "get /runs/{}/tasks/{}/explain",
        "post /runs/{}/gather",
        "get /runs/{}/completed",
        "post /runs/{}/close",
        "post /runs/{}/release",
        "post /runs/{}/cancel",
        "post /runs/{}/retry",
        "get /runs/{}/graph",
        "get /runs/{}/trace",
        "get /runs/{}/events",
        "get /events",
        "post /call/{}/{}",
        "get /workers",
        "get /health/live",
        "get /health/ready",
        "get /metrics",
    ];
    let described: Vec<String> = document["paths"]
        .as_object()
        .expect("paths")
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().expect("a path item").keys();
            methods.map(|method| format!("{method} {}", plain(path))).collect::<Vec<_>>()
        })
        .collect();
    let missing: Vec<&&str> =
        routes.iter().filter(|r| !described.contains(&(**r).to_owned())).collect();
    assert!(missing.is_empty(), "not described: {missing:?}; described are {described:?}");
}

/// A path below `/api/v1` with its parameters' names taken out.
fn plain(path: &str) -> String {
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    let segment =
        |segment: &str| if segment.starts_with('{') { "{}".into() } else { segment.to_owned() };
    path.split('/').map(segment).collect::<Vec<String>>().join("/")
}

/// Goal: every schema that the OpenAPI document refers to is in it.
#[test]
fn openapi_refers_to_what_is_there() {
    let document = shared().get("/openapi.json").status(200).json();
    let text = document.to_string();
    let references: Vec<&str> =
        text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(references.len() > 5, "the document says nothing of shapes");
    for pointer in references {
        assert!(document.pointer(pointer).is_some(), "{pointer} leads nowhere");
    }
}

/// Goal: a server that is asked to stop does so in order, and what it acknowledged is there after.
#[test]
fn a_server_stops_in_order() {
    let mut server = Server::start_default();
    server.upload(&["lab"]);
    let run = server.finish(&json!({"tasks": {"a": {"call": "numbers/inc", "args": [1]}}}));
    let id = run["id"].as_str().expect("an id").to_owned();
    let long = server.submit(&json!({"tasks": {
        "w": {"call": "lab/work", "map": {"range": [0, 8]}, "args": [200, {"$item": 0}]}}}));
    server.restart();
    assert_eq!(server.run(&id)["outputs"], json!({"a": 2}));
    let run = server.wait_run(&long);
    assert_eq!(run["counts"]["succeeded"], 8, "{run}");
    let lost = (0..8).any(|n| {
        let task = server.task(&long, &format!("w[{n}]"));
        task["attempts"].as_array().is_some_and(|attempts| {
            attempts.iter().any(|attempt| attempt["failure"]["kind"] == "worker-lost")
        })
    });
    assert!(!lost, "an orderly stop costs nobody an attempt");
}

/// Goal: browsers are told the type of everything and guess at nothing.
#[test]
fn responses_are_not_guessed_at() {
    let server = shared();
    for path in ["/health/live", "/runs", "/modules/numbers", "/metrics"] {
        let reply = server.get(path).status(200);
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
        assert!(!reply.header("content-type").is_empty(), "{path}");
    }
    let page = server.at_root("GET", "/").send().status(200);
    assert!(page.header("content-type").starts_with("text/html"), "{page}");
    assert!(!page.header("content-security-policy").is_empty());
    let nothing: Value = server.get("/nothing").problem(404, "not_found");
    assert!(nothing["errors"].is_null() || nothing["errors"] == json!([]));
}

/// Goal: a server stops although clients wait for answers, listen to events and tasks never end.
#[test]
fn a_server_stops_although_clients_wait() {
    let mut server = ServerOptions::default().guests(&["numbers", "hostile"]).start();
    let id = server.submit(&json!({"tasks": {"t": {"call": "hostile/spin", "args": []}}}));
    server.wait_task(&id, "t", &["running"]);
    let feed = EventReader::open(&server, "/events", Some(0));
    let (api, path) = (Api::new(server.origin()), format!("/runs/{id}?wait=5m"));
    let waiting = thread::spawn(move || api.request("GET", &path).try_send().is_ok());
    let listening = thread::spawn(move || feed.rest());
    // Both are in place once the server has answered something that was sent after them.
    server.is_well();
    let begun = Instant::now();
    assert_eq!(server.stop(), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(20), "it took {:?}", begun.elapsed());
    waiting.join().expect("the wait ended");
    assert!(listening.join().expect("the feed ended").contains("run-submitted"));
    server.start_again();
    let task = server.wait_task(&id, "t", &["running"]);
    assert_eq!(task["attempts"], json!([]), "an orderly stop is no loss: {task}");
    server.post(&format!("/runs/{id}/cancel"), &json!({})).json();
    assert_eq!(server.wait_run(&id)["state"], "cancelled");
}

/// Goal: a server with a token serves nobody without it but health checks and the page.
#[test]
fn a_token_is_asked_for() {
    let server = ServerOptions::default().guests(&[]).arg("--token").arg("s3cret").start();
    for (method, path) in
        [("GET", "/runs"), ("POST", "/runs"), ("GET", "/metrics"), ("GET", "/events")]
    {
        let asked = server.request(method, path).send();
        asked.problem(401, "unauthorized");
        assert_eq!(asked.header("www-authenticate"), "Bearer");
        let wrong = server.request(method, path).header("authorization", "Bearer s3creT").send();
        wrong.problem(401, "unauthorized");
    }
    let right = server.request("GET", "/runs").header("authorization", "Bearer s3cret").send();
    right.status(200);
    server.get("/health/live").status(200);
    server.at_root("GET", "/").send().status(200);
    let cli = Cli::new(Some(server.origin()), server.folder());
    let printed = cli.run(&["runs"]).code(4);
    assert!(printed.stderr.contains("token"), "{printed}");
    cli.run(&["runs", "--token", "s3cret"]).code(0);
}
