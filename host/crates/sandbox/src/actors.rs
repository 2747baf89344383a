//! Instances of actors that stay in an executor between their calls. When there are too many, or
//! they hold too much, the one goes that was idle longest: its actor is made again elsewhere or
//! later from what the server has. Never runs anything.

use std::collections::{BTreeMap, HashMap};

use wask_proto::ActorId;

/// Instances that one executor keeps. The pool has places for these.
pub(crate) const ACTORS_MAX: usize = 64;
/// Linear memory that they may hold together; one alone may hold more.
const ACTORS_MAX_BYTES: u64 = 256 * 1024 * 1024;

/// Idle instances by actor.
pub(crate) struct KeptActors<T> {
    kept: HashMap<ActorId, Kept<T>>,
    /// Actors in the order in which they became idle.
    order: BTreeMap<u64, ActorId>,
    memory_bytes: u64,
    next: u64,
}

struct Kept<T> {
    instance: T,
    order: u64,
    memory_bytes: u64,
}

impl<T> KeptActors<T> {
    pub(crate) fn new() -> Self {
        Self { kept: HashMap::new(), order: BTreeMap::new(), memory_bytes: 0, next: 0 }
    }

    /// Keeps the instance of an actor that has none here, and lets others go if it is one too many.
    pub(crate) fn keep(&mut self, actor: ActorId, instance: T, memory_bytes: u64) {
        let order = self.next;
        self.next += 1;
        self.memory_bytes += memory_bytes;
        self.order.insert(order, actor);
        self.kept.insert(actor, Kept { instance, order, memory_bytes });
        while self.kept.len() > 1 && self.are_too_many() {
            let Some((_, oldest)) = self.order.first_key_value() else { return };
            self.take(*oldest);
        }
    }

    /// Takes an actor's instance out.
    pub(crate) fn take(&mut self, actor: ActorId) -> Option<T> {
        let kept = self.kept.remove(&actor)?;
        self.order.remove(&kept.order);
        self.memory_bytes -= kept.memory_bytes;
        Some(kept.instance)
    }

    fn are_too_many(&self) -> bool {
        self.kept.len() > ACTORS_MAX || self.memory_bytes > ACTORS_MAX_BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_idle_goes_when_there_are_too_many() {
        let mut kept = KeptActors::new();
        (0..ACTORS_MAX as u64).for_each(|actor| kept.keep(ActorId(actor), (), 1));
        assert_eq!(kept.take(ActorId(0)), Some(()));
        kept.keep(ActorId(0), (), 1);
        kept.keep(ActorId(9_999), (), 1);
        assert_eq!(kept.take(ActorId(1)), None, "it was idle longest");
        assert_eq!(kept.take(ActorId(0)), Some(()));
    }

    #[test]
    fn all_others_go_for_one_that_holds_too_much() {
        let mut kept = KeptActors::new();
        (0..3).for_each(|actor| kept.keep(ActorId(actor), (), ACTORS_MAX_BYTES / 2));
        assert_eq!(kept.take(ActorId(0)), None);
        kept.keep(ActorId(4), (), ACTORS_MAX_BYTES + 1);
        assert_eq!([1, 2].map(|actor| kept.take(ActorId(actor))), [None, None]);
        assert_eq!(kept.take(ActorId(4)), Some(()));
    }
}
