//! `/workers`: who runs tasks.

use axum::{Router, extract::State, http::Uri, routing::get};

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
    Ok(format.ok(&Page::whole(workers.iter().map(WorkerDto::from).collect())))
}
