//! Coordination's side of the loop: commands go in, records and answers come out. The rules are
//! in [`super::sync`].

use wask_engine::Event;
use wask_proto::{Record, RunId, SyncValue, TaskId, Timestamp};

use super::{
    Server,
    command::Due,
    sync::{After, Claim, Coordination, Output, SyncCommand},
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

    /// When there is something to do without being asked.
    pub(super) fn sync_deadline(&self) -> Option<Timestamp> {
        [self.sync.next_deadline(), self.partings.next_end()].into_iter().flatten().min()
    }

    /// Ends leases, waits and claims whose time is over.
    pub(super) fn tick_sync(&mut self) {
        if self.sync_deadline().is_none_or(|deadline| deadline > self.now) {
            return;
        }
        self.sync.tick(self.now);
        self.carry_out_sync();
        for task in self.partings.due(self.now) {
            if self.is_unfinished(task) {
                self.partings.add(task, self.now);
            } else {
                self.handle(Event::Unhold(task));
            }
        }
    }

    /// Ends what is left of claims to a run's results, of which no value needs any.
    pub(super) fn end_claims(&mut self, run: RunId) {
        for task in self.partings.of_run(run) {
            self.handle(Event::Unhold(task));
        }
    }

    fn is_unfinished(&self, task: TaskId) -> bool {
        let run = self.model.runs.get(&task.run);
        run.and_then(|run| run.state_of(task.index)).is_some_and(|state| !state.is_final())
    }

    /// Does what follows from an answer.
    pub(super) fn follow_up(&mut self, after: After) {
        self.sync.follow_up(after, self.now);
        self.carry_out_sync();
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
            match claim {
                Claim::Begins(task) => self.handle(Event::Hold(task)),
                Claim::Ends(task) => self.partings.add(task, self.now),
            }
        }
        let needed = self.journal.last();
        self.due.extend(answers.into_iter().map(|answer| (needed, Due::Sync(answer))));
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
