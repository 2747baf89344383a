//! What the server tells about itself: plain answers to questions. Never changed by the reader,
//! never serialised here (the API has its own shapes).

pub mod actors;
pub mod graph;
pub mod live;
pub mod sync;

use std::sync::Arc;

pub use crate::keys::{KeyTable, KeyView};
use wask_proto::{
    Encoding, Failure, ModuleId, ObjectId, RunId, RunState, Seq, TaskIndex, TaskState, Timestamp,
    Timing, Value, WorkerId, executor::LogLine,
};

/// Number of tasks in each state; index is `TaskState as usize`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct StateCounts(pub [u32; 8]);

impl StateCounts {
    /// Tasks in that state.
    pub fn get(&self, state: TaskState) -> u32 {
        self.0.get(state as usize).copied().unwrap_or(0)
    }

    /// Adds those of another.
    pub(crate) fn add(&mut self, other: &Self) {
        for (sum, count) in self.0.iter_mut().zip(other.0) {
            *sum = sum.saturating_add(count);
        }
    }

    /// All tasks.
    pub fn total(&self) -> u64 {
        self.0.iter().map(|&count| u64::from(count)).sum()
    }

    /// Tasks in a final state.
    pub fn finished(&self) -> u64 {
        TaskState::ALL.into_iter().filter(|s| s.is_final()).map(|s| u64::from(self.get(s))).sum()
    }
}

/// A run, summed up.
#[derive(Clone, Debug)]
pub struct RunView {
    /// Its id.
    pub id: RunId,
    /// Its name.
    pub name: Option<String>,
    /// Its state.
    pub state: RunState,
    /// Whether it still takes tasks.
    pub open: bool,
    /// Tasks by state.
    pub counts: StateCounts,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When its first task began.
    pub started_at: Option<Timestamp>,
    /// When its last task ended.
    pub finished_at: Option<Timestamp>,
    /// Whether its guests are profiled.
    pub profile: bool,
    /// Order of acceptance: larger is newer. The cursor of lists.
    pub order: u64,
}

/// Everything about a run that `GET /runs/{id}` shows.
#[derive(Clone, Debug)]
pub struct RunDetail {
    /// The summary.
    pub run: RunView,
    /// By function.
    pub functions: Vec<FunctionView>,
    /// Results of outputs that succeeded so far, by task name, in order of places; at most
    /// [`OUTPUTS_SHOWN_MAX`].
    pub outputs: Vec<(String, ResultView)>,
    /// The first ten failures.
    pub failures: Vec<(String, Arc<Failure>)>,
}

/// Outputs that a run's detail carries at most; the others are had by `gather`.
pub const OUTPUTS_SHOWN_MAX: usize = 1_000;

/// A function's part in a run.
#[derive(Clone, Debug)]
pub struct FunctionView {
    /// `module/function` as the client wrote it.
    pub call: String,
    /// Its tasks by state.
    pub counts: StateCounts,
    /// Run time of its successes in microseconds: median, 95th percentile, maximum (from a
    /// histogram: within 7 %). `None` before the first.
    pub run_us: Option<(u64, u64, u64)>,
}

/// A task, as in lists.
#[derive(Clone, Debug)]
pub struct TaskView {
    /// Its place.
    pub index: TaskIndex,
    /// Its name: `key` or `key[n]`.
    pub key: String,
    /// `module/function` as the client wrote it.
    pub call: String,
    /// Its state.
    pub state: TaskState,
    /// The current or last attempt; 0 before the first.
    pub attempt: u32,
    /// Whether it succeeded without an execution.
    pub cached: bool,
    /// When its run got it.
    pub created_at: Timestamp,
    /// When it became ready.
    pub queued_at: Option<Timestamp>,
    /// When the (last) attempt began.
    pub started_at: Option<Timestamp>,
    /// When it reached its final state.
    pub finished_at: Option<Timestamp>,
    /// Where and how long the last attempt ran; `None` if none did.
    pub timing: Option<Timing>,
    /// Done and total, as the guest reported.
    pub progress: Option<(u64, u64)>,
    /// Name of the task that handed it out.
    pub parent: Option<String>,
}

