//! The feed of events: from the journal first, then live, without gap or repetition.
//!
//! The hub passes on what the loop publishes and keeps nothing; a reader that is too slow is cut
//! off and comes back with the number of the last event it saw.

use std::{
    collections::VecDeque,
    ops::ControlFlow,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use futures::{Stream, StreamExt as _, stream};
use tokio::sync::broadcast;
use wask_proto::{Record, RunId, Seq};
use wask_store::JournalReader;

use crate::{handle::Handle, view::EventView};

/// Batches that a reader may be behind.
const BATCHES_MAX: usize = 1_024;

/// Records that are read from the journal at once.
const CHUNK: usize = 1_000;

/// Events, for as long as the reader keeps up.
pub struct EventStream(Pin<Box<dyn Stream<Item = EventView> + Send>>);

impl Stream for EventStream {
    type Item = EventView;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<EventView>> {
        self.0.poll_next_unpin(context)
    }
}

/// Where the loop publishes and readers subscribe.
pub(crate) struct EventHub {
    sender: broadcast::Sender<Arc<Vec<EventView>>>,
    durable: AtomicU64,
    reader: Arc<Mutex<Box<dyn JournalReader>>>,
}

impl EventHub {
    pub(crate) fn new(reader: Box<dyn JournalReader>) -> Self {
        let (sender, _) = broadcast::channel(BATCHES_MAX);
        Self { sender, durable: AtomicU64::new(0), reader: Arc::new(Mutex::new(reader)) }
    }

    /// Whether anybody reads.
    pub(crate) fn is_watched(&self) -> bool {
        self.sender.receiver_count() > 0
    }

    pub(crate) fn publish(&self, durable: Seq, events: Vec<EventView>) {
        self.durable.store(durable.0, Ordering::Release);
        if !events.is_empty() {
            // Nobody listening is no error.
            let _ = self.sender.send(Arc::new(events));
        }
    }

    pub(crate) fn durable(&self) -> Seq {
        Seq(self.durable.load(Ordering::Acquire))
    }

    pub(crate) fn stream(
        &self,
        handle: Handle,
        run: Option<RunId>,
        after: Option<Seq>,
    ) -> EventStream {
        let feed = Feed {
            handle,
            run,
            past: after,
            seen: Seq(0),
            joined: false,
            live: self.sender.subscribe(),
            reader: Arc::clone(&self.reader),
            ready: VecDeque::new(),
        };
        EventStream(Box::pin(stream::unfold(feed, Feed::next)))
    }
}

/// One reader's place in the feed.
struct Feed {
    handle: Handle,
    run: Option<RunId>,
    /// The last record that was read from the journal; `None` once the feed is live.
    past: Option<Seq>,
    /// Live events up to here were told already.
    seen: Seq,
    joined: bool,
    live: broadcast::Receiver<Arc<Vec<EventView>>>,
    reader: Arc<Mutex<Box<dyn JournalReader>>>,
    ready: VecDeque<EventView>,
}

impl Feed {
    async fn next(mut self) -> Option<(EventView, Self)> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some((event, self));
            }
            if !self.joined {
                // Whatever is recorded after this answer is published to us: we have subscribed.
                self.seen = self.handle.read(|server| server.last_recorded()).await?;
                self.joined = true;
            }
            match self.past {
                Some(past) if past < self.seen => self.read_past(past).await?,
                _ => {
                    self.past = None;
                    self.receive().await?;
                }
            }
        }
    }

    async fn read_past(&mut self, past: Seq) -> Option<()> {
        let (reader, until) = (Arc::clone(&self.reader), self.seen);
        let read = tokio::task::spawn_blocking(move || read_chunk(&reader, past, until));
        let records = read.await.ok()??;
        self.past = Some(records.last().map_or(until, |(seq, _)| *seq));
        let run = self.run;
        let events = self.handle.read(move |server| server.events_of(&records)).await?;
        self.ready.extend(events.into_iter().filter(|event| concerns(event, run)));
        Some(())
    }

    async fn receive(&mut self) -> Option<()> {
        let batch = self.live.recv().await.ok()?;
        let (run, seen) = (self.run, self.seen);
        let new = batch.iter().filter(|event| event.seq.is_none_or(|seq| seq > seen));
        self.ready.extend(new.filter(|event| concerns(event, run)).cloned());
        Some(())
    }
}

fn concerns(event: &EventView, run: Option<RunId>) -> bool {
    run.is_none() || event.run == run
}

fn read_chunk(
    reader: &Mutex<Box<dyn JournalReader>>,
    past: Seq,
    until: Seq,
) -> Option<Vec<(Seq, Record)>> {
    let mut records = Vec::new();
    let mut reader = reader.lock().unwrap_or_else(PoisonError::into_inner);
    let read = reader.read(Seq(past.0 + 1), &mut |seq, bytes| {
        if seq > until || records.len() >= CHUNK {
            return ControlFlow::Break(());
        }
        if let Ok(record) = Record::decode(bytes) {
            records.push((seq, record));
        }
        ControlFlow::Continue(())
    });
    match read {
        Ok(()) => Some(records),
        Err(error) => {
            tracing::error!(%error, "the journal cannot be read for a feed");
            None
        }
    }
}
