//! The scheduler's decisions, and nothing else.
//!
//! `handle(event, now)` changes the state and appends actions. This crate never does IO, reads no
//! clock, starts no thread, draws no random number and writes no log: the same events give the
//! same actions.

mod action;
mod config;
mod event;

mod engine;

mod cell;
mod counts;
mod hash;
mod ranges;
mod run;
mod slab;
mod step;

mod add;
mod deps;
mod refs;
mod release;
mod reopen;
mod settle;

mod assign;
mod attempt;
mod memo;
mod place;
mod queue;
mod retry;
mod timer;
mod worker;

mod explain;
mod invariants;
mod restore;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use action::{Action, ResultSource, Settled};
pub use config::EngineConfig;
pub use counts::StateCounts;
pub use engine::Engine;
pub use event::{AttemptOutcome, Event, Fact, Need, Node, NodeOptions, Stage};
pub use explain::{Explain, QueuePosition, Reason, WorkerFit, WorkerReason};
pub use worker::WorkerView;
