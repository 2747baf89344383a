//! Loaded guests of an executor: the most recently used ones stay, the others go.
#![expect(unsafe_code, reason = "wasmtime loads compiled code unchecked")]

use std::{collections::HashMap, sync::Arc};

use wask_proto::{Failure, FailureKind, ModuleId};
use wasmtime::{
    Engine,
    component::{Component, Linker},
};

use crate::{cache::Cache, call::CallState, guest::Guest};

/// Guests kept loaded.
const GUESTS_MAX: usize = 1024;
/// Machine code kept loaded.
const CODE_MAX_BYTES: usize = 512 * 1024 * 1024;

/// Guests by module, loaded from the cache directory when they are first called.
pub(crate) struct Guests {
    engine: Engine,
    linker: Linker<CallState>,
    cache: Cache,
    loaded: HashMap<ModuleId, Loaded>,
    code_bytes: usize,
    uses: u64,
    loads: u64,
}

struct Loaded {
    guest: Arc<Guest>,
    code_bytes: usize,
    last_use: u64,
}

impl Guests {
    pub(crate) fn new(engine: Engine, linker: Linker<CallState>, cache: Cache) -> Self {
        Self { engine, linker, cache, loaded: HashMap::new(), code_bytes: 0, uses: 0, loads: 0 }
    }

    /// The guest of `id`.
    pub(crate) fn get(&mut self, id: ModuleId) -> Result<Arc<Guest>, Failure> {
        self.uses += 1;
        if let Some(loaded) = self.loaded.get_mut(&id) {
            loaded.last_use = self.uses;
            return Ok(Arc::clone(&loaded.guest));
        }
        self.loads += 1;
        let (guest, code_bytes) = self.load(id)?;
        self.make_room(code_bytes);
        let guest = Arc::new(guest);
        self.code_bytes += code_bytes;
        let loaded = Loaded { guest: Arc::clone(&guest), code_bytes, last_use: self.uses };
        self.loaded.insert(id, loaded);
        Ok(guest)
    }

    /// How often a guest had to be loaded.
    pub(crate) const fn loads(&self) -> u64 {
        self.loads
    }

    fn load(&self, id: ModuleId) -> Result<(Guest, usize), Failure> {
        let path = self.cache.code_path(id);
        // SAFETY: the directory is ours alone (`Cache::open` checks it), its files are written by
        // our own compile child, as a whole, and never change afterwards.
        let component = unsafe { Component::deserialize_file(&self.engine, &path) };
        let component = component.map_err(|error| not_loaded(id, &error))?;
        let range = component.image_range();
        let code_bytes = range.end.addr() - range.start.addr();
        let guest = Guest::new(&self.linker, &component)
            .map_err(|error| Failure::new(FailureKind::Invalid, format!("module {id}: {error}")))?;
        Ok((guest, code_bytes))
    }

    fn make_room(&mut self, code_bytes: usize) {
        while self.loaded.len() >= GUESTS_MAX || self.code_bytes + code_bytes > CODE_MAX_BYTES {
            let oldest = self.loaded.iter().min_by_key(|(_, loaded)| loaded.last_use);
            let Some(id) = oldest.map(|(id, _)| *id) else { return };
            if let Some(gone) = self.loaded.remove(&id) {
                self.code_bytes -= gone.code_bytes;
            }
        }
    }
}

fn not_loaded(id: ModuleId, error: &wasmtime::Error) -> Failure {
    let message = format!("the compiled form of module {id} cannot be loaded: {error:#}");
    Failure::new(FailureKind::Invalid, message)
}
