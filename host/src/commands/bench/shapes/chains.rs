//! Chains: what one hop from a task to the next costs.

use anyhow::ensure;
use serde_json::{Map, json};

use super::{Load, Sample};
use crate::commands::result::await_result;

impl Load<'_> {
    /// `tasks` calls, each with the result of the one before.
    pub(super) fn chain(&mut self, tasks: u32) -> anyhow::Result<Sample> {
        let base = self.fresh(tasks);
        let call = self.call("inc");
        let mut nodes = Map::new();
        for index in 0..tasks {
            let arg = match index.checked_sub(1) {
                None => json!(base),
                Some(before) => json!({ "$task": format!("c{before}") }),
            };
            nodes.insert(format!("c{index}"), json!({ "call": call, "args": [arg] }));
        }
        let last = format!("c{}", tasks - 1);
        let graph = json!({ "name": "bench chain", "outputs": [last], "tasks": nodes });
        let timer = self.begin();
        let run = self.submit(&graph)?;
        let accepted = timer.begun.elapsed();
        let value = self.result(&run, &last)?;
        let sample = self.end(&timer, u64::from(tasks)).with_accept(accepted);
        ensure!(value == base + i64::from(tasks), "got {value} at the end of the chain");
        self.finish(sample, &run)
    }

    /// The result of one task, once it is there.
    pub(super) fn result(&self, run: &str, key: &str) -> anyhow::Result<i64> {
        Ok(await_result(self.client, run, key)?.json()?)
    }
}
