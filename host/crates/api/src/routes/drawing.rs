//! The graph of a run: by functions, by keys, by tasks; as data and as pictures.

use std::collections::HashMap;

use axum::{
    Router,
    extract::State,
    http::{Uri, header},
    response::IntoResponse as _,
    routing::get,
};
use wask_node::view::KeyTable;
use wask_proto::RunId;

use crate::{
    codes,
    content::Format,
    draw::{By, Graph, dot, mermaid, points, svg},
    params::{Params, Path, invalid},
    problem::{Answer, Problem},
    state::{ApiState, unknown_run},
};

/// Keys up to which a graph is shown by keys without being asked.
const NODES_DEFAULT_MAX: usize = 200;
/// Keys up to which a graph is drawn by keys.
const NODES_DRAWN_MAX: usize = 2_000;

/// Tasks up to which each is drawn.
const TASKS_DRAWN_MAX: usize = 100_000;

const FORMATS: [&str; 5] = ["json", "dot", "mermaid", "svg", "columns"];

pub(crate) fn routes() -> Router<ApiState> {
    Router::new().route("/runs/{id}/graph", get(graph))
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
    if shape == "columns" || params.text("by") == Some("task") {
        return graph_of_tasks(&state, &id, shape, params.text("by")).await;
    }
    let by = params.word("by", &["node", "function", "task"], |name| match name {
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

/// All tasks as points, laid out beside the loop.
async fn graph_of_tasks(state: &ApiState, id: &str, shape: &str, by: Option<&str>) -> Answer {
    if (shape, by) != ("columns", Some("task")) {
        return Err(invalid("by", "tasks are told in columns alone: `by=task&format=columns`"));
    }
    let run = state.find_run(id).await?;
    let graph = state.node().graph(run).await.ok_or_else(|| unknown_run(id))?;
    if graph.states.len() > TASKS_DRAWN_MAX {
        let count = graph.states.len();
        let detail = format!("{count} tasks are too many for a picture; ask for `by=function`");
        return Err(Problem::new(codes::TOO_MANY_TASKS, detail));
    }
    let drawn = tokio::task::spawn_blocking(move || points(&graph)).await;
    let bytes = drawn.map_err(|error| {
        tracing::error!(%error, "a graph could not be laid out");
        Problem::new(codes::INTERNAL, "the graph could not be laid out")
    })?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response())
}

/// The graph by functions, with the states of their tasks, or by keys.
pub(super) async fn build(state: &ApiState, run: RunId, table: &KeyTable, by: By) -> Answer<Graph> {
    if by == By::Node {
        return Ok(Graph::by_node(table));
    }
    let detail = state.node().run(run).await.ok_or_else(|| unknown_run(&run.to_string()))?;
    let counts: HashMap<_, _> = detail.functions.into_iter().map(|f| (f.call, f.counts)).collect();
    Ok(Graph::by_function(table, &counts))
}
