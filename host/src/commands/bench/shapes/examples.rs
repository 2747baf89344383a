//! The example graphs, as they are in their files, with their results checked.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::{Example, Load, Sample};
use crate::{
    commands::{demo::check::wrong_outputs, push},
    graph_file::{self, GraphFile, expand_files},
};

impl Load<'_> {
    /// One of the examples. Files that its graph names are uploaded before the clock starts.
    pub(super) fn example(&mut self, example: &Example) -> anyhow::Result<Sample> {
        push::upload(self.client, &self.modules.example(&example.name)?, &example.name)?;
        let mut graph = self.expanded(graph_file::read(&example.graph)?)?;
        // The second turn must not find what the first one left in memory.
        graph["defaults"]["cache"] = json!(false);
        let timer = self.begin();
        let run = self.submit(&graph)?;
        let accepted: Duration = timer.begun.elapsed();
        let finished = self.await_run(&run)?;
        let tasks = finished.counts.get("total").copied().unwrap_or(0);
        let sample = self.end(&timer, tasks).with_accept(accepted);
        let wrong = wrong_outputs(self.client, &finished, &example.expected)?;
        let wrong: Vec<String> = wrong.iter().map(ToString::to_string).collect();
        ensure!(wrong.is_empty(), "{}: {}", example.name, wrong.join("; "));
        self.finish(sample.not_comparable(), &run)
    }

    fn expanded(&self, file: GraphFile) -> anyhow::Result<Value> {
        expand_files(file.graph, &file.folder, &mut |path, media_type, bytes| {
            let reply = self
                .client
                .post_bytes(&crate::client::Path::of(&["objects"]), media_type, bytes)
                .with_context(|| format!("{} was not uploaded", path.display()))?;
            let object: Value = reply.json()?;
            Ok(object.get("id").and_then(Value::as_str).context("no id")?.to_owned())
        })
    }
}
