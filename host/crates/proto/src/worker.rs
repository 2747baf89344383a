//! What the scheduler and a worker say to each other. Always in batches.

use std::sync::Arc;

use crate::{
    CallLimits, Encoding, Failure, ModuleId, TaskId, Timestamp, Timing, Value,
    child::{ChildCall, Question},
    executor::LogLine,
};

/// From the scheduler to a worker.
#[derive(Clone, Debug)]
pub enum ToWorker {
    /// Run these; order is order of preference.
    Assign(Vec<Assignment>),
    /// Stop these attempts, running or not. Each is answered with [`WorkerOutcome::Cancelled`],
    /// or with its real outcome if that came first.
    Cancel(Vec<AttemptId>),
    /// Hand these back if they have not begun: each is answered in [`FromWorker::Returned`], or
    /// goes on if it has begun.
    Reclaim(Vec<AttemptId>),
    /// Let these parked attempts go on.
    Resume(Vec<Resumption>),
    /// Take no more work, hand back what has not begun, finish the rest, then close the link.
    Drain,
}

/// One execution of a task.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AttemptId {
    /// The task.
    pub task: TaskId,
    /// Its attempt, from 1.
    pub attempt: u32,
}

/// Work for a worker.
#[derive(Clone, Debug)]
pub struct Assignment {
    /// Which attempt this is.
    pub id: AttemptId,
    /// The module.
    pub module: ModuleId,
    /// The function.
    pub function: Arc<str>,
    /// The arguments. The bytes of an argument, in the form in which the guest takes it, are the
    /// bytes of its pieces side by side. Stored pieces are read from the object store by the
    /// worker; their `encoding` plays no part.
    pub args: Vec<Vec<Value>>,
    /// What it may use.
    pub limits: CallLimits,
    /// How the result's bytes are to be read.
    pub result_encoding: Encoding,
    /// `RUN/KEY`, for the guest to ask.
    pub label: Arc<str>,
}

/// What a parked attempt waited for.
#[derive(Clone, Debug)]
pub struct Resumption {
    /// The attempt.
    pub id: AttemptId,
    /// What it gets.
    pub answer: Reply,
}

/// The answer to a parked attempt's question; values are where the scheduler has them.
#[derive(Clone, Debug)]
pub enum Reply {
    /// How calls of its own ended.
    Results(Vec<(u32, Result<Value, Box<Failure>>)>),
}

/// From a worker to the scheduler.
#[derive(Clone, Debug)]
pub enum FromWorker {
    /// The first message: what it offers.
    Hello {
        /// A name for people.
        name: Arc<str>,
        /// Tasks it runs at once.
        slots: u16,
        /// Named resources, in thousandths.
        resources: Vec<(Arc<str>, u64)>,
    },
    /// These began. Sent only for attempts that last longer than a few milliseconds.
    Started(Vec<Started>),
    /// These came to an end.
    Finished(Vec<Finished>),
    /// These hand out calls of their own.
    Submitted(Vec<Submitted>),
    /// These wait, and their slots are free.
    Parked(Vec<Parked>),
    /// These were handed back: they had not begun, or were parked and have to begin anew.
    Returned(Vec<AttemptId>),
    /// How far long-running tasks have come: done and total.
    Progress(Vec<(AttemptId, u64, u64)>),
}

/// An attempt that began.
#[derive(Clone, Copy, Debug)]
pub struct Started {
    /// The attempt.
    pub id: AttemptId,
    /// In which slot.
    pub slot: u16,
    /// When.
    pub at: Timestamp,
}

/// An attempt hands out calls of its own.
#[derive(Clone, Debug)]
pub struct Submitted {
    /// The attempt.
    pub id: AttemptId,
    /// The calls, numbered on from those before.
    pub calls: Vec<ChildCall>,
}

/// An attempt that waits for something.
#[derive(Clone, Debug)]
pub struct Parked {
    /// The attempt.
    pub id: AttemptId,
    /// What it asks.
    pub question: Question,
    /// Microseconds that it occupied its slot since it began or was resumed.
    pub busy_us: u64,
}

/// An attempt that came to an end.
#[derive(Clone, Debug)]
pub struct Finished {
    /// The attempt.
    pub id: AttemptId,
    /// When and where it ran. `timing.worker` is filled in by the scheduler.
    pub timing: Timing,
    /// What came of it.
    pub outcome: WorkerOutcome,
    /// What the guest logged.
    pub logs: Vec<LogLine>,
}

/// What came of an attempt.
#[derive(Clone, Debug)]
pub enum WorkerOutcome {
    /// A result, in memory.
    Success(Value),
    /// It ends as this one of the calls that it handed out ends.
    Becomes(u32),
    /// A failure of the guest, or a limit.
    Failure(Box<Failure>),
    /// It was stopped, as asked.
    Cancelled,
    /// Its executor died under it; the message says how.
    Lost(String),
}
