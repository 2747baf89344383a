//! News on their way to the worker, gathered so that a stream of small calls costs few system
//! calls, and sent early enough that nobody waits for them.

use std::{
    io::{self, Write},
    os::unix::net::UnixStream,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use wask_proto::{
    bulk_head,
    child::{ChildCall, Piece},
    encode_frame,
    executor::{ActorJobDone, ActorJobOutcome, FromExecutor, JobDone, JobOutcome, LogLine, News},
    send_ahead,
};

/// News in one message.
const NEWS_MAX: usize = 256;
/// Age of the oldest one that still waits while calls go on.
const AGE_MAX: Duration = Duration::from_millis(1);
/// Bytes in one message, roughly.
const BYTES_MAX: usize = 256 * 1024;

/// The executor's way to speak to its worker.
pub(crate) struct Outbox(Mutex<Inner>);

struct Inner {
    socket: UnixStream,
    news: Vec<News>,
    bytes: usize,
    oldest: Option<Instant>,
    frame: Vec<u8>,
}

impl Outbox {
    pub(crate) fn new(socket: UnixStream) -> Self {
        let (news, frame) = (Vec::new(), Vec::new());
        Self(Mutex::new(Inner { socket, news, bytes: 0, oldest: None, frame }))
    }

    /// Sends a message that is no news.
    pub(crate) fn send(&self, message: FromExecutor) -> io::Result<()> {
        self.lock().send(message)
    }

    /// Takes news, and sends what has gathered when it is enough.
    pub(crate) fn push(&self, news: News, now: Instant) -> io::Result<()> {
        let mut inner = self.lock();
        inner.bytes += weight(&news);
        inner.news.push(news);
        let oldest = *inner.oldest.get_or_insert(now);
        let full = inner.news.len() >= NEWS_MAX
            || inner.bytes >= BYTES_MAX
            || now.saturating_duration_since(oldest) >= AGE_MAX;
        if full { inner.flush() } else { Ok(()) }
    }

    /// Takes a call that a job hands out. Calls of one job in a row travel together.
    pub(crate) fn submit(&self, job: u64, call: ChildCall) -> io::Result<()> {
        let mut inner = self.lock();
        inner.bytes += weight_of_call(&call);
        inner.oldest.get_or_insert_with(Instant::now);
        match inner.news.last_mut() {
            Some(News::Submitted { job: last, calls }) if *last == job => calls.push(call),
            _ => inner.news.push(News::Submitted { job, calls: vec![call] }),
        }
        if inner.bytes >= BYTES_MAX { inner.flush() } else { Ok(()) }
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
        if self.news.is_empty() {
            return Ok(());
        }
        self.oldest = None;
        self.bytes = 0;
        let news = std::mem::take(&mut self.news);
        self.send(FromExecutor::News(news))
    }

    fn send(&mut self, mut message: FromExecutor) -> io::Result<()> {
        let mut ahead = Vec::new();
        send_ahead(&mut message, |bulk| ahead.push(bulk));
        for bulk in ahead {
            self.socket.write_all(&bulk_head(bulk.len() as u64))?;
            self.socket.write_all(&bulk)?;
        }
        self.frame.clear();
        encode_frame(&message, &mut self.frame).map_err(io::Error::other)?;
        self.socket.write_all(&self.frame)?;
        if self.frame.capacity() > 4 * BYTES_MAX {
            self.frame = Vec::new();
        }
        Ok(())
    }
}

fn weight(news: &News) -> usize {
    match news {
        News::Done(done) => weight_of_outcome(done),
        News::ActorDone(done) => weight_of_actor(done),
        News::Submitted { calls, .. } => calls.iter().map(weight_of_call).sum(),
        News::Parked { .. } | News::Evicted { .. } | News::Absent { .. } => 64,
    }
}

fn weight_of_outcome(done: &JobDone) -> usize {
    let outcome = match &done.outcome {
        JobOutcome::Success(bytes) => bytes.len(),
        JobOutcome::Failure(failure) => failure.message.len(),
        JobOutcome::Becomes(_) | JobOutcome::Cancelled => 0,
    };
    outcome + weight_of_logs(&done.logs) + 64
}

fn weight_of_actor(done: &ActorJobDone) -> usize {
    let outcome = match &done.outcome {
        ActorJobOutcome::Kept { result, state } => {
            let result =
                result.as_ref().map_or_else(|failure| failure.message.len(), |bytes| bytes.len());
            result + state.as_ref().map_or(0, |state| state.len())
        }
        ActorJobOutcome::Gone(failure) => failure.message.len(),
        ActorJobOutcome::Lost(why) => why.len(),
        ActorJobOutcome::Absent => 0,
    };
    outcome + weight_of_logs(&done.logs) + 64
}

fn weight_of_logs(logs: &[LogLine]) -> usize {
    logs.iter().map(|line| line.message.len() + 16).sum()
}

fn weight_of_call(call: &ChildCall) -> usize {
    let bytes = |piece: &Piece| match piece {
        Piece::Literal(bytes) => bytes.len() + 8,
        Piece::Child(_) => 8,
    };
    call.args.iter().flatten().map(bytes).sum::<usize>() + 64
}
