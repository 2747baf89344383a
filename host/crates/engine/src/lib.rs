//! The scheduler's decisions, and nothing else.
//!
//! `handle(event, now)` changes the state and appends actions. This crate never does IO, reads no
//! clock, starts no thread, draws no random number and writes no log: the same events give the
//! same actions.

mod action;
mod event;

pub use action::{Action, ResultSource, Settled};
pub use event::{AttemptOutcome, Event, Fact, Need, Node, NodeOptions, Stage};
