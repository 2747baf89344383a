//! Growth with the number of runs: submitted one after the other and running side by side, then
//! kept while a map runs.

use std::time::Instant;

use super::{
    super::{
        load::Load,
        sample::{Measured, Sample},
        server::{OwnServer, ServerOptions},
    },
    Curve, MAP_TASKS, Means,
};

/// Tasks of each run.
const TASKS_EACH: u32 = 10;

/// Runs of ten tasks each, as many as the step says.
pub(super) fn measure(means: &Means<'_>) -> anyhow::Result<Curve> {
    let title = "Runs of ten tasks each: what a run costs, and a task of a map beside them";
    let series = ["submitted and run, us for each run", "map beside them, us for each task"];
    let mut curve = Curve::new("runs", title, "runs", &series);
    for runs in means.steps(1, 10_000, 100_000) {
        means.announce("runs", runs);
        let own = OwnServer::start(&ServerOptions::of(means.args))?;
        let client = own.client();
        let mut load = Load::new(&client, means.modules, Some(&own))?;
        // The module is loaded by a call before those that count.
        load.array(TASKS_EACH)?;
        let begun = Instant::now();
        let submitted: Vec<String> =
            (0..runs).map(|_| load.submit_array(TASKS_EACH)).collect::<anyhow::Result<_>>()?;
        for run in &submitted {
            load.await_run(run)?;
        }
        let us_per_run = begun.elapsed().as_secs_f64() * 1e6 / f64::from(runs);
        let samples =
            (0..means.args.repeat).map(|_| load.array(MAP_TASKS)).collect::<anyhow::Result<_>>()?;
        let map = Measured::new("map".to_owned(), samples);
        let us_per_task = map.median().map(Sample::us_per_task);
        curve.point(runs, vec![Some(us_per_run), us_per_task]);
    }
    Ok(curve)
}
