//! What survives: the journal (ordered records), the objects (bytes by hash), the index (derived).
//!
//! Synchronous and blocking; the caller decides on which thread. This crate never interprets a
//! record, never decides what to keep, and never treats the index as the only place of a fact.

mod dir;
mod disk;
mod index;
mod journal;
mod objects;

pub use dir::{DataDir, DirError};
pub use index::{
    Index, IndexChange, IndexError, IndexOptions, IndexState, IndexStats, MEDIA_TYPE_MAX_BYTES,
    MEMO_NAME_BYTES, MemoName, ObjectRecord, Remembered,
};
pub use journal::{
    BatchError, Compacted, FileJournal, Journal, JournalError, JournalOptions, JournalReader,
    JournalStats, MemoryJournal, PAYLOAD_MAX_BYTES, RecordBatch, Recovered,
};
pub use objects::{FileObjects, MemoryObjects, ObjectError, Objects};
