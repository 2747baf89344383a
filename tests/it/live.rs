//! What the dashboard reads: spans of attempts in blocks, the live feed, what is told of failures,
//! paths and places.

use serde_json::{Value, json};
use wask_tests::{Block, DEADLINE, LiveFeed, Said, Server, ServerOptions, Span, eventually};

/// The form of a succeeded attempt, of one that failed for good, and of a known result.
const SUCCEEDED: u8 = 0;
const FAILED: u8 = 1;
const RETRIED: u8 = 2;
const CANCELLED: u8 = 3;
const KNOWN: u8 = 4;
const NO_LANE: u16 = u16::MAX;

fn squares(count: u32) -> Value {
    json!({"name": "squares", "tasks": {
        "sq": {"call": "numbers/square", "map": {"range": [0, count]}, "cache": false},
        "total": {"call": "numbers/sum", "args": [{"$tasks": "sq"}]}}})
}

fn id_of(run: &Value) -> String {
    run["id"].as_str().expect("a run has an id").to_owned()
}

/// All spans of a run, by its feed.
fn spans_of(server: &Server, run: &str) -> Vec<Span> {
    let total =
        server.get(&format!("/runs/{run}/spans")).json()["total"].as_u64().expect("a number");
    LiveFeed::open(server, &format!("?run={run}")).spans_until(0, total).0
}

fn states_of(spans: &[Span], task: u32) -> Vec<(u16, u8)> {
    spans.iter().filter(|span| span.task == task).map(|span| (span.attempt, span.state)).collect()
}

/// Goal: each attempt is a span of its own with its function and lane, and none is missing.
#[test]
fn every_attempt_is_a_span() {
    let server = Server::start_default();
    let id = id_of(&server.finish(&squares(500)));
    let spans = spans_of(&server, &id);
    let index = server.get(&format!("/runs/{id}/spans")).json();
    assert_eq!(index["functions"], json!(["numbers/square", "numbers/sum"]));
    assert_eq!(index["sealed"], 0);
    let mut tasks: Vec<u32> = spans.iter().map(|span| span.task).collect();
    tasks.sort_unstable();
    assert!(tasks.into_iter().eq(0..501), "one span for each task");
    let lanes = index["lanes"].as_array().expect("lanes").len();
    for span in &spans {
        assert_eq!(span.function, u16::from(span.task == 500));
        assert_eq!((span.state, span.attempt), (SUCCEEDED, 1));
        assert!(usize::from(span.lane) < lanes && span.start >= 0.0, "{span:?}");
    }
}

/// Goal: a full block is sealed, is the same as what the feed tells, and can be kept for ever.
#[test]
fn full_blocks_are_sealed() {
    let server = Server::start_default();
    let id = id_of(&server.finish(&squares(70_000)));
    let index = server.get(&format!("/runs/{id}/spans")).json();
    assert_eq!((&index["total"], &index["sealed"]), (&json!(70_001), &json!(1)));
    let reply = server.get(&format!("/runs/{id}/spans/0")).status(200);
    assert!(reply.header("cache-control").contains("immutable"));
    let block = Block::decode(&reply.body);
    assert_eq!((block.first, block.spans.len()), (0, 65_536));
    let all = spans_of(&server, &id);
    assert_eq!(all.get(..65_536), Some(block.spans.as_slice()));
    let rest =
        LiveFeed::open(&server, &format!("?run={id}&from=69000")).spans_until(69_000, 70_001).0;
    assert_eq!(all.get(69_000..), Some(rest.as_slice()));
    server.get(&format!("/runs/{id}/spans/1")).problem(404, "not_found");
    server.get(&format!("/runs/{id}/spans/x")).problem(400, "invalid_parameter");
}

/// Goal: a feed that is there while a run goes on gets every span once, and ends with the run's end.
#[test]
fn the_feed_goes_along() {
    let server = Server::start_default();
    let id = server.submit(&json!({"name": "along", "open": true, "tasks": {}}));
    let mut feed = LiveFeed::open(&server, &format!("?run={id}"));
    assert!(matches!(feed.listen(), Said::Text(names) if names["type"] == "names"));
    let more = json!({"tasks": squares(2_000)["tasks"]});
    server.post(&format!("/runs/{id}/tasks"), &more).status(202);
    server.post(&format!("/runs/{id}/close"), &json!({})).status(200);
    let (spans, mut tick) = feed.spans_until(0, 2_001);
    assert_eq!(spans.len(), 2_001);
    while tick["run"]["state"] == "running" {
        let Said::Text(next) = feed.listen() else { panic!("only ticks are left") };
        tick = next;
    }
    assert_eq!(tick["counts"]["succeeded"], 2_001);
    assert_eq!(tick["functions"][0]["call"], "numbers/square");
}

