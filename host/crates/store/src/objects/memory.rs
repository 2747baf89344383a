//! Objects in memory, for servers that keep nothing and for tests.

use std::{
    collections::HashMap,
    ops::Range,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use wask_proto::ObjectId;

use super::{ObjectError, Objects};

/// Objects in memory, limited in size like a disk.
#[derive(Debug)]
pub struct MemoryObjects {
    state: Mutex<State>,
    max_bytes: u64,
}

#[derive(Debug, Default)]
struct State {
    durable: HashMap<ObjectId, Arc<[u8]>>,
    spilled: HashMap<ObjectId, Arc<[u8]>>,
    bytes: u64,
}

impl State {
    fn get(&self, id: &ObjectId) -> Option<&Arc<[u8]>> {
        self.durable.get(id).or_else(|| self.spilled.get(id))
    }
}

impl Default for MemoryObjects {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryObjects {
    /// The limit of [`MemoryObjects::new`].
    pub const DEFAULT_MAX_BYTES: u64 = 4 * 1024 * 1024 * 1024;

    /// An empty store with the default limit.
    pub fn new() -> Self {
        Self::with_limit(Self::DEFAULT_MAX_BYTES)
    }

    /// An empty store that is full when it holds `max_bytes`.
    pub fn with_limit(max_bytes: u64) -> Self {
        Self { state: Mutex::default(), max_bytes }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn room_for(&self, state: &mut State, bytes: usize) -> Result<(), ObjectError> {
        let grown = state.bytes + bytes as u64;
        if grown > self.max_bytes {
            let source = std::io::ErrorKind::StorageFull.into();
            return Err(ObjectError::Full { path: "memory".into(), source });
        }
        state.bytes = grown;
        Ok(())
    }
}

impl Objects for MemoryObjects {
    fn put_named(&self, values: &[(ObjectId, &[u8])]) -> Result<(), ObjectError> {
        for (id, bytes) in values {
            let mut state = self.lock();
            if let Some(spilled) = state.spilled.remove(id) {
                state.durable.insert(*id, spilled);
            } else if !state.durable.contains_key(id) {
                self.room_for(&mut state, bytes.len())?;
                state.durable.insert(*id, (*bytes).into());
            }
        }
        Ok(())
    }

    fn spill_named(&self, id: ObjectId, bytes: &[u8]) -> Result<(), ObjectError> {
        let mut state = self.lock();
        if state.get(&id).is_none() {
            self.room_for(&mut state, bytes.len())?;
            state.spilled.insert(id, bytes.into());
        }
        Ok(())
    }

    fn get(&self, id: &ObjectId) -> Result<Option<Vec<u8>>, ObjectError> {
        Ok(self.lock().get(id).map(|bytes| bytes.to_vec()))
    }

    fn get_range(&self, id: &ObjectId, range: Range<u64>) -> Result<Option<Vec<u8>>, ObjectError> {
        Ok(self.lock().get(id).map(|bytes| {
            let at = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
            bytes.get(at(range.start)..at(range.end)).unwrap_or_default().to_vec()
        }))
    }

    fn size(&self, id: &ObjectId) -> Result<Option<u64>, ObjectError> {
        Ok(self.lock().get(id).map(|bytes| bytes.len() as u64))
    }

    fn delete(&self, id: &ObjectId) -> Result<bool, ObjectError> {
        let mut state = self.lock();
        let gone = [state.durable.remove(id), state.spilled.remove(id)];
        let freed: usize = gone.iter().flatten().map(|bytes| bytes.len()).sum();
        state.bytes -= freed as u64;
        Ok(gone.iter().any(Option::is_some))
    }

    fn path(&self, _id: &ObjectId) -> Option<PathBuf> {
        None
    }

    fn list(&self, each: &mut dyn FnMut(ObjectId, u64)) -> Result<(), ObjectError> {
        let sizes: Vec<_> = {
            let state = self.lock();
            state.durable.iter().map(|(id, bytes)| (*id, bytes.len() as u64)).collect()
        };
        sizes.into_iter().for_each(|(id, size)| each(id, size));
        Ok(())
    }
}
