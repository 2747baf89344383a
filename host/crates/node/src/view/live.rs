//! What displays show of the present and of the past: plain answers, as durable or not as they
//! were at that moment.

use std::sync::Arc;

use wask_proto::{Failure, RunId, TaskIndex, Timestamp, WorkerId};

use super::{FunctionView, RunView, StateCounts};

/// The present of one run, or of all.
#[derive(Clone, Debug)]
pub struct LiveView {
    /// When this was so.
    pub now: Timestamp,
    /// The run; `None` when it is about all.
    pub run: Option<RunView>,
    /// The newest runs, when it is about all.
    pub runs: Vec<RunView>,
    /// Tasks by state.
    pub counts: StateCounts,
    /// Functions: of the run, or of the newest runs together.
    pub functions: Vec<FunctionView>,
    /// What workers hold: running first, then parked, then held ready.
    pub running: Vec<RunningView>,
    /// How many they hold.
    pub running_total: u64,
    /// Slots of all workers.
    pub slots: u64,
    /// Slots that are taken.
    pub busy: u64,
    /// Workers: id, name, slots.
    pub workers: Vec<(WorkerId, Arc<str>, u16)>,
}

/// An attempt that a worker holds.
#[derive(Clone, Debug)]
pub struct RunningView {
    /// The run.
    pub run: RunId,
    /// Its place.
    pub task: TaskIndex,
    /// Number of its function in the run.
    pub function: u32,
    /// `module/function` as the client wrote it.
    pub call: Arc<str>,
    /// Number of the attempt.
    pub attempt: u32,
    /// How far it is.
    pub stage: Stage,
}

/// How far an attempt is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Stage {
    /// It occupies a slot since then.
    Running(WorkerId, u16, Timestamp),
    /// It waits for tasks of its own, and began then.
    Parked(WorkerId, u16, Timestamp),
    /// A worker holds it ready.
    Assigned,
}

/// Failures that are alike.
#[derive(Clone, Debug)]
pub struct FailureGroup {
    /// `module/function`.
    pub call: Arc<str>,
    /// The newest of them.
    pub example: (String, Arc<Failure>),
    /// How many tasks.
    pub count: u64,
    /// When the first and the last one failed.
    pub first_at: Timestamp,
    /// See `first_at`.
    pub last_at: Timestamp,
    /// Names of the tasks; the first hundred.
    pub keys: Vec<String>,
}

/// The chain of tasks that decided when the run ended.
#[derive(Clone, Debug)]
pub struct CriticalPath {
    /// From the first begin to the last end, in microseconds.
    pub us: u64,
    /// How many tasks it has.
    pub total: u64,
    /// The tasks, the last thousand of them, in order.
    pub tasks: Vec<PathTask>,
}

/// A task of a critical path.
#[derive(Clone, Debug)]
pub struct PathTask {
    /// Its place.
    pub task: TaskIndex,
    /// Its name.
    pub key: String,
    /// `module/function`.
    pub call: Arc<str>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Timestamp,
}
