//! The table of modules: ids, names, functions. Shared by the loop (the only writer) and readers.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use rustc_hash::FxHashMap;
use wask_proto::{ModuleId, ModuleInfo};

/// A module and the names that point to it.
#[derive(Clone, Debug)]
pub struct ModuleView {
    /// The module.
    pub info: Arc<ModuleInfo>,
    /// Names that point to it, in alphabetical order.
    pub names: Vec<Arc<str>>,
}

/// What a reference to a module leads to.
#[derive(Clone, Debug)]
pub enum ModuleLookup {
    /// One module.
    Found(Arc<ModuleInfo>),
    /// None; names that may have been meant.
    Unknown {
        /// "Did you mean".
        near: Vec<String>,
    },
    /// A prefix of several ids.
    Ambiguous(Vec<ModuleId>),
}

/// The shortest prefix of an id that is taken for one.
const PREFIX_MIN: usize = 8;

/// Names that are offered at most for one that is not there.
const NEAR_MAX: usize = 1_000;

/// All modules.
#[derive(Debug, Default)]
pub(crate) struct Modules(RwLock<Table>);

#[derive(Debug, Default)]
struct Table {
    by_id: FxHashMap<ModuleId, Arc<ModuleInfo>>,
    names: BTreeMap<Arc<str>, ModuleId>,
}

impl Modules {
    pub(crate) fn add(&self, info: Arc<ModuleInfo>) {
        self.write(|table| {
            table.by_id.entry(info.id).or_insert(info);
        });
    }

    pub(crate) fn name(&self, name: Arc<str>, id: ModuleId) {
        self.write(|table| {
            table.names.insert(name, id);
        });
    }

    pub(crate) fn remove(&self, id: ModuleId) {
        self.write(|table| {
            table.by_id.remove(&id);
            table.names.retain(|_, target| *target != id);
        });
    }

    pub(crate) fn get(&self, id: &ModuleId) -> Option<Arc<ModuleInfo>> {
        self.read(|table| table.by_id.get(id).cloned())
    }

    pub(crate) fn names_of(&self, id: &ModuleId) -> Vec<Arc<str>> {
        self.read(|table| table.names_of(id))
    }

    pub(crate) fn all(&self) -> Vec<ModuleView> {
        let mut all: Vec<_> = self.read(|table| {
            let view = |info: &Arc<ModuleInfo>| ModuleView {
                info: Arc::clone(info),
                names: table.names_of(&info.id),
            };
            table.by_id.values().map(view).collect()
        });
        all.sort_by_key(|m| (std::cmp::Reverse(m.info.created_at), m.info.id));
        all
    }

    /// Finds a module by name, id, or prefix of an id. A name wins over a prefix.
    pub(crate) fn lookup(&self, reference: &str) -> ModuleLookup {
        self.read(|table| {
            if let Some(info) = table.names.get(reference).and_then(|id| table.by_id.get(id)) {
                return ModuleLookup::Found(Arc::clone(info));
            }
            let found = table.by_prefix(reference);
            match found.as_slice() {
                [] => ModuleLookup::Unknown { near: table.near() },
                [one] => ModuleLookup::Found(Arc::clone(one)),
                several => ModuleLookup::Ambiguous(several.iter().map(|m| m.id).collect()),
            }
        })
    }

    fn read<T>(&self, read: impl FnOnce(&Table) -> T) -> T {
        read(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self, write: impl FnOnce(&mut Table)) {
        write(&mut self.0.write().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Table {
    fn names_of(&self, id: &ModuleId) -> Vec<Arc<str>> {
        self.names.iter().filter(|(_, target)| *target == id).map(|(n, _)| Arc::clone(n)).collect()
    }

    fn by_prefix(&self, prefix: &str) -> Vec<&Arc<ModuleInfo>> {
        let is_prefix = prefix.len() >= PREFIX_MIN && prefix.bytes().all(|b| b.is_ascii_hexdigit());
        if !is_prefix {
            return Vec::new();
        }
        self.by_id.values().filter(|m| m.id.to_string().starts_with(prefix)).collect()
    }

    /// The names among which the one that was meant may be; the asker picks the nearest.
    fn near(&self) -> Vec<String> {
        self.names.keys().take(NEAR_MAX).map(ToString::to_string).collect()
    }
}
