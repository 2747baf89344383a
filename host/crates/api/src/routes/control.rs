//! What is done to a run: more tasks, closing, releasing, cancelling, retrying.

use std::{ops::Range, sync::Arc};

use axum::{
    Router,
    extract::{Request, State},
    http::StatusCode,
    routing::post,
};
use serde::Serialize;
use utoipa::ToSchema;
use wask_node::{Refusal, view::KeyView};
use wask_proto::{RunId, TaskIndex};

use crate::{
    codes,
    content::{Format, read_document},
    dto::RunDto,
    errors::{Errors, Path as Place},
    fence::guard_of,
    fields::{read_fields, read_text, read_texts},
    graph::check_more_tasks,
    names::{find_all, places},
    params::Path,
    problem::{Answer, Problem},
    routes::runs::empty_body,
    state::{ApiState, unknown_run},
    submit::{check_document, named_runs},
    units::Time,
};

pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/runs/{id}/close", post(close))
        .route("/runs/{id}/renew", post(renew))
        .route("/runs/{id}/release", post(release))
        .route("/runs/{id}/cancel", post(cancel))
        .route("/runs/{id}/retry", post(retry))
}

/// The answer to more tasks.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = TasksAdded)]
pub(crate) struct AddedDto {
    /// The run.
    id: String,
    /// How many tasks it got.
    added: u64,
}

/// How often keys are looked up again when others add tasks to the same run.
const TRIES_MAX: u32 = 32;

/// Adds tasks to an open run. Keys may change between looking them up and adding; then all is
/// checked again.
pub(super) async fn add_tasks(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    format: Format,
    request: Request,
) -> Answer {
    let guard = guard_of(request.headers())?;
    let document = read_document(request, state.limits(), codes::INVALID_GRAPH).await?;
    let document = document.ok_or_else(empty_body)?;
    let runs = Arc::new(named_runs(&state, &document).await);
    let mut recent = id.parse().ok().and_then(|run| state.recent_keys(run));
    for _ in 0..TRIES_MAX {
        let is_recent = recent.is_some();
        let mut keys = match recent.take() {
            Some(keys) => keys,
            None => state.find_keys(&id).await?.1,
        };
        if !keys.open {
            return Err(Refusal::RunClosed.into());
        }
        let (run, first) = (keys.run, keys.next_place());
        let (runs, known) = (Arc::clone(&runs), keys.clone());
        let check = move |state: &ApiState, document: &[u8]| {
            check_more_tasks(document, state.context(&runs), &known)
        };
        let invalid = codes::INVALID_GRAPH;
        let checked = match check_document(&state, document.clone(), invalid, check).await {
            // The keys may have been too few.
            Err(_) if is_recent => continue,
            checked => checked?,
        };
        let added = checked.nodes.iter().map(|node| node.tasks.len() as u64).sum();
        keys.append(checked.nodes.iter().map(KeyView::from));
        match state.node().add_tasks(run, first, checked.nodes, guard.clone()).await {
            Err(Refusal::StaleKeys | Refusal::DuplicateKey(_)) => {}
            done => {
                done?;
                state.remember_keys(keys);
                let body = AddedDto { id: run.to_string(), added };
                return Ok(format.reply(StatusCode::ACCEPTED, &body));
            }
        }
    }
    Err(Refusal::StaleKeys.into())
}

async fn close(State(state): State<ApiState>, Path(id): Path<String>, format: Format) -> Answer {
    let run = state.find_run(&id).await?;
    state.node().close(run).await?;
    state.forget_keys(run);
    let detail = state.node().run(run).await.ok_or_else(|| unknown_run(&id))?;
    Ok(format.ok(&RunDto::from(&detail.run)))
}

/// The answer to a renewal.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = Renewed)]
pub(crate) struct RenewedDto {
    /// When the lease ends, unless it is renewed before.
    #[schema(value_type = String)]
    lease_ends_at: Time,
}

async fn renew(State(state): State<ApiState>, Path(id): Path<String>, format: Format) -> Answer {
    let run = state.find_run(&id).await?;
    let ends_at = state.node().renew(run).await?;
    Ok(format.ok(&RenewedDto { lease_ends_at: Time(ends_at) }))
}

/// The answer to a release.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = Released)]
pub(crate) struct ReleasedDto {
    /// How many tasks were named.
    released: u64,
}

async fn release(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    format: Format,
    request: Request,
) -> Answer {
    let order = read_order(&state, &id, request, &["keys"]).await?;
    let Some(tasks) = order.tasks else {
        let detail = "`keys` is missing: the tasks whose results are not needed any more";
        let errors = Errors::one(String::new(), "missing_field", detail.to_owned());
        return Err(Problem::with_errors(codes::INVALID_REQUEST, errors));
    };
    let released = tasks.iter().map(|tasks| tasks.len() as u64).sum();
    state.node().release(order.run, tasks).await?;
    Ok(format.ok(&ReleasedDto { released }))
}

/// The answer to a cancellation.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = Cancelled)]
pub(crate) struct CancelledDto {
    /// How many tasks were stopped.
    cancelled: u64,
}

async fn cancel(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    format: Format,
    request: Request,
) -> Answer {
    let order = read_order(&state, &id, request, &["keys", "reason"]).await?;
    let cancelled = state.node().cancel(order.run, order.tasks, order.reason).await?;
    Ok(format.ok(&CancelledDto { cancelled }))
}

/// The answer to a retry.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = Retried)]
pub(crate) struct RetriedDto {
    /// How many tasks run again.
    retried: u64,
}

async fn retry(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    format: Format,
    request: Request,
) -> Answer {
    let order = read_order(&state, &id, request, &["keys"]).await?;
    let retried = state.node().retry(order.run, order.tasks).await?;
    Ok(format.ok(&RetriedDto { retried }))
}

/// What these bodies say. Without `keys` the whole run is meant.
struct Order {
    run: RunId,
    tasks: Option<Vec<Range<TaskIndex>>>,
    reason: Option<String>,
}

async fn read_order(
    state: &ApiState,
    id: &str,
    request: Request,
    known: &[&'static str],
) -> Answer<Order> {
    const REASON_MAX_BYTES: usize = 1_000;
    let document = read_document(request, state.limits(), codes::INVALID_REQUEST).await?;
    let Some(document) = document else {
        return Ok(Order { run: state.find_run(id).await?, tasks: None, reason: None });
    };
    let (run, table) = state.find_keys(id).await?;
    let (mut keys, mut reason) = (None, None);
    let mut errors = Errors::default();
    let root = Place::ROOT;
    read_fields(&document, &root, known, &mut errors, |name, value, errors| {
        let path = root.key(name);
        if name == "keys" {
            keys = Some(read_texts(value, &path, errors));
        } else {
            reason = read_text(value, &path, errors);
        }
    });
    if reason.is_some_and(|reason| reason.len() > REASON_MAX_BYTES) {
        let limit = || format!("a reason has {REASON_MAX_BYTES} bytes at most");
        errors.add(&root.key("reason"), "limit", limit);
    }
    if !errors.is_empty() {
        return Err(Problem::with_errors(codes::INVALID_REQUEST, errors));
    }
    let tasks = match keys {
        Some(keys) => Some(places(&find_all(&table, &keys, &root.key("keys"))?)),
        None => None,
    };
    Ok(Order { run, tasks, reason: reason.map(str::to_owned) })
}
