//! `/runs/{id}/tasks.csv`: every task as a line, for spreadsheets (RFC 4180).

use std::{convert::Infallible, fmt::Display};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{Uri, header},
    response::IntoResponse as _,
    routing::get,
};
use futures::stream;
use wask_node::{TaskFilter, view::TaskView};
use wask_proto::{RunId, Timestamp};

use crate::{
    params::{Params, Path},
    problem::Answer,
    state::ApiState,
    units::Time,
};

/// Tasks that are asked for at once.
const PAGE: usize = 5_000;

const HEAD: &str = "key,function,state,attempt,cached,worker,slot,queued_at,started_at,\
                    finished_at,start_us,run_us,peak_memory\r\n";

pub(crate) fn routes() -> Router<ApiState> {
    Router::new().route("/runs/{id}/tasks.csv", get(csv))
}

async fn csv(State(state): State<ApiState>, Path(id): Path<String>, uri: Uri) -> Answer {
    Params::read(&uri, &[])?;
    let run = state.find_run(&id).await?;
    let pages = stream::unfold(Some(0), move |from| {
        let state = state.clone();
        async move {
            let from = from?;
            let (text, next) = page(&state, run, from).await?;
            Some((Ok::<_, Infallible>(Bytes::from(text)), next))
        }
    });
    let name = format!("attachment; filename=\"wask-{run}.csv\"");
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, name),
    ];
    Ok((headers, Body::from_stream(pages)).into_response())
}

async fn page(state: &ApiState, run: RunId, from: u32) -> Option<(String, Option<u32>)> {
    let page = state.node().tasks(run, TaskFilter::default(), from, PAGE).await?;
    let mut text = if from == 0 { HEAD.to_owned() } else { String::new() };
    for task in &page.tasks {
        text.push_str(&line(task));
    }
    Some((text, page.next))
}

fn line(task: &TaskView) -> String {
    let timing = task.timing.as_ref();
    let time = |at: Option<Timestamp>| at.map(|at| Time(at).to_string()).unwrap_or_default();
    let fields = [
        field(&task.key),
        field(&task.call),
        task.state.name().to_owned(),
        task.attempt.to_string(),
        task.cached.to_string(),
        or_empty(timing.map(|timing| timing.worker.0)),
        or_empty(timing.map(|timing| timing.slot)),
        time(task.queued_at),
        time(task.started_at),
        time(task.finished_at),
        or_empty(timing.map(|timing| timing.start_us)),
        or_empty(timing.map(|timing| timing.run_us)),
        or_empty(timing.map(|timing| timing.peak_memory_bytes)),
    ];
    fields.join(",") + "\r\n"
}

fn or_empty(value: Option<impl Display>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// A name as a field that no spreadsheet takes for a formula.
fn field(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let guarded = if is_formula { format!("'{text}") } else { text.to_owned() };
    match guarded.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", guarded.replace('"', "\"\"")),
        false => guarded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_fields_and_never_formulas() {
        assert_eq!(field("sq[1]"), "sq[1]");
        assert_eq!(field("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(field("=1+1"), "'=1+1");
    }
}
