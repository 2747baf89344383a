//! Many modules on few slots: each executor has to have all of them ready.

use serde_json::{Map, json};

use super::{super::load::check, Load, Sample};
use crate::client::Path;

/// Media type of WebAssembly.
const WASM: &str = "application/wasm";

impl Load<'_> {
    /// `tasks` calls of `inc`, of that many modules in turn.
    pub(in crate::commands::bench) fn many_modules(
        &mut self,
        modules: u32,
        tasks: u32,
    ) -> anyhow::Result<Sample> {
        self.upload_variants(modules)?;
        let base = self.fresh(tasks);
        let mut nodes = Map::new();
        for index in 0..tasks {
            let call = format!("{}/inc", variant_name(index % modules));
            let args = [base + i64::from(index)];
            nodes.insert(format!("t{index}"), json!({ "call": call, "args": args }));
        }
        let graph = json!({ "name": "bench modules", "tasks": nodes });
        let timer = self.begin();
        let run = self.submit(&graph)?;
        let accepted = timer.begun.elapsed();
        self.await_run(&run)?;
        let sample = self.end(&timer, u64::from(tasks)).with_accept(accepted);
        let keys: Vec<String> = (0..tasks).map(|index| format!("t{index}")).collect();
        check(&self.gather_keys(&run, &keys)?, base + 1..)?;
        self.finish(sample, &run)
    }

    fn upload_variants(&self, modules: u32) -> anyhow::Result<()> {
        for number in 0..modules {
            let path = Path::of(&["modules"]).with("name", variant_name(number));
            self.client.post_bytes(&path, WASM, self.modules.variant(number)?)?;
        }
        Ok(())
    }
}

fn variant_name(number: u32) -> String {
    format!("wask-bench-{number}")
}
