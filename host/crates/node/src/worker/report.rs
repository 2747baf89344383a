//! What one round of the loop has to tell the scheduler, sent as one batch per kind.

use wask_proto::{
    Failure, Timestamp, Timing,
    executor::LogLine,
    worker::{
        ActorDone, Assignment, AttemptId, Finished, FromWorker, Parked, Started, Submitted,
        WorkerOutcome,
    },
};

use super::handle::Outbox;

/// News of one round.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) started: Vec<Started>,
    pub(super) progress: Vec<(AttemptId, u64, u64)>,
    pub(super) submitted: Vec<Submitted>,
    pub(super) parked: Vec<Parked>,
    pub(super) finished: Vec<Finished>,
    pub(super) returned: Vec<AttemptId>,
    pub(super) actors: Vec<ActorDone>,
}

impl Report {
    /// An attempt came to an end without having begun.
    pub(super) fn never_ran(&mut self, id: AttemptId, at: Timestamp, outcome: WorkerOutcome) {
        let timing = Timing { started_at: at, finished_at: at, ..Timing::default() };
        self.ended(id, timing, outcome, Vec::new());
    }

    /// An attempt cannot run: its arguments are not there.
    pub(super) fn no_args(&mut self, of: &Assignment, at: Timestamp, failure: Box<Failure>) {
        self.never_ran(of.id, at, WorkerOutcome::Failure(failure));
    }

    /// An attempt came to an end.
    pub(super) fn ended(
        &mut self,
        id: AttemptId,
        timing: Timing,
        outcome: WorkerOutcome,
        logs: Vec<LogLine>,
    ) {
        self.finished.push(Finished { id, timing, outcome, logs, profile: None });
    }

    /// Tells the scheduler everything; starts come before ends, and what an attempt hands out
    /// before it waits for that.
    pub(super) fn send(&mut self, outbox: &dyn Outbox) {
        if !self.started.is_empty() {
            outbox.send(FromWorker::Started(std::mem::take(&mut self.started)));
        }
        if !self.progress.is_empty() {
            outbox.send(FromWorker::Progress(std::mem::take(&mut self.progress)));
        }
        if !self.submitted.is_empty() {
            outbox.send(FromWorker::Submitted(std::mem::take(&mut self.submitted)));
        }
        if !self.parked.is_empty() {
            outbox.send(FromWorker::Parked(std::mem::take(&mut self.parked)));
        }
        if !self.finished.is_empty() {
            outbox.send(FromWorker::Finished(std::mem::take(&mut self.finished)));
        }
        if !self.returned.is_empty() {
            outbox.send(FromWorker::Returned(std::mem::take(&mut self.returned)));
        }
        if !self.actors.is_empty() {
            outbox.send(FromWorker::Actor(std::mem::take(&mut self.actors)));
        }
    }
}
