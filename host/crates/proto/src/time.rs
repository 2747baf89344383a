//! Points in time and the timing of an attempt. Nothing here reads a clock.

use serde::{Deserialize, Serialize};

/// Microseconds since the Unix epoch, UTC.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// This point in time, moved `ms` milliseconds into the future.
    #[must_use]
    pub const fn plus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms.saturating_mul(1_000)))
    }

    /// Microseconds from `earlier` until this point; 0 when `earlier` is later.
    pub const fn micros_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// When and where an attempt ran, and what it took.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Timing {
    /// The worker that ran it.
    pub worker: crate::WorkerId,
    /// The slot of that worker.
    pub slot: u16,
    /// When the executor began with it.
    pub started_at: Timestamp,
    /// When its outcome was known.
    pub finished_at: Timestamp,
    /// Microseconds spent on making the sandbox.
    pub start_us: u32,
    /// Microseconds inside the guest's function.
    pub run_us: u64,
    /// The most linear memory it held, in bytes.
    pub peak_memory_bytes: u64,
    /// Microseconds spent on bringing its stored inputs, before it began.
    pub fetch_us: u32,
    /// Microseconds spent on storing its result, after it ended.
    pub store_us: u32,
    /// Whether the executor had to load the module first.
    pub cold: bool,
}
