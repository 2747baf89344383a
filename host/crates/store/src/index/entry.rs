//! The bytes of the index's keys and values.
//!
//! Objects are in sled's default tree, under keys with a prefix byte; memoised results are in trees
//! of their own. Keys and values stay so small that sled never moves a node into one of its
//! unsynced blob files, which begins at about 128 KiB for 17 entries.

use std::sync::Arc;

use wask_proto::{INLINE_VALUE_MAX_BYTES, MemoKey, ObjectId, StoredValue};

use super::{IndexChange, IndexError};

/// The longest media type of an object.
pub const MEDIA_TYPE_MAX_BYTES: usize = 255;

/// The record up to which the changes are applied.
pub(super) const COVERED_KEY: &[u8] = b"c";
/// The version of keys and values.
pub(super) const VERSION_KEY: &[u8] = b"v";
/// Written under [`VERSION_KEY`].
pub(super) const VERSION: &[u8] = &[2];

/// Room for lengths, sizes and kinds around the inline bytes.
const VALUE_MAX_BYTES: usize = INLINE_VALUE_MAX_BYTES + MEDIA_TYPE_MAX_BYTES + 64;

/// What the index knows of an object.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ObjectRecord {
    /// Media type, up to [`MEDIA_TYPE_MAX_BYTES`].
    pub media_type: Arc<str>,
    /// Number of bytes.
    pub size: u64,
    /// The bytes, up to [`INLINE_VALUE_MAX_BYTES`]; otherwise they are in the object store.
    pub inline: Option<Vec<u8>>,
}

/// A key: a prefix byte and a hash.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Key([u8; 33]);

impl Key {
    pub(super) fn object(id: &ObjectId) -> Self {
        Self::new(b'o', &id.0)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    fn new(prefix: u8, hash: &[u8; 32]) -> Self {
        let mut bytes = [prefix; 33];
        bytes[1..].copy_from_slice(hash);
        Self(bytes)
    }
}

/// How much of a call's hash names its entry: keys up to this size take no memory of their own in
/// sled, and two different calls with the same 176 bits will not be found.
const MEMO_KEY_BYTES: usize = 22;

/// The key of a memo entry.
pub(super) type MemoName = [u8; MEMO_KEY_BYTES];

pub(super) fn memo_name(key: &MemoKey) -> MemoName {
    let mut name = [0; MEMO_KEY_BYTES];
    name.copy_from_slice(&key.0[..MEMO_KEY_BYTES]);
    name
}

/// A change of an object's record: its key and its new value, `None` to remove it.
pub(super) type ObjectChange = (Key, Option<Vec<u8>>);

/// A change of a memo entry.
pub(super) enum MemoChange {
    Put(MemoName, Vec<u8>),
    Delete(MemoName),
}

/// Changes as bytes. Objects and memo entries have nothing to do with each other, so each kind is
/// applied by itself.
#[derive(Default)]
pub(super) struct Encoded {
    pub(super) objects: Vec<ObjectChange>,
    pub(super) memo: Vec<MemoChange>,
}

pub(super) fn encode(changes: &[IndexChange]) -> Result<Encoded, IndexError> {
    let mut encoded = Encoded::default();
    for change in changes {
        match change {
            IndexChange::PutObject(id, record) => {
                encoded.objects.push((Key::object(id), Some(encode_object(record)?)));
            }
            IndexChange::DeleteObject(id) => encoded.objects.push((Key::object(id), None)),
            IndexChange::PutMemo(key, value) => {
                encoded.memo.push(MemoChange::Put(memo_name(key), encode_memo(value)?));
            }
            IndexChange::DeleteMemo(key) => encoded.memo.push(MemoChange::Delete(memo_name(key))),
        }
    }
    Ok(encoded)
}

pub(super) fn decode_object(bytes: &[u8]) -> Option<ObjectRecord> {
    let (head, rest) = postcard::take_from_bytes::<(u64, &str, bool)>(bytes).ok()?;
    let (size, media_type, has_inline) = head;
    let media_type = media_type.into();
    Some(ObjectRecord { media_type, size, inline: has_inline.then(|| rest.to_vec()) })
}

pub(super) fn decode_memo(bytes: &[u8]) -> Option<StoredValue> {
    postcard::from_bytes(bytes).ok()
}

fn encode_object(record: &ObjectRecord) -> Result<Vec<u8>, IndexError> {
    limit(record.media_type.len(), MEDIA_TYPE_MAX_BYTES)?;
    let inline = record.inline.as_deref().unwrap_or_default();
    limit(inline.len(), INLINE_VALUE_MAX_BYTES)?;
    let head = (record.size, &*record.media_type, record.inline.is_some());
    let room = Vec::with_capacity(record.media_type.len() + inline.len() + 16);
    let mut bytes = postcard::to_extend(&head, room).map_err(|_| IndexError::Damaged)?;
    bytes.extend_from_slice(inline);
    limit(bytes.len(), VALUE_MAX_BYTES)?;
    Ok(bytes)
}

fn encode_memo(value: &StoredValue) -> Result<Vec<u8>, IndexError> {
    match value {
        StoredValue::Inline(_, bytes) => limit(bytes.len(), INLINE_VALUE_MAX_BYTES)?,
        StoredValue::Object(..) => {}
        StoredValue::Transient(..) => return Err(IndexError::Transient),
    }
    let bytes = postcard::to_extend(value, Vec::new()).map_err(|_| IndexError::Damaged)?;
    limit(bytes.len(), VALUE_MAX_BYTES)?;
    Ok(bytes)
}

fn limit(bytes: usize, max_bytes: usize) -> Result<(), IndexError> {
    if bytes > max_bytes { Err(IndexError::TooLarge { bytes, max_bytes }) } else { Ok(()) }
}
