//! What a worker and an executor say to each other over their socket pair, and the page of memory
//! they share.
//!
//! The worker sends orders with ascending sequence numbers, which start at 1 and never repeat in
//! one executor's life. The executor claims a job on the page before it runs it, so that the
//! worker knows which job an executor ran when it died, and can take jobs back that have not
//! begun:
//!
//! 1. The worker sets [`SharedPage::REVOKED`] on `claim` with `fetch_or`. The value before tells the last
//!    claimed job; everything after it belongs to the worker again.
//! 2. The executor's next claim (a compare-exchange) fails; it drops orders until it reads
//!    [`ToExecutor::GoOn`], which the worker sends after the revoked orders in the same stream.
//! 3. On `GoOn` the executor clears the bit and goes on.
//!
//! A call may take the result of the one right before it, which then need not travel.
//!
//! A call that waits for something is parked: its sandbox stays, and the executor takes the next
//! order. [`Order::Resume`] lets it go on; that has a number of its own and is claimed like a call.
//! So have the orders for actors, whose instances stay from one order to the next.

mod actor;
mod payload;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use serde::{Deserialize, Serialize};

use crate::{
    ActorId, CallLimits, Failure, ModuleId, Profile,
    child::{Answer, ChildCall, Question},
};

pub use actor::{ActorJob, ActorJobDone, ActorJobOutcome, InstanceStart, MethodCall};
pub use payload::Payload;

/// From the worker to an executor.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum ToExecutor {
    /// Carry these out, one after the other, in this order.
    Run(Vec<Order>),
    /// The orders sent so far that were not claimed are taken back; go on after them.
    GoOn,
    /// Nobody waits for this parked job any more.
    Drop {
        /// The job.
        job: u64,
    },
    /// This actor's instance is not needed any more.
    ForgetActor {
        /// The actor.
        actor: ActorId,
    },
}

/// What an executor is to do next.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Order {
    /// A call in a new sandbox.
    Call(Job),
    /// A parked job goes on.
    Resume {
        /// The order's sequence number.
        seq: u64,
        /// The job: the sequence number of its call.
        job: u64,
        /// What it waited for.
        answer: Answer,
    },
    /// A call of an actor.
    Actor(Box<ActorJob>),
}

impl Order {
    /// Its sequence number.
    pub const fn seq(&self) -> u64 {
        match self {
            Self::Call(job) => job.seq,
            Self::Resume { seq, .. } => *seq,
            Self::Actor(job) => job.seq,
        }
    }
}

/// One call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    /// Its sequence number.
    pub seq: u64,
    /// The module; its compiled form is in the executor's cache directory.
    pub module: ModuleId,
    /// The function.
    pub function: Arc<str>,
    /// The arguments, in the form in which the guest takes them.
    pub args: Vec<Payload>,
    /// Whether the next order needs its result.
    pub keep: bool,
    /// What it needs of the order before it.
    pub previous: Option<Box<Previous>>,
    /// What it may use.
    pub limits: CallLimits,
    /// The attempt's number, for the guest to ask.
    pub attempt: u32,
    /// The task's name for people, `RUN/KEY`, for the guest to ask.
    pub task: Arc<str>,
    /// Whether to look at its stack now and then.
    pub profile: bool,
}

/// The result of another order, to be put into a job's arguments. Without it the job does not run,
/// and is answered with [`News::Absent`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Previous {
    /// The order, whose job was told to keep its result.
    pub seq: u64,
    /// Where: the argument's number and the offset in its bytes, in ascending order.
    pub places: Vec<(u32, u64)>,
}

/// From an executor to the worker.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum FromExecutor {
    /// The engine is up; jobs are welcome.
    Ready,
    /// It cannot work at all; the process ends after this.
    Unusable {
        /// Why.
        message: String,
    },
    /// What has happened, in order.
    News(Vec<News>),
}

