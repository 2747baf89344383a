//! What can go wrong with a journal, and whether it heals.

use std::{io, path::PathBuf, sync::Arc};

use wask_proto::Seq;

/// Why a journal does not open, take a batch or read on.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// There is no space. Nothing was changed; appending may be tried again.
    #[error("no space left for the journal ({})", file.display())]
    Full {
        /// The file that could not grow.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file could not be read, written or synced.
    #[error("cannot {action} {}", file.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// An earlier write or sync failed. What is on the disk is unknown until the journal is
    /// opened again, since a second sync may succeed without having written anything.
    #[error("the journal takes no more records after a failed write")]
    Poisoned {
        /// The failure.
        source: Arc<io::Error>,
    },
    /// Bytes that were durable are not what they were.
    #[error("the journal is damaged: {}, offset {offset}: {problem}", file.display())]
    Corrupt {
        /// The segment.
        file: PathBuf,
        /// Where the damage begins.
        offset: u64,
        /// What is wrong there.
        problem: &'static str,
    },
    /// A segment is gone.
    #[error(
        "the journal's segment with record {} is missing (in front of {})",
        expected.0, file.display()
    )]
    Missing {
        /// A record that the missing segment begins with or holds.
        expected: Seq,
        /// The segment that was found instead, or the journal's directory when there is none.
        file: PathBuf,
    },
    /// A segment was written by another version of this program.
    #[error("{} has format version {version}, this program reads {supported}", file.display())]
    Version {
        /// The segment.
        file: PathBuf,
        /// Its version.
        version: u32,
        /// The version that this program reads.
        supported: u32,
    },
    /// The caller's number does not follow the newest record's. Nothing was changed.
    #[error("a batch begins with record {}, expected {}", given.0, expected.0)]
    OutOfOrder {
        /// The next number.
        expected: Seq,
        /// The number that came.
        given: Seq,
    },
}

impl JournalError {
    /// Whether the same append may succeed later.
    pub fn heals(&self) -> bool {
        matches!(self, Self::Full { .. })
    }
}
