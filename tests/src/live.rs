//! The live feed: a WebSocket with blocks of spans and ticks, read as `docs/dashboard-data.md`
//! describes them.

use std::{net::TcpStream, time::Duration};

use serde_json::Value;
use tungstenite::{Message, WebSocket, protocol::frame::coding::CloseCode};

use crate::api::Api;

/// A span, as far as tests look at it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Span {
    /// Place of the task.
    pub task: u32,
    /// Number of the function.
    pub function: u16,
    /// Number of the lane.
    pub lane: u16,
    /// Number of the attempt.
    pub attempt: u16,
    /// How it ended.
    pub state: u8,
    /// Microseconds after the base.
    pub start: f64,
    /// Microseconds.
    pub dur: f32,
}

/// A decoded block.
#[derive(Clone, PartialEq, Debug)]
pub struct Block {
    /// Number of the first span.
    pub first: u64,
    /// The spans.
    pub spans: Vec<Span>,
}

/// What the feed says.
#[derive(Clone, PartialEq, Debug)]
pub enum Said {
    /// A block of spans.
    Block(Block),
    /// A text message.
    Text(Value),
    /// The end, with its code.
    Closed(u16),
}

/// An open feed.
#[derive(Debug)]
pub struct LiveFeed(WebSocket<TcpStream>);

impl Block {
    /// Reads a block.
    #[track_caller]
    pub fn decode(bytes: &[u8]) -> Self {
        assert_eq!(bytes.get(..6), Some(b"WSPN\x01\x00".as_slice()), "the head of a block");
        let has_runs = number::<2>(bytes, 6).map(u16::from_le_bytes) == Some(1);
        let first = number(bytes, 8).map(u64::from_le_bytes).expect("a head of 32 bytes");
        let count = number(bytes, 24).map(u32::from_le_bytes).expect("a head of 32 bytes") as usize;
        let padded = |bytes: usize| (count * bytes).next_multiple_of(8);
        let (start, dur) = (32, 32 + padded(8));
        let task = dur + 8 * padded(4);
        let function = task + padded(4);
        let lane = function + padded(2);
        let attempt = lane + padded(2);
        let state = attempt + padded(2);
        let end = state + 2 * padded(1) + if has_runs { padded(4) } else { 0 };
        assert_eq!(bytes.len(), end, "the length of a block of {count} spans");
        let span = |at: usize| {
            Some(Span {
                start: f64::from_le_bytes(number(bytes, start + 8 * at)?),
                dur: f32::from_le_bytes(number(bytes, dur + 4 * at)?),
                task: u32::from_le_bytes(number(bytes, task + 4 * at)?),
                function: u16::from_le_bytes(number(bytes, function + 2 * at)?),
                lane: u16::from_le_bytes(number(bytes, lane + 2 * at)?),
                attempt: u16::from_le_bytes(number(bytes, attempt + 2 * at)?),
                state: *bytes.get(state + at)?,
            })
        };
        let spans = (0..count).map_while(span).collect();
        Self { first, spans }
    }
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

impl LiveFeed {
    /// Opens the feed with this query, `?run=…`.
    #[track_caller]
    pub fn open(api: &Api, query: &str) -> Self {
        let stream = TcpStream::connect(api.authority()).expect("the server listens");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a socket has time-outs");
        let url = format!("ws://{}/api/v1/live{query}", api.authority());
        let opened = tungstenite::client(url, stream);
        Self(opened.expect("the feed opens").0)
    }

    /// Says something to the server.
    #[track_caller]
    pub fn say(&mut self, text: &str) {
        self.0.send(Message::text(text)).expect("the server listens");
    }

    /// What comes next.
    #[track_caller]
    pub fn listen(&mut self) -> Said {
        loop {
            match self.0.read().expect("the feed goes on, or ends properly") {
                Message::Binary(bytes) => return Said::Block(Block::decode(&bytes)),
                Message::Text(text) => {
                    return Said::Text(serde_json::from_str(&text).expect("messages are JSON"));
                }
                Message::Close(frame) => {
                    return Said::Closed(frame.map_or(0, |frame| CloseCode::into(frame.code)));
                }
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }

    /// Spans until there are `total`, which follow one another from `from` on, and the last tick.
    #[track_caller]
    pub fn spans_until(&mut self, from: u64, total: u64) -> (Vec<Span>, Value) {
        let mut spans: Vec<Span> = Vec::new();
        loop {
            match self.listen() {
                Said::Block(block) => {
                    assert_eq!(block.first, from + spans.len() as u64, "without gap or repetition");
                    spans.extend(block.spans);
                }
                Said::Text(tick) if tick["type"] == "tick" => {
                    let told = tick["total"].as_u64().expect("a total");
                    assert_eq!(told, from + spans.len() as u64, "a tick tells what was sent");
                    if told >= total {
                        return (spans, tick);
                    }
                }
                Said::Text(_) => {}
                Said::Closed(code) => panic!("the feed ended with {code}"),
            }
        }
    }
}
