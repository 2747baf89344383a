//! Variables: a name for one value, which can be waited for.

use std::{collections::BTreeMap, sync::Arc};

use wask_proto::{SyncRecord, SyncValue, Timestamp};

use super::{
    Coordination,
    books::{Books, cost_of, cost_of_name},
    command::Call,
    lines::Lines,
};
use crate::{
    refusal::Refusal,
    view::sync::{SyncKind, VariableView},
};

/// All variables that have a value.
#[derive(Default)]
pub(super) struct Variables {
    table: BTreeMap<Arc<str>, Arc<SyncValue>>,
    readers: Lines<Arc<str>, Call<Arc<SyncValue>>>,
}

impl Variables {
    pub(super) fn apply(&mut self, record: &SyncRecord, books: &mut Books) {
        match record {
            SyncRecord::VariableSet { name, value } => {
                books.add(value);
                match self.table.insert(Arc::clone(name), Arc::clone(value)) {
                    Some(before) => books.remove(&before),
                    None => books.add_name(name),
                }
            }
            SyncRecord::VariableDeleted { name } => {
                if let Some(before) = self.table.remove(name) {
                    books.remove_name(name);
                    books.remove(&before);
                }
            }
            _ => {}
        }
    }

    pub(super) fn forget(&mut self) {
        self.table.clear();
    }

    /// The records that make all of it anew.
    pub(super) fn restate(&self) -> impl Iterator<Item = SyncRecord> {
        self.table.iter().map(|(name, value)| SyncRecord::VariableSet {
            name: Arc::clone(name),
            value: Arc::clone(value),
        })
    }

    pub(super) fn next_deadline(&self) -> Option<Timestamp> {
        self.readers.next_deadline()
    }

    pub(super) fn view(&self, name: &Arc<str>) -> Option<VariableView> {
        let value = self.table.get(name)?;
        Some(VariableView { name: Arc::clone(name), bytes: value.cbor.len() as u64 })
    }

    pub(super) fn names(&self) -> &BTreeMap<Arc<str>, impl Sized> {
        &self.table
    }

    pub(super) fn waiters(&self) -> usize {
        self.readers.total()
    }

    pub(super) fn sweep(&mut self) {
        self.readers.sweep();
    }

    /// The first variable with a value that fits.
    pub(super) fn find(&self, fits: impl Fn(&SyncValue) -> bool) -> Option<&Arc<str>> {
        self.table.iter().find(|(_, value)| fits(value)).map(|(name, _)| name)
    }
}

impl Coordination {
    pub(super) fn set_variable(&mut self, name: Arc<str>, value: Arc<SyncValue>, call: Call<()>) {
        let admitted = self.admit(&call);
        let fits = admitted.and_then(|()| self.check_room(cost_of(&value) + cost_of_name(&name)));
        if fits.is_ok() {
            let record =
                SyncRecord::VariableSet { name: Arc::clone(&name), value: Arc::clone(&value) };
            self.commit(record);
            for reader in self.variables.readers.drain(&name) {
                self.answer(reader, Ok(Arc::clone(&value)));
            }
        }
        self.answer(call, fits);
    }

    pub(super) fn variable(&mut self, name: Arc<str>, call: Call<Arc<SyncValue>>) {
        if let Some(value) = self.variables.table.get(&name).cloned() {
            return self.answer(call, Ok(value));
        }
        if call.until.is_none() {
            return self.answer(call, Err(Refusal::UnknownName(SyncKind::Variable, name)));
        }
        match self.check_wait(&call) {
            Ok(until) => self.variables.readers.push(&name, until, call),
            Err(refusal) => self.answer(call, Err(refusal)),
        }
    }

    pub(super) fn delete_variable(&mut self, name: Arc<str>, call: Call<()>) {
        let admitted = self.admit(&call);
        let answer = match admitted {
            Ok(()) if self.variables.table.contains_key(&name) => {
                self.commit(SyncRecord::VariableDeleted { name });
                Ok(())
            }
            Ok(()) => Err(Refusal::UnknownName(SyncKind::Variable, name)),
            refused => refused,
        };
        self.answer(call, answer);
    }

    pub(super) fn time_out_variables(&mut self) {
        for reader in self.variables.readers.overdue(self.now) {
            self.answer(reader, Err(Refusal::TimedOut));
        }
    }
}
