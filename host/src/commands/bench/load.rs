//! The measured workloads. Each uses arguments that were never used before, so that no result can
//! come from memory, and checks every value that it gets.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::ensure;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::report::Sample;
use crate::{
    client::{Client, Path},
    commands::result::await_result,
    dto::Run,
};

/// How long the server may hold back an answer.
const WAIT: &str = "60s";

/// Results that are asked for at once.
const PAGE: u32 = 50_000;

/// Calls before those that count, so that the module is loaded and the connection is warm.
const WARM_UP_CALLS: u32 = 50;

/// Generates load on one server over one connection.
pub(super) struct Load<'a> {
    client: &'a Client,
    module: &'a str,
    next: i64,
}

#[derive(Deserialize)]
struct Gathered {
    results: Vec<GatheredItem>,
}

#[derive(Deserialize)]
struct GatheredItem {
    value: Option<i64>,
}

#[derive(Deserialize)]
struct Accepted {
    id: String,
}

impl<'a> Load<'a> {
    /// Load for that server; `module` has `inc` and `add`.
    pub(super) fn new(client: &'a Client, module: &'a str) -> Self {
        // Each second begins a stretch of a million arguments; sums of a million of them fit an
        // i64, and all of them are exact in any JSON reader.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let next = i64::try_from(now % 1_000_000).unwrap_or(0).saturating_add(1) * 1_000_000;
        Self { client, module, next }
    }

    /// `tasks` independent calls in one array; ends when the last value is checked.
    pub(super) fn map(&mut self, tasks: u32) -> anyhow::Result<Sample> {
        let base = self.fresh(tasks);
        let graph = json!({ "name": "bench map", "tasks": {
            "inc": { "call": self.call("inc"), "map": range(base, tasks) } } });
        let begun = Instant::now();
        let run = self.submit(&graph)?;
        let accepted = begun.elapsed();
        for first in (0..tasks).step_by(PAGE as usize) {
            let count = PAGE.min(tasks - first);
            let values = self.gather(&run, "inc", tasks, first, count)?;
            for (value, want) in values.iter().zip(base + i64::from(first) + 1..) {
                ensure!(*value == Some(want), "got {value:?} instead of {want}");
            }
        }
        let total = begun.elapsed();
        self.forget(&run)?;
        Ok(Sample::of(u64::from(tasks), total).with_accept(accepted))
    }

