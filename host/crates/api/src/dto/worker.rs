//! Workers as the client sees them.

use std::{collections::BTreeMap, sync::Arc};

use serde::Serialize;
use utoipa::ToSchema;
use wask_node::{Usage, view::WorkerView};

use crate::units::Time;

/// A worker.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Worker)]
pub(crate) struct WorkerDto {
    /// Its number.
    id: u32,
    /// Its name.
    #[schema(value_type = String)]
    name: Arc<str>,
    /// Tasks it runs at once.
    slots: u16,
    /// Attempts it was given and has not reported.
    assigned: u32,
    /// Of these, how many are known to run.
    running: u32,
    /// Whether it takes no more work.
    draining: bool,
    /// Named resources.
    resources: BTreeMap<String, AmountDto>,
    /// When it joined.
    #[schema(value_type = String, format = DateTime)]
    joined_at: Time,
    /// Attempts it finished since.
    finished: u64,
    /// Cores in use, this server's own work included; null until it can be told.
    cpu: Option<f64>,
    /// Bytes of memory, the executors' included.
    memory: u64,
    /// Executors that were replaced.
    restarts: u32,
    /// Values in files.
    objects: ObjectsDto,
    /// Its slots.
    lanes: Vec<SlotDto>,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = StoredObjects)]
struct ObjectsDto {
    count: u64,
    bytes: u64,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = Slot)]
struct SlotDto {
    /// Its number.
    slot: u16,
    /// `up`, or `down` while it has no executor.
    state: &'static str,
    /// Executors that were replaced.
    restarts: u32,
    /// Bytes of memory of its executor.
    memory: u64,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = Amount)]
struct AmountDto {
    total: f64,
    free: f64,
}

impl WorkerDto {
    /// A worker, and the cores that it uses.
    pub(crate) fn new(view: &WorkerView, memory: u64, cpu: Option<f64>) -> Self {
        let amount = |thousandths: u64| thousandths as f64 / 1_000.0;
        let resources = view.resources.iter().map(|(name, total, free)| {
            (name.to_string(), AmountDto { total: amount(*total), free: amount(*free) })
        });
        Self {
            id: view.id.0,
            name: Arc::clone(&view.name),
            slots: view.slots,
            assigned: view.assigned,
            running: view.running,
            draining: view.draining,
            resources: resources.collect(),
            joined_at: Time(view.joined_at),
            finished: view.finished,
            cpu,
            memory,
            restarts: view.executors.iter().map(|(_, had)| had.saturating_sub(1)).sum(),
            objects: ObjectsDto { count: view.objects.0, bytes: view.objects.1 },
            lanes: view.executors.iter().zip(0..).map(slot).collect(),
        }
    }
}

fn slot((executor, slot): (&(Option<u32>, u32), u16)) -> SlotDto {
    let (process_id, had) = *executor;
    SlotDto {
        slot,
        state: if process_id.is_some() { "up" } else { "down" },
        restarts: had.saturating_sub(1),
        memory: process_id.and_then(Usage::of).map_or(0, |usage| usage.resident_bytes),
    }
}
