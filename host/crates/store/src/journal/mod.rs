//! The ordered, durable log of records, in files or in memory.
//!
//! A journal numbers nothing and interprets nothing: the caller gives the numbers, the journal
//! checks that there is no gap and that what is read is what was written.

mod batch;
mod compact;
mod error;
mod file;
mod frame;
mod memory;
mod reader;
mod recover;
mod segment;

use std::ops::ControlFlow;

use wask_proto::Seq;

pub use batch::{BatchError, RecordBatch};
pub use error::JournalError;
pub use file::{FileJournal, JournalOptions};
pub use frame::PAYLOAD_MAX_BYTES;
pub use memory::MemoryJournal;
pub use recover::Recovered;

/// The ordered log. Sequence numbers start at 1 and have no gaps, except where compaction has
/// dropped records.
pub trait Journal: Send {
    /// Appends a batch as a whole: when this returns, all of it is durable; after a crash, all of
    /// it or nothing of it is there. `first` is the number of its first record and follows
    /// [`Journal::last`]. Of the errors, only [`JournalError::Full`] may heal: the journal is then
    /// as it was before and takes the next append. After any failed write or sync it takes none.
    fn append(&mut self, first: Seq, batch: &RecordBatch) -> Result<(), JournalError>;

    /// The number of the newest durable record, 0 when there never was one.
    fn last(&self) -> Seq;

    /// A reader of its own, for this or another thread.
    fn reader(&self) -> Box<dyn JournalReader>;

    /// Deletes segments made only of records up to and including `through`, which some checkpoint
    /// has made superfluous. The newest segment always stays.
    fn delete_through(&mut self, through: Seq) -> Result<(), JournalError>;

    /// Rewrites all segments but the newest without the records that `keep` refuses. The others
    /// keep their numbers. Each record is shown once, in order; a crash at any point leaves a
    /// journal with all records that were kept.
    fn compact(
        &mut self,
        keep: &mut dyn FnMut(Seq, &[u8]) -> bool,
    ) -> Result<Compacted, JournalError>;

    /// Its size.
    fn stats(&self) -> JournalStats;
}

/// Reads a journal while another thread appends to it.
pub trait JournalReader: Send {
    /// Calls `each` with every record from `from` on, in order, until the newest record that is
    /// durable as of now, or until `each` says stop. Every byte is checked against its checksum. A
    /// reader that continues where it stopped does not search for the place again. Records before
    /// [`JournalReader::first`] are silently absent.
    fn read(
        &mut self,
        from: Seq,
        each: &mut dyn FnMut(Seq, &[u8]) -> ControlFlow<()>,
    ) -> Result<(), JournalError>;

    /// The oldest number that is still covered; one past the newest when nothing is there.
    fn first(&self) -> Seq;
}

/// What compaction has changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Compacted {
    /// Bytes of the journal before.
    pub bytes_before: u64,
    /// Bytes of the journal after.
    pub bytes_after: u64,
    /// Number of records that are gone.
    pub dropped: u64,
}

/// The size of a journal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct JournalStats {
    /// Bytes of all segments.
    pub bytes: u64,
    /// Number of records.
    pub records: u64,
    /// Number of segments.
    pub segments: usize,
}
