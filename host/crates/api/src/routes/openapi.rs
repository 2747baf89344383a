//! `/openapi.json`.

use axum::Router;
use crate::state::ApiState;
pub(crate) fn routes() -> Router<ApiState> { Router::new() }
