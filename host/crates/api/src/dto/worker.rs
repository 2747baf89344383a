//! Workers as the client sees them.

use std::{collections::BTreeMap, sync::Arc};

use serde::Serialize;
use utoipa::ToSchema;
use wask_node::view::WorkerView;

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
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = Amount)]
struct AmountDto {
    total: f64,
    free: f64,
}

impl From<&WorkerView> for WorkerDto {
    fn from(view: &WorkerView) -> Self {
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
        }
    }
}
