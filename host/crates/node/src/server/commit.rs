//! Making records durable: a thread that appends batches to the journal, and the loop's side of it.
//!
//! One batch is on its way at a time; what arrives meanwhile forms the next. The busier the
//! server, the larger the batch. When a single answer waits, nothing else is to be done and the disk
//! is quick, the loop appends the batch by itself, which saves two changes of threads. A batch for
//! which no answer waits lingers a little: most tasks
//! end without anybody waiting for that very end, and every sync costs a disk write and four
//! changes of threads. The answers that wait for a batch go along with it and are given as soon as it
//! is durable; the committer changes no state.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use tokio::sync::mpsc;
use wask_proto::{Record, Seq, Timestamp};
use wask_store::{Journal, JournalError, RecordBatch};

use super::{
    command::{CommitReport, Due, Input},
    sync::After,
};

/// Records that become durable together, and what may be told then.
struct Batch {
    first: Seq,
    records: RecordBatch,
    answers: Vec<Due>,
}

/// The loop's side: the batch that is being filled, and how far the journal has come.
pub(crate) struct JournalPort {
    to_committer: Option<SyncSender<Batch>>,
    /// For a batch that the loop appends by itself. Nobody else has it then.
    journal: Option<SharedJournal>,
    thread: Option<JoinHandle<()>>,
    batch: RecordBatch,
    /// Number of the first record of `batch`.
    first: Seq,
    /// When `batch` got its first record.
    begun: Timestamp,
    in_flight: Option<Seq>,
    /// How long the last batch took.
    last_sync: Duration,
    /// For how long the loop has waited for the disk since it was asked last.
    waited: Duration,
    /// Everything up to here is durable.
    pub(crate) durable: Seq,
    /// Whether the last commit found no space.
    pub(crate) full: bool,
    /// Why the journal cannot go on.
    pub(crate) broken: Option<String>,
    /// Commits since the start.
    pub(crate) commits: u64,
}

impl JournalPort {
    /// A port to a journal whose last record is `durable`. Nothing is written before
    /// [`JournalPort::start`].
    pub(crate) fn new(durable: Seq) -> Self {
        Self {
            to_committer: None,
            journal: None,
            last_sync: Duration::ZERO,
            waited: Duration::ZERO,
            thread: None,
            batch: RecordBatch::default(),
            first: Seq(durable.0 + 1),
            begun: Timestamp(0),
            in_flight: None,
            durable,
            full: false,
            broken: None,
            commits: 0,
        }
    }

    /// Starts the committer.
    pub(crate) fn start(
        &mut self,
        journal: Box<dyn Journal>,
        inputs: mpsc::Sender<Input>,
    ) -> std::io::Result<()> {
        let (to_committer, batches) = sync_channel(1);
        let journal = Arc::new(Mutex::new(journal));
        self.journal = Some(Arc::clone(&journal));
        let thread = std::thread::Builder::new()
            .name("wask-commit".into())
            .spawn(move || commit(&journal, &batches, &inputs))?;
        self.to_committer = Some(to_committer);
        self.thread = Some(thread);
        Ok(())
    }

    /// Takes a journal in memory, instead of [`JournalPort::start`]. It needs no thread: nothing
    /// waits for a disk.
    pub(crate) fn start_in_memory(&mut self, journal: Box<dyn Journal>) {
        self.journal = Some(Arc::new(Mutex::new(journal)));
    }

    /// Adds a record to the next batch; tells its number.
    pub(crate) fn push(&mut self, record: &Record, now: Timestamp) -> Seq {
        if self.batch.is_empty() {
            self.begun = now;
        }
        if let Err(error) = self.batch.push(record) {
            self.broken = Some(error.to_string());
        }
        self.last()
    }

    /// The number of the last record, durable or not.
    pub(crate) fn last(&self) -> Seq {
        Seq(self.first.0 + self.batch.len() as u64 - 1)
    }

