//! What can be asked of the things that programs coordinate by, and what follows from it.

use std::sync::Arc;

use wask_proto::{LeaseName, SyncRecord, SyncValue, Timestamp};

use super::{books::Claim, lines::Waits};
use crate::{
    refusal::Refusal,
    server::Reply,
    view::sync::{Guard, LeaseView, LeasesView, QueueView, TopicItems, TopicView},
};

/// Items of a queue as they are handed out, each with its place in the order of arrival.
pub(crate) type Items = Vec<(u64, Arc<SyncValue>)>;

/// Who asks.
#[derive(Debug)]
pub(crate) struct Call<T> {
    /// Where the answer goes.
    pub(crate) reply: Reply<T>,
    /// A lease on which it depends.
    pub(crate) guard: Option<Guard>,
    /// Until when it waits; `None` if it does not.
    pub(crate) until: Option<Timestamp>,
}

impl<T> Waits for Call<T> {
    fn is_gone(&self) -> bool {
        self.reply.is_closed()
    }
}

/// What can be asked. Questions without a wait go by another way, since they change nothing.
#[derive(Debug)]
pub(crate) enum SyncCommand {
    /// Make a queue, or change its size.
    MakeQueue { name: Arc<str>, maxsize: Option<u64>, call: Call<QueueView> },
    /// Put an item at a queue's end.
    Put { name: Arc<str>, value: Arc<SyncValue>, call: Call<QueueView> },
    /// Take items from a queue's front, one at least.
    Get { name: Arc<str>, batch: usize, call: Call<Items> },
    /// Delete a queue.
    DeleteQueue { name: Arc<str>, call: Call<()> },
    /// Give a variable a value.
    SetVariable { name: Arc<str>, value: Arc<SyncValue>, call: Call<()> },
    /// A variable's value, once it has one.
    Variable { name: Arc<str>, call: Call<Arc<SyncValue>> },
    /// Take a variable's value away.
    DeleteVariable { name: Arc<str>, call: Call<()> },
    /// Let an event come, or undo that.
    Flag { name: Arc<str>, set: bool, call: Call<()> },
    /// Whether an event has come, once it has if it is waited for.
    AwaitFlag { name: Arc<str>, call: Call<bool> },
    /// Make a semaphore, or change its leases.
    MakeSemaphore { name: Arc<str>, leases: u32, call: Call<LeasesView> },
    /// Take a lease.
    Acquire { of: LeaseName, lease_ms: u64, call: Call<LeaseView> },
    /// Let a lease last longer.
    Renew { of: LeaseName, token: u64, lease_ms: Option<u64>, call: Call<LeaseView> },
    /// Give a lease back.
    Release { of: LeaseName, token: u64, call: Call<()> },
    /// End all leases of a lock, or delete a semaphore.
    DeleteLeases { of: LeaseName, call: Call<()> },
    /// Make a topic, or change what it keeps.
    MakeTopic { name: Arc<str>, retain: Option<u64>, call: Call<TopicView> },
    /// Post an item.
    Post { name: Arc<str>, value: Arc<SyncValue>, call: Call<u64> },
    /// Items after an offset, one at least if it is waited for.
    ReadTopic { name: Arc<str>, after: Option<u64>, limit: usize, call: Call<TopicItems> },
    /// Delete a topic.
    DeleteTopic { name: Arc<str>, call: Call<()> },
}

impl SyncCommand {
    /// The value that it brings.
    pub(crate) fn value(&self) -> Option<&SyncValue> {
        match self {
            Self::Put { value, .. }
            | Self::SetVariable { value, .. }
            | Self::Post { value, .. } => Some(value),
            _ => None,
        }
    }
}

/// An answer that is ready. Given when it is durable; tells what has to be done after that.
pub(crate) type Answer = Box<dyn FnOnce() -> Option<After> + Send>;

/// What is to be done after an answer was given, or could not be.
#[derive(Debug)]
pub(crate) enum After {
    /// Items were handed out: what they refer to is not needed here any more.
    Delivered(Items),
    /// Items of a queue, whose taker is gone.
    Undelivered(Arc<str>, Items),
    /// A lease, whose taker is gone.
    Untaken(LeaseName, u64),
}

/// What follows: facts to write down, answers to give when they are durable.
#[derive(Default)]
pub(crate) struct Output {
    /// Facts, in order. They are applied already.
    pub(crate) records: Vec<SyncRecord>,
    /// Answers.
    pub(crate) answers: Vec<Answer>,
    /// Tasks whose results are needed from now on, or not any more.
    pub(crate) claims: Vec<Claim>,
}

impl<T: Send + 'static> Call<T> {
    /// The answer, ready to be given.
    pub(super) fn answered(self, answer: Result<T, Refusal>) -> Answer {
        Box::new(move || {
            // Nothing is lost when nobody listens.
            let _ = self.reply.send(answer);
            None
        })
    }
}
