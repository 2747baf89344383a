//! `wask demo`: the example graphs on a server of their own, with their results checked.

pub(super) mod check;

use std::{
    ffi::OsString,
    net::TcpListener,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use serde_json::{Value, json};

use self::check::{Wrong, wrong_outputs};
use super::{push, result::await_result, submit};
use crate::{
    cli::DemoArgs,
    client::Client,
    dto::Run,
    examples::{Example, Examples},
    exit_code::Exit,
    follow::follow,
    graph_file, interrupt,
    output::{Color, Table, human_us},
    server_child::ServerChild,
    session::Session,
};

/// Where the demo's server listens, unless somebody else does.
const LISTEN: &str = "127.0.0.1:8787";

/// What came of one example.
struct Outcome {
    name: String,
    state: String,
    tasks: u64,
    took: Duration,
    wrong: Vec<Wrong>,
    run: Run,
}

impl Outcome {
    fn is_right(&self) -> bool {
        self.state == "succeeded" && self.wrong.is_empty()
    }
}

/// Runs the examples, then serves until Ctrl-C or stops.
pub(crate) fn run(session: &Session, args: &DemoArgs) -> anyhow::Result<Exit> {
    let examples = Examples::find(args.examples.as_deref())?;
    let selected = examples.all(&args.only)?;
    // Building comes before serving: it may take a while and may fail.
    for example in &selected {
        examples.module(&example.name, session.output)?;
    }
    let server = start_server(session)?;
    let session = Session { client: Client::new(server.url.clone(), None), ..session.clone() };
    session.output.message(format!("dashboard: {}", server.url));
    let mut outcomes = Vec::new();
    for example in &selected {
        outcomes.push(run_example(&session, &examples, example)?);
    }
    report(&session, &outcomes, &server.url)?;
    let all_right = outcomes.iter().all(Outcome::is_right);
    if !args.exit {
        session.output.message(format!("still serving at {}; Ctrl-C stops it", server.url));
        interrupt::wait();
    }
    Ok(if all_right { Exit::Ok } else { Exit::Failed })
}

fn start_server(session: &Session) -> anyhow::Result<ServerChild> {
    // Asking first avoids reading the reason out of a child that failed; should the address be
    // taken in between, the child says so.
    let free = TcpListener::bind(LISTEN).is_ok();
    let listen = if free { LISTEN } else { "127.0.0.1:0" };
    if !free {
        session.output.message(format!("{LISTEN} is taken, so the demo uses a free port"));
    }
    ServerChild::start(["--ephemeral", "--listen", listen].map(OsString::from))
}

fn run_example(
    session: &Session,
    examples: &Examples,
    example: &Example,
) -> anyhow::Result<Outcome> {
    let output = session.output;
    let title = output.paint_stderr(&example.name, Color::Cyan);
    output.message(format!("\n{title}  {}", example.settings.title));
    push::upload(&session.client, &examples.module(&example.name, output)?, &example.name)?;
    let begun = Instant::now();
    let accepted = submit::submit_graph(&session.client, graph_file::read(&example.graph)?, None)?;
    let finished = follow(session, &accepted.run)?;
    let took = begun.elapsed();
    let run = finished.run;
    let wrong = wrong_outputs(&session.client, &run, &example.expected)?;
    save_results(session, examples, example, &run)?;
    if !output.json {
        output.table(&submit::outputs_table(&run))?;
    }
    Ok(Outcome {
        name: example.name.clone(),
        state: run.state.clone(),
        tasks: run.counts.get("total").copied().unwrap_or(0),
        took,
        wrong,
        run,
    })
}

fn save_results(
    session: &Session,
    examples: &Examples,
    example: &Example,
    run: &Run,
) -> anyhow::Result<()> {
    if run.state != "succeeded" {
        return Ok(());
    }
    for (key, file) in &example.settings.save {
        let reply = await_result(&session.client, &run.id, key)?;
        let path = examples.save_path(file);
        let parent = path.parent().unwrap_or(&examples.folder);
        std::fs::create_dir_all(parent)
            .and_then(|()| std::fs::write(&path, &reply.body))
            .with_context(|| format!("cannot write {}", path.display()))?;
        session.output.message(format!("wrote {}", path.display()));
    }
    Ok(())
}

fn report(session: &Session, outcomes: &[Outcome], url: &str) -> anyhow::Result<()> {
    let output = session.output;
    if output.json {
        let examples: Vec<Value> = outcomes.iter().map(outcome_json).collect();
        return output.value(&json!({ "dashboard": url, "examples": examples }));
    }
    let mut table = Table::new(&["EXAMPLE", ">TASKS", ">TOOK", "STATE", "RESULT"]);
    for outcome in outcomes {
        table.row([
            outcome.name.clone(),
            outcome.tasks.to_string(),
            human_us(u64::try_from(outcome.took.as_micros()).unwrap_or(u64::MAX)),
            outcome.state.clone(),
            if outcome.is_right() { "as expected" } else { "WRONG" }.to_owned(),
        ]);
    }
    output.line("")?;
    output.table(&table)?;
    for outcome in outcomes {
        for wrong in &outcome.wrong {
            let name = output.paint_stderr(&outcome.name, Color::Red);
            output.message(format!("{name}: {wrong}"));
        }
    }
    output.line(format!("\ndashboard  {url}"))
}

fn outcome_json(outcome: &Outcome) -> Value {
    let wrong: Vec<String> = outcome.wrong.iter().map(ToString::to_string).collect();
    json!({
        "name": outcome.name, "run": outcome.run.id, "state": outcome.state,
        "tasks": outcome.tasks, "seconds": outcome.took.as_secs_f64(),
        "as_expected": outcome.is_right(), "wrong": wrong, "outputs": outcome.run.outputs,
    })
}
