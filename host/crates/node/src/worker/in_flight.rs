//! Orders that were sent to an executor and have not come back: what each is about, what it may
//! use, and what is left of it should it have to be done again. Never talks to the executor.

use std::time::Instant;

use wask_proto::{
    ActorId, CallLimits,
    worker::{ActorOrder, AttemptId, Reply},
};

use super::{desk::Held, orders};

/// An order that was sent and has not come back.
#[derive(Debug)]
pub(super) struct InFlight {
    pub(super) seq: u64,
    pub(super) work: Work,
    pub(super) work_ns: u64,
    /// It was cancelled; by then at the latest it has stopped.
    pub(super) stop_by: Option<Instant>,
}

/// What an order is about.
#[derive(Debug)]
pub(super) enum Work {
    /// A call in a new sandbox.
    Call(Held),
    /// A parked attempt that goes on.
    Resume {
        held: Held,
        /// The sequence number of its call.
        job: u64,
        /// What it gets.
        reply: Reply,
    },
    /// A call of an actor.
    Actor(Box<ActorOrder>),
}

impl InFlight {
    /// The attempt, if it is one.
    pub(super) fn attempt(&self) -> Option<AttemptId> {
        self.held().map(|held| held.assignment.id)
    }

    /// The actor, if it is an order for one.
    pub(super) const fn actor(&self) -> Option<ActorId> {
        match &self.work {
            Work::Actor(order) => Some(order.actor),
            Work::Call(_) | Work::Resume { .. } => None,
        }
    }

    /// The sequence number of the call that it begins or resumes.
    pub(super) const fn job(&self) -> u64 {
        match &self.work {
            Work::Resume { job, .. } => *job,
            Work::Call(_) | Work::Actor(_) => self.seq,
        }
    }

    /// The attempt with all that the worker has of it.
    pub(super) const fn held(&self) -> Option<&Held> {
        match &self.work {
            Work::Call(held) | Work::Resume { held, .. } => Some(held),
            Work::Actor(_) => None,
        }
    }

    /// The same, to take note of something.
    pub(super) const fn held_mut(&mut self) -> Option<&mut Held> {
        match &mut self.work {
            Work::Call(held) | Work::Resume { held, .. } => Some(held),
            Work::Actor(_) => None,
        }
    }

    /// The most milliseconds that it may take.
    pub(super) fn wall_max_ms(&self) -> u64 {
        match &self.work {
            Work::Call(held) | Work::Resume { held, .. } => held.assignment.limits.wall_max_ms,
            Work::Actor(order) => orders::wall_max_ms(order),
        }
    }

    /// The most bytes that its answer can have.
    pub(super) fn answer_max_bytes(&self) -> u64 {
        let answer = |limits: &CallLimits| limits.result_max_bytes + limits.log_max_bytes;
        match &self.work {
            Work::Call(held) | Work::Resume { held, .. } => answer(&held.assignment.limits),
            // The state is bounded like a result.
            Work::Actor(order) => {
                answer(&order.limits).saturating_add(order.limits.result_max_bytes)
            }
        }
    }
}
