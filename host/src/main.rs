//! The `wask` program: parses the command line, runs one command, reports its error, exits with
//! its code. Everything else is in the modules below.

mod children;
mod cli;
mod client;
mod commands;
mod config;
mod descriptors;
mod dispatch;
mod dto;
mod examples;
mod exit_code;
mod failure_text;
mod follow;
mod graph_file;
mod guest_build;
mod interrupt;
mod output;
mod patience;
mod result_output;
mod server_child;
mod session;
mod telemetry;

use std::process::ExitCode;

fn main() -> ExitCode {
    // The processes that the server starts by the thousand do without a command line parser.
    children::run_if_child().unwrap_or_else(|| dispatch::main().into())
}
