//! Clock reads for an executor. A call needs a wall time and three durations; reading the wall
//! clock once in a while and the steady clock otherwise halves the number of reads.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use wask_proto::Timestamp;

/// Wall time, derived from the steady clock since the last calibration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    instant: Instant,
    wall_us: u64,
}

impl Clock {
    /// How long the two clocks may drift apart before they are compared again.
    const CALIBRATE_EVERY: Duration = Duration::from_millis(100);

    pub(crate) fn new() -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { instant: Instant::now(), wall_us: micros(wall) }
    }

    /// The wall time at `now`.
    pub(crate) fn wall(&mut self, now: Instant) -> Timestamp {
        if now.saturating_duration_since(self.instant) > Self::CALIBRATE_EVERY {
            *self = Self::new();
        }
        Timestamp(self.wall_us + micros(now.saturating_duration_since(self.instant)))
    }
}

/// Whole microseconds.
pub(crate) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
