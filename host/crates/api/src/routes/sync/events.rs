//! `/sync/events`: something that has come or not. An event that nobody set has not come.

use axum::{
    Router,
    extract::{Request, State},
    http::Uri,
    routing::{get, post},
};

use super::{Asked, page, place_of};
use crate::{
    content::Format,
    dto::sync::{FlagDto, IsSetDto},
    params::Path,
    problem::Answer,
    state::ApiState,
};

pub(super) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/sync/events", get(list))
        .route("/sync/events/{name}", get(show))
        .route("/sync/events/{name}/set", post(set))
        .route("/sync/events/{name}/clear", post(clear))
}

async fn list(State(state): State<ApiState>, uri: Uri, format: Format) -> Answer {
    let (after, limit) = place_of(&uri)?;
    Ok(page::<_, FlagDto>(format, state.node().set_events(after, limit).await))
}

async fn show(
    State(state): State<ApiState>,
    Path(name): Path<String>,
    format: Format,
    request: Request,
) -> Answer {
    let asked = Asked::read(state, &name, request, &["wait"])?;
    let set = asked.state.node().event(asked.name, asked.call);
    let set = Asked::until_closed(&asked.state, set).await?;
    Ok(format.ok(&IsSetDto { set }))
}

async fn set(
    State(state): State<ApiState>,
    Path(name): Path<String>,
    format: Format,
    request: Request,
) -> Answer {
    let asked = Asked::read(state, &name, request, &[])?;
    asked.state.node().set_event(asked.name, asked.call).await?;
    Ok(format.ok(&IsSetDto { set: true }))
}

async fn clear(
    State(state): State<ApiState>,
    Path(name): Path<String>,
    format: Format,
    request: Request,
) -> Answer {
    let asked = Asked::read(state, &name, request, &[])?;
    asked.state.node().clear_event(asked.name, asked.call).await?;
    Ok(format.ok(&IsSetDto { set: false }))
}
