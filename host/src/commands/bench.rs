//! `wask bench`: a load generator. Measures what a client sees, checks every result, and sets the
//! figures beside what bare sandboxes could do on the same machine.

mod load;
mod machine;
mod report;

use std::{ffi::OsString, time::Duration};

use anyhow::Context as _;

use self::{
    load::Load,
    machine::{Memory, memory_of},
    report::{Measured, Report, Sample},
};
use super::push;
use crate::{
    cli::{BenchArgs, Shape},
    client::Client,
    examples::Examples,
    exit_code::Exit,
    server_child::ServerChild,
    session::Session,
};

/// The name under which the measured module is uploaded.
const MODULE: &str = "wask-bench";

/// The example that has the measured functions.
const EXAMPLE: &str = "numbers";

/// How long bare sandboxes are measured.
const SANDBOX_TIME: Duration = Duration::from_secs(2);

/// Measures, then prints the report.
pub(crate) fn run(session: &Session, args: &BenchArgs) -> anyhow::Result<Exit> {
    let output = session.output;
    let module = match &args.module {
        Some(file) => file.clone(),
        None => Examples::find(None)?.module(EXAMPLE, output)?,
    };
    output.message("measuring bare sandboxes …");
    let threads = args.slots.map_or_else(machine::cores, usize::from);
    let sandbox_calls_per_s = machine::sandbox_limit(&module, threads, SANDBOX_TIME)?;

    let own = if session.server_is_explicit { None } else { Some(OwnServer::start(args)?) };
    let client = own.as_ref().map_or(session.client.clone(), OwnServer::client);
    push::upload(&client, &module, MODULE)?;
    let memory_idle = own.as_ref().map(OwnServer::memory).transpose()?;

    let mut load = Load::new(&client, MODULE);
    let mut measured = Vec::new();
    for shape in shapes(args) {
        let tasks = args.tasks.unwrap_or(default_tasks(shape));
        let mut samples = Vec::new();
        for turn in 1..=args.repeat {
            output.message(format!("{} of {tasks}, {turn}/{} …", name_of(shape), args.repeat));
            samples.push(sample(&mut load, shape, tasks, own.as_ref())?);
        }
        measured.push(Measured::new(name_of(shape), samples));
    }
    let memory = own.as_ref().map(OwnServer::memory).transpose()?;
    let report = Report {
        server: client.server().to_owned(),
        durable: own.as_ref().map(|_| !args.ephemeral),
        machine: machine::describe(),
        slots: threads,
        sandbox_calls_per_s,
        measured,
        memory_idle,
        memory,
    };
    if output.json {
        output.value(&report.json())?;
    } else {
        report.print(output)?;
    }
    Ok(Exit::Ok)
}

/// The server that is measured when the user names none. Its journal is on disk, as a user's is.
struct OwnServer {
    // Dropped first: the server is gone before its directory is.
    child: ServerChild,
    _data_dir: Option<tempfile::TempDir>,
}

impl OwnServer {
    fn start(args: &BenchArgs) -> anyhow::Result<Self> {
        let mut flags: Vec<OsString> = vec!["--listen".into(), "127.0.0.1:0".into()];
        if let Some(slots) = args.slots {
            flags.extend(["--slots".into(), slots.to_string().into()]);
        }
        let mut data_dir = None;
        match &args.data_dir {
            _ if args.ephemeral => flags.push("--ephemeral".into()),
            Some(dir) => flags.extend(["--data-dir".into(), dir.into()]),
            None => {
                let dir = tempfile::tempdir().context("cannot make a temporary directory")?;
                flags.extend(["--data-dir".into(), dir.path().into()]);
                data_dir = Some(dir);
            }
        }
        Ok(Self { child: ServerChild::start(flags)?, _data_dir: data_dir })
    }

    fn client(&self) -> Client {
        Client::new(self.child.url.clone(), None)
    }

    fn memory(&self) -> anyhow::Result<Memory> {
        memory_of(self.child.pid())
    }
}

fn sample(
    load: &mut Load<'_>,
    shape: Shape,
    tasks: u32,
    own: Option<&OwnServer>,
) -> anyhow::Result<Sample> {
    match shape {
        Shape::Map => load.map(tasks),
        Shape::Tree => load.tree(tasks),
        Shape::Chain => load.chain(tasks),
        Shape::Single => load.single(tasks),
        Shape::Accept => {
            let server_bytes = || own.map(OwnServer::memory).transpose();
            let before = server_bytes()?;
            let (mut sample, run) = load.accept(tasks)?;
            if let (Some(before), Some(after)) = (before, server_bytes()?) {
                let grown = after.server_bytes.saturating_sub(before.server_bytes);
                sample.server_bytes_per_task = Some(grown as f64 / f64::from(tasks));
            }
            load.forget(&run)?;
            Ok(sample)
        }
    }
}

fn shapes(args: &BenchArgs) -> Vec<Shape> {
    let all = [Shape::Accept, Shape::Single, Shape::Chain, Shape::Tree, Shape::Map];
    args.shape.map_or_else(|| all.to_vec(), |shape| vec![shape])
}

const fn default_tasks(shape: Shape) -> u32 {
    match shape {
        Shape::Map => 50_000,
        Shape::Tree => 16_384,
        Shape::Chain => 1_000,
        Shape::Single => 2_000,
        Shape::Accept => 100_000,
    }
}

const fn name_of(shape: Shape) -> &'static str {
    match shape {
        Shape::Map => "map",
        Shape::Tree => "tree",
        Shape::Chain => "chain",
        Shape::Single => "single",
        Shape::Accept => "accept",
    }
}
