//! Rebuildable records: objects, for quick look-ups, and memoised results, which are read once at
//! the start. In sled.
//!
//! Never the only place of a fact. Object records follow from the journal. Memo entries follow
//! from a success and the arguments of its call, which the journal holds apart; so after a rebuild
//! there are none, and pure calls simply run again.

mod entry;
mod memo;
mod open;

use std::{
    collections::HashMap,
    fs::File,
    io,
    path::PathBuf,
    sync::{PoisonError, RwLock, RwLockReadGuard},
};

use wask_proto::{ObjectId, Seq, StoredValue};

pub use entry::{MEDIA_TYPE_MAX_BYTES, MEMO_NAME_BYTES, MemoName, ObjectRecord};

use entry::{COVERED_KEY, Encoded, Key, ObjectChange};
use memo::{MemoPart, MemoTrees};

/// sled keeps every version of a page that a batch replaces until the batch is done: 20 000
/// entries in one batch took six times the memory of small batches, and twice the time.
const SLED_BATCH_MAX_ENTRIES: usize = 100;

/// How much the index may use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IndexOptions {
    /// Bytes of memory for pages.
    pub cache_max_bytes: u64,
}

impl Default for IndexOptions {
    fn default() -> Self {
        Self { cache_max_bytes: 32 * 1024 * 1024 }
    }
}

/// What opening has found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IndexState {
    /// All changes up to this record are in it; replay what came after.
    Ready {
        /// The record.
        covered: Seq,
    },
    /// It was absent, or could not be used and was set aside: replay everything.
    Rebuilt,
}

/// One change.
#[derive(Clone, PartialEq, Debug)]
pub enum IndexChange {
    /// An object is known from now on.
    PutObject(ObjectId, ObjectRecord),
    /// An object is gone.
    DeleteObject(ObjectId),
    /// A pure call has this result.
    PutMemo(MemoName, StoredValue),
    /// A result is not to be used any more.
    DeleteMemo(MemoName),
    /// What was put before the last such change is forgotten.
    BeginMemoGeneration,
}

/// What [`Index::read_memo`] finds, oldest first.
#[derive(Clone, PartialEq, Debug)]
pub enum Remembered {
    /// The younger generation begins.
    Generation,
    /// The result of a pure call; `None` when it is not to be used any more.
    Call(MemoName, Option<StoredValue>),
}

/// The size and the history of an index.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct IndexStats {
    /// Bytes on disk.
    pub disk_bytes: u64,
    /// How often it could not be used and was set aside, since the process began.
    pub set_aside: u64,
}

/// Why the index cannot be opened, read or changed.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// Its directory is in use.
    #[error("the index {} is in use by another process", path.display())]
    Locked {
        /// The directory.
        path: PathBuf,
    },
    /// Its directory could not be prepared.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// sled failed. The process should end; the next start rebuilds the index if it is damaged.
    #[error("the index has failed")]
    Sled(#[from] sled::Error),
    /// An entry does not decode. The next start rebuilds the index.
    #[error("an entry of the index is damaged")]
    Damaged,
    /// A key or value is larger than sled stores safely. Nothing was changed.
    #[error(
        "an entry of {bytes} bytes is too large for the index, at most {max_bytes} are allowed"
    )]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        max_bytes: usize,
    },
    /// A transient result has no bytes that the index could name. Nothing was changed.
    #[error("a result that only memory holds cannot be memoised")]
    Transient,
}

/// Records of objects and memoised results.
pub struct Index {
    entries: Entries,
    set_aside: u64,
}

enum Entries {
    Sled {
        db: sled::Db,
        /// sled's own file, which a durable flush has to sync.
        file: File,
        /// Asks the next start to set the index aside.
        marker: PathBuf,
        memo: MemoTrees,
    },
    /// Objects alone: there is no later start that could read memoised results.
    Memory(RwLock<HashMap<Key, Vec<u8>>>),
}

impl Index {
    /// An index in memory, which is gone with the process.
    pub fn open_temporary() -> Self {
        Self { entries: Entries::Memory(RwLock::default()), set_aside: 0 }
    }

    /// What is known of an object.
    pub fn object(&self, id: &ObjectId) -> Result<Option<ObjectRecord>, IndexError> {
        let key = Key::object(id);
        match &self.entries {
            Entries::Sled { db, .. } => self.decoded(db.get(key.bytes()), entry::decode_object),
            Entries::Memory(entries) => decoded(read(entries).get(&key), entry::decode_object),
        }
    }

