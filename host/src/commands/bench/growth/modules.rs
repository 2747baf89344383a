//! Growth with the modules that are called in turn.

use super::{
    super::{
        load::Load,
        sample::Measured,
        server::{OwnServer, ServerOptions},
    },
    Curve, MAP_TASKS, Means,
};

/// Calls of so many modules in turn, on one server, which gets more and more of them.
pub(super) fn measure(means: &Means<'_>) -> anyhow::Result<Curve> {
    let title = "Modules called in turn: what each call costs";
    let series = ["time, us", "in the sandbox's process, us"];
    let mut curve = Curve::new("modules", title, "modules", &series);
    let own = OwnServer::start(&ServerOptions::of(means.args))?;
    let client = own.client();
    let mut load = Load::new(&client, means.modules, Some(&own))?;
    for modules in means.steps(1, 1_000, 10_000) {
        means.announce("modules", modules);
        let samples = (0..means.args.repeat)
            .map(|_| load.many_modules(modules, MAP_TASKS))
            .collect::<anyhow::Result<_>>()?;
        let measured = Measured::new("modules".to_owned(), samples);
        let Some(sample) = measured.median() else { continue };
        let sandbox = sample.used.as_ref().map(|used| used.cpu.sandbox_us_per_task(sample.tasks));
        curve.point(modules, vec![Some(sample.us_per_task()), sandbox]);
    }
    Ok(curve)
}
