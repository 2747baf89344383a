//! Coordination's side of the loop: commands go in, records and answers come out. The rules are
//! in [`super::sync`].

use wask_engine::Event;
use wask_proto::{Record, SyncValue};

use super::{
    Server,
    sync::{Claim, Coordination, Output, SyncCommand},
};
use crate::{refusal::Refusal, view::sync::Guard};

impl Server {
    /// What programs coordinate by, to look at.
    pub(crate) fn sync(&self) -> &Coordination {
        &self.sync
    }

    pub(super) fn on_sync(&mut self, command: SyncCommand) {
        let verdict = self.may_write().and_then(|()| self.check_references(command.value()));
        self.sync.handle(command, self.now, verdict);
        self.carry_out_sync();
    }

    /// Ends leases and waits whose time is over.
    pub(super) fn tick_sync(&mut self) {
        if self.sync.next_deadline().is_some_and(|deadline| deadline <= self.now) {
            self.sync.tick(self.now);
            self.carry_out_sync();
        }
    }

    /// Gives the answers that are durable. What nobody is there to take
    /// goes back.
    pub(super) fn release_sync_answers(&mut self) {
        while let Some((needed, _)) = self.sync_answers.front()
            && *needed <= self.journal.durable
            && let Some((_, answer)) = self.sync_answers.pop_front()
        {
            if let Some(after) = answer() {
                self.sync.follow_up(after, self.now);
                self.carry_out_sync();
            }
        }
    }

    /// Whether the lease that a command depends on is held.
    pub(super) fn check_guard(&mut self, guard: Option<&Guard>) -> Result<(), Refusal> {
        if guard.is_some() {
            self.sync.tick(self.now);
            self.carry_out_sync();
        }
        self.sync.check_guard(guard)
    }

    fn carry_out_sync(&mut self) {
        let Output { records, answers, claims } = self.sync.take_output();
        for record in records {
            self.record(&Record::Sync(record), None);
        }
        for claim in claims {
            self.handle(match claim {
                Claim::Begins(task) => Event::Hold(task),
                Claim::Ends(task) => Event::Unhold(task),
            });
        }
        let needed = self.journal.last();
        self.sync_answers.extend(answers.into_iter().map(|answer| (needed, answer)));
    }

    /// Whether everything is there that a value refers to.
    fn check_references(&self, value: Option<&SyncValue>) -> Result<(), Refusal> {
        let Some(value) = value else { return Ok(()) };
        if value.objects.iter().any(|id| self.object_info(id).is_none()) {
            return Err(Refusal::UnknownObject);
        }
        for task in &value.tasks {
            let run = self.model.runs.get(&task.run).ok_or(Refusal::UnknownRun)?;
            if task.index >= run.next_index() {
                return Err(Refusal::UnknownTask);
            }
        }
        Ok(())
    }
}
