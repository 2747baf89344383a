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
pub(super) const VERSION: &[u8] = &[3];

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

/// How much of a call's hash names its entry: two different calls with the same 176 bits will not
/// be found.
pub const MEMO_NAME_BYTES: usize = 22;

/// The name of a memoised call.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct MemoName(pub [u8; MEMO_NAME_BYTES]);

impl From<&MemoKey> for MemoName {
    fn from(key: &MemoKey) -> Self {
        let mut name = [0; MEMO_NAME_BYTES];
        name.copy_from_slice(&key.0[..MEMO_NAME_BYTES]);
        Self(name)
    }
}

/// A change of an object's record: its key and its new value, `None` to remove it.
pub(super) type ObjectChange = (Key, Option<Vec<u8>>);

/// A change of the memoised results.
pub(super) enum MemoChange {
    /// A name with its result, or without one.
    Entry(Vec<u8>),
    Generation,
}

/// Changes of memoised results on their way into sled, as many as fit into a page.
#[derive(Default)]
pub(super) struct MemoPages(Vec<u8>);

impl MemoPages {
    /// Adds a change; a page that has no room for it is full, and given back.
    pub(super) fn push(&mut self, entry: &[u8]) -> Option<Vec<u8>> {
        let full = !self.0.is_empty() && self.0.len() + entry.len() > VALUE_MAX_BYTES;
        let page = full.then(|| self.take());
        self.0.extend_from_slice(entry);
        page
    }

    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.0)
    }
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
                encoded.memo.push(MemoChange::Entry(encode_memo(*key, Some(value))?));
            }
            IndexChange::DeleteMemo(key) => {
                encoded.memo.push(MemoChange::Entry(encode_memo(*key, None)?));
            }
            IndexChange::BeginMemoGeneration => encoded.memo.push(MemoChange::Generation),
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

/// The changes of a page, oldest first; `None` instead of a result that is not to be used any more.
pub(super) fn decode_memo_page(
    mut page: &[u8],
    mut each: impl FnMut(MemoName, Option<StoredValue>),
) -> Option<()> {
    while !page.is_empty() {
        let ((name, value), rest) = postcard::take_from_bytes(page).ok()?;
        each(MemoName(name), value);
        page = rest;
    }
    Some(())
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

fn encode_memo(name: MemoName, value: Option<&StoredValue>) -> Result<Vec<u8>, IndexError> {
    match value {
        Some(StoredValue::Inline(_, bytes)) => limit(bytes.len(), INLINE_VALUE_MAX_BYTES)?,
        Some(StoredValue::Transient(..)) => return Err(IndexError::Transient),
        Some(StoredValue::Object(..)) | None => {}
    }
    let room = Vec::with_capacity(64);
    let bytes = postcard::to_extend(&(name.0, value), room).map_err(|_| IndexError::Damaged)?;
    limit(bytes.len(), VALUE_MAX_BYTES)?;
    Ok(bytes)
}

fn limit(bytes: usize, max_bytes: usize) -> Result<(), IndexError> {
    if bytes > max_bytes { Err(IndexError::TooLarge { bytes, max_bytes }) } else { Ok(()) }
}
