//! Known results of pure calls, in memory. The index keeps a log of them for the next start.
//!
//! The table is a cache that may forget at any time; it never decides whether a call is pure.

use wask_proto::{ABI_PROFILE, MemoKey, ModuleId, StoredValue, Value};
use wask_store::{Index, IndexError, MemoName, Remembered};

use super::{
    args::Pieces,
    generations::{Began, GenerationLimit, Generations},
};
use crate::config::MEMO_MEMORY_MAX_BYTES;

/// What an entry takes beside the bytes of its value, with the table's empty places.
const ENTRY_BYTES: u64 = 128;

/// Recent results by call.
#[derive(Debug)]
pub(crate) struct Memo {
    recent: Generations<MemoName, Value>,
    /// Answers given.
    pub(crate) hits: u64,
    /// Executions whose bytes differed from an earlier one's.
    pub(crate) nondeterminism: u64,
}

impl Memo {
    /// An empty table of at most this many entries.
    pub(crate) fn new(max_entries: u64) -> Self {
        let max_entries = (max_entries / 2).max(1);
        let limit = GenerationLimit { max_entries, max_bytes: MEMO_MEMORY_MAX_BYTES / 2 };
        Self { recent: Generations::new(limit), hits: 0, nondeterminism: 0 }
    }

    /// Remembers what the index kept.
    pub(super) fn read_back(&mut self, index: &Index) -> Result<(), IndexError> {
        index.read_memo(|remembered| match remembered {
            Remembered::Generation => self.recent.begin(),
            Remembered::Call(name, None) => self.recent.remove(&name),
            Remembered::Call(name, Some(value)) => {
                if let Some(value) = live(value) {
                    self.insert(name, value);
                }
            }
        })
    }

    pub(super) fn get(&self, name: &MemoName) -> Option<&Value> {
        self.recent.get(name)
    }

    /// Whether an entry is due to be put again, so that what is used is not forgotten.
    pub(super) fn is_aging(&self, name: &MemoName) -> bool {
        !self.recent.is_young(name)
    }

    pub(super) fn insert(&mut self, name: MemoName, value: Value) -> Began {
        let bytes = ENTRY_BYTES + value.bytes().map_or(0, <[u8]>::len) as u64;
        self.recent.insert(name, value, bytes)
    }

    pub(super) fn forget(&mut self, name: &MemoName) {
        self.recent.remove(name);
    }

    /// Number of entries.
    pub(crate) fn entries(&self) -> u64 {
        self.recent.entries()
    }
}

fn live(value: StoredValue) -> Option<Value> {
    match value {
        StoredValue::Inline(encoding, bytes) => Some(Value::from_bytes(encoding, &bytes)),
        StoredValue::Object(encoding, id, size) => Some(Value::stored(encoding, id, size)),
        StoredValue::Transient(..) => None,
    }
}

/// Arguments above this size take part in a key by their hash, so that a value counts the same
/// whether it is in memory or in a file.
const WHOLE_MAX_BYTES: u64 = 64 * 1024;

/// The key of a call.
pub(crate) fn memo_key(module: &ModuleId, function: &str, args: &[Pieces]) -> MemoKey {
    let mut hasher = blake3::Hasher::new();
    hasher.update(ABI_PROFILE.as_bytes());
    hasher.update(&module.0);
    hasher.update(&(function.len() as u32).to_le_bytes());
    hasher.update(function.as_bytes());
    for pieces in args {
        let size: u64 = pieces.iter().map(Value::size).sum();
        hasher.update(&size.to_le_bytes());
        for piece in pieces {
            match piece.bytes() {
                Some(bytes) if size <= WHOLE_MAX_BYTES => hasher.update(bytes),
                _ => hasher.update(&piece.object_id().0),
            };
        }
    }
    MemoKey(*hasher.finalize().as_bytes())
}

#[cfg(test)]
mod tests {
    use wask_proto::Encoding;

    use super::*;

    fn value(bytes: &[u8]) -> Value {
        Value::from_bytes(Encoding::Cbor, bytes)
    }

    #[test]
    fn a_key_depends_on_the_bytes_of_the_arguments_and_not_on_how_they_are_cut() {
        let module = ModuleId([7; 32]);
        let whole = memo_key(&module, "f", &[vec![value(&[0x82, 1, 2])]]);
        let cut = memo_key(&module, "f", &[vec![value(&[0x82]), value(&[1, 2])]]);
        assert_eq!(whole, cut);
        let two = memo_key(&module, "f", &[vec![value(&[0x82, 1])], vec![value(&[2])]]);
        assert_ne!(whole, two);
        assert_ne!(whole, memo_key(&module, "g", &[vec![value(&[0x82, 1, 2])]]));
    }
}
