//! The shell around the engine: the only place with loops, threads, clocks and child processes.
//!
//! The server loop owns the engine and the read model, the worker owns executors; both talk in
//! batches of messages. This crate decides nothing about scheduling, links no wasmtime and knows
//! no HTTP.

mod asks;
mod clock;
mod compiler;
mod config;
mod events;
mod handle;
mod histogram;
mod history;
mod key_index;
mod keys;
mod literal;
mod modules;
mod pins;
mod refusal;
mod server;
mod start;
mod usage;
mod worker;

pub mod view;

pub use compiler::{CompileError, CompileLimits, Compiler};
pub use config::NodeConfig;
pub use events::EventStream;
pub use handle::{
    ActorArgs, Called, Handle, NewActorSpec, RunFilter, RunLookup, RunPage, Submitted, TaskFilter,
    TaskPage, Uploaded, WaitFor,
};
pub use history::{Dictionary, Durations, History, Lane, RunName, SpanIndex, SpanPage};
pub use modules::{ModuleLookup, ModuleView};
pub use refusal::Refusal;
pub use server::RecoverError;
pub use start::{Node, StartError, start};
pub use usage::Usage;
pub use worker::WorkerError;
