//! What the loop tells the history, plain and small: one entry for each attempt that ended.

use std::sync::Arc;

use wask_proto::{ModuleId, NO_LANE, RunId, Span, SpanState, TaskIndex, Timestamp, Timing};

/// Something to fold in.
#[derive(Clone, Debug)]
pub(crate) enum Entry {
    /// A run was accepted.
    Run { run: RunId, name: Option<Arc<str>>, created_at: Timestamp },
    /// A run calls another function from here on; they are numbered in this order.
    Function { run: RunId, call: Arc<str>, module: ModuleId, function: Arc<str> },
    /// An attempt ended.
    Attempt(RunId, Attempt),
    /// A run is gone.
    Deleted(RunId),
}

/// An attempt that ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempt {
    pub(crate) task: TaskIndex,
    /// Number of its function in the run.
    pub(crate) function: u32,
    pub(crate) attempt: u32,
    pub(crate) state: SpanState,
    /// When it became ready; zero where that is not known.
    pub(crate) queued_at: Timestamp,
    pub(crate) timing: Timing,
    /// Bytes of its result.
    pub(crate) output: u64,
}

impl Attempt {
    /// As a span that counts from `base`, with the numbers that its log uses.
    #[expect(clippy::cast_possible_truncation, reason = "figures for people")]
    pub(super) fn span(&self, base: Timestamp, function: u16, lane: u16) -> Span {
        let timing = &self.timing;
        let ran = timing.started_at.0 != 0;
        let start = if ran { timing.started_at } else { timing.finished_at };
        let dur = timing.finished_at.micros_since(start);
        let busy = timing.run_us.saturating_add(u64::from(timing.start_us));
        // What clocks are off by is not taken for a wait.
        let parked = Some(dur.saturating_sub(busy)).filter(|&us| ran && us > PARKED_MIN_US);
        let queue = if self.queued_at.0 == 0 { 0 } else { start.micros_since(self.queued_at) };
        let flags = if timing.cold { Span::COLD } else { 0 }
            | if parked.is_some() { Span::PARKED } else { 0 };
        Span {
            start: start.0 as f64 - base.0 as f64,
            dur: dur as f32,
            queue: queue as f32,
            fetch: timing.fetch_us as f32,
            startup: timing.start_us as f32,
            parked: parked.unwrap_or(0) as f32,
            store: timing.store_us as f32,
            peak: timing.peak_memory_bytes as f32,
            output: self.output as f32,
            task: self.task,
            function,
            lane: if ran { lane } else { NO_LANE },
            attempt: self.attempt.min(u32::from(u16::MAX)) as u16,
            state: self.state,
            flags,
            run: 0,
        }
    }
}

/// Shorter differences between the whole and its parts are not told.
const PARKED_MIN_US: u64 = 20;
