//! `/runs/{id}/trace`: every attempt for Chrome's and Perfetto's viewers, a process for each worker
//! and a track for each slot, with arrows along what tasks needed.

use std::{collections::BTreeSet, convert::Infallible, fmt::Write as _, sync::Arc};

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
use wask_node::{
    Dictionary, History, Lane, SpanIndex,
    view::graph::{GraphKey, RunGraph},
};
use wask_proto::{NO_LANE, RunId, Span, TaskIndex};

use crate::{
    params::{Params, Path},
    problem::Answer,
    state::{ApiState, unknown_run},
};

/// Spans that are written at once.
const PART: usize = 8_192;
/// Arrows that are written; more would hide the picture.
const ARROWS_MAX: usize = 50_000;

pub(crate) fn routes() -> Router<ApiState> {
    Router::new().route("/runs/{id}/trace", get(trace))
}

/// The trace is written while it is read, part by part, so that its size does not matter.
async fn trace(State(state): State<ApiState>, Path(id): Path<String>, uri: Uri) -> Answer {
    Params::read(&uri, &[])?;
    let run = state.find_run(&id).await?;
    let graph = state.node().graph(run).await.ok_or_else(|| unknown_run(&id))?;
    let history = state.node().history().clone();
    let index = history.index(run).ok_or_else(|| unknown_run(&id))?;
    let writer = TraceWriter::new(history, run, index, Arc::new(graph));
    let parts = stream::unfold(writer, |mut writer| async move {
        let written = tokio::task::spawn_blocking(move || {
            let part = writer.part()?;
            Some((part, writer))
        });
        let (part, writer) = written.await.ok().flatten()?;
        Some((Ok::<_, Infallible>(Bytes::from(part)), writer))
    });
    let name = format!("attachment; filename=\"wask-{run}.json\"");
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::CONTENT_DISPOSITION, name),
    ];
    Ok((headers, Body::from_stream(parts)).into_response())
}

/// What comes next.
enum Stage {
    Spans,
    Arrows,
    Done,
}

struct TraceWriter {
    history: History,
    run: RunId,
    names: Dictionary,
    graph: Arc<RunGraph>,
    stage: Stage,
    next: u64,
    waiting: Vec<Span>,
    /// Where and when each task last succeeded, for arrows: lane, begin, end.
    ended: Vec<Option<(Lane, f64, f64)>>,
    /// Workers and slots that were named.
    seen: BTreeSet<(u32, Option<u16>)>,
    /// Whether there is an event already.
    began: bool,
}

impl TraceWriter {
    fn new(history: History, run: RunId, index: SpanIndex, graph: Arc<RunGraph>) -> Self {
        let ended = vec![None; graph.states.len()];
        Self {
            history,
            run,
            names: index.names,
            graph,
            stage: Stage::Spans,
            next: 0,
            waiting: Vec::new(),
            ended,
            seen: BTreeSet::new(),
            began: false,
        }
    }

    /// The next part of the text; `None` after the last.
    fn part(&mut self) -> Option<String> {
        let mut out = String::new();
        match self.stage {
            Stage::Done => return None,
            Stage::Spans => {
                if self.next == 0 && self.waiting.is_empty() {
                    out.push_str("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[");
                }
                if self.waiting.is_empty() {
                    let (next, spans) = self.history.rows(self.run, self.next).unwrap_or_default();
                    (self.next, self.waiting) = (next.max(self.next), spans);
                }
                let rest = self.waiting.split_off(self.waiting.len().min(PART));
                let spans = std::mem::replace(&mut self.waiting, rest);
                if spans.is_empty() {
                    self.stage = Stage::Arrows;
                }
                spans.iter().for_each(|span| self.span(span, &mut out));
            }
            Stage::Arrows => {
                self.arrows(&mut out);
                out.push_str("\n]}\n");
                self.stage = Stage::Done;
            }
        }
        Some(out)
    }

    fn span(&mut self, span: &Span, out: &mut String) {
        let Some(&lane) = self.names.lanes.get(usize::from(span.lane)) else { return };
        if span.lane == NO_LANE {
            return;
        }
        let (worker, slot) = (lane.worker.0, lane.slot);
        self.name_lane(worker, slot, out);
        if let Some(place) = self.ended.get_mut(span.task as usize) {
            *place = Some((lane, span.start, span.start + f64::from(span.dur)));
        }
        let call = self.names.functions.get(usize::from(span.function));
        let event = json!({
            "ph": "X",
            "pid": worker,
            "tid": slot,
            "name": call,
            "cat": span.state.name(),
            "ts": span.start,
            "dur": span.dur,
            "args": {
                "key": self.graph.name_of(span.task),
                "state": span.state.name(),
                "attempt": span.attempt,
                "queue_us": span.queue,
                "fetch_us": span.fetch,
                "start_us": span.startup,
                "run_us": span.dur - span.startup - span.parked,
                "parked_us": span.parked,
                "store_us": span.store,
                "cold": span.flags & Span::COLD != 0,
                "peak_memory": span.peak,
                "output_bytes": span.output,
            },
        });
        self.event(&event, out);
    }

    fn name_lane(&mut self, worker: u32, slot: u16, out: &mut String) {
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
    }

    /// An arrow from the end of what was needed to the begin of who needed it.
    fn arrows(&mut self, out: &mut String) {
        let graph = Arc::clone(&self.graph);
        let pairs = graph.keys.iter().flat_map(GraphKey::bundles).flat_map(|bundle| bundle.pairs());
        for (id, (from, to)) in pairs.take(ARROWS_MAX).enumerate() {
            let (Some(giver), Some(user)) = (self.ended_at(from), self.ended_at(to)) else {
                continue;
            };
            let side = |phase: &str, lane: Lane, at: f64| {
                json!({"ph": phase, "id": id, "name": "needs", "cat": "needs",
                       "pid": lane.worker.0, "tid": lane.slot, "ts": at, "bp": "e"})
            };
            // The viewer binds an arrow to the span around its point, not to one that ends there.
            self.event(&side("s", giver.0, giver.1.max(giver.2 - 0.001)), out);
            self.event(&side("f", user.0, user.1), out);
        }
    }

    fn ended_at(&self, task: TaskIndex) -> Option<(Lane, f64, f64)> {
        self.ended.get(task as usize).copied().flatten()
    }

    fn event(&mut self, event: &Value, out: &mut String) {
        let separator = if std::mem::replace(&mut self.began, true) { "," } else { "" };
        let _ = write!(out, "{separator}\n{event}");
    }
}
