//! `/sync/queues`: items in order, each for one taker.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    http::{StatusCode, Uri},
    routing::{get, post},
};
use wask_node::{Refusal, view::sync::SyncKind};

use super::{Asked, bodies::check_name, page, place_of};
use crate::{
    content::Format,
    dto::sync::{QueueDto, QueueItemsDto},
    params::{Params, Path, invalid},
    problem::Answer,
    state::ApiState,
};

/// Items that are taken at once.
const BATCH_MAX: usize = 10_000;

pub(super) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/sync/queues", get(list))
        .route("/sync/queues/{name}", get(show).put(make).delete(delete))
        .route("/sync/queues/{name}/put", post(put))
        .route("/sync/queues/{name}/get", post(take))
}

async fn list(State(state): State<ApiState>, uri: Uri, format: Format) -> Answer {
    let (after, limit) = place_of(&uri)?;
    Ok(page::<_, QueueDto>(format, state.node().queues(after, limit).await))
}

async fn show(
    State(state): State<ApiState>,
    Path(name): Path<String>,
    uri: Uri,
    format: Format,
) -> Answer {
    Params::read(&uri, &[])?;
    let name = check_name(&name)?;
    let queue = state.node().queue(Arc::clone(&name)).await;
    let queue = queue.ok_or(Refusal::UnknownName(SyncKind::Queue, name))?;
    Ok(format.ok(&QueueDto::from(queue)))
}

async fn make(
    State(state): State<ApiState>,
    Path(name): Path<String>,
    format: Format,
    request: Request,
) -> Answer {
    let mut asked = Asked::read(state, &name, request, &[])?;
    let maxsize = asked.integer("maxsize", (0, i64::MAX)).await?;
    let queue = asked.state.node().make_queue(asked.name, maxsize, asked.call).await?;
    Ok(format.ok(&QueueDto::from(queue)))
}

async fn delete(
    State(state): State<ApiState>,
    Path(name): Path<String>,
    request: Request,
) -> Answer<StatusCode> {
    let asked = Asked::read(state, &name, request, &[])?;
    asked.state.node().delete_queue(asked.name, asked.call).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn put(
    State(state): State<ApiState>,
    Path(name): Path<String>,
    format: Format,
    request: Request,
) -> Answer {
    let mut asked = Asked::read(state, &name, request, &["wait"])?;
    let value = asked.value().await?;
    let put = asked.state.node().queue_put(asked.name, value, asked.call);
    let queue = Asked::until_closed(&asked.state, put).await?;
    Ok(format.ok(&QueueDto::from(queue)))
}

async fn take(
    State(state): State<ApiState>,
    Path(name): Path<String>,
    format: Format,
    request: Request,
) -> Answer {
    let asked = Asked::read(state, &name, request, &["wait", "batch"])?;
    let batch = batch_of(&asked.params(&["wait", "batch"])?)?;
    let items = asked.state.node().queue_get(asked.name, batch, asked.call);
    let items = Asked::until_closed(&asked.state, items).await?;
    Ok(format.ok(&QueueItemsDto::from(items)))
}

fn batch_of(params: &Params<'_>) -> Answer<usize> {
    let what = "an integer from 1 to 10000";
    let batch = params.number("batch", what)?.unwrap_or(1);
    if (1..=BATCH_MAX).contains(&batch) {
        return Ok(batch);
    }
    Err(invalid("batch", &format!("should be {what}")))
}
