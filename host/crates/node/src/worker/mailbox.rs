//! The way from the loader back to the worker: answers, and the descriptor that wakes it.
//!
//! Never blocks the loader. It holds no more than the loader's bounded requests.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    sync::{Mutex, PoisonError},
};

use rustix::event::{EventfdFlags, eventfd};
use wask_proto::{
    ActorId, Failure,
    executor::Payload,
    worker::{ActorOutcome, AttemptId},
};

use super::orders;

/// What the loader has read.
#[derive(Debug)]
pub(super) enum Answer {
    /// An attempt's arguments, or why there are none.
    Args(AttemptId, Result<Vec<Payload>, Box<Failure>>),
    /// The bytes of an actor's order, by its number, or what comes of it without.
    Order(ActorId, u64, Result<orders::Loaded, ActorOutcome>),
}

/// Answers that wait for the worker.
#[derive(Debug)]
pub(super) struct Mailbox {
    answers: Mutex<Vec<Answer>>,
    wake: OwnedFd,
}

impl Mailbox {
    pub(super) fn new() -> io::Result<Self> {
        let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self { answers: Mutex::new(Vec::new()), wake })
    }

    /// Adds an answer and wakes the worker if nothing was waiting: whoever added the first has
    /// woken it already.
    pub(super) fn push(&self, answer: Answer) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let was_empty = answers.is_empty();
        answers.push(answer);
        drop(answers);
        if was_empty {
            // A counter that is full wakes the worker just as well.
            let _ = rustix::io::write(&self.wake, &1_u64.to_ne_bytes());
        }
    }

    /// Takes everything that waits. The counter is cleared first, so that an answer that comes
    /// in between wakes the worker again.
    pub(super) fn take(&self) -> Vec<Answer> {
        let _ = rustix::io::read(&self.wake, &mut [0; 8]);
        std::mem::take(&mut *self.answers.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Readable while answers wait.
    pub(super) fn descriptor(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }
}
