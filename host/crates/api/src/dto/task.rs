//! Tasks as the client sees them.

use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;
use wask_node::view::{
    AttemptView, ExplainView, LogView, ResultInfoView, TaskDetail, TaskView, graph::RunGraph,
};

use super::FailureDto;
use crate::units::Time;

/// Dependents that a task's detail carries.
const DEPENDENTS_SHOWN_MAX: usize = 100;

/// A task, as in lists.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Task)]
pub(crate) struct TaskDto {
    /// Its place in the run.
    index: u32,
    /// Its name: `key`, or `key[n]` in arrays.
    key: String,
    /// `module/function` as the client wrote it.
    call: String,
    /// Its state.
    state: &'static str,
    /// The current or last attempt; 0 before the first.
    attempt: u32,
    /// Whether it succeeded without an execution.
    cached: bool,
    /// The worker of the last attempt.
    worker: Option<u32>,
    /// The slot there.
    slot: Option<u16>,
    /// When its run got it.
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    /// When it became ready.
    #[schema(value_type = Option<String>, format = DateTime)]
    queued_at: Option<Time>,
    /// When the last attempt began.
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Time>,
    /// When it reached its final state.
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Time>,
    /// Microseconds between being ready and beginning.
    queue_us: Option<u64>,
    /// Microseconds spent on making the sandbox.
    start_us: Option<u32>,
    /// Microseconds inside the function.
    run_us: Option<u64>,
    /// Microseconds spent on bringing its stored inputs, before it began.
    fetch_us: Option<u32>,
    /// Microseconds spent on storing its result, after it ended.
    store_us: Option<u32>,
    /// The most linear memory it held, in bytes.
    peak_memory: Option<u64>,
    /// What the guest reported of its progress: done and total.
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<ProgressDto>,
    /// Name of the task that handed it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = Progress)]
struct ProgressDto {
    done: u64,
    total: u64,
}

impl From<&TaskView> for TaskDto {
    fn from(task: &TaskView) -> Self {
        let timing = task.timing.as_ref();
        let queue = task.queued_at.zip(task.started_at);
        Self {
            index: task.index,
            key: task.key.clone(),
            call: task.call.clone(),
            state: task.state.name(),
            attempt: task.attempt,
            cached: task.cached,
            worker: timing.map(|timing| timing.worker.0),
            slot: timing.map(|timing| timing.slot),
            created_at: Time(task.created_at),
            queued_at: task.queued_at.map(Time),
            started_at: task.started_at.map(Time),
            finished_at: task.finished_at.map(Time),
            queue_us: queue.map(|(queued, started)| started.micros_since(queued)),
            start_us: timing.map(|timing| timing.start_us),
            run_us: timing.map(|timing| timing.run_us),
            fetch_us: timing.map(|timing| timing.fetch_us),
            store_us: timing.map(|timing| timing.store_us),
            peak_memory: timing.map(|timing| timing.peak_memory_bytes),
            progress: task.progress.map(|(done, total)| ProgressDto { done, total }),
            parent: task.parent.clone(),
        }
    }
}

/// Everything about a task.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = TaskDetail)]
pub(crate) struct TaskDetailDto {
    /// Its run.
    run: String,
    #[serde(flatten)]
    task: TaskDto,
    /// Names of the tasks it needs; the first 100.
    deps: Vec<String>,
    /// How many it needs.
    deps_total: u64,
    /// Places of `deps`.
    deps_at: Vec<u32>,
    /// Tasks that need it; the first 100.
    dependents: Vec<String>,
    /// How many need it.
    dependents_total: u64,
    /// Places of `dependents`.
    dependents_at: Vec<u32>,
    /// Its result, when it succeeded.
    result: Option<ResultInfoDto>,
    /// Its failure, when it failed.
    failure: Option<FailureDto>,
    /// The attempts that ended, oldest first.
    attempts: Vec<AttemptDto>,
    /// Why it is in its state.
    reason: Option<String>,
    /// The task that aborted it.
    cause: Option<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ResultInfo)]
