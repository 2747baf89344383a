//! `wask completions`: prints a completion script.

use clap::CommandFactory as _;

use crate::{
    cli::{Cli, CompletionsArgs},
    exit_code::Exit,
    session::Session,
};

/// Prints the script for the shell.
pub(crate) fn run(session: &Session, args: &CompletionsArgs) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "wask", &mut script);
    session.output.bytes(&script)?;
    Ok(Exit::Ok)
}
