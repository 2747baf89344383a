//! Known results of pure calls: recent ones in memory, older ones in the index.
//!
//! The table is a cache that may forget at any time; it never decides whether a call is pure.

use std::collections::HashMap;

use wask_proto::{ABI_PROFILE, MemoKey, ModuleId, Value};

use super::args::Pieces;
use crate::config::MEMO_MEMORY_MAX;

/// Recent results by key, in two generations: when the younger is full, the older is forgotten.
#[derive(Debug, Default)]
pub(crate) struct Memo {
    young: HashMap<MemoKey, Value>,
    old: HashMap<MemoKey, Value>,
    /// Answers given.
    pub(crate) hits: u64,
    /// Executions whose bytes differed from an earlier one's.
    pub(crate) nondeterminism: u64,
}

impl Memo {
    pub(crate) fn get(&self, key: &MemoKey) -> Option<&Value> {
        self.young.get(key).or_else(|| self.old.get(key))
    }

    pub(crate) fn insert(&mut self, key: MemoKey, value: Value) {
        if self.young.len() >= MEMO_MEMORY_MAX / 2 {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }

    pub(crate) fn forget(&mut self, key: &MemoKey) {
        self.young.remove(key);
        self.old.remove(key);
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