struct ResultInfoDto {
    /// The object's id; null when it is not known any more.
    object: Option<String>,
    /// Number of bytes.
    size: u64,
    /// Media type.
    #[schema(value_type = String)]
    media_type: Arc<str>,
    /// Whether the bytes are gone.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    released: bool,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Attempt)]
struct AttemptDto {
    /// Its number.
    attempt: u32,
    /// The worker.
    worker: u32,
    /// The slot.
    slot: u16,
    #[schema(value_type = String, format = DateTime)]
    started_at: Time,
    #[schema(value_type = String, format = DateTime)]
    finished_at: Time,
    start_us: u32,
    run_us: u64,
    peak_memory: u64,
    /// Microseconds spent on bringing its stored inputs, before it began.
    fetch_us: u32,
    /// Microseconds spent on storing its result, after it ended.
    store_us: u32,
    /// Whether the executor had to load the module first.
    cold: bool,
    /// Its failure; null when it succeeded.
    failure: Option<FailureDto>,
}

impl From<&AttemptView> for AttemptDto {
    fn from(view: &AttemptView) -> Self {
        Self {
            attempt: view.attempt,
            worker: view.timing.worker.0,
            slot: view.timing.slot,
            started_at: Time(view.timing.started_at),
            finished_at: Time(view.timing.finished_at),
            start_us: view.timing.start_us,
            run_us: view.timing.run_us,
            peak_memory: view.timing.peak_memory_bytes,
            fetch_us: view.timing.fetch_us,
            store_us: view.timing.store_us,
            cold: view.timing.cold,
            failure: view.failure.as_deref().map(FailureDto::from),
        }
    }
}

impl TaskDetailDto {
    /// A task of a run, and its run's graph.
    pub(crate) fn new(run: wask_proto::RunId, detail: &TaskDetail, graph: &RunGraph) -> Self {
        let (users, users_total) = graph.dependents_of(detail.task.index, DEPENDENTS_SHOWN_MAX);
        Self {
            run: run.to_string(),
            task: TaskDto::from(&detail.task),
            deps: detail.deps.clone(),
            deps_total: detail.deps_total,
            deps_at: detail.deps_at.clone(),
            dependents: users.iter().map(|&user| graph.name_of(user)).collect(),
            dependents_total: users_total,
            dependents_at: users,
            result: detail.result.as_ref().map(|result| ResultInfoDto {
                object: object_id(result),
                size: result.size,
                media_type: Arc::clone(&result.media_type),
                released: result.released,
            }),
            failure: detail.failure.as_deref().map(FailureDto::from),
            attempts: detail.attempts.iter().map(AttemptDto::from).collect(),
            reason: detail.reason.clone(),
            cause: detail.cause.clone(),
        }
    }
}

/// The id of a result's bytes. Of results that were never stored and then released it is gone.
fn object_id(result: &ResultInfoView) -> Option<String> {
    let is_known = result.object.0 != [0; 32];
    is_known.then(|| result.object.to_string())
}

/// What one attempt logged.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Log)]
pub(crate) struct LogDto {
    /// The task.
    key: String,
    /// The attempt.
    attempt: u32,
    /// Its lines, in order.
    lines: Vec<LineDto>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = LogLine)]
struct LineDto {
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    /// `error`, `warn`, `info` or `debug`.
    level: &'static str,
    message: String,
}

impl From<&LogView> for LogDto {
    fn from(view: &LogView) -> Self {
        let level = |level: u8| match level {
            0 => "error",
            1 => "warn",
            2 => "info",
            _ => "debug",
        };
        let lines = view.lines.iter().map(|line| LineDto {
            at: Time(line.at),
            level: level(line.level),
            message: line.message.clone(),
        });
        Self { key: view.key.clone(), attempt: view.attempt, lines: lines.collect() }
    }
}

/// Why a task is not running.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Explanation)]
pub(crate) struct ExplainDto {
    /// The task.
    key: String,
    /// Its state.
    state: &'static str,
    /// The answer in one sentence.
    reason: String,
    /// Unfinished tasks it waits for; the first 20.
    waiting_for: Vec<String>,
    /// How many it waits for.
    waiting_total: u64,
    /// When the next attempt may start.
    #[schema(value_type = Option<String>, format = DateTime)]
    retry_at: Option<Time>,
    /// For every worker, why the task is not running there.
    workers: Vec<ExplainWorkerDto>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ExplanationWorker)]
struct ExplainWorkerDto {
    id: u32,
    #[schema(value_type = String)]
    name: Arc<str>,
    /// Null where it could run.
    reason: Option<String>,
}

impl From<&ExplainView> for ExplainDto {
    fn from(view: &ExplainView) -> Self {
        let workers = view.workers.iter().map(|(id, name, reason)| ExplainWorkerDto {
            id: id.0,
            name: Arc::clone(name),
            reason: reason.clone(),
        });
        Self {
            key: view.key.clone(),
            state: view.state.name(),
            reason: view.reason.clone(),
            waiting_for: view.waiting_for.clone(),
            waiting_total: view.waiting_total,
            retry_at: view.retry_at.map(Time),
            workers: workers.collect(),
        }
    }
}
