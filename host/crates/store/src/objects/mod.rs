//! Whole immutable objects by hash, in files or in memory.
//!
//! Never interprets bytes, never decides what is garbage, never hands out bytes that do not match
//! their name.

mod file;
mod memory;
mod trust;

use std::{io, ops::Range, path::PathBuf};

use wask_proto::ObjectId;

pub use file::FileObjects;
pub use memory::MemoryObjects;

/// A store of objects. All methods may be called from several threads at once; who deletes an
/// object sees to it that nobody stores the same one at that moment.
pub trait Objects: Send + Sync {
    /// Stores bytes durably, each under its hash, which the caller has taken: when this returns, they
    /// survive a crash. Storing them again is free. There is one directory sync per touched
    /// directory. After an error some of them may be stored.
    fn put_named(&self, values: &[(ObjectId, &[u8])]) -> Result<(), ObjectError>;

    /// Stores bytes under their hash until the next start only, without waiting for the disk.
    fn spill_named(&self, id: ObjectId, bytes: &[u8]) -> Result<(), ObjectError>;

    /// Stores bytes durably, like [`Objects::put_named`].
    fn put(&self, bytes: &[u8]) -> Result<ObjectId, ObjectError> {
        let id = ObjectId::of(bytes);
        self.put_named(&[(id, bytes)]).map(|()| id)
    }

    /// Stores many at once, like [`Objects::put_named`].
    fn put_many(&self, values: &[&[u8]]) -> Result<Vec<ObjectId>, ObjectError> {
        let named: Vec<_> = values.iter().map(|bytes| (ObjectId::of(bytes), *bytes)).collect();
        self.put_named(&named)?;
        Ok(named.into_iter().map(|(id, _)| id).collect())
    }

    /// Stores bytes until the next start only, like [`Objects::spill_named`].
    fn spill(&self, bytes: &[u8]) -> Result<ObjectId, ObjectError> {
        let id = ObjectId::of(bytes);
        self.spill_named(id, bytes).map(|()| id)
    }

    /// The bytes, from wherever they are. On the first read since the start they are checked; an
    /// object that does not match its name is set aside, and is absent from then on.
    fn get(&self, id: &ObjectId) -> Result<Option<Vec<u8>>, ObjectError>;

    /// The part of the bytes that lies within `range`, checked like [`Objects::get`].
    fn get_range(&self, id: &ObjectId, range: Range<u64>) -> Result<Option<Vec<u8>>, ObjectError>;

    /// Number of bytes, without reading them.
    fn size(&self, id: &ObjectId) -> Result<Option<u64>, ObjectError>;

    /// Removes an object, spilled or not. Says whether it was there.
    fn delete(&self, id: &ObjectId) -> Result<bool, ObjectError>;

    /// The file that holds the object, if one does. Its bytes have not been checked.
    fn path(&self, id: &ObjectId) -> Option<PathBuf>;

    /// Calls `each` with the id and size of every durable object, in no order.
    fn list(&self, each: &mut dyn FnMut(ObjectId, u64)) -> Result<(), ObjectError>;
}

/// Why an object cannot be stored or read.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// There is no space. Nothing was stored; it may be tried again.
    #[error("no space left for an object ({})", path.display())]
    Full {
        /// The file that could not grow.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file could not be read, written or synced.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The stored bytes do not match their name. They are gone from the store.
    #[error("object {id} was damaged on disk; its bytes are kept in {}", quarantined.display())]
    Corrupt {
        /// The object.
        id: ObjectId,
        /// Where its bytes are now.
        quarantined: PathBuf,
    },
    /// A directory sync failed earlier, so nothing can be promised about new objects any more.
    #[error("the object store takes no more objects after a failed sync")]
    Poisoned,
}

impl ObjectError {
    /// Whether the same step may succeed later.
    pub fn heals(&self) -> bool {
        matches!(self, Self::Full { .. })
    }
}
