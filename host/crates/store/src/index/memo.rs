//! Memoised results in sled: two trees, so that the older half goes at once.
//!
//! Never counts what is looked up: who finds an entry puts it again.

use std::sync::{
    Mutex, PoisonError, RwLock, RwLockReadGuard,
    atomic::{AtomicU64, Ordering},
};

use super::entry::MemoChange;

/// What the names of the trees begin with. A number follows that grows with each generation.
const PREFIX: &[u8] = b"memo-";

/// The entries of pure calls in sled. When the younger tree has its number of entries, the older
/// one is dropped and a new one begun.
pub(super) struct MemoTrees {
    db: sled::Db,
    generation_max_entries: u64,
    trees: RwLock<Trees>,
    young_entries: AtomicU64,
    /// For whoever makes changes.
    changing: Mutex<()>,
}

struct Trees {
    /// Of the younger tree.
    number: u64,
    young: sled::Tree,
    old: Option<sled::Tree>,
    old_entries: u64,
}

impl MemoTrees {
    /// The two youngest trees of a database. Others, which a crash may have left, go.
    pub(super) fn open(db: &sled::Db, generation_max_entries: u64) -> sled::Result<Self> {
        let mut numbers: Vec<u64> = db.tree_names().iter().filter_map(|n| number_of(n)).collect();
        numbers.sort_unstable_by_key(|number| std::cmp::Reverse(*number));
        for number in numbers.iter().skip(2) {
            db.drop_tree(name_of(*number))?;
        }
        let number = numbers.first().copied().unwrap_or(0);
        let young = db.open_tree(name_of(number))?;
        let old = numbers.get(1).map(|number| db.open_tree(name_of(*number))).transpose()?;
        let old_entries = old.as_ref().map_or(0, |old| old.len() as u64);
        Ok(Self {
            db: db.clone(),
            generation_max_entries,
            young_entries: AtomicU64::new(young.len() as u64),
            trees: RwLock::new(Trees { number, young, old, old_entries }),
            changing: Mutex::new(()),
        })
    }

    pub(super) fn get(&self, key: &[u8]) -> sled::Result<Option<sled::IVec>> {
        let trees = self.read();
        match (trees.young.get(key)?, &trees.old) {
            (None, Some(old)) => old.get(key),
            (found, _) => Ok(found),
        }
    }

    pub(super) fn apply(&self, changes: Vec<MemoChange>) -> sled::Result<()> {
        let _one_at_a_time = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        for change in changes {
            match change {
                MemoChange::Put(key, value) => {
                    if self.young_entries.load(Ordering::Relaxed) >= self.generation_max_entries {
                        self.begin_generation()?;
                    }
                    if self.read().young.insert(key, value)?.is_none() {
                        self.young_entries.fetch_add(1, Ordering::Relaxed);
                    }
                }
                MemoChange::Delete(key) => {
                    let trees = self.read();
                    if trees.young.remove(key)?.is_some() {
                        self.young_entries.fetch_sub(1, Ordering::Relaxed);
                    }
                    // The count of the older tree stays: it is an upper bound.
                    trees.old.as_ref().map(|old| old.remove(key)).transpose()?;
                }
            }
        }
        Ok(())
    }

    /// Makes the younger tree the older one. A crash in between leaves a tree too many, which
    /// the next start drops.
    fn begin_generation(&self) -> sled::Result<()> {
        let number = self.read().number + 1;
        let young = self.db.open_tree(name_of(number))?;
        let dropped = {
            let mut trees = self.trees.write().unwrap_or_else(PoisonError::into_inner);
            let former = std::mem::replace(&mut trees.young, young);
            trees.number = number;
            trees.old_entries = self.young_entries.swap(0, Ordering::Relaxed);
            trees.old.replace(former)
        };
        // Nobody waits for this: who looks something up has the new trees already.
        if let Some(tree) = dropped {
            self.db.drop_tree(tree.name())?;
        }
        Ok(())
    }

    fn read(&self) -> RwLockReadGuard<'_, Trees> {
        self.trees.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Number of entries, those that both trees have counted twice.
    pub(super) fn entries(&self) -> u64 {
        self.young_entries.load(Ordering::Relaxed) + self.read().old_entries
    }
}

fn name_of(number: u64) -> Vec<u8> {
    [PREFIX, &number.to_be_bytes()].concat()
}

fn number_of(name: &[u8]) -> Option<u64> {
    name.strip_prefix(PREFIX)?.try_into().ok().map(u64::from_be_bytes)
}
