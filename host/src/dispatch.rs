//! From the parsed command line to one command, and from its error to stderr and an exit code.

use clap::Parser as _;
use serde_json::{Value, json};

use crate::{
    cli::{Cli, Command},
    client::ClientError,
    commands,
    exit_code::{Exit, USAGE, code_of, is_broken_pipe},
    interrupt,
    output::{Color, Output},
    session::Session,
    telemetry,
};

/// Runs the command line's command.
pub(crate) fn main() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return wrong_usage(&error),
    };
    let ended = Session::new(&cli.global)
        .map_err(anyhow::Error::from)
        .and_then(|session| run(&session, &cli.command));
    ended.unwrap_or_else(|error| {
        report(&error, Output::new(cli.global.json));
        Exit::of_error(&error)
    })
}

fn run(session: &Session, command: &Command) -> anyhow::Result<Exit> {
    if let Command::Serve(args) = command {
        telemetry::init("info");
        return commands::serve::run(session, args);
    }
    telemetry::init("warn");
    interrupt::install()?;
    match command {
        Command::Serve(args) => commands::serve::run(session, args),
        Command::Demo(args) => commands::demo::run(session, args),
        Command::New(args) => commands::new::run(session, args),
        Command::Build(args) => commands::build::run(session, args),
        Command::Push(args) => commands::push::run(session, args),
        Command::Run(args) => commands::run::run(session, args),
        Command::Submit(args) => commands::submit::run(session, args),
        Command::Runs(args) => commands::runs::run(session, args),
        Command::Tasks(args) => commands::tasks::run(session, args),
        Command::Result(args) => commands::result::run(session, args),
        Command::Logs(args) => commands::logs::run(session, args),
        Command::Explain(args) => commands::explain::run(session, args),
        Command::Cancel(args) => commands::cancel::run(session, args),
        Command::Retry(args) => commands::retry::run(session, args),
        Command::Modules(args) => commands::modules::run(session, args),
        Command::Workers(args) => commands::workers::run(session, args),
        Command::Graph(args) => commands::export::graph(session, args),
        Command::Trace(args) => commands::export::trace(session, args),
        Command::Report(args) => commands::export::report(session, args),
        Command::Bench(args) => commands::bench::run(session, args),
        Command::Doctor(args) => commands::doctor::run(session, args),
        Command::Completions(args) => commands::completions::run(session, args),
    }
}

/// Prints help where it was asked for, else what is wrong with the command line.
fn wrong_usage(error: &clap::Error) -> Exit {
    // Nothing can be done when the stream is gone.
    let _ = error.print();
    if !error.use_stderr() {
        return Exit::Ok;
    }
    let mut args = std::env::args_os().take_while(|arg| arg != "--");
    if args.any(|arg| arg == "--json") {
        let detail = error.render().to_string();
        let detail = detail.trim().strip_prefix("error: ").unwrap_or(detail.trim());
        let problem = json!({ "code": USAGE, "detail": detail });
        // The exit code tells the failure even where stdout is closed.
        let _ = Output::new(true).value(&json!({ "error": problem }));
    }
    Exit::Usage
}

/// Tells an error on stderr; programs get it as their one JSON value.
fn report(error: &anyhow::Error, output: Output) {
    if is_broken_pipe(error) {
        return;
    }
    let label = output.paint_stderr("error", Color::Red);
    output.message(format!("{label}: {error:#}"));
    if output.json {
        let mut problem = match error.downcast_ref::<ClientError>() {
            Some(ClientError::Refused(problem)) => json!(problem),
            _ => json!({}),
        };
        if problem.get("detail").and_then(Value::as_str).unwrap_or_default().is_empty() {
            problem["detail"] = json!(format!("{error:#}"));
        }
        problem["code"] = json!(code_of(error));
        // The exit code tells the failure even where stdout is closed.
        let _ = output.value(&json!({ "error": problem }));
    }
}
