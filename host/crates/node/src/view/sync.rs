//! What the server tells about queues, variables, events, locks, semaphores and topics, and what
//! calls about them may carry.

use std::{sync::Arc, time::Duration};

use wask_proto::{LeaseName, SyncValue, Timestamp};

/// A kind of thing that programs coordinate by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SyncKind {
    /// A queue.
    Queue,
    /// A variable.
    Variable,
    /// An event.
    Event,
    /// A lock.
    Lock,
    /// A semaphore.
    Semaphore,
    /// A topic.
    Topic,
}

impl SyncKind {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Queue, Self::Variable, Self::Event, Self::Lock, Self::Semaphore, Self::Topic];

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Variable => "variable",
            Self::Event => "event",
            Self::Lock => "lock",
            Self::Semaphore => "semaphore",
            Self::Topic => "topic",
        }
    }
}

/// A lease that a call depends on: it changes something only while this token holds that lock.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Guard {
    /// The lock or semaphore.
    pub of: LeaseName,
    /// The token.
    pub token: u64,
}

/// What a call about coordination may carry beside its contents.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SyncCall {
    /// A lease that it depends on.
    pub guard: Option<Guard>,
    /// How long it waits, if it waits.
    pub wait: Option<Duration>,
}

/// A queue.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QueueView {
    /// Its name.
    pub name: Arc<str>,
    /// Items in it.
    pub size: u64,
    /// Items that it takes; 0 for as many as come.
    pub maxsize: u64,
    /// Calls that wait for an item.
    pub getters: u64,
    /// Calls that wait for room.
    pub putters: u64,
}

/// A variable that has a value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VariableView {
    /// Its name.
    pub name: Arc<str>,
    /// Bytes of its value.
    pub bytes: u64,
}

/// An event that has come.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FlagView {
    /// Its name.
    pub name: Arc<str>,
}

/// A lease.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LeaseView {
    /// Its fencing token.
    pub token: u64,
    /// When it runs out.
    pub until: Timestamp,
}

/// A lock or a semaphore.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LeasesView {
    /// Its name.
    pub name: Arc<str>,
    /// Leases at the same time.
    pub leases: u32,
    /// Those that are taken, by token.
    pub holders: Vec<LeaseView>,
    /// Calls that wait for one.
    pub waiters: u64,
}

/// A topic.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TopicView {
    /// Its name.
    pub name: Arc<str>,
    /// Items that are kept.
    pub size: u64,
    /// Items that it keeps at most.
    pub retain: u64,
    /// The lowest offset that is kept.
    pub first: u64,
    /// The offset that the next item gets.
    pub next: u64,
    /// Calls that wait for an item.
    pub readers: u64,
}

/// Items of a topic.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TopicItems {
    /// Offsets and values.
    pub items: Vec<(u64, Arc<SyncValue>)>,
    /// The lowest offset that is kept.
    pub first: u64,
    /// After which offset to go on.
    pub next: Option<u64>,
}

/// Some of many, by name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyncPage<T> {
    /// What is on the page.
    pub items: Vec<T>,
    /// The name after which the next page begins.
    pub next: Option<Arc<str>>,
    /// How many there are in all.
    pub total: u64,
}

/// Figures.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SyncStats {
    /// Things, in the order of [`SyncKind::ALL`].
    pub things: [u64; 6],
    /// Calls that wait, in the same order.
    pub waiters: [u64; 6],
    /// Bytes of all values and names.
    pub bytes: u64,
}
