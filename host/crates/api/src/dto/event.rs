//! Events of the live feed.

use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;
use wask_node::view::{EventKind, EventView};
use wask_proto::{RunState, TaskState, Timing};

use super::FailureDto;
use crate::units::Time;

/// Something that happened. `type` says what; the other members depend on it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Event)]
pub(crate) struct EventDto {
    /// The journal's number; null for passing things such as "running".
    seq: Option<u64>,
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    /// The run, if it concerns one.
    run: Option<String>,
    #[serde(flatten)]
    what: WhatDto,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = EventContent)]
#[serde(tag = "type", rename_all = "kebab-case")]
enum WhatDto {
    /// A module was `added`, `named` or `deleted`.
    Module {
        change: &'static str,
        module: String,
        #[schema(value_type = Option<String>)]
        name: Option<Arc<str>>,
    },
    /// A run was accepted.
    RunSubmitted { name: Option<String> },
    /// A run got tasks.
    TasksAdded { keys: Vec<AddedDto> },
    /// A run takes no more tasks.
    RunClosed,
    /// A run ended.
    RunFinished { state: &'static str },
    /// A run is gone.
    RunDeleted,
    /// `count` tasks from `key[element]` on changed; `element` is null for single tasks.
    Task(Box<ChangeDto>),
    /// Results were released.
    Released { count: u32 },
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = AddedTasks)]
struct AddedDto {
    #[schema(value_type = String)]
    key: Arc<str>,
    call: String,
    count: u32,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = TaskChange)]
struct ChangeDto {
    #[schema(value_type = String)]
    key: Arc<str>,
    #[schema(value_type = String)]
    call: Arc<str>,
    element: Option<u32>,
    count: u32,
    state: &'static str,
    attempt: u32,
    cached: bool,
    #[schema(value_type = Option<String>, format = DateTime)]
    queued_at: Option<Time>,
    timing: Option<TimingDto>,
    failure: Option<FailureDto>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Timing)]
struct TimingDto {
    worker: u32,
    slot: u16,
    #[schema(value_type = String, format = DateTime)]
    started_at: Time,
    #[schema(value_type = String, format = DateTime)]
    finished_at: Time,
    start_us: u32,
    run_us: u64,
    peak_memory: u64,
}

/// The event's name in the feed.
pub(crate) const fn event_name(event: &EventView) -> &'static str {
    match event.what {
        EventKind::Module { .. } => "module",
        EventKind::RunSubmitted { .. } => "run-submitted",
        EventKind::TasksAdded { .. } => "tasks-added",
        EventKind::RunClosed => "run-closed",
        EventKind::RunFinished { .. } => "run-finished",
        EventKind::RunDeleted => "run-deleted",
        EventKind::Task { .. } => "task",
        EventKind::Released { .. } => "released",
    }
}

impl From<EventView> for EventDto {
    fn from(event: EventView) -> Self {
        Self {
            seq: event.seq.map(|seq| seq.0),
            at: Time(event.at),
            run: event.run.map(|run| run.to_string()),
            what: what(event.what),
        }
    }
}

fn what(kind: EventKind) -> WhatDto {
    match kind {
        EventKind::Module { change, id, name } => {
            WhatDto::Module { change, module: id.to_string(), name }
        }
        EventKind::RunSubmitted { name } => WhatDto::RunSubmitted { name },
        EventKind::TasksAdded { keys } => {
            let added = |(key, call, count)| AddedDto { key, call, count };
            WhatDto::TasksAdded { keys: keys.into_iter().map(added).collect() }
        }
        EventKind::RunClosed => WhatDto::RunClosed,
        EventKind::RunFinished { state } => WhatDto::RunFinished { state: RunState::name(state) },
        EventKind::RunDeleted => WhatDto::RunDeleted,
        EventKind::Released { count } => WhatDto::Released { count },
        EventKind::Task {
            key,
            call,
            element,
            count,
            state,
            attempt,
            cached,
            timing,
            queued_at,
            failure,
        } => WhatDto::Task(Box::new(ChangeDto {
            key,
            call,
            element,
            count,
            state: TaskState::name(state),
            attempt,
            cached,
            queued_at: queued_at.map(Time),
            timing: timing.as_ref().map(timing_dto),
            failure: failure.as_deref().map(FailureDto::from),
        })),
    }
}

fn timing_dto(timing: &Timing) -> TimingDto {
    TimingDto {
        worker: timing.worker.0,
        slot: timing.slot,
        started_at: Time(timing.started_at),
        finished_at: Time(timing.finished_at),
        start_us: timing.start_us,
        run_us: timing.run_us,
        peak_memory: timing.peak_memory_bytes,
    }
}
