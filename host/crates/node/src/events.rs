//! The feed of events: from the journal first, then live, without gap or repetition.
//!
//! The hub passes on what the loop publishes and keeps nothing; a reader that is too slow is cut
//! off and comes back with the number of the last event it saw.

use std::{
    collections::VecDeque,
    ops::ControlFlow,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use futures::{Stream, StreamExt as _, stream};
use rustc_hash::FxHashMap;
use tokio::sync::broadcast;
use wask_proto::{Record, RunId, Seq};
use wask_store::JournalReader;

use crate::{handle::Handle, view::EventView};

/// Batches that a reader of everything may be behind.
const BATCHES_MAX: usize = 1_024;
/// The same for a reader of one run: fewer, because there may be many such channels.
const BATCHES_OF_RUN_MAX: usize = 256;

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

/// Events that became durable together.
type Batch = Arc<Vec<EventView>>;

/// Where the loop publishes and readers subscribe. Readers of one run hear of no other, and cost
/// nothing while it rests.
pub(crate) struct EventHub {
    readers: Mutex<Readers>,
    /// How many runs have readers, and whether anybody reads all.
    channels: AtomicUsize,
    durable: AtomicU64,
    reader: Arc<Mutex<Box<dyn JournalReader>>>,
}

struct Readers {
    of_all: broadcast::Sender<Batch>,
    of_runs: FxHashMap<RunId, broadcast::Sender<Batch>>,
}

impl EventHub {
    pub(crate) fn new(reader: Box<dyn JournalReader>) -> Self {
        let (of_all, _) = broadcast::channel(BATCHES_MAX);
        Self {
            readers: Mutex::new(Readers { of_all, of_runs: FxHashMap::default() }),
            channels: AtomicUsize::new(0),
            durable: AtomicU64::new(0),
            reader: Arc::new(Mutex::new(reader)),
        }
    }

    /// Whether anybody reads events of that run, or those that belong to none.
    pub(crate) fn is_watched(&self, run: Option<RunId>) -> bool {
        self.channels.load(Ordering::Acquire) > 0 && self.lock().has(run)
    }

    pub(crate) fn publish(&self, durable: Seq, events: Vec<EventView>) {
        self.durable.store(durable.0, Ordering::Release);
        if !events.is_empty() {
            let mut readers = self.lock();
            readers.publish(events);
            self.channels.store(readers.channels(), Ordering::Release);
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
        let live = {
            let mut readers = self.lock();
            let live = readers.subscribe(run);
            self.channels.store(readers.channels(), Ordering::Release);
            live
        };
        let feed = Feed {
            handle,
            run,
            past: after,
            seen: Seq(0),
            joined: false,
            live,
            reader: Arc::clone(&self.reader),
            ready: VecDeque::new(),
        };
        EventStream(Box::pin(stream::unfold(feed, Feed::next)))
    }

    fn lock(&self) -> MutexGuard<'_, Readers> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Readers {
    fn has(&self, run: Option<RunId>) -> bool {
        let of_run = run.and_then(|run| self.of_runs.get(&run));
        self.of_all.receiver_count() > 0 || of_run.is_some_and(|of| of.receiver_count() > 0)
    }

    fn channels(&self) -> usize {
        self.of_runs.len() + usize::from(self.of_all.receiver_count() > 0)
    }

    /// A reader joins. Those of runs that nobody reads any more go.
    fn subscribe(&mut self, run: Option<RunId>) -> broadcast::Receiver<Batch> {
        let Some(run) = run else { return self.of_all.subscribe() };
        if self.of_runs.len() >= self.of_runs.capacity() {
            self.of_runs.retain(|_, of| of.receiver_count() > 0);
        }
        let new = || broadcast::channel(BATCHES_OF_RUN_MAX).0;
        self.of_runs.entry(run).or_insert_with(new).subscribe()
    }

    fn publish(&mut self, events: Vec<EventView>) {
        if !self.of_runs.is_empty() {
            let mut of_runs = FxHashMap::<RunId, Vec<EventView>>::default();
            for event in &events {
                if let Some(run) = event.run.filter(|run| self.of_runs.contains_key(run)) {
                    of_runs.entry(run).or_default().push(event.clone());
                }
            }
            for (run, events) in of_runs {
                let sent = self.of_runs.get(&run).map(|of| of.send(Arc::new(events)));
                if let Some(Err(_)) = sent {
                    // Its readers have left.
                    self.of_runs.remove(&run);
                }
            }
        }
        if self.of_all.receiver_count() > 0 {
            // Nobody listening is no error.
            let _ = self.of_all.send(Arc::new(events));
        }
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
    live: broadcast::Receiver<Batch>,
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

#[cfg(test)]
mod tests {
    use wask_proto::Timestamp;
    use wask_store::{Journal as _, MemoryJournal};

    use super::*;
    use crate::view::EventKind;

    fn event(run: Option<u64>) -> EventView {
        EventView { seq: None, at: Timestamp(1), run: run.map(RunId), what: EventKind::RunClosed }
    }

    fn runs(receiver: &mut broadcast::Receiver<Batch>) -> Vec<Option<u64>> {
        let mut heard = Vec::new();
        while let Ok(batch) = receiver.try_recv() {
            heard.extend(batch.iter().map(|event| event.run.map(|run| run.0)));
        }
        heard
    }

    /// Goal: a reader of a run hears of that one alone, a reader of all hears everything, and what
    /// nobody reads is not asked for.
    #[test]
    fn readers_of_a_run_hear_of_no_other() {
        let hub = EventHub::new(MemoryJournal::new().reader());
        assert!(!hub.is_watched(Some(RunId(1))) && !hub.is_watched(None));
        let subscribe = |run: Option<u64>| {
            let mut readers = hub.lock();
            let receiver = readers.subscribe(run.map(RunId));
            hub.channels.store(readers.channels(), Ordering::Release);
            receiver
        };
        let mut of_one = subscribe(Some(1));
        assert!(hub.is_watched(Some(RunId(1))));
        assert!(!hub.is_watched(Some(RunId(2))) && !hub.is_watched(None));
        let mut of_all = subscribe(None);
        assert!(hub.is_watched(Some(RunId(2))) && hub.is_watched(None));
        hub.publish(Seq(1), vec![event(Some(1)), event(Some(2)), event(None), event(Some(1))]);
        assert_eq!(runs(&mut of_one), [Some(1), Some(1)]);
        assert_eq!(runs(&mut of_all), [Some(1), Some(2), None, Some(1)]);
        drop((of_one, of_all));
        assert!(!hub.is_watched(Some(RunId(1))) && !hub.is_watched(None));
        hub.publish(Seq(2), vec![event(Some(1))]);
        assert_eq!(hub.channels.load(Ordering::Acquire), 0, "nothing is kept for who has left");
    }
}
