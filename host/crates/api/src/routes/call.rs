//! `/call`: one function, one request, one answer.

use std::time::Duration;

use axum::{
    Router,
    extract::{Request, State},
    http::HeaderValue,
    response::IntoResponse as _,
    routing::post,
};

use wask_node::Called;

use super::results::answer_result;
use crate::{
    codes,
    content::read_document,
    fence::guard_of,
    graph::{Callee, check_call},
    params::{Params, Path},
    problem::{Answer, Problem},
    state::ApiState,
    submit::{self, Idempotency, check_document},
};

/// How long a call waits that does not say so.
const WAIT_DEFAULT: Duration = Duration::from_secs(30);

/// `[]`.
const NO_ARGUMENTS: u8 = 0x80;

pub(crate) fn routes() -> Router<ApiState> {
    Router::new().route("/call/{module}/{function}", post(call))
}

async fn call(
    State(state): State<ApiState>,
    Path((module, function)): Path<(String, String)>,
    request: Request,
) -> Answer {
    let (uri, headers) = (request.uri().clone(), request.headers().clone());
    let wait = Params::read(&uri, &["wait"])?.wait(state.limits())?.unwrap_or(WAIT_DEFAULT);
    let document = read_document(request, state.limits(), codes::INVALID_ARGUMENTS).await?;
    let document = document.unwrap_or_else(|| vec![NO_ARGUMENTS]);
    let callee = find(&state, &module, &function)?;
    let name = format!("{module}/{function}");
    let idempotency = Idempotency::read(&headers, &name, &document)?;
    let guard = guard_of(&headers)?;

    let key = function.clone();
    let check = move |_: &ApiState, document: &[u8]| check_call(document, &callee, &key);
    let mut checked = check_document(&state, document, codes::INVALID_ARGUMENTS, check).await?;
    checked.name = Some(name);
    let Called { run, result } = submit::call(&state, checked, idempotency, wait, guard).await?;

    let answer = answer_result(&state, &headers, (run, 0, &function), result).await;
    // A failed call has a run as well.
    let mut response = answer.unwrap_or_else(Problem::into_response);
    if let Ok(id) = HeaderValue::from_str(&run.to_string()) {
        response.headers_mut().insert("wask-run", id);
    }
    Ok(response)
}

fn find(state: &ApiState, module: &str, function: &str) -> Answer<Callee> {
    let found = Callee::find(state.node(), state.schemas(), module, function);
    found.map_err(|(code, detail)| {
        let code = match code {
            "unknown_module" => codes::UNKNOWN_MODULE,
            "unknown_function" => codes::UNKNOWN_FUNCTION,
            "not_a_task" => codes::NOT_A_TASK,
            _ => codes::AMBIGUOUS,
        };
        Problem::new(code, detail)
    })
}
