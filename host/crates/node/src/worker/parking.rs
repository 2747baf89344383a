//! The parked attempts of one executor: those whose sandboxes wait in it, and what those are to get
//! that may go on. Never talks to the executor.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;
use wask_proto::{
    Encoding, Failure, FailureKind, Value,
    child::{Answer, ChildOutcome},
    worker::{AttemptId, Reply, Resumption},
};
use wask_store::Objects;

use super::{args, desk::Held};

/// Parked attempts by job: the sequence number of their call.
#[derive(Debug, Default)]
pub(super) struct Parking {
    parked: FxHashMap<u64, Held>,
    jobs: FxHashMap<AttemptId, u64>,
    /// What may go on, in that order.
    due: VecDeque<Due>,
}

/// A parked attempt that may go on.
#[derive(Debug)]
pub(super) struct Due {
    pub(super) job: u64,
    pub(super) reply: Reply,
}

impl Parking {
    /// An attempt is parked.
    pub(super) fn park(&mut self, job: u64, mut held: Held) {
        // Its arguments are in the sandbox; should that be lost, the scheduler has them too.
        held.assignment.args = Vec::new();
        held.announced = false;
        self.jobs.insert(held.assignment.id, job);
        self.parked.insert(job, held);
    }

    /// A parked attempt may go on; given back if it is not here.
    pub(super) fn resume(&mut self, resumption: Resumption) -> Option<Resumption> {
        let Some(job) = self.jobs.get(&resumption.id) else { return Some(resumption) };
        self.due.push_back(Due { job: *job, reply: resumption.answer });
        None
    }

    /// The next that goes on. It is not parked any more.
    pub(super) fn next_due(&mut self) -> Option<(Held, Due)> {
        let due = self.due.pop_front()?;
        let held = self.parked.remove(&due.job)?;
        self.jobs.remove(&held.assignment.id);
        Some((held, due))
    }

    /// These did not go on after all, and are the next to do so.
    pub(super) fn take_in(&mut self, attempts: impl DoubleEndedIterator<Item = (Held, Due)>) {
        for (held, due) in attempts.rev() {
            self.park(due.job, held);
            self.due.push_front(due);
        }
    }

    /// Takes an attempt out, by its job.
    pub(super) fn remove(&mut self, job: u64) -> Option<AttemptId> {
        let held = self.parked.remove(&job)?;
        self.jobs.remove(&held.assignment.id);
        self.due.retain(|due| due.job != job);
        Some(held.assignment.id)
    }

    /// The job of a parked attempt.
    pub(super) fn job(&self, id: &AttemptId) -> Option<u64> {
        self.jobs.get(id).copied()
    }

    /// Takes all out.
    pub(super) fn take_all(&mut self) -> Vec<AttemptId> {
        self.due.clear();
        self.jobs.clear();
        self.parked.drain().map(|(_, held)| held.assignment.id).collect()
    }

    /// Whether any may go on.
    pub(super) fn has_due(&self) -> bool {
        !self.due.is_empty()
    }
}

/// A reply with its bytes, as the guest gets it.
pub(super) fn answer(reply: &Reply, objects: &dyn Objects) -> Answer {
    match reply {
        Reply::Results(ends) => {
            let outcome = |(child, end): &(u32, Result<Value, Box<Failure>>)| {
                let outcome = match end {
                    Ok(value) => loaded(value, objects),
                    Err(failure) => ChildOutcome::Failed(failure.clone()),
                };
                (*child, outcome)
            };
            Answer::Results(ends.iter().map(outcome).collect())
        }
        Reply::Asked(reply) => Answer::Reply((**reply).clone()),
    }
}

fn loaded(value: &Value, objects: &dyn Objects) -> ChildOutcome {
    match (args::bytes_of(value, objects), value.encoding) {
        (Ok(bytes), Encoding::Cbor) => ChildOutcome::Cbor(bytes),
        (Ok(bytes), Encoding::Raw) => ChildOutcome::Raw(bytes),
        (Err(failure), _) => {
            let message = format!("the result of a call is gone: {}", failure.message);
            ChildOutcome::Failed(Box::new(Failure::new(FailureKind::Invalid, message)))
        }
    }
}
