//! Keeping the index up to date, in a thread of its own: the loop never waits for sled, and no
//! answer does.

use std::{
    collections::{HashSet, VecDeque},
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread::JoinHandle,
};

use wask_proto::{ObjectId, Seq, Timestamp};
use wask_store::{Index, IndexChange};

/// Batches that may wait.
const BATCHES_MAX: usize = 4;

/// Changes that may wait for the indexer. Beyond that, memo entries are forgotten: they are a
/// cache, and results must not wait for it.
const CHANGES_MAX: usize = 100_000;

/// Changes that are sent at once.
const BATCH_MIN: usize = 1_000;
const BATCH_MAX: usize = 10_000;

/// Deleted objects that are remembered; of older ones the index knows.
const GONE_MAX: usize = 10_000;

/// How long fewer changes than that may gather: a sleeping thread is expensive to wake.
const GATHER_MS: u64 = 50;

/// How much less than the rest of the server the indexer may claim of a busy processor.
const NICENESS: i32 = 10;

/// The loop's side.
pub(crate) struct Indexer {
    to_thread: Option<SyncSender<(Seq, Vec<IndexChange>)>>,
    thread: Option<JoinHandle<()>>,
    /// Batches that the thread had no room for yet.
    full: VecDeque<Vec<IndexChange>>,
    changes: Vec<IndexChange>,
    /// When the first of them came.
    begun: Timestamp,
    /// Objects that are gone, though the index may still have them.
    gone: HashSet<ObjectId>,
    /// The record up to which the journal was durable when it was looked at last.
    durable: Seq,
    /// The record up to which everything was sent.
    covered: Seq,
}

impl Indexer {
    /// Starts the thread. The index covers the journal up to `covered`.
    pub(crate) fn start(index: Arc<Index>, covered: Seq) -> std::io::Result<Self> {
        let (to_thread, batches) = sync_channel(BATCHES_MAX);
        let thread = std::thread::Builder::new()
            .name("wask-index".into())
            .spawn(move || work(&index, &batches))?;
        Ok(Self {
            to_thread: Some(to_thread),
            thread: Some(thread),
            full: VecDeque::new(),
            changes: Vec::new(),
            begun: Timestamp(0),
            gone: HashSet::new(),
            durable: Seq(0),
            covered,
        })
    }

    pub(crate) fn push(&mut self, change: IndexChange, now: Timestamp) {
        if self.changes.is_empty() && self.full.is_empty() {
            self.begun = now;
        }
        match &change {
            IndexChange::DeleteObject(id) => {
                if self.gone.len() >= GONE_MAX {
                    self.gone.clear();
                }
                self.gone.insert(*id);
            }
            IndexChange::PutObject(id, _) => drop(self.gone.remove(id)),
            IndexChange::PutMemo(..)
            | IndexChange::DeleteMemo(_)
            | IndexChange::BeginMemoGeneration => {}
        }
        self.changes.push(change);
        if self.changes.len() >= BATCH_MAX {
            self.full.push_back(std::mem::take(&mut self.changes));
        }
    }

    /// Whether an object is gone, whatever the index says.
    pub(crate) fn has_deleted(&self, id: &ObjectId) -> bool {
        self.gone.contains(id)
    }

    /// When what has gathered has to be sent.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        let waits = !self.changes.is_empty() || !self.full.is_empty();
        waits.then(|| self.begun.plus_ms(GATHER_MS))
    }

    /// Sends what has gathered, if it is enough or due. What `durable` covers is durable already:
    /// the index never runs ahead of the journal.
    pub(crate) fn flush(&mut self, durable: Seq, now: Timestamp) {
        self.durable = durable;
        let is_due = self.changes.len() >= BATCH_MIN || self.due().is_some_and(|due| due <= now);
        if !is_due {
            return;
        }
        self.begun = now;
        while let Some(batch) = self.next_batch() {
            if !self.send(batch) {
                return self.make_room();
            }
        }
    }

    fn next_batch(&mut self) -> Option<Vec<IndexChange>> {
        let batch = self.full.pop_front().unwrap_or_else(|| std::mem::take(&mut self.changes));
        (!batch.is_empty()).then_some(batch)
    }

    /// Sends a batch; tells whether the thread had room for it. Only the last one completes what
    /// the durable records say.
    fn send(&mut self, batch: Vec<IndexChange>) -> bool {
        let Some(to_thread) = &self.to_thread else { return false };
        let is_last = self.full.is_empty() && self.changes.is_empty();
        let covered = if is_last { self.durable } else { self.covered };
        match to_thread.try_send((covered, batch)) {
            Ok(()) => self.covered = covered,
            Err(TrySendError::Full((_, batch)) | TrySendError::Disconnected((_, batch))) => {
                self.full.push_front(batch);
                return false;
            }
        }
        true
    }

    fn make_room(&mut self) {
        if self.full.len() * BATCH_MAX < CHANGES_MAX {
            return;
        }
        for batch in &mut self.full {
            batch.retain(|change| !matches!(change, IndexChange::PutMemo(..)));
        }
        self.full.retain(|batch| !batch.is_empty());
    }
}

impl Drop for Indexer {
    fn drop(&mut self) {
        if let Some(to_thread) = self.to_thread.take() {
            let mut rest: Vec<IndexChange> =
                std::mem::take(&mut self.full).into_iter().flatten().collect();
            rest.append(&mut self.changes);
            let _ = to_thread.send((self.durable, rest));
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn work(index: &Index, batches: &Receiver<(Seq, Vec<IndexChange>)>) {
    // On Linux a priority set for thread 0 is the calling thread's own.
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        tracing::debug!(%error, "the indexer keeps its priority");
    }
    while let Ok((covered, changes)) = batches.recv() {
        if let Err(error) = index.apply(covered, &changes) {
            tracing::error!(%error, "the index does not take changes; it is rebuilt at the next start");
            return;
        }
    }
    if let Err(error) = index.flush() {
        tracing::error!(%error, "the index does not flush");
    }
}
