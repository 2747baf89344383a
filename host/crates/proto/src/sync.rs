//! Facts about what programs coordinate by: queues, variables, events, locks, semaphores, topics.
//!
//! Like all records these are only ever added to, at the end. Names are unique within their kind.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{ObjectId, TaskId, Timestamp};

/// A value that is put somewhere: CBOR as the client wrote it, and what it refers to.
///
/// References stay maps (`{"$object": id}`, `{"$task": key, "$run": id}`), and literal keys that
/// begin with `$` keep their second one, so that a value is handed back as it was put.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct SyncValue {
    /// One CBOR data item, up to `SYNC_VALUE_MAX_BYTES`.
    #[serde(with = "serde_bytes")]
    pub cbor: Vec<u8>,
    /// Objects that it refers to, each once.
    pub objects: Vec<ObjectId>,
    /// Tasks that it refers to, each once.
    pub tasks: Vec<TaskId>,
}

/// What leases are taken of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum LeaseKind {
    /// A lock: one lease at a time.
    Lock,
    /// A semaphore: as many as it was made with.
    Semaphore,
}

/// A lock or a semaphore.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct LeaseName {
    /// Which of the two.
    pub kind: LeaseKind,
    /// Its name.
    pub name: Arc<str>,
}

/// Why a lease ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum LeaseEnd {
    /// Its holder gave it back.
    Released,
    /// It ran out.
    RanOut,
    /// Somebody deleted the lock.
    Deleted,
}

/// One change.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum SyncRecord {
    /// A queue is there with that size, from now on if it was there before.
    QueueMade {
        /// Its name.
        name: Arc<str>,
        /// The items it takes; 0 for as many as come.
        maxsize: u64,
    },
    /// An item was put at a queue's end.
    QueuePut {
        /// The queue.
        name: Arc<str>,
        /// The item.
        value: Arc<SyncValue>,
    },
    /// The first items of a queue were taken.
    QueueTaken {
        /// The queue.
        name: Arc<str>,
        /// How many.
        count: u64,
    },
    /// Items whose taker was gone are in a queue again, at their old places.
    QueueReturned {
        /// The queue.
        name: Arc<str>,
        /// Their numbers in the order of arrival, counted from 0, and the items.
        items: Vec<(u64, Arc<SyncValue>)>,
    },
    /// A queue and its items are gone.
    QueueDeleted {
        /// The queue.
        name: Arc<str>,
    },
    /// A variable has this value.
    VariableSet {
        /// The variable.
        name: Arc<str>,
        /// Its value.
        value: Arc<SyncValue>,
    },
    /// A variable has no value any more.
    VariableDeleted {
        /// The variable.
        name: Arc<str>,
    },
    /// An event has come.
    EventSet {
        /// The event.
        name: Arc<str>,
    },
    /// An event is as if it had never come.
    EventCleared {
        /// The event.
        name: Arc<str>,
    },
    /// A semaphore is there with so many leases, from now on if it was there before.
    SemaphoreMade {
        /// Its name.
        name: Arc<str>,
        /// Leases at the same time.
        leases: u32,
    },
    /// A semaphore is gone, and so are its leases.
    SemaphoreDeleted {
        /// The semaphore.
        name: Arc<str>,
    },
    /// Somebody got a lease.
    LeaseTaken {
        /// Of what.
        of: LeaseName,
        /// Larger than all tokens before.
        token: u64,
        /// How long a lease lasts.
        lease_ms: u64,
        /// When it runs out.
        until: Timestamp,
    },
    /// A lease lasts longer.
    LeaseRenewed {
        /// Of what.
        of: LeaseName,
        /// Its token.
        token: u64,
        /// How long a lease lasts.
        lease_ms: u64,
        /// When it runs out.
        until: Timestamp,
    },
    /// A lease is over.
    LeaseEnded {
        /// Of what.
        of: LeaseName,
        /// Its token.
        token: u64,
        /// Why.
        end: LeaseEnd,
    },
    /// A topic is there and keeps so many items, from now on if it was there before.
    TopicMade {
        /// Its name.
        name: Arc<str>,
        /// Items that it keeps.
        retain: u64,
        /// The offset of its first item, if it is new.
        first: u64,
    },
    /// An item was posted to a topic.
    TopicPosted {
        /// The topic.
        name: Arc<str>,
        /// The item.
        value: Arc<SyncValue>,
    },
    /// A topic and its items are gone.
    TopicDeleted {
        /// The topic.
        name: Arc<str>,
    },
    /// All that was before is void; what is there follows, in the same batch. Written when old
    /// records are dropped.
    Restated {
        /// The largest token so far.
        last_token: u64,
    },
}
