//! What one turn of the worker has to tell the scheduler, one batch of each kind.

use wask_proto::{
    Failure, Timestamp, Timing,
    executor::LogLine,
    worker::{
        ActorDone, Assignment, AttemptId, Finished, FromWorker, Parked, Started, Submitted,
        WorkerOutcome,
    },
};

/// News of one turn.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// News that have to be told before all others.
    sealed: Vec<FromWorker>,
    /// The first message.
    pub(super) greeting: Option<FromWorker>,
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

    /// What comes now is told after the ends so far: it is about an attempt that went along with
    /// one of these.
    pub(super) fn seal_ends(&mut self) {
        if !self.finished.is_empty() {
            self.sealed = self.take();
        }
    }

    /// Everything, one batch of each kind; starts come before ends, and what an attempt hands out
    /// before it waits for that.
    pub(super) fn take(&mut self) -> Vec<FromWorker> {
        fn all<T>(news: &mut Vec<T>, message: fn(Vec<T>) -> FromWorker) -> Option<FromWorker> {
            (!news.is_empty()).then(|| message(std::mem::take(news)))
        }
        let news = [
            self.greeting.take(),
            all(&mut self.started, FromWorker::Started),
            all(&mut self.progress, FromWorker::Progress),
            all(&mut self.submitted, FromWorker::Submitted),
            all(&mut self.parked, FromWorker::Parked),
            all(&mut self.finished, FromWorker::Finished),
            all(&mut self.returned, FromWorker::Returned),
            all(&mut self.actors, FromWorker::Actor),
        ];
        let mut all = std::mem::take(&mut self.sealed);
        all.extend(news.into_iter().flatten());
        all
    }

    /// Whether there is nothing to tell.
    pub(super) fn is_empty(&self) -> bool {
        self.sealed.is_empty()
            && self.greeting.is_none()
            && self.started.is_empty()
            && self.progress.is_empty()
            && self.submitted.is_empty()
            && self.parked.is_empty()
            && self.finished.is_empty()
            && self.returned.is_empty()
            && self.actors.is_empty()
    }
}
