//! What a worker is started with, and every bound of it. Never reads a file or a variable.

use std::{path::PathBuf, sync::Arc, time::Duration};

/// Settings of a worker.
#[derive(Clone, Debug)]
pub(crate) struct WorkerConfig {
    /// A name for people.
    pub(crate) name: Arc<str>,
    /// Tasks it runs at once, each in an executor of its own.
    pub(crate) slots: u16,
    /// Named resources, in thousandths.
    pub(crate) resources: Vec<(Arc<str>, u64)>,
    /// The program that is started as `PROGRAM executor --cache-dir DIR`.
    pub(crate) executor_program: PathBuf,
    /// Where compiled modules are.
    pub(crate) cache_dir: PathBuf,
    /// Microseconds of work that are sent to an executor ahead of time.
    pub(crate) prefetch_us: u64,
    /// Executors answer without a sandbox.
    pub(crate) zero_work: bool,
}

/// A worker that cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// No slots.
    #[error("a worker needs at least one slot")]
    NoSlots,
    /// The system refused a descriptor or a thread.
    #[error("the worker's {what} could not be created")]
    System {
        /// What was asked for.
        what: &'static str,
        /// Why not.
        source: std::io::Error,
    },
}

/// Jobs that one executor holds at most.
pub(super) const JOBS_IN_FLIGHT_MAX: usize = 256;

/// An attempt that runs longer than this is announced, and nothing waits behind it.
pub(super) const LONG_AFTER: Duration = Duration::from_millis(3);

/// While attempts wait, orders for actors get one part in this many of what is sent ahead. With
/// less than half of that an executor is filled up.
pub(super) const ORDERS_SHARE: u64 = 4;

/// An instance up to this size is made again elsewhere rather than wait behind a long attempt. A
/// guest has more than one MiB from the start.
pub(super) const LIGHT_INSTANCE_MAX_BYTES: u64 = 8 * 1024 * 1024;

/// A larger one waits this long before.
pub(super) const HEAVY_LEAVE_AFTER: Duration = Duration::from_millis(100);

/// How often a busy executor's page is looked at until its job counts as long.
pub(super) const CHECK_EVERY: Duration = Duration::from_millis(2);

/// How often the progress of a long attempt is looked at.
pub(super) const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// What a cancelled attempt gets to stop by itself. Together with the kill that follows it stays
/// under the 100 ms within which a cancelled attempt must have stopped.
pub(super) const CANCEL_GRACE: Duration = Duration::from_millis(80);

/// The executor ends calls at their wall limit; the worker steps in this much later.
pub(super) const WALL_GRACE: Duration = Duration::from_millis(500);

/// An executor that begins none of the jobs it holds for so long is killed.
pub(super) const UNCLAIMED_MAX: Duration = Duration::from_secs(10);

/// An executor that is not ready after this is killed.
pub(super) const READY_WITHIN: Duration = Duration::from_secs(30);

/// The pause after an executor died before it was ready; doubles with each further one.
pub(super) const RESTART_FIRST: Duration = Duration::from_millis(10);

/// The longest such pause.
pub(super) const RESTART_MAX: Duration = Duration::from_secs(5);

/// What an idle executor gets to end after its socket was closed.
pub(super) const CLOSE_WITHIN: Duration = Duration::from_secs(1);

/// Stored arguments up to this size together are read by the loop itself; more would keep the
/// other executors waiting and is read by the loader.
pub(super) const STORED_INLINE_MAX_BYTES: u64 = 256 * 1024;

/// The most bytes that the arguments of one call have together.
pub(super) const ARGS_MAX_BYTES: u64 = 1024 * 1024 * 1024;

/// Jobs are framed as soon as their arguments reach this size together, and an executor whose
/// unwritten bytes reach it gets no further jobs.
pub(super) const OUTGOING_MAX_BYTES: usize = 1024 * 1024;

/// A message from an executor may be this much larger than the results and logs it may hold.
pub(super) const MESSAGE_SLACK_BYTES: usize = 1024 * 1024;

/// Functions whose durations are remembered.
pub(super) const FUNCTIONS_MAX: usize = 16 * 1024;
