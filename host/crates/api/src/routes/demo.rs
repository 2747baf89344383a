//! `/demo`: a graph that the program carries with it, so that there is something to see at a click.

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, Uri},
    routing::post,
};

use crate::{
    cbor::json_to_cbor,
    codes,
    content::Format,
    guard::host_of,
    params::Params,
    problem::{Answer, Problem},
    routes::runs::{answer, submit_document},
    state::ApiState,
};

pub(crate) fn routes() -> Router<ApiState> {
    Router::new().route("/demo", post(demo))
}

async fn demo(
    State(state): State<ApiState>,
    uri: Uri,
    headers: HeaderMap,
    format: Format,
) -> Answer {
    Params::read(&uri, &[])?;
    let Some(demo) = state.config().demo else {
        let detail = "this program was built without a demo graph; `wask demo` runs the examples";
        return Err(Problem::new(codes::NO_DEMO, detail));
    };
    state.node().upload_module(demo.module.to_vec(), Some(demo.name.to_owned())).await?;
    let document = json_to_cbor(demo.graph.as_bytes(), state.limits().nesting_max)
        .map_err(|error| Problem::of_json(error, codes::INVALID_GRAPH))?;
    let submitted = submit_document(&state, document, &headers, None).await?;
    let host = host_of(&uri, &headers).unwrap_or_default();
    answer(&state, submitted.run, false, (host, format)).await
}
