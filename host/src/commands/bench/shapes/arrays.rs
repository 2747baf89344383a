//! Arrays of `inc`: accepted, run, with all results fetched, or added up by one call.

use anyhow::ensure;
use serde_json::{Value, json};

use super::{
    super::load::{check, range},
    Load, Sample,
};

impl Load<'_> {
    /// `tasks` independent calls in one array; ends when the last value is there.
    pub(super) fn map(&mut self, tasks: u32) -> anyhow::Result<Sample> {
        let (base, graph) = self.array_graph(tasks);
        let timer = self.begin();
        let run = self.submit(&graph)?;
        let accepted = timer.begun.elapsed();
        let values = self.gather(&run, "inc", tasks)?;
        let sample = self.end(&timer, u64::from(tasks)).with_accept(accepted);
        check(&values, base + 1..)?;
        self.finish(sample, &run)
    }

    /// The same without fetching results, which are not looked at.
    pub(in crate::commands::bench) fn array(&mut self, tasks: u32) -> anyhow::Result<Sample> {
        let (_, graph) = self.array_graph(tasks);
        let timer = self.begin();
        let run = self.submit(&graph)?;
        let accepted = timer.begun.elapsed();
        self.await_run(&run)?;
        let sample = self.end(&timer, u64::from(tasks)).with_accept(accepted);
        self.finish(sample, &run)
    }

    /// Submits such an array and leaves it.
    pub(in crate::commands::bench) fn submit_array(
        &mut self,
        tasks: u32,
    ) -> anyhow::Result<String> {
        let (_, graph) = self.array_graph(tasks);
        self.submit(&graph)
    }

    /// Time until an array is accepted; what it uses is that of the whole run.
    pub(super) fn accept(&mut self, tasks: u32) -> anyhow::Result<Sample> {
        let (_, graph) = self.array_graph(tasks);
        let timer = self.begin();
        let run = self.submit(&graph)?;
        let accepted = timer.begun.elapsed();
        self.await_run(&run)?;
        let sample = self.end(&timer, u64::from(tasks));
        self.forget(&run)?;
        Ok(sample.of_accepting(accepted).not_comparable())
    }

    /// `tasks` calls and one that adds up their results.
    pub(super) fn fan_in(&mut self, tasks: u32) -> anyhow::Result<Sample> {
        let base = self.fresh(tasks);
        let graph = json!({ "name": "bench fan-in", "outputs": ["sum"], "tasks": {
            "inc": { "call": self.call("inc"), "map": range(base, tasks) },
            "sum": { "call": self.call("sum"), "args": [{ "$tasks": "inc" }] } } });
        let timer = self.begin();
        let run = self.submit(&graph)?;
        let accepted = timer.begun.elapsed();
        let sum = self.result(&run, "sum")?;
        let sample = self.end(&timer, u64::from(tasks) + 1).with_accept(accepted);
        let count = i64::from(tasks);
        let want = count * base + count * (count + 1) / 2;
        ensure!(sum == want, "got {sum} instead of {want}");
        self.finish(sample, &run)
    }

    fn array_graph(&mut self, tasks: u32) -> (i64, Value) {
        let base = self.fresh(tasks);
        let graph = json!({ "name": "bench map", "tasks": {
            "inc": { "call": self.call("inc"), "map": range(base, tasks) } } });
        (base, graph)
    }
}
