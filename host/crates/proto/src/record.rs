//! Journal records: the hard state. Everything else is derived from them.
//!
//! A record is one version byte and a postcard body. Variants and fields are only ever added at
//! the end; a change of meaning takes a new version.

use std::{ops::Range, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{
    ActorRecord, Encoding, Failure, ModuleId, ModuleInfo, NodeSpec, ObjectId, Profile, RunHeader,
    RunId, RunState, SyncRecord, TaskIndex, Timestamp, Timing, executor::LogLine,
};

/// The version written today.
const VERSION: u8 = 2;

/// One fact that must survive.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Record {
    /// A module was uploaded; its bytes are stored as an object of the same hash.
    ModuleAdded(Arc<ModuleInfo>),
    /// A name points to a module from now on.
    ModuleNamed {
        /// The name.
        name: Arc<str>,
        /// What it points to.
        id: ModuleId,
        /// When.
        at: Timestamp,
    },
    /// A module and the names that point to it are gone.
    ModuleDeleted {
        /// The module.
        id: ModuleId,
        /// When.
        at: Timestamp,
    },
    /// A client uploaded an object. Larger ones are in a file of that name.
    ObjectAdded {
        /// The hash of its bytes.
        id: ObjectId,
        /// Number of bytes.
        size: u64,
        /// Media type.
        media_type: Arc<str>,
        /// The bytes, up to `INLINE_VALUE_MAX_BYTES`.
        #[serde(with = "serde_bytes")]
        inline: Option<Vec<u8>>,
    },
    /// An object is gone.
    ObjectDeleted(ObjectId),
    /// A run was accepted.
    RunSubmitted(Arc<RunHeader>),
    /// A run got (more) tasks.
    TasksAdded {
        /// The run.
        run: RunId,
        /// When.
        at: Timestamp,
        /// The keys, in order of their places.
        nodes: Arc<Vec<NodeSpec>>,
    },
    /// An open run takes no more tasks.
    RunClosed {
        /// The run.
        run: RunId,
        /// When.
        at: Timestamp,
    },
    /// A task succeeded.
    TaskSucceeded {
        /// Its run.
        run: RunId,
        /// Its place.
        task: TaskIndex,
        /// The attempt, or the number of attempts before a result was found elsewhere.
        attempt: u32,
        /// When it became ready.
        queued_at: Timestamp,
        /// When and where it ran.
        timing: Timing,
        /// Whether it needed no execution.
        cached: bool,
        /// Its result.
        value: StoredValue,
    },
    /// An attempt failed and another one follows.
    AttemptFailed {
        /// Its run.
        run: RunId,
        /// Its place.
        task: TaskIndex,
        /// The attempt.
        attempt: u32,
        /// When and where it ran.
        timing: Timing,
        /// What happened.
        failure: Box<Failure>,
    },
    /// A task failed for good.
    TaskFailed {
        /// Its run.
        run: RunId,
        /// Its place.
        task: TaskIndex,
        /// The attempt.
        attempt: u32,
        /// When it became ready.
        queued_at: Timestamp,
        /// When and where it ran.
        timing: Timing,
        /// What happened.
        failure: Box<Failure>,
    },
    /// A user stopped tasks.
    TasksCancelled {
        /// Their run.
        run: RunId,
        /// When.
        at: Timestamp,
        /// Their places.
        tasks: Range<TaskIndex>,
        /// Why, in the user's words.
        reason: Option<Arc<str>>,
        /// Those of them that were running: place, attempt, and how far it had come.
        running: Vec<(TaskIndex, u32, Timing)>,
    },
    /// Tasks will not run because of another.
    TasksAborted {
        /// Their run.
        run: RunId,
        /// When.
        at: Timestamp,
        /// Their places.
        tasks: Range<TaskIndex>,
        /// The place of the task that failed or was cancelled.
        cause: TaskIndex,
    },
    /// Failed, cancelled or aborted tasks, and inputs that were dropped, run again.
    TasksRetried {
        /// Their run.
        run: RunId,
        /// When.
        at: Timestamp,
        /// Their places.
        tasks: Range<TaskIndex>,
    },
    /// Nobody wants these results any more.
    TasksReleased {
        /// Their run.
        run: RunId,
        /// When.
        at: Timestamp,
        /// Their places.
        tasks: Range<TaskIndex>,
    },
    /// A run came to its end.
    RunFinished {
        /// The run.
        run: RunId,
        /// How.
        state: RunState,
        /// When.
        at: Timestamp,
    },
    /// A run's results and history are gone.
    RunDeleted {
        /// The run.
        run: RunId,
        /// When.
        at: Timestamp,
    },
    /// A queue, variable, event, lock, semaphore or topic changed.
    Sync(SyncRecord),
    /// An attempt that has ended had logged this.
    TaskLogged {
        /// Its run.
        run: RunId,
        /// Its place.
        task: TaskIndex,
        /// The attempt.
        attempt: u32,
        /// What the guest logged, in order.
        lines: Arc<[LogLine]>,
    },
    /// What an attempt was seen doing.
    TaskProfiled {
        /// Its run.
        run: RunId,
        /// Its place.
        task: TaskIndex,
        /// The stacks.
        profile: Box<Profile>,
    },
    /// A task handed out calls of its own.
    ChildrenAdded {
        /// Its run.
        run: RunId,
        /// When.
        at: Timestamp,
        /// Its place.
        parent: TaskIndex,
        /// The calls as keys of the run, in order of their places.
        nodes: Arc<Vec<NodeSpec>>,
    },
    /// An actor was made, called or deleted.
    Actor(ActorRecord),
}

