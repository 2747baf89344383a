//! What this process knows about stored objects, so that it checks and syncs each only once.
//!
//! Knowledge may be forgotten at any time; it is then gained again by reading the file.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use wask_proto::ObjectId;

/// Beyond this many objects everything is forgotten, which bounds memory to a few megabytes.
const KNOWN_MAX: usize = 64 * 1024;

/// How much is known of an object.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Trust {
    /// Its bytes match its name.
    Checked,
    /// They do, and they were synced together with the name.
    Durable,
}

/// Objects by what is known of them.
#[derive(Debug, Default)]
pub(super) struct Known {
    objects: Mutex<HashMap<ObjectId, Trust>>,
}

impl Known {
    pub(super) fn is(&self, id: &ObjectId, trust: Trust) -> bool {
        self.lock().get(id).is_some_and(|known| *known >= trust)
    }

    /// Remembers that at least `trust` is known.
    pub(super) fn learn(&self, id: ObjectId, trust: Trust) {
        let mut objects = self.lock();
        if objects.len() >= KNOWN_MAX {
            objects.clear();
        }
        let known = objects.entry(id).or_insert(trust);
        *known = trust.max(*known);
    }

    pub(super) fn forget(&self, id: &ObjectId) {
        self.lock().remove(id);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ObjectId, Trust>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knowledge_only_grows_until_it_is_forgotten_and_never_takes_more_than_its_room() {
        let known = Known::default();
        let id = ObjectId([255; 32]);
        known.learn(id, Trust::Durable);
        known.learn(id, Trust::Checked);
        assert!(known.is(&id, Trust::Durable) && known.is(&id, Trust::Checked));
        known.forget(&id);
        assert!(!known.is(&id, Trust::Checked));
        for number in 0..=KNOWN_MAX {
            let mut name = [0; 32];
            name[..8].copy_from_slice(&number.to_le_bytes());
            known.learn(ObjectId(name), Trust::Checked);
        }
        assert!(known.lock().len() <= KNOWN_MAX);
    }
}