/// What has happened in an executor.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum News {
    /// An order was carried out to the end of its job.
    Done(JobDone),
    /// A job hands out calls of its own.
    Submitted {
        /// The job.
        job: u64,
        /// The calls, numbered on from those before.
        calls: Vec<ChildCall>,
    },
    /// A job waits and was parked; its slot is free.
    Parked {
        /// The order that led to this.
        seq: u64,
        /// The job.
        job: u64,
        /// Microseconds that the order took.
        busy_us: u64,
        /// What it asks.
        question: Question,
    },
    /// A parked job gave way to others: its sandbox is gone, and it has to begin anew.
    Evicted {
        /// The job.
        job: u64,
    },
    /// The job that an order was to resume had been evicted before, or the result that it was to
    /// use is not there.
    Absent {
        /// The order.
        seq: u64,
    },
    /// An order for an actor was carried out.
    ActorDone(Box<ActorJobDone>),
}

/// The outcome of a call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JobDone {
    /// The order that led to it.
    pub seq: u64,
    /// The job: the sequence number of its call.
    pub job: u64,
    /// When it began, in microseconds since the Unix epoch.
    pub started_at: crate::Timestamp,
    /// Microseconds for making the sandbox.
    pub start_us: u32,
    /// Microseconds inside the guest, without those that it was parked.
    pub run_us: u64,
    /// Microseconds that it was parked.
    pub parked_us: u64,
    /// The most linear memory it held.
    pub peak_memory_bytes: u64,
    /// Whether its module had to be loaded first.
    pub cold: bool,
    /// What came of it.
    pub outcome: JobOutcome,
    /// What the guest logged.
    pub logs: Vec<LogLine>,
    /// What it was seen doing, if that was wanted.
    pub profile: Option<Box<Profile>>,
}

/// What came of a call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum JobOutcome {
    /// The result's bytes.
    Success(Payload),
    /// It ends as this one of the calls that it handed out ends.
    Becomes(u32),
    /// It failed.
    Failure(Box<Failure>),
    /// The worker asked to stop it.
    Cancelled,
}

/// A line that a guest logged.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LogLine {
    /// When, in microseconds since the Unix epoch.
    pub at: crate::Timestamp,
    /// 0 error, 1 warn, 2 info, 3 debug.
    pub level: u8,
    /// The text; control characters are escaped.
    pub message: String,
}

/// The page of memory that a worker and its executor share (a memfd, mapped by both).
/// All zero at the start.
#[derive(Debug, Default)]
#[repr(C)]
pub struct SharedPage {
    /// The last claimed job, and the [`Self::REVOKED`] bit.
    pub claim: AtomicU64,
    /// When the claimed job began, in microseconds since the Unix epoch; 0 while none runs.
    pub running_since: AtomicU64,
    /// The job that is to stop, if it is running.
    pub cancel: AtomicU64,
    /// Progress of the running job: done and total.
    pub progress_done: AtomicU64,
    /// See `progress_done`.
    pub progress_total: AtomicU64,
}

impl SharedPage {
    /// Set on `claim` while the worker takes jobs back.
    pub const REVOKED: u64 = 1 << 63;

    /// For the executor: takes job `seq`, or learns that it was taken back.
    #[must_use]
    pub fn try_claim(&self, seq: u64) -> bool {
        let before = self.claim.load(Ordering::Acquire);
        before & Self::REVOKED == 0
            && self.claim.compare_exchange(before, seq, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// For the executor: the worker has said `Resume`.
    pub fn resume(&self) {
        self.claim.fetch_and(!Self::REVOKED, Ordering::AcqRel);
    }

    /// For the worker: takes back every job after the one returned.
    pub fn revoke(&self) -> u64 {
        self.claim.fetch_or(Self::REVOKED, Ordering::AcqRel) & !Self::REVOKED
    }

    /// For the worker: the last job that the executor began.
    pub fn last_claimed(&self) -> u64 {
        self.claim.load(Ordering::Acquire) & !Self::REVOKED
    }
}
