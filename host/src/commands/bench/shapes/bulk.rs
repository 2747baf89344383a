//! Much data through a chain of calls: what it costs to hand it on.

use anyhow::ensure;
use serde_json::{Map, Value, json};

use super::{super::load::LAB, Load, Sample};
use crate::commands::result::await_result;

impl Load<'_> {
    /// `tasks` calls, each with the bytes of the one before, of which it changes one.
    pub(super) fn bulk(&mut self, tasks: u32, bytes: u32) -> anyhow::Result<Sample> {
        self.upload_lab()?;
        // A length that was not used before makes each value another one.
        let bytes = bytes + u32::try_from(self.fresh(1) % 100_000).unwrap_or(0);
        let timer = self.begin();
        let run = self.submit(&chain(tasks, bytes))?;
        let accepted = timer.begun.elapsed();
        let end: Vec<u32> = await_result(self.client, &run, "end")?.json()?;
        let sample = self.end(&timer, tasks.into()).with_accept(accepted);
        ensure!(end == [tasks % 256, bytes], "got {end:?} at the end of the chain");
        self.finish(sample.moving(u64::from(bytes) * u64::from(tasks)).not_comparable(), &run)
    }
}

fn chain(tasks: u32, bytes: u32) -> Value {
    let mut nodes = Map::new();
    nodes.insert("b0".to_owned(), json!({ "call": format!("{LAB}/bytes_of"), "args": [bytes, 0] }));
    for index in 1..=tasks {
        let before = json!({ "$task": format!("b{}", index - 1) });
        let node = json!({ "call": format!("{LAB}/bytes_after"), "args": [before] });
        nodes.insert(format!("b{index}"), node);
    }
    let last = json!({ "$task": format!("b{tasks}") });
    nodes.insert("end".to_owned(), json!({ "call": format!("{LAB}/first_of"), "args": [last] }));
    json!({ "name": "bench bulk", "outputs": ["end"], "tasks": nodes })
}
