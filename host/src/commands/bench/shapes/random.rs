//! A random graph: each task needs up to four of the thousand before it.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::{
    super::load::{LAB, check},
    Load, Sample,
};

/// The graph is the same in every measurement.
const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

/// The most tasks that one needs.
const INPUTS_MAX: u64 = 4;

/// How far behind a task those are that it needs.
const WINDOW: u64 = 1_000;

impl Load<'_> {
    /// `tasks` calls, each of which counts what it gets.
    pub(super) fn random(&mut self, tasks: u32) -> anyhow::Result<Sample> {
        self.upload_lab()?;
        let base = self.fresh(tasks);
        let inputs = random_inputs(tasks);
        let graph = random_graph(&inputs, base);
        let timer = self.begin();
        let run = self.submit(&graph)?;
        let accepted = timer.begun.elapsed();
        self.await_run(&run)?;
        let sample = self.end(&timer, u64::from(tasks)).with_accept(accepted);
        let ends = ends_of(&inputs);
        let keys: Vec<String> = ends.iter().map(|index| format!("t{index}")).collect();
        let values = self.gather_keys(&run, &keys)?;
        check(&values, ends.iter().map(|index| inputs[*index].len() as i64 + 1))?;
        self.finish(sample, &run)
    }
}

/// Pseudorandom numbers (xorshift64*, Vigna 2016): always the same ones.
pub(super) struct Random(pub(super) u64);

impl Random {
    /// The next number below `end`.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) % end.max(1)
    }
}

/// Which tasks each task needs.
fn random_inputs(tasks: u32) -> Vec<Vec<u64>> {
    let mut random = Random(SEED);
    let inputs_of = |task: u64| -> Vec<u64> {
        let count = random.below(INPUTS_MAX + 1).min(task);
        (0..count).map(|_| task - 1 - random.below(task.min(WINDOW))).collect()
    };
    (0..u64::from(tasks)).map(inputs_of).collect()
}

/// The tasks that no other needs. Results of the others are dropped when they were used.
fn ends_of(inputs: &[Vec<u64>]) -> Vec<usize> {
    let needed: HashSet<u64> = inputs.iter().flatten().copied().collect();
    (0..inputs.len()).filter(|index| !needed.contains(&(*index as u64))).collect()
}

fn random_graph(inputs: &[Vec<u64>], base: i64) -> Value {
    let mut tasks = Map::new();
    for (inputs, index) in inputs.iter().zip(0_i64..) {
        // A number of its own makes each call another one.
        let mut values = vec![json!(base + index)];
        values.extend(inputs.iter().map(|input| json!({ "$task": format!("t{input}") })));
        let node = json!({ "call": format!("{LAB}/count_present"), "args": [values] });
        tasks.insert(format!("t{index}"), node);
    }
    json!({ "name": "bench random", "tasks": tasks })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: the graph is the same each time, has no cycle, and uses each number of inputs.
    #[test]
    fn random_graphs_are_acyclic_and_the_same() {
        let inputs = random_inputs(3_000);
        assert_eq!(inputs, random_inputs(3_000));
        for (task, inputs) in inputs.iter().enumerate() {
            assert!(inputs.iter().all(|input| (*input as usize) < task));
        }
        for count in 0..=INPUTS_MAX as usize {
            assert!(inputs.iter().any(|inputs| inputs.len() == count));
        }
        assert_eq!(ends_of(&[vec![], vec![0], vec![0, 0]]), [1, 2]);
    }
}
