//! A table with a bound: two generations, of which the older goes as a whole.
//!
//! Never looks at time or use: what is worth keeping is put again by whoever found it.

use std::hash::Hash;

use rustc_hash::FxHashMap;

/// What each of the two generations may hold before the next one begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct GenerationLimit {
    /// Number of entries.
    pub(super) max_entries: u64,
    /// Sum of what is said to be the entries' sizes.
    pub(super) max_bytes: u64,
}

/// Whether an entry was the first of a generation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Began {
    Generation,
    Nothing,
}

/// Entries by key. When the younger generation is full it becomes the older one, and what was the
/// older one is forgotten: so the table holds at most twice the limit.
#[derive(Debug)]
pub(super) struct Generations<K, V> {
    limit: GenerationLimit,
    young: FxHashMap<K, V>,
    old: FxHashMap<K, V>,
    young_bytes: u64,
}

impl<K: Eq + Hash, V> Generations<K, V> {
    /// An empty table.
    pub(super) fn new(limit: GenerationLimit) -> Self {
        Self { limit, young: FxHashMap::default(), old: FxHashMap::default(), young_bytes: 0 }
    }

    /// The entry of a key.
    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.young.get(key).or_else(|| self.old.get(key))
    }

    /// Whether the entry of a key will be in the table for another generation.
    pub(super) fn is_young(&self, key: &K) -> bool {
        self.young.contains_key(key)
    }

    /// Puts an entry into the younger generation, or into a new one when that is full.
    pub(super) fn insert(&mut self, key: K, value: V, bytes: u64) -> Began {
        let full = self.young.len() as u64 >= self.limit.max_entries
            || self.young_bytes + bytes > self.limit.max_bytes;
        let begins = full && !self.young.contains_key(&key);
        if begins {
            self.begin();
        }
        // A key that is put again with another size is rare; its size counts twice, which only
        // lets the next generation begin sooner.
        self.young_bytes += bytes;
        self.young.insert(key, value);
        if begins { Began::Generation } else { Began::Nothing }
    }

    /// Begins a generation, and forgets the older one.
    pub(super) fn begin(&mut self) {
        self.old = std::mem::take(&mut self.young);
        self.young_bytes = 0;
    }

    /// Takes an entry out.
    pub(super) fn remove(&mut self, key: &K) {
        self.young.remove(key);
        self.old.remove(key);
    }

    /// Number of entries, those that both generations have counted twice.
    pub(super) fn entries(&self) -> u64 {
        (self.young.len() + self.old.len()) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: GenerationLimit = GenerationLimit { max_entries: 3, max_bytes: 100 };

    /// Goal: an entry stays for at least the next three, and for no more than the next six.
    #[test]
    fn the_oldest_go_by_number() {
        let mut table = Generations::new(LIMIT);
        for key in 0..100_u64 {
            table.insert(key, key * 2, 1);
            assert!(table.entries() <= 6);
            for recent in key.saturating_sub(3)..=key {
                assert_eq!(table.get(&recent), Some(&(recent * 2)));
            }
            assert_eq!(key.checked_sub(6).and_then(|past| table.get(&past)), None);
        }
    }

    /// Goal: large entries make room sooner.
    #[test]
    fn the_oldest_go_by_size() {
        let mut table = Generations::new(LIMIT);
        for key in 0..3 {
            table.insert(key, (), 80);
        }
        assert_eq!([0, 1, 2].map(|key| table.get(&key).is_some()), [false, true, true]);
    }

    /// Goal: what is put again stays, and what is taken out is gone from both generations.
    #[test]
    fn what_is_put_again_outlives_its_generation() {
        let mut table = Generations::new(LIMIT);
        for key in 0..30 {
            table.insert(key, key, 1);
            table.insert(-1, 7, 1);
        }
        assert_eq!(table.get(&-1), Some(&7));
        assert!(table.is_young(&-1));
        table.remove(&-1);
        assert_eq!(table.get(&-1), None);
    }
}
