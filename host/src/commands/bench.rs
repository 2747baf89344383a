//! `wask bench`: a load generator. Measures what a client sees, checks every result, tells what
//! each task costs by stage, and sets the figures beside what bare sandboxes could do on the same
//! machine.

mod growth;
mod journal;
mod limit;
mod load;
mod machine;
mod modules;
mod process;
mod report;
mod sample;
mod server;
mod shapes;
mod stages;
mod wire;

use self::{
    limit::SandboxLimit,
    load::Load,
    modules::BenchModules,
    report::Report,
    sample::Measured,
    server::{OwnServer, ServerOptions},
};
use crate::{
    cli::{BenchArgs, Shape},
    exit_code::Exit,
    session::Session,
};

/// Tasks of `--zero-work`.
const ZERO_WORK_TASKS: u32 = 1_000_000;

/// Measures, then prints the report.
pub(crate) fn run(session: &Session, args: &BenchArgs) -> anyhow::Result<Exit> {
    if let Some(module) = args.module.as_deref().filter(|_| args.bare) {
        return limit::run_bare(session, module);
    }
    let modules = BenchModules::new(args.module.clone(), session.output);
    if let Some(asked) = &args.growth {
        return growth::run(session, args, &modules, asked);
    }
    session.output.message("measuring bare sandboxes …");
    let slots = args.slots.map_or_else(machine::cores, usize::from);
    let limit = SandboxLimit::measure(&modules.numbers()?, slots)?;
    let mut report = Report::new(limit, machine::describe(), args);
    if args.zero_work {
        measure_zero_work(session, args, &modules, &mut report)?;
    } else {
        for shape in shapes::selected(args) {
            measure(session, args, &modules, shape, &mut report)?;
        }
    }
    report.print(session.output)?;
    Ok(Exit::Ok)
}

/// Measures a shape on a server of its own, so that no other shape is felt in its figures.
fn measure(
    session: &Session,
    args: &BenchArgs,
    modules: &BenchModules,
    shape: Shape,
    report: &mut Report,
) -> anyhow::Result<()> {
    let own = match session.server_is_explicit {
        true => None,
        false => Some(OwnServer::start(&ServerOptions::of(args))?),
    };
    let client = own.as_ref().map_or(session.client.clone(), OwnServer::client);
    let mut load = Load::new(&client, modules, own.as_ref())?;
    report.server_was(&client, own.as_ref());
    for workload in shapes::workloads(shape, args, modules)? {
        let mut samples = Vec::new();
        for turn in 1..=args.repeat {
            session.output.message(format!("{workload}, {turn}/{} …", args.repeat));
            samples.push(workload.run(&mut load)?);
        }
        report.measured.push(Measured::new(workload.name, samples));
    }
    report.memory_was(own.as_ref());
    Ok(())
}

/// The same of a map whose tasks are answered without a sandbox.
fn measure_zero_work(
    session: &Session,
    args: &BenchArgs,
    modules: &BenchModules,
    report: &mut Report,
) -> anyhow::Result<()> {
    let own = OwnServer::start(&ServerOptions { zero_work: true, ..ServerOptions::of(args) })?;
    let client = own.client();
    let mut load = Load::new(&client, modules, Some(&own))?;
    report.server_was(&client, Some(&own));
    let tasks = args.tasks.unwrap_or(ZERO_WORK_TASKS);
    let mut samples = Vec::new();
    for turn in 1..=args.repeat {
        session.output.message(format!("zero work, map of {tasks}, {turn}/{} …", args.repeat));
        samples.push(load.array(tasks)?);
    }
    report.measured.push(Measured::new("zero-work".to_owned(), samples));
    report.memory_was(Some(&own));
    Ok(())
}
