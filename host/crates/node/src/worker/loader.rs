//! Reads large stored arguments on a thread of its own, so that the loop never waits for a disk.
//!
//! Holds the attempts whose arguments are on their way. Bounded: it takes no request
//! beyond a given number of unanswered ones.

use std::{
    collections::{HashMap, HashSet},
    io,
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
};

use wask_proto::worker::{Assignment, AttemptId};
use wask_store::Objects;

use super::{
    args,
    desk::Held,
    mailbox::{Command, Mailbox},
};

/// The loader, seen from the loop.
#[derive(Debug)]
pub(super) struct Loader {
    requests: SyncSender<Assignment>,
    waiting: HashMap<AttemptId, Held>,
    /// Requests that were sent and not answered; those of attempts taken away since count too.
    unanswered: usize,
    unanswered_max: usize,
}

impl Loader {
    /// Starts the thread; it ends when the loader is dropped.
    pub(super) fn start(
        objects: Arc<dyn Objects>,
        mailbox: Arc<Mailbox>,
        unanswered_max: usize,
    ) -> io::Result<Self> {
        let (requests, inbox) = sync_channel(unanswered_max);
        std::thread::Builder::new()
            .name("wask-loader".into())
            .spawn(move || load_all(&inbox, &*objects, &mailbox))?;
        Ok(Self { requests, waiting: HashMap::new(), unanswered: 0, unanswered_max })
    }

    /// Requests not answered yet.
    pub(super) const fn unanswered(&self) -> usize {
        self.unanswered
    }

    /// Asks for an attempt's arguments; the answer comes as a command. Given back when it is full.
    pub(super) fn ask(&mut self, held: Held) -> Option<Held> {
        let full = self.unanswered >= self.unanswered_max;
        if full || self.requests.try_send(held.assignment.clone()).is_err() {
            return Some(held);
        }
        self.unanswered += 1;
        self.waiting.insert(held.assignment.id, held);
        None
    }

    /// The attempt whose answer came, unless it was taken away.
    pub(super) fn answered(&mut self, id: AttemptId) -> Option<Held> {
        self.unanswered = self.unanswered.saturating_sub(1);
        self.waiting.remove(&id)
    }

    /// Takes away those of the named attempts that it holds.
    pub(super) fn take(&mut self, ids: &HashSet<AttemptId>) -> Vec<AttemptId> {
        self.waiting.extract_if(|id, _| ids.contains(id)).map(|(id, _)| id).collect()
    }

    /// Takes everything away.
    pub(super) fn take_all(&mut self) -> Vec<AttemptId> {
        self.waiting.drain().map(|(id, _)| id).collect()
    }
}

fn load_all(inbox: &Receiver<Assignment>, objects: &dyn Objects, mailbox: &Mailbox) {
    while let Ok(assignment) = inbox.recv() {
        let args = args::gather(&assignment, objects);
        mailbox.push(Command::Loaded(assignment.id, args));
    }
}
