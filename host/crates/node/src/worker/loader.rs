//! Reads large stored arguments and states on a thread of its own, so that the loop never waits
//! for a disk.
//!
//! Holds the attempts whose arguments are on their way. Bounded: it takes no request
//! beyond a given number of unanswered ones.

use std::{
    collections::HashSet,
    io,
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
};

use rustc_hash::FxHashMap;
use wask_proto::worker::{ActorOrder, Assignment, AttemptId};
use wask_store::Objects;

use super::{
    args,
    desk::Held,
    mailbox::{Answer, Mailbox},
    orders,
};

/// What is to be read.
#[derive(Debug)]
enum Request {
    Args(Box<Assignment>),
    Order(Box<ActorOrder>),
}

/// The loader, seen from the loop.
#[derive(Debug)]
pub(super) struct Loader {
    requests: SyncSender<Request>,
    waiting: FxHashMap<AttemptId, Held>,
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
        Ok(Self { requests, waiting: FxHashMap::default(), unanswered: 0, unanswered_max })
    }

    /// Requests not answered yet.
    pub(super) const fn unanswered(&self) -> usize {
        self.unanswered
    }

    /// Asks for an attempt's arguments; the answer comes into the mailbox. Given back when it is full.
    pub(super) fn ask(&mut self, mut held: Held) -> Option<Held> {
        if !self.request(|| Request::Args(Box::new(held.assignment.clone()))) {
            return Some(held);
        }
        held.note_asked();
        self.waiting.insert(held.assignment.id, held);
        None
    }

    /// Asks for the bytes of an actor's order; the answer comes into the mailbox. Tells whether there
    /// was room for that.
    pub(super) fn ask_for_order(&mut self, order: &ActorOrder) -> bool {
        self.request(|| Request::Order(Box::new(order.clone())))
    }

    /// The bytes of an actor's order have come.
    pub(super) const fn order_answered(&mut self) {
        self.unanswered = self.unanswered.saturating_sub(1);
    }

    /// The attempt whose answer came, unless it was taken away.
    pub(super) fn answered(&mut self, id: AttemptId) -> Option<Held> {
        self.unanswered = self.unanswered.saturating_sub(1);
        self.waiting.remove(&id)
    }

    /// Takes away those of the named attempts that it holds.
    pub(super) fn take(&mut self, ids: &HashSet<AttemptId>) -> Vec<Held> {
        self.waiting.extract_if(|id, _| ids.contains(id)).map(|(_, held)| held).collect()
    }

    /// Takes everything away.
    pub(super) fn take_all(&mut self) -> Vec<Held> {
        self.waiting.drain().map(|(_, held)| held).collect()
    }

    fn request(&mut self, request: impl FnOnce() -> Request) -> bool {
        let taken =
            self.unanswered < self.unanswered_max && self.requests.try_send(request()).is_ok();
        self.unanswered += usize::from(taken);
        taken
    }
}

fn load_all(inbox: &Receiver<Request>, objects: &dyn Objects, mailbox: &Mailbox) {
    while let Ok(request) = inbox.recv() {
        mailbox.push(match request {
            Request::Args(of) => Answer::Args(of.id, args::gather(&of.args, objects)),
            Request::Order(order) => {
                let loaded = orders::load(&order, objects);
                Answer::Order(order.actor, order.order, loaded)
            }
        });
    }
}
