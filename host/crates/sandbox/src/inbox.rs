//! The frames that arrive from the worker.

use std::{
    io::{self, Read},
    os::unix::net::UnixStream,
};

use rustix::{
    event::{PollFd, PollFlags, poll},
    io::Errno,
};
use wask_proto::{decode_frame, executor::ToExecutor};

/// Bytes asked for at once.
const CHUNK_BYTES: usize = 64 * 1024;
/// A buffer larger than this is given back once it is empty.
const KEPT_MAX_BYTES: usize = 1024 * 1024;

/// Reads whole messages off a socket.
pub(crate) struct Inbox {
    socket: UnixStream,
    buffer: Vec<u8>,
    read: usize,
    chunk: Box<[u8]>,
}

impl Inbox {
    pub(crate) fn new(socket: UnixStream) -> Self {
        Self { socket, buffer: Vec::new(), read: 0, chunk: vec![0; CHUNK_BYTES].into() }
    }

    /// A message that has arrived as a whole; never waits.
    pub(crate) fn buffered(&mut self) -> io::Result<Option<ToExecutor>> {
        let unread = self.buffer.get(self.read..).unwrap_or_default();
        let Some((message, length)) = decode_frame(unread).map_err(io::Error::other)? else {
            return Ok(None);
        };
        self.read += length;
        Ok(Some(message))
    }

    /// Waits for bytes; `false` at the end of the stream.
    pub(crate) fn fill(&mut self) -> io::Result<bool> {
        self.wait()?;
        self.buffer.drain(..std::mem::take(&mut self.read));
        if self.buffer.is_empty() && self.buffer.capacity() > KEPT_MAX_BYTES {
            self.buffer = Vec::new();
        }
        let missing = self.missing();
        let count = if missing > CHUNK_BYTES {
            (&self.socket).take(missing as u64).read_to_end(&mut self.buffer)?
        } else {
            let count = self.read_chunk()?;
            self.buffer.extend_from_slice(self.chunk.get(..count).unwrap_or_default());
            count
        };
        Ok(count > 0)
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

    fn read_chunk(&mut self) -> io::Result<usize> {
        loop {
            match self.socket.read(&mut self.chunk) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    /// Bytes that the frame at the front still lacks, as far as its length is known.
    fn missing(&self) -> usize {
        match self.buffer.split_first_chunk::<4>() {
            Some((length, rest)) => {
                (u32::from_le_bytes(*length) as usize).saturating_sub(rest.len())
            }
            None => 0,
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
