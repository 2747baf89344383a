//! Growth with the tasks of a run.

use super::{
    super::{
        load::Load,
        sample::Measured,
        server::{OwnServer, ServerOptions},
    },
    Curve, Means,
};

/// From here on a run takes long enough to be measured once.
const ONCE_FROM: u32 = 1_000_000;

/// The most tasks that a server keeps.
const TASKS_MAX: u32 = 10_000_000;

/// A map of each size, on a server of its own.
pub(super) fn measure(means: &Means<'_>) -> anyhow::Result<Curve> {
    let title = "An array of tasks: what each costs";
    let series = ["time, us", "processor time outside, us", "memory, bytes", "journal, bytes"];
    let mut curve = Curve::new("tasks", title, "tasks", &series);
    for tasks in means.steps(1_000, 1_000_000, TASKS_MAX) {
        means.announce("tasks", tasks);
        let own = OwnServer::start(&ServerOptions::of(means.args))?;
        let client = own.client();
        let mut load = Load::new(&client, means.modules, Some(&own))?;
        let turns = if tasks < ONCE_FROM { means.args.repeat } else { 1 };
        let samples = (0..turns).map(|_| load.array(tasks)).collect::<anyhow::Result<_>>()?;
        let measured = Measured::new("tasks".to_owned(), samples);
        let Some(sample) = measured.median() else { continue };
        let used = sample.used.as_ref();
        let journal = used.and_then(|used| used.journal_bytes);
        curve.point(
            tasks,
            vec![
                Some(sample.us_per_task()),
                used.map(|used| used.cpu.outside_us_per_task(sample.tasks)),
                measured.memory_bytes_per_task,
                journal.map(|bytes| bytes as f64 / f64::from(tasks)),
            ],
        );
    }
    Ok(curve)
}
