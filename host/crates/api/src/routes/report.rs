//! `/runs/{id}/report`: a run as one HTML file that opens without a server: the dashboard's viewer
//! with the run's data in it.

use std::collections::BTreeMap;

use axum::{
    Router,
    extract::State,
    http::{Uri, header},
    response::IntoResponse as _,
    routing::get,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::Serialize;
use wask_node::{History, view::graph::RunGraph};
use wask_proto::RunId;

use super::{dashboard::contents, drawing, history::workers};
use crate::{
    codes,
    draw::{By, Graph},
    dto::{CriticalPathDto, FailuresDto, RunDetailDto, SpansDto},
    params::{Params, Path},
    problem::{Answer, Problem},
    state::{ApiState, unknown_run},
};

/// Where the viewer takes its data from.
const PLACE: &str = "<script type=\"application/json\" id=\"wask-data\">null</script>";
const OPENING: &str = "<script type=\"application/json\" id=\"wask-data\">";
const CLOSING: &str = "</script>";

/// Spans that a report carries: the latest ones.
const SPANS_MAX: u64 = 2_000_000;
/// Tasks up to which their names are in the report.
const NAMES_MAX: usize = 100_000;

pub(crate) fn routes() -> Router<ApiState> {
    Router::new().route("/runs/{id}/report", get(report))
}

/// What the viewer reads.
#[derive(Serialize)]
struct Data {
    run: RunDetailDto,
    manifest: SpansDto,
    blocks: Vec<String>,
    names: BTreeMap<u32, String>,
    failures: FailuresDto,
    graph: Graph,
    critical_path: CriticalPathDto,
}

async fn report(State(state): State<ApiState>, Path(id): Path<String>, uri: Uri) -> Answer {
    Params::read(&uri, &[])?;
    let run = state.find_run(&id).await?;
    let viewer = contents(&state, "report.html").ok_or_else(no_viewer)?;
    let graph = state.node().graph(run).await.ok_or_else(|| unknown_run(&id))?;
    let data = data(&state, run, &graph).await?.ok_or_else(|| unknown_run(&id))?;
    let history = state.node().history().clone();
    let filled = tokio::task::spawn_blocking(move || {
        let blocks = blocks(&history, run);
        fill(&viewer, &Data { blocks, names: names(&graph), ..data })
    });
    let page = filled.await.ok().flatten().ok_or_else(no_viewer)?;
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"wask-{run}.html\"")),
        // Opened from here it may do nothing but show what it holds.
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; \
             img-src data:; sandbox allow-scripts allow-downloads"
                .to_owned(),
        ),
    ];
    Ok((headers, page).into_response())
}

fn no_viewer() -> Problem {
    Problem::new(codes::NOT_FOUND, "this server was built without the viewer of reports")
}

/// Everything but spans and names. Outputs stay where they are: they may be large, or secret.
async fn data(state: &ApiState, run: RunId, graph: &RunGraph) -> Answer<Option<Data>> {
    let workers = workers(state).await;
    let node = state.node();
    let (Some(detail), Some(index), Some((groups, total)), Some(path)) = (
        node.run(run).await,
        node.history().index(run),
        node.failures(run).await,
        node.critical_path(run).await,
    ) else {
        return Ok(None);
    };
    let (_, table) = state.find_keys(&run.to_string()).await?;
    tracing::debug!(%run, tasks = graph.states.len(), "a report is made");
    Ok(Some(Data {
        run: RunDetailDto::new(&detail, Vec::new()),
        manifest: SpansDto::new(run, index, &workers),
        blocks: Vec::new(),
        names: BTreeMap::new(),
        failures: FailuresDto::new(groups, total),
        graph: drawing::build(state, run, &table, By::Function).await?,
        critical_path: CriticalPathDto::from(path),
    }))
}

fn names(graph: &RunGraph) -> BTreeMap<u32, String> {
    let tasks = 0..u32::try_from(graph.states.len().min(NAMES_MAX)).unwrap_or(u32::MAX);
    tasks.map(|task| (task, graph.name_of(task))).collect()
}

fn blocks(history: &History, run: RunId) -> Vec<String> {
    let total = history.index(run).map_or(0, |index| index.total);
    let mut next = total.saturating_sub(SPANS_MAX);
    let mut blocks = Vec::new();
    while let Some(page) = history.spans(run, next) {
        let Some(block) = page.block else { break };
        blocks.push(BASE64_STANDARD.encode(block));
        next = page.next;
    }
    blocks
}

/// The viewer with its data. In JSON, `<` is only found in texts, where it can be written otherwise,
/// so that no name ends the element it stands in.
fn fill(viewer: &[u8], data: &Data) -> Option<String> {
    let viewer = std::str::from_utf8(viewer).ok()?;
    let (before, after) = viewer.split_once(PLACE)?;
    let data = serde_json::to_string(data).ok()?.replace('<', "\\u003c");
    let mut page = String::with_capacity(viewer.len() + data.len());
    for part in [before, OPENING, &data, CLOSING, after] {
        page.push_str(part);
    }
    Some(page)
}
