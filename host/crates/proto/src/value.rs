//! Values: the bytes that move between tasks.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{BULK_MIN_BYTES, ObjectId, bulk::Bulk, executor::Payload};

/// How a value's bytes are to be read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Encoding {
    /// One CBOR data item (RFC 8949).
    Cbor,
    /// Bytes with a media type of their own.
    Raw,
}

/// Where a value's bytes are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ValueData {
    /// Few enough to sit here: a number, a short text.
    Small(u8, [u8; Self::SMALL_MAX_BYTES]),
    /// In memory, shared.
    Shared(Arc<[u8]>),
    /// The same, and so many that their hash is kept beside them.
    Bulk(Bulk),
    /// In the object store.
    Stored(Box<StoredAt>),
}

/// Which object holds a value's bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StoredAt {
    /// The object.
    pub id: ObjectId,
    /// Number of bytes.
    pub size: u64,
}

impl ValueData {
    /// The most bytes that [`ValueData::Small`] holds.
    pub const SMALL_MAX_BYTES: usize = 22;
}

/// An immutable value: an argument or a result.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Value {
    /// How to read the bytes.
    pub encoding: Encoding,
    /// Where the bytes are.
    pub data: ValueData,
}

impl Value {
    /// A value of these bytes, held in memory.
    pub fn from_bytes(encoding: Encoding, bytes: &[u8]) -> Self {
        let data = if bytes.len() <= ValueData::SMALL_MAX_BYTES {
            let mut small = [0; ValueData::SMALL_MAX_BYTES];
            small[..bytes.len()].copy_from_slice(bytes);
            ValueData::Small(bytes.len() as u8, small)
        } else {
            ValueData::Shared(bytes.into())
        };
        Self { encoding, data }
    }

    /// A value of bytes that an executor has handed over.
    pub fn from_payload(encoding: Encoding, payload: Payload) -> Self {
        match payload {
            Payload::Held(bulk) if bulk.len() >= BULK_MIN_BYTES => {
                Self { encoding, data: ValueData::Bulk(bulk) }
            }
            few => Self::from_bytes(encoding, &few),
        }
    }

    /// A value whose bytes are in the object store.
    pub fn stored(encoding: Encoding, id: ObjectId, size: u64) -> Self {
        Self { encoding, data: ValueData::Stored(Box::new(StoredAt { id, size })) }
    }

    /// The CBOR `null`, which stands for the result of a task that failed.
    pub fn null() -> Self {
        Self::from_bytes(Encoding::Cbor, &[0xf6])
    }

    /// Number of bytes.
    pub fn size(&self) -> u64 {
        match &self.data {
            ValueData::Small(len, _) => u64::from(*len),
            ValueData::Shared(bytes) => bytes.len() as u64,
            ValueData::Bulk(bytes) => bytes.len() as u64,
            ValueData::Stored(at) => at.size,
        }
    }

    /// The bytes, unless they are in the object store.
    pub fn bytes(&self) -> Option<&[u8]> {
        match &self.data {
            ValueData::Small(len, bytes) => Some(&bytes[..usize::from(*len)]),
            ValueData::Shared(bytes) => Some(bytes),
            ValueData::Bulk(bytes) => Some(bytes),
            ValueData::Stored(_) => None,
        }
    }

    /// The id of the value's bytes. Hashes them unless that was done before.
    pub fn object_id(&self) -> ObjectId {
        match &self.data {
            ValueData::Small(len, bytes) => ObjectId::of(&bytes[..usize::from(*len)]),
            ValueData::Shared(bytes) => ObjectId::of(bytes),
            ValueData::Bulk(bytes) => bytes.id(),
            ValueData::Stored(at) => at.id,
        }
    }
}
