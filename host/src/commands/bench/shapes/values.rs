//! Large values on their way from producers to consumers.

use serde_json::{Value, json};

use super::{
    super::load::{LAB, check},
    Load, Sample,
};

/// Consumers of each value.
const CONSUMERS: u32 = 4;

impl Load<'_> {
    /// `tasks` calls: producers of values of that size, and four consumers of each, which tell the
    /// length.
    pub(super) fn values(&mut self, tasks: u32, bytes: u32) -> anyhow::Result<Sample> {
        self.upload_lab()?;
        let producers = (tasks / (CONSUMERS + 1)).max(1);
        let consumers = producers * CONSUMERS;
        // Lengths that differ a little make each value another one.
        let extra = u32::try_from(self.fresh(producers) % 100_000).unwrap_or(0);
        let graph = values_graph(producers, bytes + extra);
        let timer = self.begin();
        let run = self.submit(&graph)?;
        let accepted = timer.begun.elapsed();
        let lengths = self.gather(&run, "consumed", consumers)?;
        let sample = self.end(&timer, u64::from(producers + consumers)).with_accept(accepted);
        let length_of = |consumer: u32| i64::from(bytes + extra + consumer / CONSUMERS);
        check(&lengths, (0..consumers).map(length_of))?;
        self.finish(sample.not_comparable(), &run)
    }
}

fn values_graph(producers: u32, bytes: u32) -> Value {
    let produce: Vec<Value> = (0..producers).map(|index| json!([bytes + index, 7])).collect();
    let consume =
        |consumer: u32| json!([{ "$task": format!("produced[{}]", consumer / CONSUMERS) }]);
    let consume: Vec<Value> = (0..producers * CONSUMERS).map(consume).collect();
    // Consumers of one value are the same call, of which one would serve all.
    json!({ "name": "bench values", "tasks": {
        "produced": { "call": format!("{LAB}/bytes_of"), "map": { "each": produce } },
        "consumed": { "call": format!("{LAB}/len"), "cache": false, "map": { "each": consume } } } })
}
