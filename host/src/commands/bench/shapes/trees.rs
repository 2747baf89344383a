//! Trees of sums.

use anyhow::ensure;
use serde_json::{Map, Value, json};

use super::{super::load::range, Load, Sample};

impl Load<'_> {
    /// `leaves` calls, rounded up to a power of two, summed by neighbours; twice as many tasks
    /// less one.
    pub(super) fn tree(&mut self, leaves: u32) -> anyhow::Result<Sample> {
        let leaves = leaves.next_power_of_two().max(2);
        let base = self.fresh(leaves);
        let (graph, last) = tree_graph(&self.call("inc"), &self.call("add"), base, leaves);
        let timer = self.begin();
        let run = self.submit(&graph)?;
        let accepted = timer.begun.elapsed();
        let sum = self.result(&run, &format!("{last}[0]"))?;
        let sample = self.end(&timer, u64::from(leaves) * 2 - 1).with_accept(accepted);
        let n = i64::from(leaves);
        let want = n * base + n * (n + 1) / 2;
        ensure!(sum == want, "got {sum} instead of {want}");
        self.finish(sample, &run)
    }
}

/// A tree of sums, and the key of its last level, which has one element.
fn tree_graph(leaf: &str, join: &str, base: i64, leaves: u32) -> (Value, String) {
    let mut tasks = Map::new();
    tasks.insert("level0".to_owned(), json!({ "call": leaf, "map": range(base, leaves) }));
    let (mut level, mut width) = (0, leaves);
    while width > 1 {
        width /= 2;
        let pair = |index: u32| {
            let task = |index| json!({ "$task": format!("level{level}[{index}]") });
            json!([task(2 * index), task(2 * index + 1)])
        };
        let each: Vec<Value> = (0..width).map(pair).collect();
        level += 1;
        let node = json!({ "call": join, "map": { "each": each } });
        tasks.insert(format!("level{level}"), node);
    }
    let last = format!("level{level}");
    (json!({ "name": "bench tree", "outputs": [last], "tasks": tasks }), last)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: a tree of 8 leaves has 4 levels, 15 tasks, and pairs neighbours.
    #[test]
    fn trees_pair_neighbours() {
        let (graph, last) = tree_graph("m/inc", "m/add", 100, 8);
        assert_eq!(last, "level3");
        let width = |level: &str| graph["tasks"][level]["map"]["each"].as_array().map(Vec::len);
        assert_eq!(
            [width("level1"), width("level2"), width("level3")],
            [Some(4), Some(2), Some(1)]
        );
        assert_eq!(graph["tasks"]["level0"]["map"], json!({ "range": [100, 108] }));
        let pair = &graph["tasks"]["level2"]["map"]["each"][1];
        assert_eq!(*pair, json!([{ "$task": "level1[2]" }, { "$task": "level1[3]" }]));
    }
}
