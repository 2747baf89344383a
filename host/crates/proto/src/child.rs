//! What a running task asks of the scheduler: calls of its own, and their results.
//!
//! A task numbers the calls that it hands out from 0. The scheduler knows which tasks these are.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    Failure,
    ask::{Ask, NoReply, Reply},
};

/// A call that a task hands out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ChildCall {
    /// `function`, of the task's own module, or `module/function`.
    pub call: Arc<str>,
    /// The arguments, each as pieces to be put side by side.
    pub args: Vec<Vec<Piece>>,
}

/// A piece of an argument.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Piece {
    /// CBOR, as it is.
    Literal(#[serde(with = "serde_bytes")] Vec<u8>),
    /// The result of another call of the same task.
    Child(u32),
}

/// What a parked task waits for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Question {
    /// The ends of these calls of its own.
    Results(Vec<u32>),
    /// Something that other programs see too.
    Ask(Box<Ask>),
}

/// What it gets.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Answer {
    /// How calls ended. Those that were asked for, and perhaps others.
    Results(Vec<(u32, ChildOutcome)>),
    /// What came of an [`Ask`].
    Reply(Result<Reply, NoReply>),
}

/// How a call ended, as the task that handed it out sees it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum ChildOutcome {
    /// One CBOR item.
    Cbor(#[serde(with = "serde_bytes")] Vec<u8>),
    /// Raw bytes.
    Raw(#[serde(with = "serde_bytes")] Vec<u8>),
    /// Without a result.
    Failed(Box<Failure>),
}

impl Answer {
    /// Bytes of all values in it.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Results(ends) => ends.iter().map(|(_, outcome)| outcome.bytes()).sum(),
            Self::Reply(reply) => reply.as_ref().map_or(0, Reply::bytes),
        }
    }
}

impl ChildOutcome {
    fn bytes(&self) -> usize {
        match self {
            Self::Cbor(bytes) | Self::Raw(bytes) => bytes.len(),
            Self::Failed(failure) => failure.message.len(),
        }
    }
}
