//! What an executor has to tell: ends of orders, calls handed out, parking.

use wask_proto::{
    Timestamp, Timing, Value,
    executor::{JobDone, JobOutcome, News},
    worker::{AttemptId, Finished, Parked, Submitted, WorkerOutcome},
};

use super::{Executor, InFlight, Work};
use crate::worker::desk::{Desk, Held};

impl Executor {
    /// Takes note of what it has to tell. Orders that were taken away from it in the meantime are
    /// passed over.
    pub(in crate::worker) fn hear(&mut self, news: News, desk: &mut Desk) {
        match news {
            News::Done(done) => self.finish(done, desk),
            News::Submitted { job, calls } => {
                if let Some(id) = self.attempt_of(job) {
                    self.seal_for(job, desk);
                    desk.report.submitted.push(Submitted { id, calls });
                }
            }
            News::Parked { seq, job, busy_us, question } => {
                self.seal_for(job, desk);
                let Some((held, stopped)) = self.end_attempt(seq, desk) else { return };
                let of = &held.assignment;
                let id = of.id;
                desk.estimates.observe(&of.module, &of.function, busy_us);
                desk.report.parked.push(Parked { id, question, busy_us });
                self.parking.park(job, held);
                if stopped {
                    self.cancel_parked(&id, desk);
                }
            }
            News::Evicted { job } => desk.report.returned.extend(self.parking.remove(job)),
            News::Absent { seq } => {
                if let Some((held, _)) = self.end_attempt(seq, desk) {
                    desk.report.returned.push(held.assignment.id);
                }
            }
            News::ActorDone(done) => self.finish_order(*done, desk),
        }
    }

    fn finish(&mut self, done: JobDone, desk: &mut Desk) {
        let Some((held, _)) = self.end_attempt(done.seq, desk) else { return };
        let of = &held.assignment;
        let busy_us = u64::from(done.start_us).saturating_add(done.run_us);
        if done.parked_us == 0 {
            desk.estimates.observe(&of.module, &of.function, busy_us);
        }
        let us = busy_us.saturating_add(done.parked_us);
        let outcome = match done.outcome {
            JobOutcome::Success(bytes) => {
                WorkerOutcome::Success(Value::from_payload(of.result_encoding, bytes))
            }
            JobOutcome::Becomes(child) => WorkerOutcome::Becomes(child),
            JobOutcome::Failure(failure) => WorkerOutcome::Failure(failure),
            JobOutcome::Cancelled => WorkerOutcome::Cancelled,
        };
        let timing = Timing {
            slot: self.slot,
            started_at: done.started_at,
            finished_at: Timestamp(done.started_at.0.saturating_add(us)),
            start_us: done.start_us,
            run_us: done.run_us,
            peak_memory_bytes: done.peak_memory_bytes,
            fetch_us: held.fetch_us,
            cold: done.cold,
            ..Timing::default()
        };
        let (logs, profile) = (done.logs, done.profile);
        desk.report.finished.push(Finished { id: of.id, timing, outcome, logs, profile });
    }

    /// An order that was about an attempt has come back. Tells whether that was cancelled.
    fn end_attempt(&mut self, seq: u64, desk: &Desk) -> Option<(Held, bool)> {
        let InFlight { work, stop_by, .. } = self.end_order(seq, desk)?;
        match work {
            Work::Call(held) | Work::Resume { held, .. } => Some((held, stop_by.is_some())),
            Work::Actor(_) => None,
        }
    }

    /// What is told next is about this job: if that went along with another one, the end of that
    /// one goes before.
    fn seal_for(&self, job: u64, desk: &mut Desk) {
        let held =
            self.position(job).and_then(|at| self.in_flight.get(at)).and_then(InFlight::held);
        if held.is_some_and(|held| held.follows) {
            desk.report.seal_ends();
        }
    }

    /// The attempt that is the job which runs.
    fn attempt_of(&self, job: u64) -> Option<AttemptId> {
        self.in_flight.iter().find(|order| order.job() == job)?.attempt()
    }
}