/// Everything about a task.
#[derive(Clone, Debug)]
pub struct TaskDetail {
    /// The task.
    pub task: TaskView,
    /// Names of the tasks it needs; the first 100.
    pub deps: Vec<String>,
    /// How many it needs.
    pub deps_total: u64,
    /// Places of `deps`.
    pub deps_at: Vec<TaskIndex>,
    /// Its result, when it succeeded.
    pub result: Option<ResultInfoView>,
    /// Its failure, when it failed.
    pub failure: Option<Arc<Failure>>,
    /// The attempts that ended, oldest first.
    pub attempts: Vec<AttemptView>,
    /// Why it is in its state, for people: missing inputs, next retry, who cancelled it, what
    /// aborted it.
    pub reason: Option<String>,
    /// For an aborted task: the name of the task that caused it.
    pub cause: Option<String>,
}

/// An attempt that ended.
#[derive(Clone, Debug)]
pub struct AttemptView {
    /// Its number.
    pub attempt: u32,
    /// When and where it ran.
    pub timing: Timing,
    /// Its failure; `None` when it succeeded.
    pub failure: Option<Arc<Failure>>,
}

/// A result without its bytes.
#[derive(Clone, Debug)]
pub struct ResultInfoView {
    /// The object's id.
    pub object: ObjectId,
    /// Number of bytes.
    pub size: u64,
    /// Media type.
    pub media_type: Arc<str>,
    /// Whether the bytes are gone because nobody wanted them any more.
    pub released: bool,
}

/// What there is to say of a task's result.
#[derive(Clone, Debug)]
pub enum ResultView {
    /// It succeeded; here is the value. Read stored values by [`Handle::value_bytes`](crate::Handle::value_bytes).
    Value(Value, Arc<str>),
    /// It succeeded, but the result was released.
    Released,
    /// It failed.
    Failed(Arc<Failure>),
    /// A user stopped it; the reason.
    Cancelled(Option<Arc<str>>),
    /// The named task failed or was cancelled, with its failure if it has one.
    Aborted(String, Option<Arc<Failure>>),
    /// It is not finished.
    Unfinished(TaskState),
}

impl ResultView {
    /// The state it speaks of.
    pub fn state(&self) -> TaskState {
        match self {
            Self::Value(..) | Self::Released => TaskState::Succeeded,
            Self::Failed(_) => TaskState::Failed,
            Self::Cancelled(_) => TaskState::Cancelled,
            Self::Aborted(..) => TaskState::Aborted,
            Self::Unfinished(state) => *state,
        }
    }
}

/// A task in the order of completion.
#[derive(Clone, Debug)]
pub struct CompletedView {
    /// Position in the run's order of completion, from 1.
    pub seq: u64,
    /// The task's name.
    pub key: String,
    /// Its result.
    pub result: ResultView,
}

/// A worker.
#[derive(Clone, Debug)]
pub struct WorkerView {
    /// Its number.
    pub id: WorkerId,
    /// Its name.
    pub name: Arc<str>,
    /// Tasks it runs at once.
    pub slots: u16,
    /// Slots whose executor is up.
    pub slots_ready: u16,
    /// Why executors do not come up, if they do not.
    pub trouble: Option<String>,
    /// Attempts it was given and has not reported.
    pub assigned: u32,
    /// Of these, how many are known to run.
    pub running: u32,
    /// Whether it takes no more work.
    pub draining: bool,
    /// Named resources in thousandths: name, total, free.
    pub resources: Vec<(Arc<str>, u64, u64)>,
    /// When it joined.
    pub joined_at: Timestamp,
    /// Attempts it finished since.
    pub finished: u64,
    /// Executors by slot: the process, if there is one, and how many the slot has had.
    pub executors: Vec<(Option<u32>, u32)>,
    /// Results in memory and in files, that tasks of all workers hold: how many files, bytes.
    pub objects: (u64, u64),
}

/// Why a task is not running.
#[derive(Clone, Debug)]
pub struct ExplainView {
    /// The task's name.
    pub key: String,
    /// Its state.
    pub state: TaskState,
    /// The answer in one sentence.
    pub reason: String,
    /// Names of unfinished tasks it waits for; the first 20.
    pub waiting_for: Vec<String>,
    /// How many it waits for.
    pub waiting_total: u64,
    /// When the next attempt may start.
    pub retry_at: Option<Timestamp>,
    /// For every worker, why the task is not running there; `None` where it could.
    pub workers: Vec<(WorkerId, Arc<str>, Option<String>)>,
}

