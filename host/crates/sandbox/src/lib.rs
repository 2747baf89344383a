//! WebAssembly sandboxes: checks, compiles and describes modules, and runs single calls in
//! executors.
//!
//! Everything here is synchronous and runs in child processes of its own: one compile child for
//! each upload, one executor behind each slot. Instances of actors stay in executors from call to
//! call, and may be dropped at any time. This crate never speaks HTTP, never schedules,
//! never retries and never decides what runs next.

mod actor_call;
mod actors;
mod args;
mod asks;
mod bare;
mod cache;
mod call;
mod check;
mod children;
mod clock;
mod compile;
mod describe;
mod engine;
mod exchange;
mod executor;
mod failure;
mod fds;
mod guest;
mod huge_pages;
mod inbox;
mod instances;
mod lifted;
mod limiter;
mod logs;
mod outbox;
mod panic_record;
mod parked;
mod process;
mod profile;
mod text;
mod ticker;

pub use args::{ArgsError, CompileArgs, ExecutorArgs};
pub use bare::{BareError, fresh_calls_per_s, wasmtime_calls_per_s};
pub use compile::compile_child;
pub use engine::{EngineError, executor_engine};
pub use executor::executor_main;
pub use process::give_memory_back;