    /// The memoised results, in the order in which they were put.
    pub fn read_memo(&self, mut each: impl FnMut(Remembered)) -> Result<(), IndexError> {
        let Entries::Sled { memo, .. } = &self.entries else { return Ok(()) };
        let mut damaged = false;
        let read = memo.read(|part| match part {
            MemoPart::Generation => each(Remembered::Generation),
            MemoPart::Page(page) => {
                let whole = entry::decode_memo_page(page, |name, value| {
                    each(Remembered::Call(name, value));
                });
                damaged |= whole.is_none();
            }
        });
        self.note(match read {
            Ok(()) if damaged => Err(IndexError::Damaged),
            read => read.map_err(IndexError::from),
        })
    }

    /// Applies changes in order and then remembers the record that they cover. After a crash the
    /// entries may be ahead of the covered record, never behind it, so that a replay from there
    /// makes them right. Not durable until [`Index::flush`].
    pub fn apply(&self, covered: Seq, changes: &[IndexChange]) -> Result<(), IndexError> {
        // All are encoded before any is applied, so that a refused one leaves nothing behind.
        let Encoded { objects, memo: of_memo } = entry::encode(changes)?;
        match &self.entries {
            Entries::Sled { db, memo, .. } => {
                let applied = memo.apply(of_memo);
                self.note(applied.and_then(|()| apply_to_sled(db, covered, objects)))
            }
            Entries::Memory(entries) => {
                let mut entries = entries.write().unwrap_or_else(PoisonError::into_inner);
                for (key, value) in objects {
                    match value {
                        Some(value) => entries.insert(key, value),
                        None => entries.remove(&key),
                    };
                }
                Ok(())
            }
        }
    }

    /// Makes everything that was applied durable.
    pub fn flush(&self) -> Result<(), IndexError> {
        let Entries::Sled { db, file, marker, .. } = &self.entries else { return Ok(()) };
        self.note(db.flush())?;
        // sled's flush only starts the writing of pages; a power cut needs a sync.
        file.sync_data().map_err(|source| {
            let path = marker.with_file_name("db");
            IndexError::Io { action: "sync", path, source }
        })
    }

    /// Its size and history.
    pub fn stats(&self) -> Result<IndexStats, IndexError> {
        let disk_bytes = match &self.entries {
            Entries::Sled { db, .. } => db.size_on_disk()?,
            Entries::Memory(_) => 0,
        };
        Ok(IndexStats { disk_bytes, set_aside: self.set_aside })
    }

    fn decoded<T>(
        &self,
        found: sled::Result<Option<sled::IVec>>,
        decode: Decode<T>,
    ) -> Result<Option<T>, IndexError> {
        let found = self.note(found)?;
        self.note(decoded(found.as_ref(), decode))
    }

    /// Remembers on disk that the index is damaged, so that the next start does not trust it.
    fn note<T, E: Into<IndexError>>(&self, result: Result<T, E>) -> Result<T, IndexError> {
        let result = result.map_err(E::into);
        if let (Err(error), Entries::Sled { marker, .. }) = (&result, &self.entries)
            && is_damage(error)
        {
            tracing::error!(%error, "the index is damaged and will be rebuilt at the next start");
            if let Err(error) = File::create(marker) {
                tracing::error!(%error, file = %marker.display(), "cannot ask for a rebuild");
            }
        }
        result
    }
}

type Decode<T> = fn(&[u8]) -> Option<T>;

fn decoded<T>(
    found: Option<&impl AsRef<[u8]>>,
    decode: Decode<T>,
) -> Result<Option<T>, IndexError> {
    found.map(|bytes| decode(bytes.as_ref()).ok_or(IndexError::Damaged)).transpose()
}

fn read(entries: &RwLock<HashMap<Key, Vec<u8>>>) -> RwLockReadGuard<'_, HashMap<Key, Vec<u8>>> {
    entries.read().unwrap_or_else(PoisonError::into_inner)
}

fn apply_to_sled(db: &sled::Db, covered: Seq, objects: Vec<ObjectChange>) -> sled::Result<()> {
    let mut batch = sled::Batch::default();
    let mut entries = 0;
    for (key, value) in objects {
        match value {
            Some(value) => batch.insert(key.bytes(), value),
            None => batch.remove(key.bytes()),
        }
        entries += 1;
        if entries == SLED_BATCH_MAX_ENTRIES {
            db.apply_batch(std::mem::take(&mut batch))?;
            entries = 0;
        }
    }
    batch.insert(COVERED_KEY, &covered.0.to_le_bytes());
    db.apply_batch(batch)
}

fn is_damage(error: &IndexError) -> bool {
    match error {
        IndexError::Damaged => true,
        IndexError::Sled(error) => open::is_damage(error),
        _ => false,
    }
}