    /// When the batch has to go off, if nobody waits for it before; `None` while there is none, or
    /// another is on its way.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        let waits = self.in_flight.is_none() && !self.batch.is_empty();
        waits.then(|| self.begun.plus_ms(LINGER_MS))
    }

    /// Sends the batch off if somebody waits for it or it is due, with the answers that wait for
    /// records up to its last one. Tells what follows from those that were given at once.
    pub(crate) fn flush(
        &mut self,
        haste: Haste,
        now: Timestamp,
        answers: impl FnOnce(Seq) -> Vec<Due>,
    ) -> Vec<After> {
        let Some(due) = self.due() else { return Vec::new() };
        if haste == Haste::None && now < due {
            return Vec::new();
        }
        let last = self.last();
        let records = std::mem::take(&mut self.batch);
        let mut batch = Batch { first: self.first, records, answers: answers(last) };
        (self.in_flight, self.first) = (Some(last), Seq(last.0 + 1));
        if let Some(journal) = self.journal.as_ref().filter(|_| self.may_wait(haste)) {
            let report = append(journal, &mut batch);
            let follows = self.on_report(report);
            self.waited += self.last_sync;
            if !self.full {
                return follows;
            }
        }
        // The committer tries a full disk again and again.
        if let Some(to_committer) = &self.to_committer
            && to_committer.send(batch).is_err()
        {
            tracing::error!("the committer has stopped");
        }
        Vec::new()
    }

    /// Whether the loop may wait for the disk itself: to wake the committer and to be woken by it
    /// takes as long as a quick sync.
    fn may_wait(&self, haste: Haste) -> bool {
        let alone = haste == Haste::OneAlone && !self.full && self.last_sync < OWN_SYNC_MAX;
        alone || self.to_committer.is_none()
    }

    /// Takes the committer's word; tells what follows from the answers that it gave.
    pub(crate) fn on_report(&mut self, report: CommitReport) -> Vec<After> {
        match report {
            CommitReport::Done { follows, took } => {
                self.durable = self.in_flight.take().unwrap_or(self.durable);
                self.last_sync = took;
                self.full = false;
                self.commits += 1;
                return follows;
            }
            CommitReport::Full => self.full = true,
            CommitReport::Broken(why) => self.broken = Some(why),
        }
        Vec::new()
    }

    /// Microseconds that the loop has waited for the disk since this was asked last.
    pub(crate) fn take_waited_us(&mut self) -> u64 {
        std::mem::take(&mut self.waited).as_micros() as u64
    }

    /// Whether everything is durable.
    pub(crate) fn is_idle(&self) -> bool {
        self.in_flight.is_none() && self.batch.is_empty()
    }
}

impl Drop for JournalPort {
    fn drop(&mut self) {
        self.to_committer = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// How long a batch may linger for which nobody waits.
const LINGER_MS: u64 = 2;

/// How long to wait before a full disk is tried again.
const FULL_RETRY: Duration = Duration::from_millis(500);

/// A sync that takes longer than this is left to the committer: the loop has other things to do.
const OWN_SYNC_MAX: Duration = Duration::from_millis(1);

/// Who waits for a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Haste {
    /// Nobody.
    None,
    /// One answer, and nothing else is there to be done.
    OneAlone,
    /// Somebody, and there may be more to do meanwhile.
    Some,
}

type SharedJournal = Arc<Mutex<Box<dyn Journal>>>;

fn commit(journal: &SharedJournal, batches: &Receiver<Batch>, inputs: &mpsc::Sender<Input>) {
    while let Ok(mut batch) = batches.recv() {
        loop {
            let report = append(journal, &mut batch);
            let again = matches!(report, CommitReport::Full);
            if inputs.blocking_send(Input::Committed(report)).is_err() {
                return;
            }
            if !again {
                break;
            }
            std::thread::sleep(FULL_RETRY);
        }
    }
}

/// Makes a batch durable and gives its answers.
fn append(journal: &SharedJournal, batch: &mut Batch) -> CommitReport {
    let began = Instant::now();
    let mut journal = journal.lock().unwrap_or_else(PoisonError::into_inner);
    match journal.append(batch.first, &batch.records) {
        Ok(()) => {
            let took = began.elapsed();
            let given = std::mem::take(&mut batch.answers).into_iter();
            CommitReport::Done { follows: given.filter_map(Due::give).collect(), took }
        }
        Err(JournalError::Full { .. }) => CommitReport::Full,
        Err(error) => CommitReport::Broken(error.to_string()),
    }
}
