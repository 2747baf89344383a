//! Memoised results in sled: logs of changes, one tree for each generation, so that the older one
//! goes at once. Many small changes share an entry, which is why they cost sled next to nothing.
//!
//! Never looks anything up: whoever remembers calls keeps them in memory, and reads them back once
//! at the start.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::entry::{MemoChange, MemoPages};

/// What the names of the trees begin with. A number follows that grows with each generation.
const PREFIX: &[u8] = b"memo-";

/// The generations of memoised results in sled.
pub(super) struct MemoTrees {
    db: sled::Db,
    trees: Mutex<Trees>,
}

struct Trees {
    /// Of the younger tree.
    number: u64,
    young: sled::Tree,
    /// The place of the younger tree's next page.
    next_page: u64,
    old: Option<sled::Tree>,
}

impl MemoTrees {
    /// The two youngest trees of a database. Others, which a crash may have left, go.
    pub(super) fn open(db: &sled::Db) -> sled::Result<Self> {
        let mut numbers: Vec<u64> = db.tree_names().iter().filter_map(|n| number_of(n)).collect();
        numbers.sort_unstable_by_key(|number| std::cmp::Reverse(*number));
        for number in numbers.iter().skip(2) {
            db.drop_tree(name_of(*number))?;
        }
        let number = numbers.first().copied().unwrap_or(0);
        let young = db.open_tree(name_of(number))?;
        let old = numbers.get(1).map(|number| db.open_tree(name_of(*number))).transpose()?;
        let last = young.last()?.and_then(|(key, _)| key.as_ref().try_into().ok());
        let next_page = last.map_or(0, |place| u64::from_be_bytes(place) + 1);
        let trees = Mutex::new(Trees { number, young, next_page, old });
        Ok(Self { db: db.clone(), trees })
    }

    /// Hands every page over, the older generation's first, and says where the younger begins.
    pub(super) fn read(&self, mut each: impl FnMut(MemoPart<'_>)) -> sled::Result<()> {
        let trees = self.lock();
        for page in trees.old.iter().flat_map(sled::Tree::iter) {
            each(MemoPart::Page(&page?.1));
        }
        each(MemoPart::Generation);
        for page in &trees.young {
            each(MemoPart::Page(&page?.1));
        }
        Ok(())
    }

    pub(super) fn apply(&self, changes: Vec<MemoChange>) -> sled::Result<()> {
        let mut trees = self.lock();
        let mut pages = MemoPages::default();
        for change in changes {
            match change {
                MemoChange::Entry(bytes) => {
                    if let Some(page) = pages.push(&bytes) {
                        trees.append(page)?;
                    }
                }
                MemoChange::Generation => {
                    trees.append(pages.take())?;
                    self.begin_generation(&mut trees)?;
                }
            }
        }
        trees.append(pages.take())
    }

    /// Makes the younger tree the older one. A crash in between leaves a tree too many, which
    /// the next start drops.
    fn begin_generation(&self, trees: &mut Trees) -> sled::Result<()> {
        let number = trees.number + 1;
        let young = self.db.open_tree(name_of(number))?;
        let former = std::mem::replace(&mut trees.young, young);
        (trees.number, trees.next_page) = (number, 0);
        if let Some(tree) = trees.old.replace(former) {
            self.db.drop_tree(tree.name())?;
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Trees> {
        self.trees.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What [`MemoTrees::read`] finds.
pub(super) enum MemoPart<'a> {
    /// The younger generation begins.
    Generation,
    /// Changes, oldest first.
    Page(&'a [u8]),
}

impl Trees {
    fn append(&mut self, page: Vec<u8>) -> sled::Result<()> {
        if !page.is_empty() {
            self.young.insert(self.next_page.to_be_bytes(), page)?;
            self.next_page += 1;
        }
        Ok(())
    }
}

fn name_of(number: u64) -> Vec<u8> {
    [PREFIX, &number.to_be_bytes()].concat()
}

fn number_of(name: &[u8]) -> Option<u64> {
    name.strip_prefix(PREFIX)?.try_into().ok().map(u64::from_be_bytes)
}