/// A result, as the journal keeps it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum StoredValue {
    /// The bytes themselves, up to `INLINE_VALUE_MAX_BYTES`.
    Inline(Encoding, #[serde(with = "serde_bytes")] Vec<u8>),
    /// In a file, synced before this record was written.
    Object(Encoding, ObjectId, u64),
    /// An intermediate that only memory holds. Computed again if needed after a restart.
    Transient(Encoding, u64),
}

impl StoredValue {
    /// Number of bytes.
    pub const fn size(&self) -> u64 {
        match self {
            Self::Inline(_, bytes) => bytes.len() as u64,
            Self::Object(_, _, size) | Self::Transient(_, size) => *size,
        }
    }
}

/// Bytes that are no record of a known version.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The first byte is none that this program writes.
    #[error("the record has version {0}, this program reads version {VERSION}")]
    Version(u8),
    /// No bytes at all.
    #[error("the record is empty")]
    Empty,
    /// The body does not decode.
    #[error("the record's body does not decode")]
    Body(#[from] postcard::Error),
}

impl Record {
    /// Appends the encoded record to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), RecordError> {
        out.push(VERSION);
        let body = std::mem::take(out);
        *out = postcard::to_extend(self, body)?;
        Ok(())
    }

    /// Reads one encoded record.
    pub fn decode(bytes: &[u8]) -> Result<Self, RecordError> {
        match bytes.split_first() {
            None => Err(RecordError::Empty),
            Some((&VERSION, body)) => Ok(postcard::from_bytes(body)?),
            Some((&version, _)) => Err(RecordError::Version(version)),
        }
    }

    /// The keys that a record brings, while nobody else has them.
    pub fn nodes_mut(&mut self) -> Option<&mut [NodeSpec]> {
        match self {
            Self::TasksAdded { nodes, .. } | Self::ChildrenAdded { nodes, .. } => {
                Arc::get_mut(nodes).map(Vec::as_mut_slice)
            }
            _ => None,
        }
    }

    /// The run a record speaks of.
    pub fn run(&self) -> Option<RunId> {
        match self {
            Self::ModuleAdded(_)
            | Self::ModuleNamed { .. }
            | Self::ModuleDeleted { .. }
            | Self::ObjectAdded { .. }
            | Self::ObjectDeleted(_)
            | Self::Sync(_)
            | Self::Actor(_) => None,
            Self::RunSubmitted(header) => Some(header.id),
            Self::TasksAdded { run, .. }
            | Self::RunClosed { run, .. }
            | Self::TaskSucceeded { run, .. }
            | Self::AttemptFailed { run, .. }
            | Self::TaskFailed { run, .. }
            | Self::TasksCancelled { run, .. }
            | Self::TasksAborted { run, .. }
            | Self::TasksRetried { run, .. }
            | Self::TasksReleased { run, .. }
            | Self::RunFinished { run, .. }
            | Self::TaskLogged { run, .. }
            | Self::TaskProfiled { run, .. }
            | Self::ChildrenAdded { run, .. }
            | Self::RunDeleted { run, .. } => Some(*run),
        }
    }
}
