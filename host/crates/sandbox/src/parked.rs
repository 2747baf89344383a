//! Calls that wait in an executor, with the sandboxes that they keep. When they hold too much, the
//! one that has waited longest goes: it is the farthest up in its tree of calls, and likely to be
//! needed last. Calls that would do something twice go after all others. Never runs a call.

use std::collections::{BTreeMap, HashMap};

/// Calls that one executor keeps. The pool has places for these and the running one.
pub(crate) const PARKED_MAX: usize = 512;
/// Linear memory that they may hold together.
const PARKED_MAX_BYTES: u64 = 1024 * 1024 * 1024;

/// Parked calls by job.
pub(crate) struct ParkedCalls<T> {
    calls: HashMap<u64, Parked<T>>,
    /// Jobs in the order in which they go: those that can be repeated first, each as they came.
    order: BTreeMap<Order, u64>,
    memory_bytes: u64,
    next: u64,
}

/// Whether a call must not be repeated, and when it was parked.
type Order = (bool, u64);

struct Parked<T> {
    call: T,
    order: Order,
    memory_bytes: u64,
}

impl<T> ParkedCalls<T> {
    pub(crate) fn new() -> Self {
        Self { calls: HashMap::new(), order: BTreeMap::new(), memory_bytes: 0, next: 0 }
    }

    /// Keeps a call that holds so much memory.
    pub(crate) fn insert(&mut self, job: u64, call: T, memory_bytes: u64, repeatable: bool) {
        let order = (!repeatable, self.next);
        self.next += 1;
        self.memory_bytes += memory_bytes;
        self.order.insert(order, job);
        self.calls.insert(job, Parked { call, order, memory_bytes });
    }

    /// Takes a call out.
    pub(crate) fn remove(&mut self, job: u64) -> Option<T> {
        let parked = self.calls.remove(&job)?;
        self.order.remove(&parked.order);
        self.memory_bytes -= parked.memory_bytes;
        Some(parked.call)
    }

    /// Takes the call out that has waited longest, if all of them hold too much for one more.
    pub(crate) fn evict(&mut self) -> Option<u64> {
        if self.calls.len() < PARKED_MAX && self.memory_bytes < PARKED_MAX_BYTES {
            return None;
        }
        let job = *self.order.first_key_value()?.1;
        self.remove(job).map(|_| job)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_when_there_are_too_many_or_they_hold_too_much() {
        let mut parked = ParkedCalls::new();
        (0..PARKED_MAX as u64 - 1).for_each(|job| parked.insert(job, (), 1, true));
        assert_eq!(parked.evict(), None);
        parked.insert(9_999, (), 1, true);
        assert_eq!(parked.evict(), Some(0));
        assert_eq!(parked.evict(), None);
        assert_eq!(parked.remove(0), None);
        parked.insert(10_000, (), PARKED_MAX_BYTES, true);
        assert_eq!(parked.evict(), Some(1));
        assert_eq!(parked.remove(10_000), Some(()));
        assert_eq!(parked.evict(), None);
    }

    #[test]
    fn what_must_not_be_repeated_goes_last() {
        let mut parked = ParkedCalls::new();
        parked.insert(1, (), PARKED_MAX_BYTES, false);
        parked.insert(2, (), PARKED_MAX_BYTES, true);
        assert_eq!(parked.evict(), Some(2));
        assert_eq!(parked.evict(), Some(1));
    }
}
