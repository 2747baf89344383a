//! Single calls, one after the other on one connection.

use std::time::Instant;

use anyhow::ensure;

use super::{Load, Sample};

/// Calls before those that count, so that the module is loaded and the connection is warm.
const WARM_UP_CALLS: u32 = 50;

impl Load<'_> {
    /// `tasks` calls of `inc`.
    pub(super) fn single(&mut self, tasks: u32) -> anyhow::Result<Sample> {
        let base = self.fresh(WARM_UP_CALLS + tasks);
        for index in 0..WARM_UP_CALLS {
            self.increment(base + i64::from(index))?;
        }
        let mut latencies = Vec::with_capacity(tasks as usize);
        let timer = self.begin();
        for index in WARM_UP_CALLS..WARM_UP_CALLS + tasks {
            let asked = Instant::now();
            self.increment(base + i64::from(index))?;
            latencies.push(asked.elapsed());
        }
        Ok(self.end(&timer, u64::from(tasks)).with_latencies(latencies))
    }

    fn increment(&self, argument: i64) -> anyhow::Result<()> {
        let path = self.call_path("inc");
        let value: i64 = self.client.post(&path, &[argument])?.json()?;
        ensure!(value == argument + 1, "got {value} instead of {}", argument + 1);
        Ok(())
    }
}
