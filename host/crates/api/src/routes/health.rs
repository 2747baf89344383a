//! `/health`: whether the process lives, and whether it can do work.

use axum::{Router, extract::State, routing::get};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    codes,
    content::Format,
    problem::{Answer, Problem},
    state::ApiState,
};

pub(crate) fn routes() -> Router<ApiState> {
    Router::new().route("/health/live", get(live)).route("/health/ready", get(ready))
}

/// How the server is.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = Health)]
pub(crate) struct HealthDto {
    /// `live` or `ready`.
    status: &'static str,
}

async fn live(format: Format) -> Answer {
    Ok(format.ok(&HealthDto { status: "live" }))
}

async fn ready(State(state): State<ApiState>, format: Format) -> Answer {
    if state.node().ready().await {
        return Ok(format.ok(&HealthDto { status: "ready" }));
    }
    let detail = "the server is starting, or no worker has joined it";
    Err(Problem::new(codes::NOT_READY, detail).retry_after(1))
}