/// Goal: running tasks are told with their slot and their begin, before they end.
#[test]
fn running_tasks_are_told() {
    let server = ServerOptions::default().slots(1).guests(&["lab"]).start();
    let id = server.submit(&json!({"tasks": {"s": {"call": "lab/work", "args": [1_000_000, 1]}}}));
    let mut feed = LiveFeed::open(&server, &format!("?run={id}"));
    let running = eventually("a running task", DEADLINE, || match feed.listen() {
        Said::Text(tick) => tick["running"].as_array().and_then(|r| r.first().cloned()),
        Said::Block(_) | Said::Closed(_) => None,
    });
    let running = match running["state"] == "running" {
        true => running,
        false => eventually("its slot", DEADLINE, || match feed.listen() {
            Said::Text(tick) => {
                Some(tick["running"][0].clone()).filter(|r| r["state"] == "running")
            }
            Said::Block(_) | Said::Closed(_) => None,
        }),
    };
    assert_eq!((&running["task"], &running["slot"]), (&json!(0), &json!(0)));
    assert_eq!(running["lane"], 0, "slots are lanes before anything has ended there");
    assert_eq!(running["call"], "lab/work");
    assert!(running["start_us"].as_u64().is_some_and(|at| at > 0), "{running}");
    let mut all = LiveFeed::open(&server, "");
    let mut named = json!({});
    let number = eventually("the run in the feed of all", DEADLINE, || match all.listen() {
        Said::Text(said) if said["type"] == "names" => {
            named = said["runs"].clone();
            None
        }
        Said::Text(tick) => tick["running"][0]["run"].as_u64(),
        Said::Block(_) | Said::Closed(_) => None,
    });
    assert_eq!(named[number.to_string()]["id"], id.as_str(), "{number} of {named}");
    server.post(&format!("/runs/{id}/cancel"), &json!({})).status(200);
    let (spans, _) = feed.spans_until(0, 1);
    assert_eq!(spans.first().map(|span| span.state), Some(CANCELLED));
}

/// Goal: failed, retried, known and cancelled attempts are told apart.
#[test]
fn attempts_are_told_apart() {
    let server = ServerOptions::default().slots(2).guests(&["lab", "numbers"]).start();
    let id = id_of(&server.finish(&json!({"tasks": {
        "bad": {"call": "numbers/checked_div", "args": [1, 0], "retries": 1, "retry_delay": "1ms"},
        "one": {"call": "numbers/inc", "args": [41]}}})));
    let spans = spans_of(&server, &id);
    assert_eq!(states_of(&spans, 0), [(1, RETRIED), (2, FAILED)]);
    assert_eq!(states_of(&spans, 1), [(1, SUCCEEDED)]);
    let again = id_of(&server.finish(&json!({"tasks": {
        "one": {"call": "numbers/inc", "args": [41]}}})));
    let known = spans_of(&server, &again);
    assert_eq!(
        known.iter().map(|span| (span.state, span.lane)).collect::<Vec<_>>(),
        [(KNOWN, NO_LANE)]
    );
}

/// Goal: after a crash the history is the same, number by number, and the feed goes on from where
/// a client was.
#[test]
fn the_history_survives_a_crash() {
    let mut server = Server::start_default();
    let id = id_of(&server.finish(&squares(70_000)));
    let before = spans_of(&server, &id);
    let block = server.get(&format!("/runs/{id}/spans/0")).body;
    server.restart_hard();
    assert_eq!(spans_of(&server, &id), before);
    assert_eq!(server.get(&format!("/runs/{id}/spans/0")).body, block);
}

