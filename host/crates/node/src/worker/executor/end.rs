//! How an executor ends, by itself or by force, and what becomes of its orders.

use std::sync::atomic::Ordering;

use wask_proto::{
    Failure, Timing,
    worker::{ActorDone, ActorOutcome, WorkerOutcome},
};

use super::{Executor, Fault, InFlight, Work, actor, or_now};
use crate::{clock, worker::desk::Desk};

/// What becomes of an order whose executor is killed or dies.
#[derive(Debug)]
pub(super) enum Ending {
    /// It is to blame.
    Lost(String),
    /// It did not stop at its limit.
    Failed(Box<Failure>),
    /// It did not stop when it was asked to.
    Cancelled,
}

impl Executor {
    /// Makes sure that the process has ended, and finds for each of its jobs what becomes of it:
    /// the one that was running is lost, everything else runs again. Says how it ended, or for
    /// what fault it had to.
    pub(in crate::worker) fn end(&mut self, fault: Option<&Fault>, desk: &mut Desk) -> String {
        let ended = self.process.end();
        let how = fault.map_or(ended, |fault| format!("the executor was killed because {fault}"));
        let blamed = self.order_to_blame();
        let mut innocent = Vec::new();
        for job in std::mem::take(&mut self.in_flight) {
            if Some(job.seq) == blamed {
                self.report_killed(&job, Ending::Lost(how.clone()), desk);
            } else {
                innocent.push(job);
            }
        }
        self.put_back(innocent, desk);
        self.give_parked_back(desk);
        desk.actors.lose(self.slot);
        how
    }

    /// Kills it because of one job, of whose end is told at once.
    pub(super) fn kill_for(&mut self, seq: u64, ending: Ending, desk: &mut Desk) {
        self.condemn();
        if let Some(job) = self.position(seq).and_then(|at| self.remove(at)) {
            self.report_killed(&job, ending, desk);
        }
    }

    fn report_killed(&self, job: &InFlight, ending: Ending, desk: &mut Desk) {
        let finished_at = clock::now();
        let started_at = or_now(self.page.running_since.load(Ordering::Acquire));
        let timing = Timing {
            slot: self.slot,
            started_at,
            finished_at,
            run_us: finished_at.micros_since(started_at),
            ..Timing::default()
        };
        match &job.work {
            Work::Call(held) | Work::Resume { held, .. } => {
                desk.report.ended(held.assignment.id, timing, ending.of_attempt(), Vec::new());
            }
            Work::Actor(order) => desk.actors.answer(ActorDone {
                actor: order.actor,
                order: order.order,
                outcome: ending.of_order(),
                state: None,
                timing,
                logs: Vec::new(),
            }),
        }
    }

    /// The order to blame for the end of the process, if one was running. Where an actor's call
    /// ran, it is the first of that actor's that has no answer: what became of that is not known
    /// either, and nothing is known of what came after it.
    fn order_to_blame(&self) -> Option<u64> {
        let running = self.position(self.page.last_claimed());
        let running = running.and_then(|at| self.in_flight.get(at))?;
        if self.condemned || running.stop_by.is_some() {
            return None;
        }
        let Some(actor) = running.actor() else { return Some(running.seq) };
        self.in_flight.iter().find(|order| order.actor() == Some(actor)).map(|order| order.seq)
    }
}

impl Ending {
    fn of_attempt(self) -> WorkerOutcome {
        match self {
            Self::Lost(how) => WorkerOutcome::Lost(how),
            Self::Failed(failure) => WorkerOutcome::Failure(failure),
            Self::Cancelled => WorkerOutcome::Cancelled,
        }
    }

    fn of_order(self) -> ActorOutcome {
        match self {
            Self::Lost(how) => ActorOutcome::Lost(how),
            Self::Failed(failure) => actor::gone(failure),
            // Only orders of forgotten actors are stopped.
            Self::Cancelled => ActorOutcome::Absent,
        }
    }
}
