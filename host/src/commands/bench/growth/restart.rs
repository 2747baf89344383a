//! Growth with what the journal holds: how long a server takes to serve again.

use std::time::Instant;

use anyhow::Context as _;

use super::{
    super::{
        load::Load,
        server::{OwnServer, ServerOptions},
    },
    Curve, Means,
};

/// The most tasks that a server keeps.
const TASKS_MAX: u32 = 10_000_000;

/// A server is stopped after a map of each size, and started again.
pub(super) fn measure(means: &Means<'_>) -> anyhow::Result<Curve> {
    let title = "Starting again after finished tasks";
    let series = ["until it serves, ms", "memory afterwards, MiB"];
    let mut curve = Curve::new("restart", title, "finished tasks", &series);
    for tasks in means.steps(1_000, 1_000_000, TASKS_MAX) {
        means.announce("restart after tasks", tasks);
        let dir = tempfile::tempdir().context("cannot make a temporary directory")?;
        let data_dir = Some(dir.path().to_owned());
        let options = ServerOptions { data_dir, ephemeral: false, ..ServerOptions::of(means.args) };
        let own = OwnServer::start(&options)?;
        let client = own.client();
        let mut load = Load::new(&client, means.modules, None)?;
        let run = load.submit_array(tasks)?;
        load.await_run(&run)?;
        drop(own);
        let mut times = Vec::new();
        let mut memory = None;
        for _ in 0..means.args.repeat {
            let begun = Instant::now();
            let again = OwnServer::start(&options)?;
            times.push(begun.elapsed().as_secs_f64() * 1e3);
            memory = again.memory().map(|memory| memory.server_bytes as f64 / 1_048_576.0);
        }
        times.sort_by(f64::total_cmp);
        curve.point(tasks, vec![times.get(times.len() / 2).copied(), memory]);
    }
    Ok(curve)
}
