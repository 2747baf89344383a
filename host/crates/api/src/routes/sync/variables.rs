//! `/sync/variables`: a name for one value, which can be waited for.

use axum::{
    Router,
    extract::{Request, State},
    http::{StatusCode, Uri},
    routing::get,
};

use super::{Asked, page, place_of};
use crate::{
    content::Format,
    dto::sync::{ValueOfDto, VariableDto},
    params::Path,
    problem::Answer,
    state::ApiState,
};

pub(super) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/sync/variables", get(list))
        .route("/sync/variables/{name}", get(show).put(set).delete(delete))
}

async fn list(State(state): State<ApiState>, uri: Uri, format: Format) -> Answer {
    let (after, limit) = place_of(&uri)?;
    Ok(page::<_, VariableDto>(format, state.node().variables(after, limit).await))
}

async fn show(
    State(state): State<ApiState>,
    Path(name): Path<String>,
    format: Format,
    request: Request,
) -> Answer {
    let asked = Asked::read(state, &name, request, &["wait"])?;
    let value = asked.state.node().variable(asked.name, asked.call);
    let value = Asked::until_closed(&asked.state, value).await?;
    Ok(format.ok(&ValueOfDto::from(value)))
}

async fn set(
    State(state): State<ApiState>,
    Path(name): Path<String>,
    request: Request,
) -> Answer<StatusCode> {
    let mut asked = Asked::read(state, &name, request, &[])?;
    let value = asked.value().await?;
    asked.state.node().set_variable(asked.name, value, asked.call).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn delete(
    State(state): State<ApiState>,
    Path(name): Path<String>,
    request: Request,
) -> Answer<StatusCode> {
    let asked = Asked::read(state, &name, request, &[])?;
    asked.state.node().delete_variable(asked.name, asked.call).await?;
    Ok(StatusCode::NO_CONTENT)
}
