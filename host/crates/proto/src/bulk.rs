//! Many bytes in one piece, shared by all who need them and hashed once.
//!
//! Owns how they lie in memory: in huge pages where the system has them, because a page fault for
//! each 4 KiB costs several times as much as the copy. Never says where they come from.

mod kept;

use std::{
    fmt, io,
    ops::Deref,
    sync::{Arc, OnceLock},
};

use crate::ObjectId;

use kept::Mapping;

pub use kept::give_back;

/// From here on bytes travel beside messages instead of in them.
pub const BULK_MIN_BYTES: usize = 64 * 1024;

/// From here on they have a mapping of their own; less would not fill a huge page.
const MAPPED_MIN_BYTES: usize = 2 * 1024 * 1024;

/// Many immutable bytes.
#[derive(Clone)]
pub struct Bulk(Arc<Shared>);

struct Shared {
    memory: Memory,
    id: OnceLock<ObjectId>,
}

enum Memory {
    Heap(Vec<u8>),
    Mapped(Mapping),
}

/// Room for a [`Bulk`] that is on its way.
#[derive(Debug)]
pub struct BulkBuffer {
    memory: Memory,
    filled: usize,
}

impl Bulk {
    /// The hash of the bytes, which is taken when it is asked for the first time.
    pub fn id(&self) -> ObjectId {
        *self.0.id.get_or_init(|| ObjectId::of(self))
    }
}

impl From<Vec<u8>> for Bulk {
    fn from(bytes: Vec<u8>) -> Self {
        Memory::Heap(bytes).into()
    }
}

impl From<Memory> for Bulk {
    fn from(memory: Memory) -> Self {
        Self(Arc::new(Shared { memory, id: OnceLock::new() }))
    }
}

impl Deref for Bulk {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0.memory.bytes()
    }
}

impl PartialEq for Bulk {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || **self == **other
    }
}

impl Eq for Bulk {}

impl fmt::Debug for Bulk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bulk({} bytes)", self.len())
    }
}

impl BulkBuffer {
    /// Room for that many bytes.
    ///
    /// # Errors
    /// Fails if the system has no memory for them.
    pub fn new(len: usize) -> io::Result<Self> {
        let memory = if len < MAPPED_MIN_BYTES {
            Memory::Heap(vec![0; len])
        } else {
            Memory::Mapped(Mapping::new(len)?)
        };
        Ok(Self { memory, filled: 0 })
    }

    /// Where the bytes belong that are still missing.
    pub fn rest(&mut self) -> &mut [u8] {
        let bytes = match &mut self.memory {
            Memory::Heap(bytes) => bytes.as_mut_slice(),
            Memory::Mapped(mapping) => &mut **mapping,
        };
        bytes.get_mut(self.filled..).unwrap_or_default()
    }

    /// So many of the missing ones have been put there.
    pub const fn advance(&mut self, bytes: usize) {
        self.filled += bytes;
    }

    /// Copies as many of these as there is room for; tells how many.
    pub fn fill(&mut self, bytes: &[u8]) -> usize {
        let rest = self.rest();
        let count = rest.len().min(bytes.len());
        rest[..count].copy_from_slice(&bytes[..count]);
        self.advance(count);
        count
    }

    /// Whether nothing is missing.
    pub fn is_full(&self) -> bool {
        self.filled >= self.memory.bytes().len()
    }

    /// The bytes. What is missing is zero.
    pub fn finish(mut self) -> Bulk {
        self.rest().fill(0);
        self.memory.into()
    }
}

impl Memory {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Heap(bytes) => bytes,
            Self::Mapped(mapping) => mapping,
        }
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Memory({} bytes)", self.bytes().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: bytes that come in pieces are whole afterwards, on the heap and in a mapping.
    #[test]
    fn a_buffer_fills_piece_by_piece() {
        for len in [BULK_MIN_BYTES, MAPPED_MIN_BYTES + 1] {
            let bytes: Vec<u8> = (0..len).map(|index| (index % 251) as u8).collect();
            let mut buffer = BulkBuffer::new(len).unwrap();
            for piece in bytes.chunks(10_007) {
                assert!(!buffer.is_full());
                assert_eq!(buffer.fill(piece), piece.len());
            }
            assert!(buffer.is_full());
            assert_eq!(buffer.fill(b"more"), 0);
            let bulk = buffer.finish();
            assert_eq!(*bulk, *bytes);
            assert_eq!(bulk.clone().id(), ObjectId::of(&bytes));
            assert_eq!(bulk, Bulk::from(bytes));
        }
    }

    /// Goal: nothing of what passed through the same memory before is ever seen again.
    #[test]
    fn what_was_not_filled_is_zero() {
        let len = MAPPED_MIN_BYTES + 5;
        for _ in 0..3 {
            let mut secret = BulkBuffer::new(len).unwrap();
            secret.fill(&vec![0xaa; len]);
            drop(secret.finish());
            let mut buffer = BulkBuffer::new(len).unwrap();
            buffer.fill(b"short");
            let bulk = buffer.finish();
            assert_eq!(bulk[..5], *b"short");
            assert!(bulk[5..].iter().all(|byte| *byte == 0));
        }
        give_back();
    }
}
