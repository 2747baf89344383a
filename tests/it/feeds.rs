//! Live feeds: Server-Sent Events that lose nothing and repeat nothing.

use serde_json::json;
use wask_tests::{Api, Event, EventReader, Server};

fn is_end(event: &Event) -> bool {
    event.kind == "run-finished"
}

fn ids(events: &[Event]) -> Vec<u64> {
    events.iter().filter_map(|event| event.id).collect()
}

fn graph(count: u32) -> serde_json::Value {
    json!({"tasks": {
        "sq": {"call": "numbers/square", "map": {"range": [0, count]}},
        "total": {"call": "numbers/sum", "args": [{"$tasks": "sq"}]}}})
}

/// How many tasks these events report as succeeded.
fn succeeded(events: &[Event]) -> u64 {
    let tasks = events.iter().filter(|event| event.data["state"] == "succeeded");
    let tasks = tasks.filter(|event| event.kind == "task");
    tasks.map(|event| event.data["count"].as_u64().unwrap_or(1)).sum()
}

fn history(server: &Api, run: &str, last: Option<u64>) -> Vec<Event> {
    EventReader::open(server, &format!("/runs/{run}/events"), last).until(is_end)
}

/// Goal: a run's events, read from the beginning, tell each success once and then the end.
#[test]
fn a_runs_history_is_complete() {
    let server = Server::start_default();
    let run = server.finish(&graph(50));
    let events = history(&server, run["id"].as_str().expect("an id"), Some(0));
    assert_eq!(succeeded(&events), 51, "{events:?}");
    let ids = ids(&events);
    assert!(ids.is_sorted(), "the numbers grow: {ids:?}");
}

/// Goal: a reader that comes back with the last number it saw misses nothing and sees nothing twice.
#[test]
fn a_resumed_stream_has_no_gap() {
    let server = Server::start_default();
    let run = server.finish(&graph(200));
    let id = run["id"].as_str().expect("an id");
    let all = ids(&history(&server, id, Some(0)));
    assert!(all.len() >= 3, "too few events to resume between: {all:?}");
    for cut in 0..all.len() - 1 {
        let after = ids(&history(&server, id, Some(all[cut])));
        let expected: Vec<u64> = all.iter().copied().filter(|number| *number > all[cut]).collect();
        assert_eq!(after, expected, "after {}", all[cut]);
    }
}

/// Goal: a reader that is there while things happen sees what a later reader finds in the history.
#[test]
fn live_events_are_those_of_the_history() {
    let server = Server::start_default();
    let open = json!({"open": true, "tasks": {}});
    let id = server.submit(&open);
    let mut live = EventReader::open(&server, &format!("/runs/{id}/events"), Some(0));
    for n in 0..20 {
        let key = format!("t{n}");
        let tasks = json!({"tasks": {key: {"call": "numbers/inc", "args": [n]}}});
        server.post(&format!("/runs/{id}/tasks"), &tasks).json();
    }
    server.post(&format!("/runs/{id}/close"), &json!({}));
    let live = live.until(is_end);
    assert_eq!(succeeded(&live), 20);
    assert_eq!(ids(&live), ids(&history(&server, &id, Some(0))));
}

/// Goal: the feed of the whole server tells of every run, and survives a restart without a gap.
#[test]
fn the_feed_of_the_server_survives_a_restart() {
    let mut server = Server::start_default();
    let one = server.finish(&graph(10));
    let read = |server: &Api, last: u64, run: &str| {
        let mut reader = EventReader::open(server, "/events", Some(last));
        reader.until(|event| is_end(event) && event.data["run"] == run)
    };
    let before = read(&server, 0, one["id"].as_str().expect("an id"));
    let last = *ids(&before).last().expect("numbered events");
    server.restart_hard();
    let other = server.finish(&graph(20));
    let other = other["id"].as_str().expect("an id");
    let after = read(&server, last, other);
    assert!(ids(&after).iter().all(|number| *number > last));
    let of_other = |event: &&Event| event.data["run"] == other;
    let of_other: Vec<Event> = after.iter().filter(of_other).cloned().collect();
    assert_eq!(succeeded(&of_other), 21);
    let whole = ids(&read(&server, 0, other));
    let mut parts = ids(&before);
    parts.extend(ids(&after));
    assert_eq!(whole, parts, "the history read in two parts is the whole");
}

/// Goal: a number that is none is refused, and so is a run that is not there.
#[test]
fn wrong_feeds_are_refused() {
    let server = crate::shared();
    let request = server.request("GET", "/events").header("last-event-id", "yesterday");
    request.send().problem(400, "invalid_header");
    server.get(&format!("/runs/{}/events", "0".repeat(16))).problem(404, "unknown_run");
}
