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
    slots: Mutex<Vec<SlotHealth>>,
}

/// How the executor of a slot is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct SlotHealth {
    /// Its process, if there is one.
    pub(crate) process_id: Option<u32>,
    /// How many executors the slot has had.
    pub(crate) started: u32,
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

    /// By slot.
    pub(super) fn slots(&self) -> Vec<SlotHealth> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// An executor of a slot was started.
    pub(super) fn started(&self, slot: u16, process_id: u32) {
        self.change(slot, |slot| {
            slot.process_id = Some(process_id);
            slot.started += 1;
        });
    }

    /// A slot has no executor any more.
    pub(super) fn ended(&self, slot: u16) {
        self.change(slot, |slot| slot.process_id = None);
    }

    fn change(&self, slot: u16, change: impl FnOnce(&mut SlotHealth)) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let needed = usize::from(slot) + 1;
        if slots.len() < needed {
            slots.resize(needed, SlotHealth::default());
        }
        if let Some(slot) = slots.get_mut(usize::from(slot)) {
            change(slot);
        }
    }

    pub(super) fn set_trouble(&self, trouble: Option<String>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }
}
