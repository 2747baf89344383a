//! Pictures of a run: its graph, and its timeline for Chrome's and Perfetto's viewers.

use std::{
    collections::{BTreeSet, HashMap},
    fmt::Write as _,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{Uri, header},
    response::IntoResponse as _,
    routing::get,
};
use futures::stream;
use serde_json::{Value, json};
use wask_node::view::{KeyTable, TaskView};
use wask_proto::{RunId, TaskIndex, Timestamp};

use crate::{
    content::Format,
    draw::{By, Graph, dot, mermaid, svg},
    params::{Params, Path, invalid},
    problem::Answer,
    state::{ApiState, unknown_run},
};

/// Keys up to which a graph is shown by keys without being asked.
const NODES_DEFAULT_MAX: usize = 200;
/// Keys up to which a graph is drawn by keys.
const NODES_DRAWN_MAX: usize = 2_000;
/// Tasks of a trace that are asked for at once.
const TRACE_PAGE: usize = 5_000;

const FORMATS: [&str; 4] = ["json", "dot", "mermaid", "svg"];

pub(crate) fn routes() -> Router<ApiState> {
    Router::new().route("/runs/{id}/graph", get(graph)).route("/runs/{id}/trace", get(trace))
}

async fn graph(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    uri: Uri,
    format: Format,
) -> Answer {
    let params = Params::read(&uri, &["format", "by"])?;
    let known = |name: &str| FORMATS.into_iter().find(|known| *known == name);
    let shape = params.word("format", &FORMATS, known)?.unwrap_or("json");
    let by = params.word("by", &["node", "function"], |name| match name {
        "node" => Some(By::Node),
        "function" => Some(By::Function),
        _ => None,
    })?;
    let (run, table) = state.find_keys(&id).await?;
    let keys = table.len();
    let by = by.unwrap_or(if keys > NODES_DEFAULT_MAX { By::Function } else { By::Node });
    if by == By::Node && keys > NODES_DRAWN_MAX && shape != "json" {
        let what = format!("{keys} keys are too many for a picture; ask for `by=function`");
        return Err(invalid("by", &what));
    }
    let graph = build(&state, run, &table, by).await?;
    let (kind, text) = match shape {
        "dot" => ("text/vnd.graphviz; charset=utf-8", dot(&graph)),
        "mermaid" => ("text/vnd.mermaid; charset=utf-8", mermaid(&graph)),
        "svg" => ("image/svg+xml", svg(&graph)),
        _ => return Ok(format.ok(&graph)),
    };
    let policy = "default-src 'none'; sandbox";
    let headers = [(header::CONTENT_TYPE, kind), (header::CONTENT_SECURITY_POLICY, policy)];
    Ok((headers, text).into_response())
}

async fn build(state: &ApiState, run: RunId, table: &KeyTable, by: By) -> Answer<Graph> {
    if by == By::Node {
        return Ok(Graph::by_node(table));
    }
    let detail = state.node().run(run).await.ok_or_else(|| unknown_run(&run.to_string()))?;
    let counts: HashMap<_, _> = detail.functions.into_iter().map(|f| (f.call, f.counts)).collect();
    Ok(Graph::by_function(table, &counts))
}

/// The trace is written while it is read, page by page, so that its size does not matter.
async fn trace(State(state): State<ApiState>, Path(id): Path<String>, uri: Uri) -> Answer {
    Params::read(&uri, &[])?;
    let (run, _) = state.find_keys(&id).await?;
    let begin = state.node().run(run).await.ok_or_else(|| unknown_run(&id))?.run.created_at;
    let writer = TraceWriter { begin, seen: BTreeSet::new(), began: false };
    let pages = stream::unfold(Some((0, writer)), move |at| {
        let state = state.clone();
        async move {
            let (from, writer) = at?;
            let (page, next) = trace_page(&state, run, from, writer).await;
            Some((Ok::<_, std::convert::Infallible>(Bytes::from(page)), next))
        }
    });
    let name = format!("attachment; filename=\"wask-{run}.json\"");
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::CONTENT_DISPOSITION, name),
    ];
    Ok((headers, Body::from_stream(pages)).into_response())
}

async fn trace_page(
    state: &ApiState,
    run: RunId,
    from: TaskIndex,
    mut writer: TraceWriter,
) -> (String, Option<(TaskIndex, TraceWriter)>) {
    let mut text = String::new();
    if from == 0 {
        text.push_str("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[");
    }
    let tasks = state.node().timeline(run, from, TRACE_PAGE).await.unwrap_or_default();
    for task in &tasks {
        writer.task(task, &mut text);
    }
    match tasks.last().and_then(|task| task.index.checked_add(1)) {
        Some(next) => (text, Some((next, writer))),
        None => {
            text.push_str("\n]}\n");
            (text, None)
        }
    }
}

/// Writes tasks as complete events: a process for each worker, a thread for each slot.
struct TraceWriter {
    begin: Timestamp,
    /// Workers and slots that were named.
    seen: BTreeSet<(u32, Option<u16>)>,
    /// Whether there is an event already.
    began: bool,
}

impl TraceWriter {
    fn task(&mut self, task: &TaskView, out: &mut String) {
        let Some(timing) = task.timing else { return };
        let (worker, slot) = (timing.worker.0, timing.slot);
        if self.seen.insert((worker, None)) {
            let args = json!({"name": format!("worker {worker}")});
            let event = json!({"ph": "M", "pid": worker, "name": "process_name", "args": args});
            self.event(&event, out);
        }
        if self.seen.insert((worker, Some(slot))) {
            let args = json!({"name": format!("slot {slot}")});
            let event = json!({"ph": "M", "pid": worker, "tid": slot, "name": "thread_name",
                               "args": args});
            self.event(&event, out);
        }
        let event = json!({
            "ph": "X",
            "pid": worker,
            "tid": slot,
            "name": task.call,
            "cat": task.state.name(),
            "ts": timing.started_at.micros_since(self.begin),
            "dur": timing.finished_at.micros_since(timing.started_at),
            "args": {
                "key": task.key,
                "state": task.state.name(),
                "attempt": task.attempt,
                "cached": task.cached,
                "start_us": timing.start_us,
                "run_us": timing.run_us,
                "peak_memory": timing.peak_memory_bytes,
            },
        });
        self.event(&event, out);
    }

    fn event(&mut self, event: &Value, out: &mut String) {
        let separator = if std::mem::replace(&mut self.began, true) { "," } else { "" };
        let _ = write!(out, "{separator}\n{event}");
    }
}
