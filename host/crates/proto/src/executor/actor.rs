//! Orders for actors, as a worker gives them to an executor, and what comes of them.
//!
//! An executor keeps the instances of actors from one order to the next, as long as it has room
//! for them. Which executor has which instance is the worker's affair.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{LogLine, Payload};
use crate::{ActorId, CallLimits, Failure, ModuleId, Timestamp};

/// One call of an actor, or its beginning, or both.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ActorJob {
    /// Its sequence number.
    pub seq: u64,
    /// The actor.
    pub actor: ActorId,
    /// The module; its compiled form is in the executor's cache directory.
    pub module: ModuleId,
    /// The class.
    pub class: Arc<str>,
    /// How to make the instance, which takes the place of any that is there.
    pub start: Option<InstanceStart>,
    /// The call; none for a constructor alone.
    pub call: Option<MethodCall>,
    /// What it may use. The time holds for the start, for each call and for saving by itself.
    pub limits: CallLimits,
    /// Whether the state is to be saved afterwards.
    pub save: bool,
    /// A name for people, for the guest to ask.
    pub task: Arc<str>,
}

/// How an instance comes to its state.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum InstanceStart {
    /// By its constructor, with these arguments.
    New(Vec<Payload>),
    /// From a saved state and the calls since, whose outcomes are of no interest.
    Load {
        /// What was saved.
        state: Payload,
        /// The calls, in order.
        replay: Vec<MethodCall>,
    },
}

/// A call of a method.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MethodCall {
    /// The whole name of the function.
    pub function: Arc<str>,
    /// The arguments, in the form in which the guest takes them.
    pub args: Vec<Payload>,
}

impl InstanceStart {
    /// Bytes of arguments and state.
    pub fn bytes(&self) -> usize {
        match self {
            Self::New(args) => bytes_of(args),
            Self::Load { state, replay } => {
                state.len() + replay.iter().map(MethodCall::bytes).sum::<usize>()
            }
        }
    }
}

impl MethodCall {
    /// Bytes of the arguments.
    pub fn bytes(&self) -> usize {
        bytes_of(&self.args)
    }
}

fn bytes_of(args: &[Payload]) -> usize {
    args.iter().map(|arg| arg.len()).sum()
}

/// The end of an order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ActorJobDone {
    /// The order.
    pub seq: u64,
    /// When it began.
    pub started_at: Timestamp,
    /// Microseconds for making the instance and bringing it to its state.
    pub start_us: u32,
    /// Microseconds in the method, and for saving.
    pub run_us: u64,
    /// The most linear memory that the instance held.
    pub peak_memory_bytes: u64,
    /// What came of it.
    pub outcome: ActorJobOutcome,
    /// What the guest logged, except in calls that were done again.
    pub logs: Vec<LogLine>,
}

/// What came of an order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum ActorJobOutcome {
    /// The instance is kept.
    Kept {
        /// What the method returned; nothing after a constructor alone.
        result: Result<Payload, Box<Failure>>,
        /// The state, if it was to be saved.
        state: Option<Payload>,
    },
    /// It failed, and the instance is gone.
    Gone(Box<Failure>),
    /// There is no instance; nothing has run.
    Absent,
    /// The instance could not be brought to its state; the message says why.
    Lost(String),
}
