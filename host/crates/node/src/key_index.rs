//! Which keys a run has: their positions, found by hash. The keys themselves stay where they are,
//! so that one costs a few bytes here.

use std::hash::{BuildHasher as _, RandomState};

use hashbrown::HashTable;

/// Positions of keys. Whoever asks says which key is at a position.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeyIndex {
    positions: HashTable<u32>,
    // Clients choose the keys.
    hasher: RandomState,
}

impl KeyIndex {
    /// Adds a key, or leaves the one that is there.
    pub(crate) fn insert<'k>(&mut self, position: u32, key_at: impl Fn(u32) -> &'k str) {
        let hash = |at: &u32| self.hasher.hash_one(key_at(*at));
        let key = key_at(position);
        let same = |at: &u32| key_at(*at) == key;
        self.positions.entry(hash(&position), same, hash).or_insert(position);
    }

    /// Makes room for so many more keys.
    pub(crate) fn reserve<'k>(&mut self, added: usize, key_at: impl Fn(u32) -> &'k str) {
        self.positions.reserve(added, |at| self.hasher.hash_one(key_at(*at)));
    }

    /// Where a key is.
    pub(crate) fn find<'k>(&self, key: &str, key_at: impl Fn(u32) -> &'k str) -> Option<u32> {
        let hash = self.hasher.hash_one(key);
        self.positions.find(hash, |at| key_at(*at) == key).copied()
    }
}
