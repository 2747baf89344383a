//! Topics: offsets, retention, long polls and streams that resume without a gap.

use std::thread;

use serde_json::{Value, json};
use wask_tests::{Api, DEADLINE, Event, EventReader, Server, eventually, items_of};

fn post(api: &Api, topic: &str, value: &Value) -> u64 {
    let posted = api.post(&format!("/sync/topics/{topic}"), &json!({"value": value})).json();
    posted["offset"].as_u64().expect("an offset is a number")
}

fn ids(events: &[Event]) -> Vec<u64> {
    events.iter().filter_map(|event| event.id).collect()
}

/// Goal: offsets count from 0 without a gap, over a crash too, and pages follow each other.
#[test]
fn offsets_go_on_over_a_crash() {
    let mut server = Server::start_default();
    let empty = server.get("/sync/topics/log").json();
    assert_eq!(empty, json!({"items": [], "first": 0, "next": null}));
    for n in 0..10 {
        assert_eq!(post(&server, "log", &json!({"n": n})), n);
    }
    server.restart_hard();
    assert_eq!(post(&server, "log", &json!({"n": 10})), 10);
    let page = server.get("/sync/topics/log?limit=4").json();
    assert_eq!(
        (items_of(&page, "offset"), &page["next"]),
        (vec![json!(0), json!(1), json!(2), json!(3)], &json!(3))
    );
    let page = server.get("/sync/topics/log?after=3").json();
    assert_eq!(page["items"][0], json!({"offset": 4, "value": {"n": 4}}));
    assert_eq!((page["items"].as_array().map(Vec::len), &page["next"]), (Some(7), &json!(10)));
    let end = server.get("/sync/topics/log?after=10").json();
    assert_eq!(end, json!({"items": [], "first": 0, "next": 10}));
    server.get("/sync/topics/log?after=10&wait=50ms").problem(408, "timeout");
    assert_eq!(server.delete("/sync/topics/log").status, 204);
    server.delete("/sync/topics/log").problem(404, "unknown_topic");
    server.restart_hard();
    assert_eq!(server.get("/sync/topics").json()["total"], 0);
}

/// Goal: a topic keeps as many items as it is told; the first offset that is kept is shown.
#[test]
fn old_items_go() {
    let mut server = Server::start_default();
    let make = |server: &Api, retain: u64| {
        let request = server.request("PUT", "/sync/topics/short");
        request.json(&json!({"retain": retain})).send().json()
    };
    assert_eq!(make(&server, 3)["retain"], 3);
    (0..5).for_each(|n| assert_eq!(post(&server, "short", &json!(n)), n));
    for _ in 0..2 {
        let page = server.get("/sync/topics/short?after=0").json();
        assert_eq!(
            (items_of(&page, "value"), &page["first"]),
            (vec![json!(2), json!(3), json!(4)], &json!(2))
        );
        server.restart_hard();
    }
    assert_eq!(make(&server, 1)["first"], 4);
    assert_eq!(post(&server, "short", &json!(5)), 5);
    assert_eq!(server.get("/sync/topics/short").json()["first"], 5);
    let wrong = server.request("PUT", "/sync/topics/short").json(&json!({"retain": 0})).send();
    assert_eq!(wrong.errors(400, "invalid_request"), ["wrong_value /retain"]);
}

/// Goal: everybody who waits gets the item, whoever came before the topic included.
#[test]
fn an_item_wakes_all_who_wait() {
    let server = crate::shared();
    let server = &server;
    thread::scope(|scope| {
        let wait = || server.get("/sync/topics/news?wait=30s").json()["items"].clone();
        let waiting = [scope.spawn(wait), scope.spawn(wait)];
        eventually("two who wait", DEADLINE, || {
            let metrics = server.get("/metrics").text();
            metrics.contains("wask_sync_waiters{kind=\"topic\"} 2").then_some(())
        });
        post(server, "news", &json!("hot"));
        for waiting in waiting {
            assert_eq!(waiting.join().expect("an answer"), json!([{"offset": 0, "value": "hot"}]));
        }
    });
}

/// Goal: a stream replays what is there and goes on live; resumed anywhere, also after a crash, it
/// has no gap and tells nothing twice.
#[test]
fn a_stream_resumes_without_a_gap() {
    let mut server = Server::start_default();
    (0..5).for_each(|n| _ = post(&server, "feed", &json!(n)));
    let read = |server: &Api, last: Option<u64>, until: u64| {
        let mut reader = EventReader::open(server, "/sync/topics/feed", last);
        reader.until(|event| event.id == Some(until))
    };
    let mut live = EventReader::open(&server, "/sync/topics/feed", None);
    let replayed = live.until(|event| event.id == Some(4));
    assert_eq!(ids(&replayed), [0, 1, 2, 3, 4]);
    assert_eq!(replayed[3].data, json!({"offset": 3, "value": 3}));
    (5..8).for_each(|n| _ = post(&server, "feed", &json!(n)));
    assert_eq!(ids(&live.until(|event| event.id == Some(7))), [5, 6, 7]);
    server.restart_hard();
    assert_eq!(ids(&read(&server, Some(2), 7)), [3, 4, 5, 6, 7]);
    let mut resumed = EventReader::open(&server, "/sync/topics/feed?after=6", None);
    post(&server, "feed", &json!(8));
    assert_eq!(ids(&resumed.until(|event| event.id == Some(8))), [7, 8]);
    let request = server.request("GET", "/sync/topics/feed").header("accept", "text/event-stream");
    request.header("last-event-id", "x").send().problem(400, "invalid_header");
}

/// Goal: who reads a topic that was deleted and made again sees the new items, not silence.
#[test]
fn a_topic_that_is_made_again_is_read_from_its_beginning() {
    let server = crate::shared();
    (0..5).for_each(|n| _ = post(&server, "again", &json!(n)));
    assert_eq!(server.delete("/sync/topics/again").status, 204);
    post(&server, "again", &json!("new"));
    let page = server.get("/sync/topics/again?after=4&wait=30s").json();
    assert_eq!(items_of(&page, "value"), ["new"]);
}
