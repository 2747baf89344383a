//! Single calls, one after the other on one connection.

use std::time::Instant;

use anyhow::ensure;

use super::{Load, Sample};
use crate::{client::Path, commands::bench::wire::Wire};

/// Calls before those that count, so that the module is loaded and the connection is warm.
const WARM_UP_CALLS: u32 = 50;

impl Load<'_> {
    /// `tasks` calls of `inc`.
    pub(super) fn single(&mut self, tasks: u32) -> anyhow::Result<Sample> {
        let base = self.fresh(WARM_UP_CALLS + tasks);
        let path = self.call_path("inc");
        let mut wire = Wire::open(self.client)?;
        for index in 0..WARM_UP_CALLS {
            increment(&mut wire, &path, base + i64::from(index))?;
        }
        let mut latencies = Vec::with_capacity(tasks as usize);
        let timer = self.begin();
        for index in WARM_UP_CALLS..WARM_UP_CALLS + tasks {
            let asked = Instant::now();
            increment(&mut wire, &path, base + i64::from(index))?;
            latencies.push(asked.elapsed());
        }
        Ok(self.end(&timer, u64::from(tasks)).with_latencies(latencies))
    }
}

fn increment(wire: &mut Wire, path: &Path, argument: i64) -> anyhow::Result<()> {
    let value: i64 = serde_json::from_slice(&wire.post(path, &serde_json::to_vec(&[argument])?)?)?;
    ensure!(value == argument + 1, "got {value} instead of {}", argument + 1);
    Ok(())
}
