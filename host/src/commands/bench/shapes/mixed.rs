//! Calls of very different lengths in one array.

use serde_json::{Value, json};

use super::{
    super::load::{LAB, check},
    Load, Sample,
    random::Random,
};

const SEED: u64 = 0x2545_f491_4f6c_dd1d;

impl Load<'_> {
    /// `tasks` calls: nine of ten are over in microseconds, one in a hundred takes about 20 ms, the
    /// others about one.
    pub(super) fn mixed(&mut self, tasks: u32) -> anyhow::Result<Sample> {
        self.upload_lab()?;
        let base = self.fresh(tasks);
        let mut random = Random(SEED);
        let million_steps = |of_hundred| match of_hundred {
            0..90 => 0,
            90..99 => 1,
            _ => 20,
        };
        let tags = base..base + i64::from(tasks);
        let each: Vec<Value> =
            tags.map(|tag| json!([million_steps(random.below(100)), tag])).collect();
        let graph = json!({ "name": "bench mixed", "tasks": {
            "work": { "call": format!("{LAB}/work"), "map": { "each": each } } } });
        let timer = self.begin();
        let run = self.submit(&graph)?;
        let accepted = timer.begun.elapsed();
        let values = self.gather(&run, "work", tasks)?;
        let sample = self.end(&timer, u64::from(tasks)).with_accept(accepted);
        check(&values, base..)?;
        self.finish(sample.not_comparable(), &run)
    }
}
