//! Outcomes on their way to the worker, gathered so that a stream of small calls costs few system
//! calls, and sent early enough that nobody waits for them.

use std::{
    io::{self, Write},
    os::unix::net::UnixStream,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use wask_proto::{
    encode_frame,
    executor::{FromExecutor, JobDone, JobOutcome},
};

/// Outcomes in one message.
const JOBS_MAX: usize = 256;
/// Age of the oldest one that still waits while calls go on.
const AGE_MAX: Duration = Duration::from_millis(1);
/// Bytes in one message, roughly.
const BYTES_MAX: usize = 256 * 1024;

/// The executor's way to speak to its worker.
pub(crate) struct Outbox(Mutex<Inner>);

struct Inner {
    socket: UnixStream,
    done: Vec<JobDone>,
    bytes: usize,
    oldest: Option<Instant>,
    frame: Vec<u8>,
}

impl Outbox {
    pub(crate) fn new(socket: UnixStream) -> Self {
        let (done, frame) = (Vec::new(), Vec::new());
        Self(Mutex::new(Inner { socket, done, bytes: 0, oldest: None, frame }))
    }

    /// Sends a message that is no outcome.
    pub(crate) fn send(&self, message: &FromExecutor) -> io::Result<()> {
        self.lock().send(message)
    }

    /// Takes an outcome, and sends what has gathered when it is enough.
    pub(crate) fn push(&self, done: JobDone, now: Instant) -> io::Result<()> {
        let mut inner = self.lock();
        inner.bytes += weight(&done);
        inner.done.push(done);
        let oldest = *inner.oldest.get_or_insert(now);
        let full = inner.done.len() >= JOBS_MAX
            || inner.bytes >= BYTES_MAX
            || now.saturating_duration_since(oldest) >= AGE_MAX;
        if full { inner.flush() } else { Ok(()) }
    }

    /// Sends what has gathered.
    pub(crate) fn flush(&self) -> io::Result<()> {
        self.lock().flush()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn flush(&mut self) -> io::Result<()> {
        if self.done.is_empty() {
            return Ok(());
        }
        self.oldest = None;
        self.bytes = 0;
        let done = std::mem::take(&mut self.done);
        self.send(&FromExecutor::Done(done))
    }

    fn send(&mut self, message: &FromExecutor) -> io::Result<()> {
        self.frame.clear();
        encode_frame(message, &mut self.frame).map_err(io::Error::other)?;
        self.socket.write_all(&self.frame)?;
        if self.frame.capacity() > 4 * BYTES_MAX {
            self.frame = Vec::new();
        }
        Ok(())
    }
}

fn weight(done: &JobDone) -> usize {
    let outcome = match &done.outcome {
        JobOutcome::Success(bytes) => bytes.len(),
        JobOutcome::Failure(failure) => failure.message.len(),
        JobOutcome::Cancelled => 0,
    };
    outcome + done.logs.iter().map(|line| line.message.len() + 16).sum::<usize>() + 64
}
