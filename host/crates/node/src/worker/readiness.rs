//! Which sockets of executors have something to say: one descriptor to wait for, whatever their
//! number. Never reads or writes a socket.

use std::{
    io,
    mem::MaybeUninit,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    time::Duration,
};

use rustix::{
    event::{
        Timespec,
        epoll::{self, CreateFlags, Event, EventData, EventFlags},
    },
    io::Errno,
};

/// Events taken at once.
const EVENTS_MAX: usize = 64;

/// The number under which the mailbox is known; slots have their own.
const MAILBOX: u64 = u64::MAX;

/// An executor's socket, as it is to be watched.
#[derive(Clone, Copy)]
pub(super) struct Watched<'a> {
    pub(super) socket: BorrowedFd<'a>,
    /// Tells it from another executor's that has the same number of a descriptor.
    pub(super) process_id: u32,
    /// Whether it is of interest that the socket takes bytes again.
    pub(super) writable: bool,
}

/// What has happened on a socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Happened {
    pub(super) readable: bool,
    pub(super) writable: bool,
}

/// The sockets that are watched.
#[derive(Debug)]
pub(super) struct Readiness {
    epoll: OwnedFd,
    /// By slot: the process and whether writing is awaited.
    watched: Vec<Option<(u32, bool)>>,
    /// Whether the mailbox was among what had happened last.
    pub(super) mailbox: bool,
}

impl Readiness {
    /// Watches the mailbox and so many slots, which have no executors yet.
    pub(super) fn new(mailbox: BorrowedFd<'_>, slots: u16) -> io::Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        epoll::add(&epoll, mailbox, EventData::new_u64(MAILBOX), EventFlags::IN)?;
        let watched = vec![None; usize::from(slots)];
        Ok(Self { epoll, watched, mailbox: false })
    }

    /// What a slot's executor is, from now on. A closed socket is forgotten by itself.
    pub(super) fn watch(&mut self, slot: u16, now: Option<Watched<'_>>) -> io::Result<()> {
        let Some(place) = self.watched.get_mut(usize::from(slot)) else { return Ok(()) };
        let wanted = now.map(|of| (of.process_id, of.writable));
        if *place == wanted {
            return Ok(());
        }
        if let Some(Watched { socket, process_id, writable }) = now {
            let write = if writable { EventFlags::OUT } else { EventFlags::empty() };
            let (data, flags) = (EventData::new_u64(slot.into()), EventFlags::IN | write);
            match place {
                Some((known, _)) if *known == process_id => {
                    epoll::modify(&self.epoll, socket, data, flags)?;
                }
                _ => epoll::add(&self.epoll, socket, data, flags)?,
            }
        }
        *place = wanted;
        Ok(())
    }

    /// What has happened, by slot; waits for at most that long. Tells whether it was anything, the
    /// mailbox included.
    pub(super) fn wait(
        &mut self,
        timeout: Option<Duration>,
        mut each: impl FnMut(u16, Happened),
    ) -> io::Result<bool> {
        self.mailbox = false;
        let mut room = [const { MaybeUninit::uninit() }; EVENTS_MAX];
        let timeout = timeout.map(timespec);
        let events = match epoll::wait(&self.epoll, &mut room, timeout.as_ref()) {
            Ok((events, _)) => events,
            Err(Errno::INTR) => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        for &mut Event { flags, data } in &mut *events {
            let Ok(slot) = u16::try_from(data.u64()) else {
                self.mailbox = true;
                continue;
            };
            let readable = EventFlags::IN | EventFlags::HUP | EventFlags::ERR;
            let happened = Happened {
                readable: flags.intersects(readable),
                writable: flags.contains(EventFlags::OUT),
            };
            each(slot, happened);
        }
        Ok(!events.is_empty())
    }
}

impl AsFd for Readiness {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.epoll.as_fd()
    }
}

/// A timeout never rounds down to a busy loop: the kernel counts nanoseconds as well.
fn timespec(duration: Duration) -> Timespec {
    Timespec::try_from(duration).unwrap_or(Timespec { tv_sec: 60, tv_nsec: 0 })
}
