//! Facts about actors: objects with a state, whose calls happen one after the other.
//!
//! Like all records these are only ever added to, at the end. The state of an actor is what was
//! saved last, followed by the calls since.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{ActorId, ModuleId, StoredValue, Timestamp};

/// The bytes of one argument, in the form in which the guest takes it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ArgBytes(#[serde(with = "serde_bytes")] pub Vec<u8>);

/// One change.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum ActorRecord {
    /// An actor was made: its constructor has run.
    Made {
        /// Its id.
        id: ActorId,
        /// Its module.
        module: ModuleId,
        /// The module as the client wrote it, for showing.
        module_name: Arc<str>,
        /// Its class.
        class: Arc<str>,
        /// A name for people.
        name: Option<Arc<str>>,
        /// When.
        at: Timestamp,
        /// Its state after the constructor.
        state: StoredValue,
    },
    /// A call took place, with or without success.
    Called {
        /// The actor.
        id: ActorId,
        /// The call's number, from 1.
        number: u64,
        /// The whole name of the function.
        method: Arc<str>,
        /// Its arguments; none where the state follows, with which it need not be done again.
        args: Vec<ArgBytes>,
        /// When its end was known.
        at: Timestamp,
        /// The state after it, if that was saved.
        state: Option<StoredValue>,
    },
    /// An actor is gone.
    Deleted {
        /// The actor.
        id: ActorId,
        /// When.
        at: Timestamp,
    },
}

impl ActorRecord {
    /// The actor it speaks of.
    pub const fn id(&self) -> ActorId {
        match self {
            Self::Made { id, .. } | Self::Called { id, .. } | Self::Deleted { id, .. } => *id,
        }
    }
}
