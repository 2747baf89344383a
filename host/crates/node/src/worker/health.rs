//! How the worker is, for other threads to look at.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU16, Ordering},
};

/// Slots with a working executor, and what was last wrong with one.
#[derive(Debug, Default)]
pub(super) struct Health {
    slots_ready: AtomicU16,
    trouble: Mutex<Option<String>>,
}

impl Health {
    pub(super) fn slots_ready(&self) -> u16 {
        self.slots_ready.load(Ordering::Acquire)
    }

    pub(super) fn set_slots_ready(&self, slots: u16) {
        self.slots_ready.store(slots, Ordering::Release);
    }

    /// Why an executor last failed to become ready; `None` once one did.
    pub(super) fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_trouble(&self, trouble: Option<String>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }
}
