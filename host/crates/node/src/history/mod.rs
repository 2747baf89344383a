//! What attempts took, for readers: the server loop appends, everything else happens elsewhere.
//!
//! The loop puts what became durable into an inbox and goes on. A thread of its own, and whoever
//! reads, folds the inbox into logs: one for each run, of which full blocks are sealed, and one of
//! the latest spans of all runs. Nothing here ever asks the loop, and nothing is buffered for a
//! reader: it names the span with which it goes on. After a restart the journal tells the same
//! spans again, in the same order.

mod all;
mod dictionary;
mod entry;
mod logs;
mod run;

use std::{
    path::PathBuf,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use wask_proto::{ModuleId, RunId, Span, WorkerId, decode_block};

pub(crate) use self::entry::{Attempt, Entry};
use self::logs::Logs;
pub use self::{
    all::RunName,
    dictionary::{Dictionary, Lane},
    logs::Durations,
};

/// How long entries gather before the thread folds them in.
const GATHER: Duration = Duration::from_millis(50);

/// A stretch of spans, encoded.
#[derive(Clone, Debug)]
pub struct SpanPage {
    /// The number of the first span.
    pub first: u64,
    /// The number after the last one.
    pub next: u64,
    /// The block, if there is any span.
    pub block: Option<Vec<u8>>,
    /// Names of the runs that the block speaks of, by their numbers; only for all runs.
    pub runs: Vec<(u32, RunName)>,
}

/// What there is of a run.
#[derive(Clone, Debug)]
pub struct SpanIndex {
    /// Spans in all.
    pub total: u64,
    /// Blocks that are complete.
    pub sealed: u64,
    /// What starts count from, in microseconds since the Unix epoch.
    pub base_us: u64,
    /// Names.
    pub names: Dictionary,
}

/// The history of all runs; cheap to clone.
#[derive(Clone)]
pub struct History(Arc<Shared>);

struct Shared {
    inbox: Mutex<Vec<Entry>>,
    arrived: Condvar,
    logs: Mutex<Logs>,
}

impl History {
    /// An empty history, in which the slots of the local worker come first. Sealed blocks are kept
    /// in files below `dir`, or in memory.
    pub(crate) fn start(dir: Option<PathBuf>, local: (WorkerId, u16)) -> std::io::Result<Self> {
        let (worker, slots) = local;
        let lanes = (0..slots).map(|slot| Lane { worker, slot }).collect();
        let logs = Logs::new(dir, lanes)?;
        let shared =
            Shared { inbox: Mutex::default(), arrived: Condvar::new(), logs: Mutex::new(logs) };
        let history = Self(Arc::new(shared));
        let weak = Arc::downgrade(&history.0);
        std::thread::Builder::new().name("wask-history".into()).spawn(move || keep(&weak))?;
        Ok(history)
    }

    /// Takes what has become durable. Never waits for a reader.
    pub(crate) fn append(&self, entries: impl Iterator<Item = Entry>) {
        let mut inbox = lock(&self.0.inbox);
        let was_empty = inbox.is_empty();
        inbox.extend(entries);
        let is_first = was_empty && !inbox.is_empty();
        drop(inbox);
        if is_first {
            self.0.arrived.notify_one();
        }
    }

    /// What there is of a run.
    pub fn index(&self, run: RunId) -> Option<SpanIndex> {
        self.logs().index(run)
    }

    /// A complete block of a run.
    pub fn sealed(&self, run: RunId, block: u64) -> Option<std::io::Result<Arc<[u8]>>> {
        let sealed = self.logs().sealed(run, block)?;
        // Files are read without holding up anybody.
        Some(sealed.read())
    }

    /// Spans of a run from `from` on, at most a block of them.
    pub fn spans(&self, run: RunId, from: u64) -> Option<SpanPage> {
        let page = self.logs().spans(run, from)?;
        Some(match page {
            run::Tail::Open(page) => page,
            run::Tail::Sealed(sealed, first) => SpanPage {
                first,
                next: first + wask_proto::BLOCK_SPANS as u64,
                block: sealed.read().ok().map(|bytes| bytes.to_vec()),
                runs: Vec::new(),
            },
        })
    }

    /// The same, decoded: for exports.
    pub fn rows(&self, run: RunId, from: u64) -> Option<(u64, Vec<Span>)> {
        let page = self.spans(run, from)?;
        let spans = page.block.as_deref().and_then(decode_block).map(|(_, _, spans)| spans);
        Some((page.next, spans.unwrap_or_default()))
    }

    /// The latest spans of all runs from `from` on.
    pub fn latest(&self, from: u64) -> SpanPage {
        self.logs().latest(from)
    }

    /// Numbers of runs in the feed of all runs, with their names.
    pub fn numbers(&self, runs: &[RunId]) -> Vec<(u32, RunName)> {
        self.logs().numbers(runs)
    }

    /// Names that the feed of all runs uses, and how many spans it has had.
    pub fn latest_index(&self) -> SpanIndex {
        self.logs().latest_index()
    }

    /// How long the functions of a module took, over all runs.
    pub fn durations(&self, module: ModuleId) -> Vec<Durations> {
        self.logs().durations(module)
    }

    /// The logs, with everything that has arrived.
    fn logs(&self) -> MutexGuard<'_, Logs> {
        self.0.logs()
    }
}

impl Shared {
    fn logs(&self) -> MutexGuard<'_, Logs> {
        let mut logs = lock(&self.logs);
        // Taken while the logs are held, so that entries are folded in in their order.
        let arrived = std::mem::take(&mut *lock(&self.inbox));
        for entry in arrived {
            logs.fold(entry);
        }
        logs
    }
}

/// Folds entries in until nobody holds the history any more.
fn keep(weak: &Weak<Shared>) {
    const LOOK_AGAIN: Duration = Duration::from_secs(5);
    while let Some(shared) = weak.upgrade() {
        let inbox = lock(&shared.inbox);
        let waited = shared.arrived.wait_timeout_while(inbox, LOOK_AGAIN, |inbox| inbox.is_empty());
        let (inbox, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        drop(inbox);
        if !timeout.timed_out() {
            std::thread::sleep(GATHER);
            drop(shared.logs());
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
