//! Server-Sent Events, as the HTML standard describes the stream.

use std::{
    io::{BufRead as _, BufReader, Read},
    net::TcpStream,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    api::Api,
    wire::{Body, open},
};

/// One event.
#[derive(Clone, PartialEq, Debug)]
pub struct Event {
    /// Its number in the journal, if it has one.
    pub id: Option<u64>,
    /// Its type; `message` if it has none.
    pub kind: String,
    /// Its data.
    pub data: Value,
}

/// An open stream of events.
#[derive(Debug)]
pub struct EventReader {
    lines: BufReader<Body>,
    deadline: Instant,
}

impl EventReader {
    /// Opens the stream at `path` (below `/api/v1`), from after event `last` on if it is given.
    #[track_caller]
    pub fn open(api: &Api, path: &str, last: Option<u64>) -> Self {
        let last = last.map_or(String::new(), |last| format!("Last-Event-ID: {last}\r\n"));
        let authority = api.authority();
        let head = format!(
            "GET /api/v1{path} HTTP/1.1\r\nHost: {authority}\r\nAccept: text/event-stream\r\n{last}\r\n"
        );
        let stream: TcpStream = open(api, head.as_bytes());
        let reply = Body::of_stream(stream);
        let (status, headers, body) = reply.expect("a stream of events begins with a head");
        assert_eq!(status, 200, "GET {path}: {headers:?}");
        let kind = headers.iter().find(|(name, _)| name == "content-type");
        assert!(kind.is_some_and(|(_, kind)| kind.starts_with("text/event-stream")), "{headers:?}");
        Self { lines: BufReader::new(body), deadline: Instant::now() + Duration::from_secs(30) }
    }

    /// The next event; `None` at the end of the stream.
    #[track_caller]
    pub fn next_event(&mut self) -> Option<Event> {
        let mut event = Event { id: None, kind: "message".to_owned(), data: Value::Null };
        let mut data = String::new();
        loop {
            assert!(Instant::now() < self.deadline, "no event came in time; so far {event:?}");
            let mut line = String::new();
            if self.lines.read_line(&mut line).expect("the stream can be read") == 0 {
                return None;
            }
            let line = line.trim_end_matches(['\r', '\n']);
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match name {
                "id" => event.id = value.parse().ok(),
                "event" => event.kind = value.to_owned(),
                "data" => data.push_str(value),
                "" if line.is_empty() && !data.is_empty() => {
                    event.data = serde_json::from_str(&data).expect("an event's data is JSON");
                    return Some(event);
                }
                _ => {}
            }
        }
    }

    /// Events up to the first that fits, that one included.
    #[track_caller]
    pub fn until(&mut self, mut fits: impl FnMut(&Event) -> bool) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(event) = self.next_event() {
            let last = fits(&event);
            events.push(event);
            if last {
                return events;
            }
        }
        panic!("the stream ended before the event that was waited for; there were {events:?}");
    }

    /// Everything that is left, as text.
    pub fn rest(mut self) -> String {
        let mut text = String::new();
        // What was read before an error still counts.
        let _ = self.lines.read_to_string(&mut text);
        text
    }
}
