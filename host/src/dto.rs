//! The parts of the server's replies that commands show. Every member is optional on the wire, so
//! that a command still works with a server that says more or less than this one.

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;

/// Number of tasks by state, and `total`.
pub(crate) type Counts = IndexMap<String, u64>;

/// A run, in lists and in detail.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Run {
    /// Its id.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: Option<String>,
    /// Its state.
    pub(crate) state: String,
    /// Tasks by state.
    pub(crate) counts: Counts,
    /// By function.
    pub(crate) functions: Vec<Function>,
    /// When it was accepted.
    pub(crate) created_at: String,
    /// When its first task began.
    pub(crate) started_at: Option<String>,
    /// When its last task ended.
    pub(crate) finished_at: Option<String>,
    /// Results of outputs so far.
    pub(crate) outputs: IndexMap<String, Value>,
    /// The first failures.
    pub(crate) failures: Vec<TaskFailure>,
}

impl Run {
    /// Whether nothing more happens to it by itself.
    pub(crate) fn is_finished(&self) -> bool {
        matches!(self.state.as_str(), "succeeded" | "failed" | "cancelled")
    }
}

/// A function's part in a run.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Function {
    /// `module/function`.
    pub(crate) call: String,
    /// Tasks by state.
    pub(crate) counts: Counts,
    /// Run time of its tasks.
    pub(crate) run_us: Option<Quantiles>,
}

/// Run times in microseconds.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Quantiles {
    /// Median.
    pub p50: u64,
    /// 95th percentile.
    pub p95: u64,
    /// Maximum.
    pub(crate) max: u64,
}

/// A failure and the task that it happened to.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct TaskFailure {
    /// The task.
    pub(crate) key: String,
    /// What happened.
    #[serde(flatten)]
    pub(crate) failure: Failure,
}

/// Why a task failed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Failure {
    /// Whose fault it is.
    pub(crate) kind: String,
    /// What happened.
    pub(crate) message: String,
    /// The error behind it.
    pub(crate) cause: Option<String>,
    /// The guest's frames, innermost first.
    pub(crate) trace: Vec<String>,
}

/// A task, in lists and in detail.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Task {
    /// Its name.
    pub(crate) key: String,
    /// `module/function`.
    pub(crate) call: String,
    /// Its state.
    pub(crate) state: String,
    /// The current or last attempt.
    pub(crate) attempt: u32,
    /// Whether it needed no execution.
    pub(crate) cached: bool,
    /// Where it runs or ran: a name or a number.
    pub(crate) worker: Value,
    /// The slot there.
    pub(crate) slot: Option<u64>,
    /// When the current or last attempt began.
    pub(crate) started_at: Option<String>,
    /// How far it says it has come.
    pub(crate) progress: Option<Progress>,
    /// How long it waited for a slot.
    pub(crate) queue_us: Option<u64>,
    /// How long it ran.
    pub(crate) run_us: Option<u64>,
    /// The most memory it held.
    pub(crate) peak_memory: Option<u64>,
}

/// Steps of a task's own.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Progress {
    /// Steps taken.
    pub(crate) done: u64,
    /// Steps in all.
    pub(crate) total: u64,
}

/// A page of a list.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Page<T> {
    /// What is on it.
    pub(crate) items: Vec<T>,
    /// Where the next page begins.
    #[serde(default)]
    pub(crate) next: Option<String>,
    /// How many there are on all pages.
    #[serde(default)]
    pub(crate) total: Option<u64>,
}

/// A module.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Module {
    /// Its id.
    pub(crate) id: String,
    /// A name of it.
    pub(crate) name: Option<String>,
    /// All names of it.
    pub(crate) names: Vec<String>,
    /// Number of bytes.
    pub(crate) size: u64,
    /// When it was uploaded.
    pub(crate) created_at: String,
    /// Whether its results can be remembered.
    pub(crate) pure: bool,
    /// What it asks of the host.
    pub(crate) imports: Vec<String>,
    /// Its functions.
    pub(crate) functions: Vec<ModuleFunction>,
}

/// A function of a module.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ModuleFunction {
    /// Its name.
    pub(crate) name: String,
    /// Its documentation.
    pub(crate) doc: String,
    /// Its parameters.
    pub(crate) params: Vec<Param>,
    /// Its result: an object with `schema`.
    pub(crate) result: Value,
}

/// A parameter.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Param {
    /// Its name.
    pub(crate) name: String,
    /// JSON Schema of its values.
    pub(crate) schema: Value,
}

/// A name or number as text; `-` for nothing.
pub(crate) fn text_or_dash(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