    /// `leaves` calls, rounded up to a power of two, summed by neighbours; twice as many tasks
    /// less one.
    pub(super) fn tree(&mut self, leaves: u32) -> anyhow::Result<Sample> {
        let leaves = leaves.next_power_of_two().max(2);
        let base = self.fresh(leaves);
        let (graph, last) = self.tree_graph(base, leaves);
        let begun = Instant::now();
        let run = self.submit(&graph)?;
        let accepted = begun.elapsed();
        let sum: i64 = await_result(self.client, &run, &format!("{last}[0]"))?.json()?;
        let total = begun.elapsed();
        let n = i64::from(leaves);
        let want = n * base + n * (n + 1) / 2;
        ensure!(sum == want, "got {sum} instead of {want}");
        self.forget(&run)?;
        Ok(Sample::of(u64::from(leaves) * 2 - 1, total).with_accept(accepted))
    }

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
        let begun = Instant::now();
        let run = self.submit(&graph)?;
        let accepted = begun.elapsed();
        let value: i64 = await_result(self.client, &run, &last)?.json()?;
        let total = begun.elapsed();
        ensure!(value == base + i64::from(tasks), "got {value} at the end of the chain");
        self.forget(&run)?;
        Ok(Sample::of(u64::from(tasks), total).with_accept(accepted))
    }

    /// `tasks` calls, one after the other on one connection.
    pub(super) fn single(&mut self, tasks: u32) -> anyhow::Result<Sample> {
        let path = Path::of(&["call", self.module, "inc"]).with("wait", WAIT);
        let base = self.fresh(WARM_UP_CALLS + tasks);
        let mut latencies = Vec::with_capacity(tasks as usize);
        let mut begun = Instant::now();
        for index in 0..WARM_UP_CALLS + tasks {
            if index == WARM_UP_CALLS {
                begun = Instant::now();
                latencies.clear();
            }
            let argument = base + i64::from(index);
            let asked = Instant::now();
            let value: i64 = self.client.post(&path, &[argument])?.json()?;
            latencies.push(asked.elapsed());
            ensure!(value == argument + 1, "got {value} instead of {}", argument + 1);
        }
        Ok(Sample::of(u64::from(tasks), begun.elapsed()).with_latencies(latencies))
    }

    /// Time until an array is accepted; returns when all of it is done. The run stays, so that
    /// the memory it takes can be read.
    pub(super) fn accept(&mut self, tasks: u32) -> anyhow::Result<(Sample, String)> {
        let base = self.fresh(tasks);
        let graph = json!({ "name": "bench accept", "tasks": {
            "inc": { "call": self.call("inc"), "map": range(base, tasks) } } });
        let begun = Instant::now();
        let run = self.submit(&graph)?;
        let accepted = begun.elapsed();
        let path = Path::of(&["runs", &run]).with("wait", WAIT);
        let deadline = begun + Duration::from_secs(600);
        loop {
            let seen: Run = self.client.get_json(&path)?;
            if seen.is_finished() {
                ensure!(seen.state == "succeeded", "the array of {tasks} tasks {}", seen.state);
                return Ok((Sample::of_accepting(u64::from(tasks), accepted), run));
            }
            ensure!(Instant::now() < deadline, "the array of {tasks} tasks does not end");
        }
    }

    /// Deletes a finished run, so that the next one meets the same server.
    pub(super) fn forget(&self, run: &str) -> anyhow::Result<()> {
        self.client.delete(&Path::of(&["runs", run]))?;
        Ok(())
    }

    /// The first of `count` arguments that were never used.
    fn fresh(&mut self, count: u32) -> i64 {
        let base = self.next;
        self.next += i64::from(count) + 1;
        base
    }

    fn call(&self, function: &str) -> String {
        format!("{}/{function}", self.module)
    }

    fn submit(&self, graph: &Value) -> anyhow::Result<String> {
        let accepted: Accepted = self.client.post(&Path::of(&["runs"]), graph)?.json()?;
        Ok(accepted.id)
    }

    /// `count` results of an array, from element `first` on.
    fn gather(
        &self,
        run: &str,
        key: &str,
        tasks: u32,
        first: u32,
        count: u32,
    ) -> anyhow::Result<Vec<Option<i64>>> {
        let body = if count == tasks {
            json!({ "tasks": key })
        } else {
            let names: Vec<String> =
                (first..first + count).map(|index| format!("{key}[{index}]")).collect();
            json!({ "keys": names })
        };
        let path = Path::of(&["runs", run, "gather"]).with("wait", WAIT);
        let gathered: Gathered = self.client.post(&path, &body)?.json()?;
        let got = gathered.results.len();
        ensure!(got == count as usize, "got {got} results instead of {count}");
        Ok(gathered.results.into_iter().map(|item| item.value).collect())
    }

    /// A tree of sums, and the key of its last level, which has one element.
    fn tree_graph(&self, base: i64, leaves: u32) -> (Value, String) {
        let mut tasks = Map::new();
        tasks.insert(
            "level0".to_owned(),
            json!({ "call": self.call("inc"), "map": range(base, leaves) }),
        );
        let (mut level, mut width) = (0, leaves);
        while width > 1 {
            width /= 2;
            let pair = |index: u32| {
                let task = |index| json!({ "$task": format!("level{level}[{index}]") });
                json!([task(2 * index), task(2 * index + 1)])
            };
            let each: Vec<Value> = (0..width).map(pair).collect();
            level += 1;
            let node = json!({ "call": self.call("add"), "map": { "each": each } });
            tasks.insert(format!("level{level}"), node);
        }
        let last = format!("level{level}");
        (json!({ "name": "bench tree", "outputs": [last], "tasks": tasks }), last)
    }
}

/// The map over `count` integers from `base` on.
fn range(base: i64, count: u32) -> Value {
    json!({ "range": [base, base + i64::from(count)] })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: a tree of 8 leaves has 4 levels, 15 tasks, and pairs neighbours.
    #[test]
    fn trees_pair_neighbours() {
        let client = Client::new("http://127.0.0.1:1".into(), None);
        let load = Load { client: &client, module: "m", next: 0 };
        let (graph, last) = load.tree_graph(100, 8);
        assert_eq!(last, "level3");
        assert_eq!(graph["tasks"]["level0"]["map"]["range"], json!([100, 108]));
        let level1 = &graph["tasks"]["level1"]["map"]["each"];
        assert_eq!(level1.as_array().unwrap().len(), 4);
        assert_eq!(level1[3], json!([{"$task": "level0[6]"}, {"$task": "level0[7]"}]));
        assert_eq!(graph["outputs"], json!(["level3"]));
    }

    /// Goal: arguments never repeat, and sums of the largest load stay within an i64.
    #[test]
    fn arguments_never_repeat() {
        let client = Client::new("http://127.0.0.1:1".into(), None);
        let mut load = Load::new(&client, "m");
        let first = load.fresh(10);
        assert!(load.fresh(10) > first + 9);
        let largest = 1_000_001_i64 * 1_000_000;
        assert!(largest.checked_mul(1_048_576).is_some());
    }
}
