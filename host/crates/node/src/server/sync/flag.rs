//! Events: something that has come or not. One that is cleared leaves nothing behind.

use std::{collections::BTreeMap, sync::Arc};

use wask_proto::{SyncRecord, Timestamp};

use super::{
    Coordination,
    books::{Books, cost_of_name},
    command::Call,
    lines::Lines,
};
use crate::{refusal::Refusal, view::sync::FlagView};

/// All events that have come.
#[derive(Default)]
pub(super) struct Flags {
    table: BTreeMap<Arc<str>, ()>,
    watchers: Lines<Arc<str>, Call<bool>>,
}

impl Flags {
    pub(super) fn apply(&mut self, record: &SyncRecord, books: &mut Books) {
        match record {
            SyncRecord::EventSet { name } => {
                let is_new = self.table.insert(Arc::clone(name), ()).is_none();
                if is_new {
                    books.add_name(name);
                }
            }
            SyncRecord::EventCleared { name } => {
                let was_there = self.table.remove(name).is_some();
                if was_there {
                    books.remove_name(name);
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
        self.table.keys().map(|name| SyncRecord::EventSet { name: Arc::clone(name) })
    }

    pub(super) fn next_deadline(&self) -> Option<Timestamp> {
        self.watchers.next_deadline()
    }

    pub(super) fn view(&self, name: &Arc<str>) -> Option<FlagView> {
        self.table.contains_key(name).then(|| FlagView { name: Arc::clone(name) })
    }

    pub(super) const fn names(&self) -> &BTreeMap<Arc<str>, impl Sized> {
        &self.table
    }

    pub(super) fn waiters(&self) -> usize {
        self.watchers.total()
    }

    pub(super) fn sweep(&mut self) {
        self.watchers.sweep();
    }
}

impl Coordination {
    pub(super) fn flag(&mut self, name: Arc<str>, set: bool, call: Call<()>) {
        let changed = self.try_flag(&name, set, &call);
        if changed.is_ok() && set {
            for watcher in self.flags.watchers.drain(&name) {
                self.answer(watcher, Ok(true));
            }
        }
        self.answer(call, changed);
    }

    fn try_flag(&mut self, name: &Arc<str>, set: bool, call: &Call<()>) -> Result<(), Refusal> {
        self.admit(call)?;
        let name = Arc::clone(name);
        match (self.flags.table.contains_key(&name), set) {
            (false, true) => {
                self.check_room(cost_of_name(&name))?;
                self.commit(SyncRecord::EventSet { name });
            }
            (true, false) => self.commit(SyncRecord::EventCleared { name }),
            (true, true) | (false, false) => {}
        }
        Ok(())
    }

    pub(super) fn await_flag(&mut self, name: &Arc<str>, call: Call<bool>) {
        let is_set = self.flags.table.contains_key(name);
        if is_set || call.until.is_none() {
            return self.answer(call, Ok(is_set));
        }
        match self.check_wait(&call) {
            Ok(until) => self.flags.watchers.push(name, until, call),
            Err(refusal) => self.answer(call, Err(refusal)),
        }
    }

    pub(super) fn time_out_flags(&mut self) {
        for watcher in self.flags.watchers.overdue(self.now) {
            self.answer(watcher, Err(Refusal::TimedOut));
        }
    }
}
