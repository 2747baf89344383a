//! The frames that arrive from the worker.

use std::{
    io::{self, Read},
    os::unix::net::UnixStream,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};
use wask_proto::{Incoming, executor::ToExecutor};

/// Reads whole messages off a socket.
pub(crate) struct Inbox {
    socket: UnixStream,
    incoming: Incoming,
}

impl Inbox {
    pub(crate) fn new(socket: UnixStream) -> Self {
        Self { socket, incoming: Incoming::default() }
    }

    /// A message that has arrived as a whole; never waits.
    pub(crate) fn buffered(&mut self) -> io::Result<Option<ToExecutor>> {
        // The worker bounds what it sends.
        self.incoming.next(u64::MAX).map_err(io::Error::other)
    }

    /// Waits for bytes; `false` at the end of the stream. Once many bytes in one piece have begun to
    /// come it waits for all of them.
    pub(crate) fn fill(&mut self) -> io::Result<bool> {
        self.wait()?;
        loop {
            let count = self.read()?;
            self.incoming.advance(count);
            if count == 0 || !self.incoming.is_in_bulk() {
                return Ok(count > 0);
            }
        }
    }

    /// Whether bytes come within this time.
    pub(crate) fn has_within(&self, time: Timespec) -> io::Result<bool> {
        match poll(&mut [PollFd::new(&self.socket, PollFlags::IN)], Some(&time)) {
            Err(Errno::INTR) => Ok(true),
            ready => Ok(ready? > 0),
        }
    }

    /// Waits for bytes. A blocked `read` would also wake whenever the worker takes bytes out of the
    /// other direction, which costs as much as a small task.
    fn wait(&self) -> io::Result<()> {
        loop {
            match poll(&mut [PollFd::new(&self.socket, PollFlags::IN)], None) {
                Err(Errno::INTR) => {}
                result => return Ok(result.map(drop)?),
            }
        }
    }

    fn read(&mut self) -> io::Result<usize> {
        loop {
            match self.socket.read(self.incoming.room()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use wask_proto::encode_frame;

    use super::*;

    #[test]
    fn frames_arrive_whole_however_they_are_cut() {
        let (mut worker, executor) = UnixStream::pair().unwrap();
        let mut bytes = Vec::new();
        for _ in 0..3 {
            encode_frame(&ToExecutor::GoOn, &mut bytes).unwrap();
        }
        let writer = std::thread::spawn(move || {
            bytes.iter().for_each(|byte| worker.write_all(&[*byte]).unwrap());
        });
        let mut inbox = Inbox::new(executor);
        let mut count = 0;
        loop {
            while let Some(message) = inbox.buffered().unwrap() {
                assert!(matches!(message, ToExecutor::GoOn));
                count += 1;
            }
            if !inbox.fill().unwrap() {
                break;
            }
        }
        writer.join().unwrap();
        assert_eq!(count, 3);
    }
}
