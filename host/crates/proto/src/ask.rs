//! What a running task asks of the server besides calls of its own: what other programs see too.
//!
//! Values are CBOR. Waits and leases are in milliseconds; without a wait the answer comes at once.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::LeaseName;

/// A question, and the lease on which it depends.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Ask {
    /// What is asked.
    pub request: Request,
    /// The lock or semaphore that has to be held, and the token.
    pub guard: Option<(LeaseName, u64)>,
    /// How long to wait for it.
    pub wait_ms: Option<u64>,
}

/// What can be asked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Request {
    /// Put a value at a queue's end. [`Reply::Done`].
    QueuePut(Arc<str>, Bytes),
    /// Take up to so many items from a queue's front. [`Reply::Values`].
    QueueGet(Arc<str>, u32),
    /// How many items a queue holds. [`Reply::Number`].
    QueueSize(Arc<str>),
    /// Give a variable a value. [`Reply::Done`].
    VariableSet(Arc<str>, Bytes),
    /// A variable's value. [`Reply::Values`].
    VariableGet(Arc<str>),
    /// Take a variable's value away. [`Reply::Done`].
    VariableDelete(Arc<str>),
    /// Let an event come. [`Reply::Done`].
    EventSet(Arc<str>),
    /// Make an event as if it had never come. [`Reply::Done`].
    EventClear(Arc<str>),
    /// Whether an event has come. [`Reply::Flag`].
    EventGet(Arc<str>),
    /// Take a lease for so long. [`Reply::Number`], its token.
    Acquire(LeaseName, u64),
    /// Let a lease with this token last longer. [`Reply::Done`].
    Renew(LeaseName, u64),
    /// Give a lease back. [`Reply::Done`].
    Release(LeaseName, u64),
    /// Post to a topic. [`Reply::Number`], the offset.
    TopicPost(Arc<str>, Bytes),
    /// Items of a topic after an offset, so many at most. [`Reply::Items`].
    TopicRead(Arc<str>, Option<u64>, u32),
    /// An object's bytes, by its id. [`Reply::Values`].
    ObjectGet(String),
    /// Store bytes of this media type. [`Reply::Id`].
    ObjectPut(Bytes, String),
    /// Make an actor: `module/Class` and the constructor's arguments. [`Reply::Id`].
    ActorMake(String, Vec<Bytes>),
    /// Call a method: the actor's id, the method, its arguments. [`Reply::Values`].
    ActorCall(String, String, Vec<Bytes>),
    /// Delete an actor. [`Reply::Done`].
    ActorDelete(String),
}

/// Some bytes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Bytes(#[serde(with = "serde_bytes")] pub Vec<u8>);

/// What comes of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Reply {
    /// It is done.
    Done,
    /// Yes or no.
    Flag(bool),
    /// A number.
    Number(u64),
    /// The id of something new.
    Id(String),
    /// Values.
    Values(Vec<Bytes>),
    /// Raw bytes.
    Raw(Bytes),
    /// Items with their offsets.
    Items(Vec<(u64, Bytes)>),
}

/// Why it does not come.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct NoReply {
    /// One word: `timeout`, `stale_token`, `not_found`, `failed`, `refused`.
    pub code: String,
    /// For people.
    pub message: String,
}

impl Reply {
    /// Bytes of all values in it.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Values(values) => values.iter().map(|value| value.0.len()).sum(),
            Self::Items(items) => items.iter().map(|(_, value)| value.0.len()).sum(),
            Self::Raw(bytes) => bytes.0.len(),
            Self::Done | Self::Flag(_) | Self::Number(_) | Self::Id(_) => 0,
        }
    }
}
