//! The two hidden subcommands of `wask` that belong to this crate, as a program of their own for
//! the crate's tests.

use std::process::ExitCode;

use wask_sandbox::{CompileArgs, ExecutorArgs, compile_child, executor_main};

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    let command = args.next().unwrap_or_default();
    let done = match command.to_str() {
        Some("executor") => ExecutorArgs::parse(args).map(|args| executor_main(&args)),
        Some("compile") => CompileArgs::parse(args).map(|args| compile_child(&args)),
        _ => {
            eprintln!("usage: wask-sandbox-host executor|compile OPTION...");
            return ExitCode::from(2);
        }
    };
    done.unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::from(2)
    })
}
