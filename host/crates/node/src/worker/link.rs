//! The worker's end of the socket to an executor: frames in, frames out, never blocking.
//!
//! Knows nothing of jobs. What it reads is bounded by its caller, message by message.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

use rustix::{
    buffer::spare_capacity,
    io::Errno,
    net::{RecvFlags, SendFlags, Shutdown, recv, send, shutdown},
};
use wask_proto::{
    FrameError, decode_frame, encode_frame,
    executor::{FromExecutor, ToExecutor},
};

/// Bytes asked of the socket at once.
const READ_BYTES: usize = 64 * 1024;

/// Reads in a row before other executors get their turn.
const READS_MAX: usize = 64;

/// Buffers that grew beyond this are given back when they are empty.
const BUFFER_KEPT_BYTES: usize = 1024 * 1024;

/// An executor that does not keep to the protocol.
#[derive(Debug, thiserror::Error)]
pub(super) enum LinkError {
    /// The socket failed.
    #[error("its socket failed")]
    Socket(#[from] io::Error),
    /// The bytes are no message.
    #[error("it sent something that is no message")]
    Malformed(#[from] FrameError),
    /// The message is larger than anything it could have to say.
    #[error("it announced a message of {bytes} bytes, where at most {max_bytes} are possible")]
    TooLarge { bytes: usize, max_bytes: usize },
}

/// Whether the other end is still there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Other {
    Open,
    Closed,
}

/// A socket with its buffers.
#[derive(Debug)]
pub(super) struct Link {
    socket: OwnedFd,
    incoming: Vec<u8>,
    taken: usize,
    outgoing: Vec<u8>,
    sent: usize,
}

impl Link {
    /// A link over a stream socket.
    pub(super) const fn new(socket: OwnedFd) -> Self {
        Self { socket, incoming: Vec::new(), taken: 0, outgoing: Vec::new(), sent: 0 }
    }

    /// Reads what is there.
    pub(super) fn read(&mut self) -> Result<Other, LinkError> {
        self.compact();
        for _ in 0..READS_MAX {
            self.incoming.reserve(READ_BYTES);
            let room = self.incoming.capacity() - self.incoming.len();
            let flags = RecvFlags::DONTWAIT;
            match recv(&self.socket, spare_capacity(&mut self.incoming), flags) {
                Ok((_, 0)) => return Ok(Other::Closed),
                // Less than there was room for: nothing more is there.
                Ok((_, bytes)) if bytes < room => return Ok(Other::Open),
                Ok(_) | Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Ok(Other::Open),
                Err(Errno::CONNRESET) => return Ok(Other::Closed),
                Err(error) => return Err(io::Error::from(error).into()),
            }
        }
        Ok(Other::Open)
    }

    /// Whether the next message has at most `max_bytes`; `Ok` also while its length is not known.
    pub(super) fn check_next(&self, max_bytes: usize) -> Result<(), LinkError> {
        let Some(length) = self.unread().first_chunk::<4>() else { return Ok(()) };
        let bytes = u32::from_le_bytes(*length) as usize;
        if bytes > max_bytes { Err(LinkError::TooLarge { bytes, max_bytes }) } else { Ok(()) }
    }

    /// The next message, when all of it has been read.
    pub(super) fn next_message(&mut self) -> Result<Option<FromExecutor>, LinkError> {
        let Some((message, bytes)) = decode_frame(self.unread())? else { return Ok(None) };
        self.taken += bytes;
        Ok(Some(message))
    }

    /// Adds a message to what is to be written.
    pub(super) fn queue(&mut self, message: &ToExecutor) -> Result<(), LinkError> {
        if self.sent > self.outgoing.len() / 2 {
            self.outgoing.drain(..self.sent);
            self.sent = 0;
        }
        Ok(encode_frame(message, &mut self.outgoing)?)
    }

    /// Writes as much as the socket takes. An executor that is gone is noticed by reading.
    pub(super) fn write(&mut self) {
        while let Some(rest) = self.outgoing.get(self.sent..).filter(|rest| !rest.is_empty()) {
            match send(&self.socket, rest, SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
                Ok(bytes) => self.sent += bytes,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return,
                Err(_) => break,
            }
        }
        self.sent = 0;
        self.outgoing.clear();
        self.outgoing.shrink_to(BUFFER_KEPT_BYTES);
    }

    /// Bytes that the socket has not taken yet.
    pub(super) const fn unwritten_bytes(&self) -> usize {
        self.outgoing.len() - self.sent
    }

    /// Tells the other end that nothing more comes.
    pub(super) fn close_writing(&self) {
        // The only error is that the other end is gone.
        let _ = shutdown(&self.socket, Shutdown::Write);
    }

    /// To be waited for.
    pub(super) fn descriptor(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    fn unread(&self) -> &[u8] {
        self.incoming.get(self.taken..).unwrap_or_default()
    }

    /// Drops what was taken; moves the rest only when it is the smaller part.
    fn compact(&mut self) {
        if self.taken == self.incoming.len() {
            self.incoming.clear();
            self.incoming.shrink_to(BUFFER_KEPT_BYTES);
            self.taken = 0;
        } else if self.taken > self.incoming.len() / 2 {
            self.incoming.drain(..self.taken);
            self.taken = 0;
        }
    }
}
