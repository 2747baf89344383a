//! The scheduler's decisions, and nothing else.
//!
//! `handle(event, now)` changes the state and appends actions. This crate never does IO, reads no
//! clock, starts no thread, draws no random number and writes no log: the same events give the
//! same actions.
//!
//! The caller's loop, for each batch of what has arrived:
//!
//! 1. [`Engine::handle`] for every event, in order. The actions of a batch are put side by side.
//! 2. The actions are carried out first to last. An [`Action::Stage`] or [`Action::StageBehind`] is
//!    answered at once with [`Event::Staged`]; what that adds is carried out after what is already there. The answer
//!    may come too late, because the answer to another task stopped this one: the engine then
//!    says [`Action::Unstage`], and arguments that cannot be put together any more do no harm.
//! 3. [`Engine::schedule`], and 2. again, until it adds nothing.
//! 4. A timer is set to [`Engine::next_deadline`]; when it has passed, the next batch has an
//!    [`Event::Tick`].
//!
//! After a restart, runs come back in the order in which they were submitted: `AddRun`, then
//! `AddTasks` and `Restore` in the order of the journal, and one `Restore` at least for each run.
//! What these calls append is thrown away. Then `RestoreDone`, and the loop begins.

mod action;
mod config;
mod event;

mod engine;

mod cell;
mod counts;
mod hash;
mod loads;
mod ranges;
mod run;
mod slab;
mod step;

mod add;
mod deps;
mod family;
mod imports;
mod refs;
mod release;
mod reopen;
mod settle;

mod assign;
mod attempt;
mod behind;
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
pub use event::{AttemptOutcome, Event, Fact, Need, Node, NodeOptions, Stage, Wait};
pub use explain::{Explain, QueuePosition, Reason, WorkerFit, WorkerReason};
pub use worker::WorkerView;
