//! The hidden commands `wask executor` and `wask compile`: the server's child processes. They read
//! their command lines themselves and never start logging, a runtime or a client.

use std::process::ExitCode;

use wask_sandbox::{ArgsError, CompileArgs, ExecutorArgs, compile_child, executor_main};

use crate::exit_code::Exit;

/// Runs the child that the command line asks for; `None` when it asks for an ordinary command.
pub(crate) fn run_if_child() -> Option<ExitCode> {
    let mut args = std::env::args_os().skip(1);
    let ended = match args.next()?.to_str()? {
        "executor" => ExecutorArgs::parse(args).map(|args| executor_main(&args)),
        "compile" => CompileArgs::parse(args).map(|args| compile_child(&args)),
        _ => return None,
    };
    Some(ended.unwrap_or_else(|error| refuse(&error)))
}

fn refuse(error: &ArgsError) -> ExitCode {
    eprintln!("error: {error}\nthis command is started by `wask serve` only");
    Exit::Usage.into()
}
