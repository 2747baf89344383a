//! What a worker and an executor say to each other over their socket pair, and the page of memory
//! they share.
//!
//! The worker sends jobs in order of their sequence numbers, which start at 1 and never repeat in
//! one executor's life. The executor claims a job on the page before it runs it, so that the
//! worker knows which job an executor ran when it died, and can take jobs back that have not
//! begun:
//!
//! 1. The worker sets [`SharedPage::REVOKED`] on `claim` with `fetch_or`. The value before tells the last
//!    claimed job; everything after it belongs to the worker again.
//! 2. The executor's next claim (a compare-exchange) fails; it drops jobs until it reads
//!    [`ToExecutor::Resume`], which the worker sends after the revoked jobs in the same stream.
//! 3. On `Resume` the executor clears the bit and goes on.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use serde::{Deserialize, Serialize};

use crate::{CallLimits, Failure, ModuleId};

/// From the worker to an executor.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum ToExecutor {
    /// Run these, one after the other, in this order.
    Run(Vec<Job>),
    /// The jobs sent so far that were not claimed are taken back; go on after them.
    Resume,
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
    pub args: Vec<JobArg>,
    /// What it may use.
    pub limits: CallLimits,
    /// The attempt's number, for the guest to ask.
    pub attempt: u32,
    /// The task's name for people, `RUN/KEY`, for the guest to ask.
    pub task: Arc<str>,
}

/// One argument's bytes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JobArg(#[serde(with = "serde_bytes")] pub Vec<u8>);

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
    /// Outcomes, in order of their jobs.
    Done(Vec<JobDone>),
}

/// The outcome of a call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JobDone {
    /// The job.
    pub seq: u64,
    /// When it began, in microseconds since the Unix epoch.
    pub started_at: crate::Timestamp,
    /// Microseconds for making the sandbox.
    pub start_us: u32,
    /// Microseconds inside the guest.
    pub run_us: u64,
    /// The most linear memory it held.
    pub peak_memory_bytes: u64,
    /// What came of it.
    pub outcome: JobOutcome,
    /// What the guest logged.
    pub logs: Vec<LogLine>,
}

/// What came of a call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum JobOutcome {
    /// The result's bytes.
    Success(#[serde(with = "serde_bytes")] Vec<u8>),
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
