//! A task in the read model: a compact row, and what only some tasks have.

use std::sync::Arc;

use wask_proto::{Failure, TaskState, Timestamp, Timing, Value, WorkerId, executor::LogLine};

/// What every task has. Small, because there are millions.
#[derive(Clone, Debug)]
pub(crate) struct TaskRow {
    pub(crate) state: TaskState,
    pub(crate) cached: bool,
    /// It has waited for tasks of its own, and is queued only to go on.
    pub(crate) parked: bool,
    pub(crate) slot: u16,
    pub(crate) attempt: u32,
    pub(crate) worker: WorkerId,
    pub(crate) start_us: u32,
    pub(crate) peak_kib: u32,
    pub(crate) fetch_us: u32,
    pub(crate) store_us: u32,
    pub(crate) cold: bool,
    /// Microseconds that it was parked; exact up to some seconds, and never far off.
    parked_us: f32,
    pub(crate) queued_at: Timestamp,
    pub(crate) started_at: Timestamp,
    pub(crate) finished_at: Timestamp,
    pub(crate) value: Option<Value>,
}

impl TaskRow {
    pub(crate) fn new() -> Self {
        Self {
            state: TaskState::Waiting,
            cached: false,
            parked: false,
            slot: 0,
            attempt: 0,
            worker: WorkerId(0),
            start_us: 0,
            peak_kib: 0,
            fetch_us: 0,
            store_us: 0,
            cold: false,
            parked_us: 0.0,
            queued_at: Timestamp(0),
            started_at: Timestamp(0),
            finished_at: Timestamp(0),
            value: None,
        }
    }

    /// When and where the last attempt ran; `None` if none did.
    pub(crate) fn timing(&self) -> Option<Timing> {
        let took_us = self.finished_at.micros_since(self.started_at);
        let waited_us = u64::from(self.start_us).saturating_add(self.parked_us as u64);
        let run_us = took_us.saturating_sub(waited_us);
        (self.started_at.0 != 0).then_some(Timing {
            worker: self.worker,
            slot: self.slot,
            started_at: self.started_at,
            finished_at: self.finished_at,
            start_us: self.start_us,
            run_us,
            peak_memory_bytes: u64::from(self.peak_kib) * 1024,
            fetch_us: self.fetch_us,
            store_us: self.store_us,
            cold: self.cold,
        })
    }

    pub(crate) fn set_timing(&mut self, timing: &Timing) {
        self.worker = timing.worker;
        self.slot = timing.slot;
        self.started_at = timing.started_at;
        self.finished_at = timing.finished_at;
        self.start_us = timing.start_us;
        let busy_us = timing.run_us.saturating_add(u64::from(timing.start_us));
        let took_us = timing.finished_at.micros_since(timing.started_at);
        self.parked_us = took_us.saturating_sub(busy_us) as f32;
        (self.fetch_us, self.store_us, self.cold) = (timing.fetch_us, timing.store_us, timing.cold);
        self.peak_kib = u32::try_from(timing.peak_memory_bytes / 1024).unwrap_or(u32::MAX);
    }

    /// Whether nothing is known of it yet.
    pub(crate) const fn is_new(&self) -> bool {
        matches!(self.state, TaskState::Waiting) && self.attempt == 0 && self.queued_at.0 == 0
    }

    /// Forgets the former outcome; the number of attempts stays.
    pub(crate) fn reset(&mut self) {
        *self = Self { attempt: self.attempt, ..Self::new() };
    }

    /// The time, if it was set.
    pub(crate) fn time(at: Timestamp) -> Option<Timestamp> {
        (at.0 != 0).then_some(at)
    }
}

/// What only some tasks have.
#[derive(Clone, Debug, Default)]
pub(crate) struct TaskExtra {
    /// Attempts that failed, oldest first.
    pub(crate) attempts: Vec<(u32, Timing, Arc<Failure>)>,
    /// The failure of a task that failed for good.
    pub(crate) failure: Option<Arc<Failure>>,
    /// When the next attempt may start.
    pub(crate) retry_at: Option<Timestamp>,
    /// Done and total.
    pub(crate) progress: Option<(u64, u64)>,
    /// Log lines by attempt.
    pub(crate) logs: Vec<(u32, Arc<[LogLine]>)>,
}