/// Goal: the feed of all runs names their runs; a client of another life of the server begins anew.
#[test]
fn the_feed_of_all_runs_names_them() {
    let mut server = Server::start_default();
    let id = id_of(&server.finish(&squares(10)));
    let mut feed = LiveFeed::open(&server, "");
    let Said::Text(names) = feed.listen() else { panic!("names come first") };
    let runs = names["runs"].as_object().expect("runs by number");
    assert!(runs.values().any(|run| run["id"] == id.as_str() && run["name"] == "squares"));
    let (spans, tick) = feed.spans_until(0, 11);
    assert_eq!(spans.len(), 11);
    assert_eq!(tick["runs"][0]["id"], id.as_str());
    assert_eq!(tick["server"]["slots"], tick["server"]["workers"][0]["slots"]);
    let epoch = names["epoch"].as_str().expect("an epoch").to_owned();
    let mut again = LiveFeed::open(&server, &format!("?from=9&epoch={epoch}"));
    assert_eq!(again.spans_until(9, 11).0.len(), 2);
    server.restart();
    let mut anew = LiveFeed::open(&server, &format!("?from=9&epoch={epoch}"));
    assert_eq!(anew.spans_until(0, 11).0.len(), 11, "numbers of another life mean nothing");
}

/// Goal: a deleted run ends its feeds with a code of its own, and its history is gone.
#[test]
fn a_deleted_run_ends_its_feed() {
    let server = Server::start_default();
    let id = id_of(&server.finish(&squares(5)));
    let mut feed = LiveFeed::open(&server, &format!("?run={id}"));
    feed.spans_until(0, 6);
    server.delete(&format!("/runs/{id}")).status(204);
    let code = eventually("the end of the feed", DEADLINE, || match feed.listen() {
        Said::Closed(code) => Some(code),
        Said::Block(_) | Said::Text(_) => None,
    });
    assert_eq!(code, 4404);
    server.get(&format!("/runs/{id}/spans")).problem(404, "unknown_run");
    server.get("/live?run=ffffffff").problem(404, "unknown_run");
    server.get("/live").problem(426, "upgrade_required");
    server.get("/live?form=3").problem(400, "unknown_parameter");
}

/// Goal: failures that are alike are one group, whatever numbers their messages have.
#[test]
fn failures_come_in_groups() {
    let server = ServerOptions::default().slots(2).guests(&["lab", "numbers"]).start();
    let id = id_of(&server.finish(&json!({"tasks": {
        "div": {"call": "numbers/checked_div",
                "map": {"each": [[1, 0], [2, 0], [3, 0], [4, 2]]}},
        "panic": {"call": "lab/panic_with", "args": ["no luck"]}}})));
    let told = server.get(&format!("/runs/{id}/failures")).json();
    assert_eq!(told["total"], 4);
    let groups = told["groups"].as_array().expect("groups");
    assert_eq!(groups.len(), 2);
    assert_eq!(groups[0]["count"], 3);
    assert_eq!(groups[0]["call"], "numbers/checked_div");
    assert_eq!(groups[0]["keys"], json!(["div[0]", "div[1]", "div[2]"]));
    assert_eq!(groups[0]["example"]["message"], groups[0]["message"]);
    assert_eq!(groups[1]["kind"], "trap");
}

/// Goal: the critical path is the chain that decided the end, and a task tells who needs it.
#[test]
fn paths_and_places_are_told() {
    let server = Server::start_default();
    let id = id_of(&server.finish(&json!({"tasks": {
        "a": {"call": "numbers/inc", "args": [1]},
        "b": {"call": "numbers/inc", "args": [{"$task": "a"}]},
        "c": {"call": "numbers/inc", "args": [{"$task": "b"}]},
        "z": {"call": "numbers/inc", "map": {"zip": [{"$tasks": "e"}]}},
        "e": {"call": "numbers/dec", "map": {"range": [0, 3]}},
        "side": {"call": "numbers/inc", "args": [5], "after": ["a"]}}})));
    let place = |key: &str| server.task(&id, key)["index"].as_u64().expect("a place");
    let path = server.get(&format!("/runs/{id}/critical-path")).json();
    let keys: Vec<&str> =
        path["tasks"].as_array().into_iter().flatten().filter_map(|t| t["key"].as_str()).collect();
    assert!(!keys.is_empty() && path["us"].as_u64().is_some(), "{path}");
    let a = server.task(&id, "a");
    assert_eq!(a["dependents"], json!(["b", "side"]));
    assert_eq!(a["dependents_at"], json!([place("b"), place("side")]));
    let element = server.task(&id, "e[1]");
    assert_eq!(element["dependents"], json!(["z[1]"]));
    assert_eq!(server.task(&id, "z[1]")["deps_at"], json!([place("e[1]")]));
    let names = server
        .get(&format!("/runs/{id}/names?tasks={},{},99999", place("b"), place("e[2]")))
        .json();
    let named: Vec<&Value> =
        names["items"].as_array().into_iter().flatten().map(|item| &item["key"]).collect();
    assert_eq!(named, ["b", "e[2]"]);
    server.get(&format!("/runs/{id}/names?tasks=1,x")).problem(400, "invalid_parameter");
}

