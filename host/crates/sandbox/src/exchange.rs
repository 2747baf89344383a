//! What passes between a call and the executor around it while the call is parked: its question
//! goes out, the answer comes in. Knows nothing of sandboxes and sockets.

use std::{
    future::poll_fn,
    sync::{Mutex, MutexGuard, PoisonError},
    task::Poll,
    time::{Duration, Instant},
};

use wask_proto::child::{Answer, Question};

/// One call's way to wait for something.
#[derive(Debug, Default)]
pub(crate) struct Exchange(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    asked: Option<Asked>,
    answered: Option<Answered>,
}

/// A call waits.
#[derive(Debug)]
pub(crate) struct Asked {
    /// For what.
    pub(crate) question: Question,
    /// Linear memory that it holds meanwhile.
    pub(crate) memory_bytes: u64,
    /// Whether it does no harm if the call has to begin anew.
    pub(crate) repeatable: bool,
}

/// A call goes on.
#[derive(Debug)]
pub(crate) struct Answered {
    /// The order by which it goes on.
    pub(crate) seq: u64,
    /// What it waited for.
    pub(crate) answer: Answer,
    /// How long it was parked.
    pub(crate) parked: Duration,
}

impl Exchange {
    /// Asks, and waits for the answer.
    pub(crate) async fn ask(&self, asked: Asked) -> Answered {
        self.lock().asked = Some(asked);
        poll_fn(|_| match self.lock().answered.take() {
            Some(answered) => Poll::Ready(answered),
            None => Poll::Pending,
        })
        .await
    }

    /// What the call asks, once.
    pub(crate) fn take_asked(&self) -> Option<Asked> {
        self.lock().asked.take()
    }

    /// Gives the answer; the call takes it when it is polled next.
    pub(crate) fn answer(&self, seq: u64, answer: Answer, parked_at: Instant, now: Instant) {
        let parked = now.saturating_duration_since(parked_at);
        self.lock().answered = Some(Answered { seq, answer, parked });
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
