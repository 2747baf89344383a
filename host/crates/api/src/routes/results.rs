//! Results: of one task, of several, in order of completion.

use std::{ops::Range, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, Uri},
    routing::{get, post},
};
use serde::Serialize;
use utoipa::ToSchema;
use wask_node::{WaitFor, view::ResultView};
use wask_proto::{RunId, TaskIndex, Value};

use super::tasks::{find, task_detail};
use crate::{
    codes,
    content::{Format, read_document},
    deliver::Parcel,
    dto::{FailureDto, LoadedResult, ResultDto},
    errors::{Errors, Path as Place},
    fields::{read_fields, read_text, read_texts},
    load::{OUTPUT_MAX_BYTES, load_results},
    names::{find_all, places},
    params::{Params, Path},
    problem::{Answer, Problem},
    routes::runs::empty_body,
    state::{ApiState, unknown_run},
};

const COMPLETED_DEFAULT: usize = 1_000;
const COMPLETED_MAX: usize = 100_000;

pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/runs/{id}/tasks/{key}/result", get(result))
        .route("/runs/{id}/gather", post(gather))
        .route("/runs/{id}/completed", get(completed))
}

async fn result(
    State(state): State<ApiState>,
    Path((id, key)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    let wait = Params::read(&uri, &["wait"])?.wait(state.limits())?;
    let (run, task) = find(&state, &id, &key).await?;
    let this = std::iter::once(task..task + 1).collect();
    let results = results_of(&state, run, this, wait).await?;
    answer_result(&state, &headers, (run, task, &key), results.into_iter().next()).await
}

/// What came of tasks, at the end of a wait if there is one.
async fn results_of(
    state: &ApiState,
    run: RunId,
    tasks: Vec<Range<TaskIndex>>,
    wait: Option<Duration>,
) -> Answer<Vec<ResultView>> {
    let results = match wait {
        Some(wait) => state.wait_for_results(run, tasks, wait).await?,
        None => state.node().results(run, tasks).await,
    };
    results.ok_or_else(|| unknown_run(&run.to_string()))
}

/// The answer that a task's result makes: the value, the state of the task, or a problem.
pub(super) async fn answer_result(
    state: &ApiState,
    headers: &HeaderMap,
    (run, task, key): (RunId, TaskIndex, &str),
    result: Option<ResultView>,
) -> Answer {
    let problem = |code, detail: String| Problem::new(code, detail).key(key);
    match result {
        None | Some(ResultView::Unfinished(_)) => {
            let task = task_detail(state, run, task, key).await?;
            Ok(Format::of(headers).reply(StatusCode::ACCEPTED, &task))
        }
        Some(ResultView::Value(value, media_type)) => {
            deliver_value(state, headers, &value, media_type).await
        }
        Some(ResultView::Released) => {
            let detail = format!("the result of `{key}` was released, since nobody needed it");
            Err(problem(codes::RELEASED, detail))
        }
        Some(ResultView::Failed(failure)) => {
            let detail = format!("`{key}` failed: {}", failure.message);
            let failure = Some(FailureDto::from(&*failure));
            Err(problem(codes::TASK_FAILED, detail).failure(failure))
        }
        Some(ResultView::Cancelled(reason)) => {
            let reason = reason.map_or(String::new(), |reason| format!(": {reason}"));
            Err(problem(codes::TASK_CANCELLED, format!("`{key}` was cancelled{reason}")))
        }
        Some(ResultView::Aborted(cause, failure)) => {
            let why = failure.as_ref().map_or(String::new(), |f| format!(": {}", f.message));
            let detail = format!("`{key}` was not run, since `{cause}` did not succeed{why}");
            let failure = failure.as_deref().map(FailureDto::from);
            Err(problem(codes::TASK_ABORTED, detail).failure(failure))
        }
    }
}

/// The answer that a value makes.
pub(super) async fn deliver_value(
    state: &ApiState,
    headers: &HeaderMap,
    value: &Value,
    media_type: Arc<str>,
) -> Answer {
    let (id, encoding, size) = (value.object_id(), value.encoding, value.size());
    let parcel = Parcel { id, size, encoding, media_type, immutable: false };
    if parcel.is_known(headers) {
        return Ok(parcel.not_modified());
    }
    parcel.deliver(headers, state.node().value_bytes(value).await?).await
}

/// Results, in the order in which they were asked for.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Gathered)]
pub(crate) struct GatheredDto<'r> {
    results: Vec<ResultDto<'r>>,
}