/// Goal: a module tells how long its functions took, and a worker what it uses.
#[test]
fn modules_and_workers_tell_their_figures() {
    let server = Server::start_default();
    server.finish(&squares(100));
    let told = server.get("/modules/numbers/durations").json();
    let functions = told["functions"].as_array().expect("functions");
    let square = functions.iter().find(|f| f["name"] == "square").expect("square was called");
    assert_eq!((&square["count"], &square["failed"]), (&json!(100), &json!(0)));
    let counts = square["histogram"].as_array().into_iter().flatten();
    assert_eq!(counts.filter_map(|bucket| bucket["count"].as_u64()).sum::<u64>(), 100);
    let worker = &server.get("/workers").json()["items"][0];
    assert!(worker["memory"].as_u64().is_some_and(|bytes| bytes > 1 << 20), "{worker}");
    assert_eq!(worker["restarts"], 0);
    assert_eq!(worker["lanes"][0]["state"], "up");
    wask_tests::kill_hard(server.executors()[0].pid);
    eventually("a new executor", DEADLINE, || {
        let worker = server.get("/workers").json()["items"][0].clone();
        (worker["restarts"] == 1).then_some(())
    });
}

/// Goal: graphs of tasks come as points in columns, within a limit.
#[test]
fn graphs_of_tasks_come_in_columns() {
    let server = Server::start_default();
    let id = id_of(&server.finish(&squares(300)));
    let path = format!("/runs/{id}/graph?by=task&format=columns");
    let bytes = server.get(&path).status(200).body;
    assert_eq!(bytes.get(..6), Some(b"WGRF\x01\x00".as_slice()));
    let number =
        |at: usize| bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map(u32::from_le_bytes);
    assert_eq!((number(8), number(12)), (Some(301), Some(1)), "tasks and bundles");
    let by_function = server.get(&format!("/runs/{id}/graph?by=function")).json();
    assert_eq!((&by_function["width"], &by_function["height"]), (&json!(2), &json!(1)));
    assert_eq!(by_function["edges"], json!([{"from": 0, "to": 1, "count": 300}]));
    server.get(&format!("/runs/{id}/graph?by=task")).problem(400, "invalid_parameter");
    let large = server.submit(&squares(100_001));
    server
        .get(&format!("/runs/{large}/graph?by=task&format=columns"))
        .problem(400, "too_many_tasks");
}

/// Goal: a server with a token feeds those who offer it the way browsers can, and nobody else.
#[test]
fn the_feed_asks_for_the_token() {
    let server = ServerOptions::default().slots(1).guests(&[]).arg("--token").arg("s3cret").start();
    let answer = |protocols: &str| {
        let head = format!(
            "GET /api/v1/live HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Protocol: {protocols}\r\n\r\n",
            server.authority()
        );
        let mut head_of_answer = [0; 400];
        let mut stream = wask_tests::open(&server, head.as_bytes());
        let length = std::io::Read::read(&mut stream, &mut head_of_answer).expect("an answer");
        String::from_utf8_lossy(head_of_answer.get(..length).unwrap_or_default()).into_owned()
    };
    let fed = answer("wask, wask.token.czNjcmV0").to_lowercase();
    assert!(
        fed.starts_with("http/1.1 101") && fed.contains("sec-websocket-protocol: wask\r\n"),
        "{fed}"
    );
    assert!(answer("wask, wask.token.b3RoZXI").starts_with("HTTP/1.1 401"));
    assert!(answer("wask").starts_with("HTTP/1.1 401"));
}
