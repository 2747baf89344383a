//! The way into the worker's loop: commands, and the descriptor that wakes it.
//!
//! Never blocks the sender. It holds no more than what its senders may have outstanding: the
//! scheduler's window of assignments, and the loader's bounded requests.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    sync::{Mutex, PoisonError},
};

use rustix::event::{EventfdFlags, eventfd};
use wask_proto::{
    ActorId, Failure,
    executor::JobArg,
    worker::{ActorOutcome, AttemptId, ToWorker},
};

use super::orders;

/// What the loop is told.
#[derive(Debug)]
pub(super) enum Command {
    /// By the scheduler.
    Scheduler(ToWorker),
    /// By the loader: an attempt's arguments, or why there are none.
    Loaded(AttemptId, Result<Vec<JobArg>, Box<Failure>>),
    /// By the loader: the bytes of an actor's order, by its number, or what comes of it without.
    OrderLoaded(ActorId, u64, Result<orders::Loaded, ActorOutcome>),
    /// By the handle: kill everything and end.
    Stop,
}

/// Commands that wait for the loop.
#[derive(Debug)]
pub(super) struct Mailbox {
    commands: Mutex<Vec<Command>>,
    wake: OwnedFd,
}

impl Mailbox {
    pub(super) fn new() -> io::Result<Self> {
        let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self { commands: Mutex::new(Vec::new()), wake })
    }

    /// Adds a command and wakes the loop if nothing was waiting: whoever added the first has
    /// woken it already.
    pub(super) fn push(&self, command: Command) {
        let mut commands = self.commands.lock().unwrap_or_else(PoisonError::into_inner);
        let was_empty = commands.is_empty();
        commands.push(command);
        drop(commands);
        if was_empty {
            // A counter that is full wakes the loop just as well.
            let _ = rustix::io::write(&self.wake, &1_u64.to_ne_bytes());
        }
    }

    /// Takes everything that waits. The counter is cleared first, so that a command that comes
    /// in between wakes the loop again.
    pub(super) fn take(&self) -> Vec<Command> {
        let _ = rustix::io::read(&self.wake, &mut [0; 8]);
        std::mem::take(&mut *self.commands.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Readable while commands wait.
    pub(super) fn descriptor(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }
}
