//! Why the server refuses what it is asked. Each sentence says what to change.

use std::sync::Arc;

use wask_proto::LeaseName;

use crate::view::sync::SyncKind;

/// A refused command.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Refusal {
    /// No run of that id.
    #[error("there is no such run")]
    UnknownRun,
    /// No task of that place.
    #[error("there is no such task")]
    UnknownTask,
    /// No module of that id.
    #[error("there is no such module; upload it first")]
    UnknownModule,
    /// No object of that id.
    #[error("there is no such object; upload it first")]
    UnknownObject,
    /// More tasks for a run that takes none.
    #[error("the run is closed and takes no more tasks; submit a new run")]
    RunClosed,
    /// Renewal of a lease that a run does not have.
    #[error("the run has no lease; submit an open run with `lease`")]
    NoLease,
    /// Deletion of a run that has work left.
    #[error("the run is not finished; cancel it first")]
    RunUnfinished,
    /// Deletion of a run of which others need results.
    #[error("results of the run are needed by other runs or held in queues; wait, or cancel these")]
    RunInUse,
    /// A key that an open run has already.
    #[error("the run already has a task with the key `{0}`")]
    DuplicateKey(String),
    /// The run got tasks since its keys were looked up. Look them up again.
    #[error("the run got other tasks at the same time; send the request again")]
    StaleKeys,
    /// The idempotency key came with another body before.
    #[error("this Idempotency-Key was used with another body; use a new key")]
    IdempotencyMismatch,
    /// A module that unfinished runs need.
    #[error("the module is needed by run {0}, which is not finished; cancel that run or wait")]
    ModuleInUse(wask_proto::RunId),
    /// A module that something else needs.
    #[error("the module is needed by {0}")]
    ModuleHeldBy(String),
    /// No actor of that id.
    #[error("there is no such actor; it was deleted or never made")]
    UnknownActor,
    /// An actor was deleted while a call waited for it.
    #[error("the actor was deleted while this call waited; the call did not take place")]
    ActorDeleted,
    /// As many calls wait for an actor, or for all of them, as may.
    #[error("calls of actors wait up to the limit of {0}; wait for some of their answers first")]
    ActorCallsFull(String),
    /// There are as many actors as may be.
    #[error("the server keeps its limit of {limit} actors; delete some")]
    TooManyActors {
        /// The limit.
        limit: u64,
    },
    /// A task whose result is to be an argument, and has none.
    #[error("{0}")]
    NoResult(String),
    /// Arguments that the function cannot take.
    #[error("{0}")]
    InvalidArguments(String),
    /// An object that unfinished runs or modules need.
    #[error("the object is needed by {0}")]
    ObjectInUse(String),
    /// The server holds as many tasks as it may.
    #[error("the server holds its limit of {limit} tasks; delete finished runs")]
    TooMuchWork {
        /// The limit.
        limit: u64,
        /// When to try again, in seconds.
        retry_after_s: u64,
    },
    /// Nothing of that name.
    #[error("there is no {} `{}`", .0.word(), .1)]
    UnknownName(SyncKind, Arc<str>),
    /// What a call waited for was deleted.
    #[error("the {} `{}` was deleted while this call waited", .0.word(), .1)]
    Deleted(SyncKind, Arc<str>),
    /// A wait ended without success.
    #[error("what was waited for did not come in time; ask again, or wait longer")]
    TimedOut,
    /// A token that does not hold what it is used for.
    #[error("the token {token} does not hold `{}`: it was released, deleted, or its lease ran out", of.name)]
    StaleToken {
        /// The lock or semaphore.
        of: LeaseName,
        /// The token.
        token: u64,
    },
    /// No space for more values in queues, variables and topics.
    #[error(
        "queues, variables, topics and leases hold their limit of {limit_bytes} bytes; take or delete some"
    )]
    SyncFull {
        /// The limit.
        limit_bytes: u64,
    },
    /// A run to whose results values refer.
    #[error("the run is needed by {0}, which refers to its results")]
    RunHeldBy(String),
    /// Too much of the same at once.
    #[error("the server is busy with {0}; try again")]
    Busy(&'static str),
    /// No space for what must be durable.
    #[error("the disk of the data directory is full; free some space, nothing was lost")]
    DiskFull,
    /// The bytes are not those that were announced.
    #[error("the bytes have the hash {actual}, not {expected}")]
    HashMismatch {
        /// What the client said.
        expected: wask_proto::ObjectId,
        /// What they are.
        actual: wask_proto::ObjectId,
    },
    /// The module cannot be used.
    #[error("{0}")]
    InvalidModule(String),
    /// A fault of the server's own.
    #[error("the server failed: {0}")]
    Host(Arc<str>),
    /// The server is on its way out.
    #[error("the server is shutting down")]
    ShuttingDown,
}

impl Refusal {
    /// A fault of the server's own, with its chain of causes.
    pub(crate) fn host(error: &dyn std::error::Error) -> Self {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            source = cause.source();
        }
        Self::Host(text.into())
    }
}
