//! `/runs/{id}/tasks`: listing tasks, looking at one, its logs, why it is not running.

use std::ops::Range;

use axum::{Router, extract::State, http::Uri, routing::get};
use serde::Serialize;
use utoipa::ToSchema;
use wask_node::{TaskFilter, view::KeyTable};
use wask_proto::{RunId, TaskIndex, TaskState};

use crate::{
    codes,
    content::Format,
    dto::{ExplainDto, LogDto, Page, TaskDetailDto, TaskDto},
    names::{find_task, find_tasks},
    params::{Params, Path, invalid},
    problem::{Answer, Problem},
    routes::control::add_tasks,
    state::{ApiState, unknown_run},
};

const LIMIT_DEFAULT: usize = 100;
const LIMIT_MAX: usize = 10_000;
const LOG_LINES_DEFAULT: usize = 10_000;
const LOG_LINES_MAX: usize = 100_000;

pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/runs/{id}/tasks", get(list).post(add_tasks))
        .route("/runs/{id}/tasks/{key}", get(show))
        .route("/runs/{id}/tasks/{key}/logs", get(logs))
        .route("/runs/{id}/tasks/{key}/explain", get(explain))
        .route("/runs/{id}/logs", get(run_logs))
}

async fn list(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    uri: Uri,
    format: Format,
) -> Answer {
    let params = Params::read(&uri, &["state", "call", "key", "search", "cursor", "limit"])?;
    let states = TaskState::ALL.map(TaskState::name);
    let limit = params.limit(LIMIT_DEFAULT, LIMIT_MAX)?;
    let from = params.number("cursor", "the `next` of the page before")?.unwrap_or(0);
    let (run, table) = state.find_keys(&id).await?;
    let key = params.text("key").map(|name| find_tasks(&table, name).map(|named| named.tasks));
    let key = key.transpose().map_err(|detail| Problem::new(codes::UNKNOWN_TASK, detail))?;
    let found = params.text("search").map(|text| search(&table, text));
    if key.is_some() && found.is_some() {
        return Err(invalid("search", "does not go with `key`: it looks for parts of names"));
    }
    let filter = TaskFilter {
        state: params.word("state", &states, TaskState::from_name)?,
        call: params.text("call").map(str::to_owned),
        places: key.map(|tasks| std::iter::once(tasks).collect()).or(found),
    };
    let page = state.node().tasks(run, filter, from, limit).await;
    let page = page.ok_or_else(|| unknown_run(&id))?;
    Ok(format.ok(&Page {
        items: page.tasks.iter().map(TaskDto::from).collect(),
        next: page.next.map(|next| next.to_string()),
        total: page.total,
    }))
}

/// Tasks whose keys contain this; a whole name of an element stands for that one alone.
fn search(table: &KeyTable, text: &str) -> Vec<Range<TaskIndex>> {
    if let Ok(named) = find_tasks(table, text)
        && table.find(text).is_none()
    {
        return std::iter::once(named.tasks).collect();
    }
    table.iter().filter(|key| key.key.contains(text)).map(|key| key.tasks.clone()).collect()
}

async fn show(
    State(state): State<ApiState>,
    Path((id, key)): Path<(String, String)>,
    format: Format,
) -> Answer {
    let (run, task) = find(&state, &id, &key).await?;
    Ok(format.ok(&task_detail(&state, run, task, &key).await?))
}

async fn explain(
    State(state): State<ApiState>,
    Path((id, key)): Path<(String, String)>,
    format: Format,
) -> Answer {
    let (run, task) = find(&state, &id, &key).await?;
    let view = state.node().explain(run, task).await.ok_or_else(|| gone(&key))?;
    Ok(format.ok(&ExplainDto::from(&view)))
}

/// What tasks logged.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Logs)]
pub(crate) struct LogsDto {
    /// By task and attempt.
    attempts: Vec<LogDto>,
    /// Whether there may be more lines than were asked for.
    truncated: bool,
}

async fn logs(
    State(state): State<ApiState>,
    Path((id, key)): Path<(String, String)>,
    uri: Uri,
    format: Format,
) -> Answer {
    let limit = Params::read(&uri, &["limit"])?.limit(LOG_LINES_DEFAULT, LOG_LINES_MAX)?;
    let (run, table) = state.find_keys(&id).await?;
    let named = find_tasks(&table, &key);
    let named = named.map_err(|detail| Problem::new(codes::UNKNOWN_TASK, detail))?;
    let logs = state.node().logs(run, Some(named.tasks), limit).await;
    Ok(format.ok(&logs_dto(&logs.ok_or_else(|| unknown_run(&id))?, limit)))
}

async fn run_logs(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    uri: Uri,
    format: Format,
) -> Answer {
    let limit = Params::read(&uri, &["limit"])?.limit(LOG_LINES_DEFAULT, LOG_LINES_MAX)?;
    let run = state.find_run(&id).await?;
    let logs = state.node().logs(run, None, limit).await;
    Ok(format.ok(&logs_dto(&logs.ok_or_else(|| unknown_run(&id))?, limit)))
}

fn logs_dto(logs: &[wask_node::view::LogView], limit: usize) -> LogsDto {
    let lines: usize = logs.iter().map(|log| log.lines.len()).sum();
    LogsDto { attempts: logs.iter().map(LogDto::from).collect(), truncated: lines >= limit }
}

/// A single task of a run, by their names.
pub(super) async fn find(state: &ApiState, id: &str, key: &str) -> Answer<(RunId, TaskIndex)> {
    let (run, table) = state.find_keys(id).await?;
    Ok((run, find_task(&table, key)?))
}

/// Everything about a task.
pub(super) async fn task_detail(
    state: &ApiState,
    run: RunId,
    task: TaskIndex,
    key: &str,
) -> Answer<TaskDetailDto> {
    let detail = state.node().task(run, task).await.ok_or_else(|| gone(key))?;
    let graph = state.node().graph(run).await.ok_or_else(|| gone(key))?;
    Ok(TaskDetailDto::new(run, &detail, &graph))
}

/// The problem of a task that went while it was being looked at.
fn gone(key: &str) -> Problem {
    Problem::new(codes::UNKNOWN_TASK, format!("the task `{key}` is not there any more"))
}
