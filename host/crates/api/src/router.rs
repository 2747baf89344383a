//! The table of routes, and what unknown paths, wrong methods and panics are answered with.

use std::any::Any;

use axum::{
    Router,
    extract::Request,
    middleware,
    response::{IntoResponse, Response},
};
use tower_http::catch_panic::CatchPanicLayer;

use crate::{codes, guard::guard, problem::Problem, routes, state::ApiState};

/// The whole API and the dashboard, ready to be served.
pub fn router(state: ApiState) -> Router {
    let api = Router::new()
        .merge(routes::modules::routes())
        .merge(routes::objects::routes())
        .merge(routes::runs::routes())
        .merge(routes::control::routes())
        .merge(routes::tasks::routes())
        .merge(routes::results::routes())
        .merge(routes::drawing::routes())
        .merge(routes::call::routes())
        .merge(routes::events::routes())
        .merge(routes::history::routes())
        .merge(routes::demo::routes())
        .merge(routes::live::routes())
        .merge(routes::report::routes())
        .merge(routes::table::routes())
        .merge(routes::trace::routes())
        .merge(routes::sync::routes())
        .merge(routes::actors::routes())
        .merge(routes::workers::routes())
        .merge(routes::health::routes())
        .merge(routes::metrics::routes())
        .merge(routes::openapi::routes());
    Router::new()
        .nest("/api/v1", api)
        .merge(routes::health::routes())
        .merge(routes::metrics::routes())
        .merge(routes::openapi::routes())
        .merge(routes::dashboard::routes())
        .fallback(routes::dashboard::fallback)
        .method_not_allowed_fallback(wrong_method)
        .layer(CatchPanicLayer::custom(answer_panic))
        .layer(middleware::from_fn_with_state(state.clone(), guard))
        .with_state(state)
}

async fn wrong_method(request: Request) -> Problem {
    let (method, path) = (request.method(), request.uri().path());
    let detail = format!("`{path}` does not take {method}; the header `Allow` says what it takes");
    Problem::new(codes::METHOD_NOT_ALLOWED, detail)
}

/// A panic is our own fault and ends the request, nothing else.
fn answer_panic(_panic: Box<dyn Any + Send>) -> Response {
    Problem::new(codes::INTERNAL, "the server failed; its log says more").into_response()
}
