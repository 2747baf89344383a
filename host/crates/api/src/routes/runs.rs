//! `/runs`: submitting, listing, looking at and deleting runs.

use std::time::Duration;

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, Uri, header},
    response::IntoResponse as _,
    routing::{get, post},
};
use wask_node::{RunFilter, Submitted, WaitFor};
use wask_proto::{RunId, RunState};

use crate::{
    codes,
    content::{Format, read_document},
    dto::{Page, RunDto, SubmittedDto},
    fence::guard_of,
    graph::check_run,
    guard::host_of,
    load::load_run,
    params::{Params, Path},
    problem::{Answer, Problem},
    state::{ApiState, unknown_run},
    submit::{Idempotency, check_document, named_runs, submit},
};

const STATES: [&str; 4] = ["running", "succeeded", "failed", "cancelled"];
const LIMIT_DEFAULT: usize = 50;
const LIMIT_MAX: usize = 1_000;

pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/runs", post(accept).get(list))
        .route("/runs/{id}", get(show).delete(delete))
}

async fn accept(State(state): State<ApiState>, format: Format, request: Request) -> Answer {
    let (uri, headers) = (request.uri().clone(), request.headers().clone());
    let wait = Params::read(&uri, &["wait"])?.wait(state.limits())?;
    let document = read_document(request, state.limits(), codes::INVALID_GRAPH).await?;
    let document = document.ok_or_else(empty_body)?;
    let host = host_of(&uri, &headers).unwrap_or_default();
    let submitted = submit_document(&state, document, &headers, wait).await?;
    answer(&state, submitted.run, wait.is_some(), (host, format)).await
}

/// Checks a graph and has it accepted, as the headers ask.
pub(super) async fn submit_document(
    state: &ApiState,
    document: Vec<u8>,
    headers: &HeaderMap,
    wait: Option<Duration>,
) -> Answer<Submitted> {
    let idempotency = Idempotency::read(headers, "runs", &document)?;
    let guard = guard_of(headers)?;
    let runs = named_runs(state, &document).await;
    let check = move |state: &ApiState, document: &[u8]| check_run(document, state.context(&runs));
    let checked = check_document(state, document, codes::INVALID_GRAPH, check).await?;
    submit(state, checked, idempotency, wait, guard).await
}

/// The answer to an accepted run.
pub(super) async fn answer(
    state: &ApiState,
    run: RunId,
    waited: bool,
    (host, format): (&str, Format),
) -> Answer {
    let detail = state.node().run(run).await.ok_or_else(|| unknown_run(&run.to_string()))?;
    let is_done = waited && detail.run.state != RunState::Running;
    let status = if is_done { StatusCode::OK } else { StatusCode::ACCEPTED };
    let url = format!("http://{host}/api/v1/runs/{run}");
    let dashboard = format!("http://{host}/runs/{run}");
    let place = [(header::LOCATION, url.clone())];
    let body = SubmittedDto { url, dashboard, run: load_run(state, detail).await? };
    Ok((place, format.reply(status, &body)).into_response())
}

async fn list(State(state): State<ApiState>, uri: Uri, format: Format) -> Answer {
    let params = Params::read(&uri, &["state", "name", "cursor", "limit"])?;
    let filter = RunFilter {
        state: params.word("state", &STATES, RunState::from_name)?,
        name: params.text("name").map(str::to_owned),
    };
    let before = params.number("cursor", "the `next` of the page before")?;
    let page = state.node().runs(filter, before, params.limit(LIMIT_DEFAULT, LIMIT_MAX)?).await;
    Ok(format.ok(&Page {
        items: page.runs.iter().map(RunDto::from).collect(),
        next: page.next.map(|next| next.to_string()),
        total: page.total,
    }))
}

async fn show(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    uri: Uri,
    format: Format,
) -> Answer {
    let wait = Params::read(&uri, &["wait"])?.wait(state.limits())?;
    let run = state.find_run(&id).await?;
    if let Some(wait) = wait {
        state.wait(run, WaitFor::RunFinished, wait).await?;
    }
    let detail = state.node().run(run).await.ok_or_else(|| unknown_run(&id))?;
    Ok(format.ok(&load_run(&state, detail).await?))
}

async fn delete(State(state): State<ApiState>, Path(id): Path<String>) -> Answer<StatusCode> {
    let run = state.find_run(&id).await?;
    state.node().delete_run(run).await?;
    state.forget_keys(run);
    Ok(StatusCode::NO_CONTENT)
}

/// The problem of a body that is not there.
pub(crate) fn empty_body() -> Problem {
    Problem::new(codes::MALFORMED_JSON, "the body is empty; send JSON or CBOR")
}
