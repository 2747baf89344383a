//! Records as events for live feeds.

use std::{ops::Range, sync::Arc};

use wask_proto::{Record, RunId, Seq, TaskIndex, TaskState, Timestamp, Timing};

use crate::{
    server::{Server, model::Model},
    view::{EventKind, EventView},
};

impl Server {
    /// Old records as events. What concerns runs that are gone is left out.
    pub(crate) fn events_of(&self, records: &[(Seq, Record)]) -> Vec<EventView> {
        let event = |(seq, record): &(Seq, Record)| event_of(&self.model, Some(*seq), record);
        records.iter().flat_map(event).collect()
    }
}

/// The events that a record tells of. Taken before or after the record is applied alike.
pub(in crate::server) fn event_of(
    model: &Model,
    seq: Option<Seq>,
    record: &Record,
) -> Vec<EventView> {
    let event =
        |at: Timestamp, run: Option<RunId>, what: EventKind| EventView { seq, at, run, what };
    match record {
        Record::ModuleAdded(info) => {
            let what = EventKind::Module { change: "added", id: info.id, name: None };
            vec![event(info.created_at, None, what)]
        }
        Record::ModuleNamed { name, id, at } => {
            let name = Some(Arc::clone(name));
            vec![event(*at, None, EventKind::Module { change: "named", id: *id, name })]
        }
        Record::ModuleDeleted { id, at } => {
            let what = EventKind::Module { change: "deleted", id: *id, name: None };
            vec![event(*at, None, what)]
        }
        Record::ObjectAdded { .. }
        | Record::ObjectDeleted(_)
        | Record::Sync(_)
        | Record::Actor(_)
        | Record::TaskLogged { .. }
        | Record::TaskProfiled { .. } => Vec::new(),
        Record::RunSubmitted(header) => {
            let what = EventKind::RunSubmitted { name: header.name.clone() };
            vec![event(header.created_at, Some(header.id), what)]
        }
        Record::TasksAdded { run, at, nodes } | Record::ChildrenAdded { run, at, nodes, .. } => {
            let key = |node: &wask_proto::NodeSpec| {
                (Arc::clone(&node.key), node.call.name(), node.tasks.len() as u32)
            };
            let keys = nodes.iter().map(key).collect();
            vec![event(*at, Some(*run), EventKind::TasksAdded { keys })]
        }
        Record::RunClosed { run, at } => vec![event(*at, Some(*run), EventKind::RunClosed)],
        Record::RunFinished { run, state, at } => {
            vec![event(*at, Some(*run), EventKind::RunFinished { state: *state })]
        }
        Record::RunDeleted { run, at } => vec![event(*at, Some(*run), EventKind::RunDeleted)],
        Record::TasksReleased { run, at, tasks } => {
            vec![event(*at, Some(*run), EventKind::Released { count: tasks.len() as u32 })]
        }
        task => task_events(model, seq, task),
    }
}

fn task_events(model: &Model, seq: Option<Seq>, record: &Record) -> Vec<EventView> {
    let (run, tasks, state, at) = match record {
        Record::TaskSucceeded { run, task, timing, .. } => {
            (run, *task..*task + 1, TaskState::Succeeded, timing.finished_at)
        }
        Record::TaskFailed { run, task, timing, .. } => {
            (run, *task..*task + 1, TaskState::Failed, timing.finished_at)
        }
        Record::AttemptFailed { run, task, timing, .. } => {
            (run, *task..*task + 1, TaskState::Waiting, timing.finished_at)
        }
        Record::TasksCancelled { run, at, tasks, .. } => {
            (run, tasks.clone(), TaskState::Cancelled, *at)
        }
        Record::TasksAborted { run, at, tasks, .. } => {
            (run, tasks.clone(), TaskState::Aborted, *at)
        }
        Record::TasksRetried { run, at, tasks } => (run, tasks.clone(), TaskState::Waiting, *at),
        _ => return Vec::new(),
    };
    let details = Details::of(record);
    let stretches = stretches(model, *run, tasks);
    let event = |(key, call, element, count)| EventView {
        seq,
        at,
        run: Some(*run),
        what: EventKind::Task {
            key,
            call,
            element,
            count,
            state,
            attempt: details.attempt,
            cached: details.cached,
            timing: details.timing,
            queued_at: details.queued_at,
            failure: details.failure.clone(),
        },
    };
    stretches.into_iter().map(event).collect()
}

/// What a record tells of a single task.
#[derive(Default)]
struct Details {
    attempt: u32,
    cached: bool,
    timing: Option<Timing>,
    queued_at: Option<Timestamp>,
    failure: Option<Arc<wask_proto::Failure>>,
}

impl Details {
    fn of(record: &Record) -> Self {
        match record {
            Record::TaskSucceeded { attempt, cached, timing, queued_at, .. } => Self {
                attempt: *attempt,
                cached: *cached,
                timing: Some(*timing),
                queued_at: Some(*queued_at),
                failure: None,
            },
            Record::TaskFailed { attempt, timing, queued_at, failure, .. } => Self {
                attempt: *attempt,
                timing: Some(*timing),
                queued_at: Some(*queued_at),
                failure: Some(Arc::new((**failure).clone())),
                cached: false,
            },
            Record::AttemptFailed { attempt, timing, failure, .. } => Self {
                attempt: *attempt,
                timing: Some(*timing),
                failure: Some(Arc::new((**failure).clone())),
                ..Self::default()
            },
            _ => Self::default(),
        }
    }
}

type Stretch = (Arc<str>, Arc<str>, Option<u32>, u32);

/// Cuts a stretch of places at the borders of keys: key, call, element, count.
fn stretches(model: &Model, run: RunId, tasks: Range<TaskIndex>) -> Vec<Stretch> {
    let Some(run) = model.runs.get(&run) else { return Vec::new() };
    let mut found = Vec::new();
    let mut at = tasks.start;
    while at < tasks.end {
        let Some(node) = run.node_of(at) else { break };
        let spec = node.spec();
        let end = spec.tasks.end.min(tasks.end);
        let element = spec.map.is_some().then(|| at - spec.tasks.start);
        found.push((Arc::clone(&spec.key), run.call_of(node), element, end - at));
        at = end;
    }
    found
}
