//! `/workers`: who runs tasks.

use axum::{Router, extract::State, http::Uri, routing::get};
use wask_node::{Usage, view::WorkerView};

use crate::{
    content::Format,
    dto::{Page, WorkerDto},
    params::Params,
    problem::Answer,
    state::ApiState,
};

pub(crate) fn routes() -> Router<ApiState> {
    Router::new().route("/workers", get(list))
}

async fn list(State(state): State<ApiState>, uri: Uri, format: Format) -> Answer {
    Params::read(&uri, &[])?;
    let workers = state.node().workers().await;
    let dto = |worker: &WorkerView| {
        let usage = usage_of(worker);
        let cpu = state.cpu_of(worker.id, usage.cpu_us);
        WorkerDto::new(worker, usage.resident_bytes, cpu)
    };
    Ok(format.ok(&Page::whole(workers.iter().map(dto).collect())))
}

/// What the worker and its executors use. It lives in this process, and so does the scheduler.
fn usage_of(worker: &WorkerView) -> Usage {
    let executors = worker.executors.iter().filter_map(|(process_id, _)| *process_id);
    let all = executors.filter_map(Usage::of).chain(Usage::own());
    all.fold(Usage::default(), |sum, usage| Usage {
        cpu_us: sum.cpu_us + usage.cpu_us,
        resident_bytes: sum.resident_bytes + usage.resident_bytes,
    })
}
