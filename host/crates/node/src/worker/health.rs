//! How the worker is, for those who ask.

/// What was last wrong with an executor, and which there are.
#[derive(Debug, Default)]
pub(super) struct Health {
    trouble: Option<String>,
    slots: Vec<SlotHealth>,
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
    /// Why an executor last failed to become ready; `None` once one did.
    pub(super) fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// By slot.
    pub(super) fn slots(&self) -> &[SlotHealth] {
        &self.slots
    }

    /// An executor of a slot was started.
    pub(super) fn started(&mut self, slot: u16, process_id: u32) {
        let slot = self.slot(slot);
        slot.process_id = Some(process_id);
        slot.started += 1;
    }

    /// A slot has no executor any more.
    pub(super) fn ended(&mut self, slot: u16) {
        self.slot(slot).process_id = None;
    }

    pub(super) fn set_trouble(&mut self, trouble: Option<String>) {
        self.trouble = trouble;
    }

    fn slot(&mut self, slot: u16) -> &mut SlotHealth {
        let needed = usize::from(slot) + 1;
        if self.slots.len() < needed {
            self.slots.resize(needed, SlotHealth::default());
        }
        &mut self.slots[needed - 1]
    }
}