/// Log lines of one attempt.
#[derive(Clone, Debug)]
pub struct LogView {
    /// The task's name.
    pub key: String,
    /// The attempt.
    pub attempt: u32,
    /// Its lines, in order.
    pub lines: Arc<[LogLine]>,
}

/// An object without its bytes.
#[derive(Clone, Debug)]
pub struct ObjectInfo {
    /// The hash of its bytes.
    pub id: ObjectId,
    /// Number of bytes.
    pub size: u64,
    /// Media type; `application/cbor` for structured values.
    pub media_type: Arc<str>,
}

impl ObjectInfo {
    /// How the bytes are to be read.
    pub fn encoding(&self) -> Encoding {
        if &*self.media_type == CBOR { Encoding::Cbor } else { Encoding::Raw }
    }
}

/// Media type of structured values.
pub const CBOR: &str = "application/cbor";

/// Media type of raw values that have no other.
pub const OCTETS: &str = "application/octet-stream";

/// Something that happened, for live feeds.
#[derive(Clone, Debug)]
pub struct EventView {
    /// The journal's number, for facts; `None` for passing things such as "running".
    pub seq: Option<Seq>,
    /// When.
    pub at: Timestamp,
    /// The run, if it concerns one.
    pub run: Option<RunId>,
    /// What.
    pub what: EventKind,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum EventKind {
    /// A module was uploaded, named or deleted.
    Module {
        /// `added`, `named` or `deleted`.
        change: &'static str,
        /// The module.
        id: ModuleId,
        /// The name, if the change is about one.
        name: Option<Arc<str>>,
    },
    /// A run was accepted.
    RunSubmitted {
        /// Its name.
        name: Option<String>,
    },
    /// A run got tasks.
    TasksAdded {
        /// Key, call and number of tasks of each.
        keys: Vec<(Arc<str>, String, u32)>,
    },
    /// A run takes no more tasks.
    RunClosed,
    /// A run ended.
    RunFinished {
        /// How.
        state: RunState,
    },
    /// A run is gone.
    RunDeleted,
    /// A task changed. `count` tasks from `key[element]` on, for stretches of arrays.
    Task {
        /// The key.
        key: Arc<str>,
        /// `module/function`.
        call: Arc<str>,
        /// The element of an array.
        element: Option<u32>,
        /// How many tasks from there on; 1 for a single one.
        count: u32,
        /// The new state.
        state: TaskState,
        /// The attempt.
        attempt: u32,
        /// Whether it succeeded without an execution.
        cached: bool,
        /// When and where it ran.
        timing: Option<Timing>,
        /// When it became ready.
        queued_at: Option<Timestamp>,
        /// Its failure.
        failure: Option<Arc<Failure>>,
    },
    /// Results were released.
    Released {
        /// How many.
        count: u32,
    },
}

/// Figures for `/metrics` and health.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    /// Tasks of all runs by state.
    pub tasks: StateCounts,
    /// Runs by state: running, succeeded, failed, cancelled.
    pub runs: [u64; 4],
    /// Attempts that ended since the start, by outcome word.
    pub attempts: Vec<(&'static str, u64)>,
    /// Successes that needed no execution.
    pub memo_hits: u64,
    /// Results of pure calls that the index remembers, at most.
    pub memo_entries: u64,
    /// Executions whose bytes differed from an earlier execution of the same pure call.
    pub nondeterminism: u64,
    /// Bytes of results held in memory.
    pub values_memory_bytes: u64,
    /// Bytes of results spilled to disk.
    pub values_spilled_bytes: u64,
    /// The last journal record, and the last durable one.
    pub journal_last: u64,
    /// See `journal_last`.
    pub journal_durable: u64,
    /// Journal commits since the start.
    pub journal_commits: u64,
    /// Times the index had to be rebuilt at start.
    pub index_rebuilt: u64,
    /// Slots of all workers.
    pub slots: u64,
    /// Attempts given to workers and not reported.
    pub assigned: u64,
    /// Whether the disk is full: submits are refused, reads go on.
    pub disk_full: bool,
    /// Queues, variables, events, locks, semaphores, topics.
    pub sync: sync::SyncStats,
    /// Actors.
    pub actors: actors::ActorStats,
    /// Tasks that went to a worker along with the one before them, since the start.
    pub tasks_fused: u64,
    /// Microseconds the server loop was busy since the start.
    pub loop_busy_us: u64,
}
