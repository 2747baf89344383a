//! What the server tells about actors.

use std::sync::Arc;

use wask_proto::{ActorId, Failure, ModuleId, ObjectId, Timestamp, WorkerId};

/// What an actor is, which never changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ActorClass {
    /// Its module.
    pub module: ModuleId,
    /// The module as the client wrote it.
    pub module_name: Arc<str>,
    /// Its class: the name of its constructor.
    pub class: Arc<str>,
}

/// An actor.
#[derive(Clone, PartialEq, Debug)]
pub struct ActorView {
    /// Its id.
    pub id: ActorId,
    /// What it is.
    pub class: ActorClass,
    /// A name for people.
    pub name: Option<Arc<str>>,
    /// When its constructor had run.
    pub created_at: Timestamp,
    /// Calls that took place, with or without success.
    pub calls: u64,
    /// Calls that came in and have no answer.
    pub waiting: u64,
    /// Bytes of its state when it was saved last.
    pub state_bytes: u64,
    /// After which call that was; 0 for the constructor.
    pub saved_at_call: u64,
    /// The object that holds the saved state, unless there are few bytes.
    pub object: Option<ObjectId>,
    /// The worker that keeps its instance.
    pub worker: Option<WorkerId>,
    /// When the last call ended that took place.
    pub last_call_at: Option<Timestamp>,
    /// The last failure of a call since the server's start.
    pub last_failure: Option<Arc<Failure>>,
    /// Its place in the order of creation.
    pub order: u64,
}

/// Some actors, newest first.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ActorPage {
    /// The actors.
    pub actors: Vec<ActorView>,
    /// Where the next page begins.
    pub next: Option<u64>,
    /// How many there are in all.
    pub total: u64,
}

/// Figures.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ActorStats {
    /// Actors that there are.
    pub actors: u64,
    /// Those of which a worker keeps an instance.
    pub kept: u64,
    /// Calls that wait for their end.
    pub waiting: u64,
    /// Calls since the start that succeeded.
    pub succeeded: u64,
    /// Calls since the start that failed.
    pub failed: u64,
    /// Times since the start that an instance was made again from what was saved.
    pub restored: u64,
}