async fn gather(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    format: Format,
    request: Request,
) -> Answer {
    let uri = request.uri().clone();
    let wait = Params::read(&uri, &["wait"])?.wait(state.limits())?;
    let document = read_document(request, state.limits(), codes::INVALID_REQUEST).await?;
    let document = document.ok_or_else(empty_body)?;
    let (keys, field) = read_keys(&document)?;
    let (run, table) = state.find_keys(&id).await?;
    let path = Place::ROOT.key(field);
    let named = find_all(&table, &keys, &path)?;
    let tasks = places(&named);
    let results = results_of(&state, run, tasks, wait).await?;
    let mut names = Vec::with_capacity(results.len());
    named.iter().for_each(|named| named.add_names(&mut names));
    let results = names.into_iter().zip(results).map(|(name, result)| (None, name, result));
    let results = load_results(&state, u64::MAX, results).await?;
    Ok(format.ok(&GatheredDto { results: results.iter().map(LoadedResult::dto).collect() }))
}

/// The names in `{"keys": […]}` or `{"tasks": "sq"}`, and which of the two it was.
fn read_keys(document: &[u8]) -> Answer<(Vec<&str>, &'static str)> {
    let mut errors = Errors::default();
    let mut found: Option<(Vec<&str>, &'static str)> = None;
    let root = Place::ROOT;
    read_fields(document, &root, &["keys", "tasks"], &mut errors, |name, value, errors| {
        let path = root.key(name);
        if found.is_some() {
            errors.add(&path, "unknown_field", || "give `keys` or `tasks`, not both".to_owned());
        }
        let keys = match name {
            "keys" => read_texts(value, &path, errors),
            _ => read_text(value, &path, errors).into_iter().collect(),
        };
        found = Some((keys, name));
    });
    if errors.is_empty() && found.is_none() {
        errors.add(&root, "missing_field", || {
            "say which: {\"keys\": [\"a\", \"sq[3]\"]} or {\"tasks\": \"sq\"}".to_owned()
        });
    }
    match found {
        Some(found) if errors.is_empty() => Ok(found),
        _ => Err(Problem::with_errors(codes::INVALID_REQUEST, errors)),
    }
}

/// Tasks in order of completion.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Completed)]
pub(crate) struct CompletedDto<'r> {
    items: Vec<ResultDto<'r>>,
    /// The `after` of the next question.
    next: u64,
}

async fn completed(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    uri: Uri,
    format: Format,
) -> Answer {
    let params = Params::read(&uri, &["after", "wait", "limit"])?;
    let after: u64 = params.number("after", "the `next` of the answer before")?.unwrap_or(0);
    let limit = params.limit(COMPLETED_DEFAULT, COMPLETED_MAX)?;
    let wait: Option<Duration> = params.wait(state.limits())?;
    let run = state.find_run(&id).await?;
    if let Some(wait) = wait {
        state.wait(run, WaitFor::Completed { after }, wait).await?;
    }
    let views = state.node().completed(run, after, limit).await.ok_or_else(|| unknown_run(&id))?;
    let views = views.into_iter().map(|view| (Some(view.seq), view.key, view.result));
    let results = load_results(&state, OUTPUT_MAX_BYTES, views).await?;
    let next = results.iter().filter_map(|result| result.seq).max().unwrap_or(after);
    let items = results.iter().map(LoadedResult::dto).collect();
    Ok(format.ok(&CompletedDto { items, next }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cbor::json_to_cbor;

    fn keys(json: &str) -> Result<Vec<String>, &'static str> {
        let document = json_to_cbor(json.as_bytes(), 8).unwrap();
        let keys = read_keys(&document).map_err(|problem| problem.code())?;
        Ok(keys.0.into_iter().map(str::to_owned).collect())
    }

    #[test]
    fn gather_takes_keys_or_one_array() {
        assert_eq!(keys(r#"{"keys": ["a", "b[0]"]}"#).unwrap(), ["a", "b[0]"]);
        assert_eq!(keys(r#"{"tasks": "sq"}"#).unwrap(), ["sq"]);
        for wrong in
            ["{}", "[]", r#"{"keys": "a"}"#, r#"{"keys": [], "tasks": "a"}"#, r#"{"key": "a"}"#]
        {
            assert_eq!(keys(wrong), Err("invalid_request"), "{wrong}");
        }
    }
}
