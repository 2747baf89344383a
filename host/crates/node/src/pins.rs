//! Which objects are being stored right now, by threads that the server loop does not wait for.
//!
//! A file is written, or found to be there, before the loop hears of it; until then the loop must
//! not delete the same bytes on behalf of somebody else. Holds no bytes and decides nothing.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use wask_proto::ObjectId;
use wask_store::{ObjectError, Objects};

/// How often each object is pinned.
#[derive(Debug, Default)]
pub(crate) struct Pins(Mutex<HashMap<ObjectId, u32>>);

/// Keeps an object's file from being deleted until the loop knows who needs it.
#[derive(Debug)]
pub(crate) struct Pin {
    pins: Arc<Pins>,
    id: ObjectId,
}

impl Pins {
    /// Pins an object. To be done before its bytes are stored.
    pub(crate) fn pin(self: &Arc<Self>, id: ObjectId) -> Pin {
        *self.lock().entry(id).or_default() += 1;
        Pin { pins: Arc::clone(self), id }
    }

    /// Deletes an object unless it is pinned.
    pub(crate) fn delete(&self, objects: &dyn Objects, id: &ObjectId) -> Result<(), ObjectError> {
        let pinned = self.lock();
        if pinned.contains_key(id) { Ok(()) } else { objects.delete(id).map(drop) }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ObjectId, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pin {
    /// What is pinned.
    pub(crate) const fn id(&self) -> ObjectId {
        self.id
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        let mut pinned = self.pins.lock();
        if let Some(count) = pinned.get_mut(&self.id) {
            *count -= 1;
            if *count == 0 {
                pinned.remove(&self.id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use wask_store::MemoryObjects;

    use super::*;

    /// Goal: a file stays as long as one of several has it pinned, and goes after that.
    #[test]
    fn pinned_objects_are_not_deleted() {
        let (pins, objects) = (Arc::new(Pins::default()), MemoryObjects::new());
        let id = objects.put(b"bytes").unwrap();
        let (first, second) = (pins.pin(id), pins.pin(id));
        drop(first);
        pins.delete(&objects, &id).unwrap();
        assert_eq!(objects.size(&second.id()).unwrap(), Some(5));
        drop(second);
        pins.delete(&objects, &id).unwrap();
        assert_eq!(objects.size(&id).unwrap(), None);
    }
}
