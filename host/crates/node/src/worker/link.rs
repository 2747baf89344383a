//! The worker's end of the socket to an executor: frames in, frames out, never blocking.
//!
//! Knows nothing of jobs. What it reads is bounded by its caller, message by message.

use std::{
    collections::VecDeque,
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

use rustix::{
    io::Errno,
    net::{RecvFlags, SendFlags, Shutdown, recv, send, shutdown},
};
use wask_proto::{
    FrameError, Incoming,
    bulk::Bulk,
    bulk_head, encode_frame,
    executor::{FromExecutor, ToExecutor},
    send_ahead,
};

/// Reads in a row before other executors get their turn.
const READS_MAX: usize = 64;

/// A buffer that grew beyond this is given back when it is empty.
const BUFFER_KEPT_BYTES: usize = 1024 * 1024;

/// An executor that does not keep to the protocol.
#[derive(Debug, thiserror::Error)]
pub(super) enum LinkError {
    /// The socket failed.
    #[error("its socket failed")]
    Socket(#[from] io::Error),
    /// The bytes are no message.
    #[error("it sent something that is no message")]
    Malformed(#[source] FrameError),
    /// The message is larger than anything it could have to say, or misses a part.
    #[error(transparent)]
    Refused(FrameError),
}

/// Whether the other end is still there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Other {
    Open,
    Closed,
}

impl From<FrameError> for LinkError {
    fn from(error: FrameError) -> Self {
        match error {
            FrameError::Body(_) | FrameError::TooLong(_) => Self::Malformed(error),
            refused => Self::Refused(refused),
        }
    }
}

/// A socket with what is on its way through it.
#[derive(Debug)]
pub(super) struct Link {
    socket: OwnedFd,
    incoming: Incoming,
    outgoing: VecDeque<Piece>,
    outgoing_bytes: usize,
    /// Bytes of the first piece that the socket has taken.
    sent: usize,
}

/// A part of the stream to an executor.
#[derive(Debug)]
enum Piece {
    Frames(Vec<u8>),
    Bulk(Bulk),
}

impl Link {
    /// A link over a stream socket.
    pub(super) fn new(socket: OwnedFd) -> Self {
        let (incoming, outgoing) = (Incoming::default(), VecDeque::new());
        Self { socket, incoming, outgoing, outgoing_bytes: 0, sent: 0 }
    }

    /// Reads what is there.
    pub(super) fn read(&mut self) -> Result<Other, LinkError> {
        for _ in 0..READS_MAX {
            let room = self.incoming.room();
            let asked = room.len();
            match recv(&self.socket, room, RecvFlags::DONTWAIT) {
                Ok((_, 0)) => return Ok(Other::Closed),
                Ok((_, bytes)) => {
                    let was_in_bulk = self.incoming.is_in_bulk();
                    self.incoming.advance(bytes);
                    // Less than there was room for: nothing more is there. Of many bytes the rest
                    // is on its way.
                    if bytes < asked && !was_in_bulk {
                        return Ok(Other::Open);
                    }
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Ok(Other::Open),
                Err(Errno::CONNRESET) => return Ok(Other::Closed),
                Err(error) => return Err(io::Error::from(error).into()),
            }
        }
        Ok(Other::Open)
    }

    /// The next message, when all of it has been read. It may have at most `max_bytes`, and so may
    /// the bytes that travel ahead of it.
    pub(super) fn next_message(
        &mut self,
        max_bytes: usize,
    ) -> Result<Option<FromExecutor>, LinkError> {
        Ok(self.incoming.next(max_bytes as u64)?)
    }

    /// Adds a message to what is to be written. What it carries is taken out of it.
    pub(super) fn queue(&mut self, message: &mut ToExecutor) -> Result<(), LinkError> {
        send_ahead(message, |bulk| {
            let head = bulk_head(bulk.len() as u64);
            self.outgoing_bytes += head.len() + bulk.len();
            frames(&mut self.outgoing).extend(head);
            self.outgoing.push_back(Piece::Bulk(bulk));
        });
        self.drop_sent();
        let frames = frames(&mut self.outgoing);
        let before = frames.len();
        encode_frame(message, frames)?;
        self.outgoing_bytes += frames.len() - before;
        Ok(())
    }

    /// Writes as much as the socket takes. An executor that is gone is noticed by reading.
    pub(super) fn write(&mut self) {
        let mut pieces = self.outgoing.len();
        while let Some(piece) = self.outgoing.front_mut() {
            let rest = piece.bytes().get(self.sent..).unwrap_or_default();
            if rest.is_empty() {
                self.sent = 0;
                if pieces == 1 && piece.is_kept() {
                    return;
                }
                self.outgoing.pop_front();
                pieces -= 1;
                continue;
            }
            match send(&self.socket, rest, SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
                Ok(bytes) => {
                    self.sent += bytes;
                    self.outgoing_bytes -= bytes;
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return,
                Err(_) => {
                    self.outgoing = VecDeque::new();
                    (self.outgoing_bytes, self.sent) = (0, 0);
                }
            }
        }
    }

    /// Bytes that the socket has not taken yet.
    pub(super) const fn unwritten_bytes(&self) -> usize {
        self.outgoing_bytes
    }

    /// Drops what was sent of a buffer that is about to grow; moves the rest only when it is the
    /// smaller part.
    fn drop_sent(&mut self) {
        if let Some(Piece::Frames(bytes)) = self.outgoing.front_mut()
            && self.sent > bytes.len() / 2
        {
            bytes.drain(..self.sent);
            self.sent = 0;
        }
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
}

impl Piece {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Frames(bytes) => bytes,
            Self::Bulk(bulk) => bulk,
        }
    }

    /// Empties a buffer that was written, and tells whether it may serve again.
    fn is_kept(&mut self) -> bool {
        match self {
            Self::Frames(bytes) if bytes.capacity() <= BUFFER_KEPT_BYTES => {
                bytes.clear();
                true
            }
            Self::Frames(_) | Self::Bulk(_) => false,
        }
    }
}

/// The buffer at the end, to which frames are added.
fn frames(outgoing: &mut VecDeque<Piece>) -> &mut Vec<u8> {
    if !matches!(outgoing.back(), Some(Piece::Frames(_))) {
        outgoing.push_back(Piece::Frames(Vec::new()));
    }
    match outgoing.back_mut() {
        Some(Piece::Frames(bytes)) => bytes,
        Some(Piece::Bulk(_)) | None => unreachable!("it was put there"),
    }
}
