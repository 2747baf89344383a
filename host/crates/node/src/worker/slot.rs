//! A slot: capacity for one running task, with an executor that is replaced whenever it dies.

use std::{
    mem,
    time::{Duration, Instant},
};

use wask_proto::executor::FromExecutor;

use super::{
    config::{CLOSE_WITHIN, READY_WITHIN, RESTART_FIRST, RESTART_MAX, WorkerConfig},
    desk::Desk,
    executor::{Executor, Fault},
    link::{LinkError, Other},
    readiness::{Happened, Watched},
    spawn,
};

/// A slot and what has become of its executor.
#[derive(Debug)]
pub(super) struct Slot {
    number: u16,
    state: State,
    /// Executors in a row that died before they were ready.
    failures: u32,
}

#[derive(Debug)]
enum State {
    /// There is none until then.
    Down { until: Instant },
    /// It has not said that it is ready.
    Starting { executor: Box<Executor>, ready_by: Instant },
    /// It works.
    Ready(Box<Executor>),
    /// It was asked to end.
    Closing { executor: Box<Executor>, until: Instant },
    /// There is none and there will be none.
    Closed,
}

impl Slot {
    /// A slot whose executor is due at once.
    pub(super) const fn new(number: u16, now: Instant) -> Self {
        Self { number, state: State::Down { until: now }, failures: 0 }
    }

    /// Its number.
    pub(super) const fn number(&self) -> u16 {
        self.number
    }

    /// The executor, if it can take jobs.
    pub(super) const fn ready(&mut self) -> Option<&mut Executor> {
        match &mut self.state {
            State::Ready(executor) => Some(executor),
            _ => None,
        }
    }

    /// Whether the executor can take jobs.
    pub(super) const fn is_ready(&self) -> bool {
        matches!(self.state, State::Ready(_))
    }

    /// Whether the slot has ended for good.
    pub(super) const fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    /// What to wait for.
    pub(super) fn watched(&self) -> Option<Watched<'_>> {
        self.executor().map(Executor::watched)
    }

    /// When [`Self::tick`] has something to do.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match &self.state {
            State::Down { until } | State::Closing { until, .. } => Some(*until),
            State::Starting { ready_by, .. } => Some(*ready_by),
            State::Ready(executor) => executor.next_check(),
            State::Closed => None,
        }
    }

    /// Something happened on the socket.
    pub(super) fn serve(&mut self, happened: Happened, desk: &mut Desk) {
        let Some(executor) = self.executor_mut() else { return };
        if happened.writable {
            executor.write();
        }
        if !happened.readable {
            return;
        }
        let read = executor.read();
        // What it said before it died counts.
        let heard = self.hear(desk);
        match (read, heard) {
            (Ok(Other::Open), Ok(())) => {}
            (Ok(Other::Closed), Ok(())) => self.bury(None, desk),
            (Err(fault), _) | (_, Err(fault)) => self.bury(Some(fault.into()), desk),
        }
    }

    /// Starts, watches and closes the executor, as time goes on.
    pub(super) fn tick(&mut self, config: &WorkerConfig, desk: &mut Desk) {
        let now = desk.now;
        match &mut self.state {
            State::Down { .. } | State::Starting { .. } if desk.draining() => self.close(desk),
            State::Down { until } if *until <= now => self.start(config, desk),
            State::Starting { ready_by, .. } if *ready_by <= now => {
                self.bury(Some(Fault::NeverReady), desk);
            }
            State::Ready(executor) => {
                executor.check(desk);
                if desk.draining() && executor.is_idle() {
                    self.close(desk);
                }
            }
            State::Closing { until, .. } if *until <= now => self.state = State::Closed,
            State::Down { .. } | State::Starting { .. } | State::Closing { .. } | State::Closed => {
            }
        }
    }

    const fn executor(&self) -> Option<&Executor> {
        match &self.state {
            State::Starting { executor, .. }
            | State::Ready(executor)
            | State::Closing { executor, .. } => Some(executor),
            State::Down { .. } | State::Closed => None,
        }
    }

    const fn executor_mut(&mut self) -> Option<&mut Executor> {
        match &mut self.state {
            State::Starting { executor, .. }
            | State::Ready(executor)
            | State::Closing { executor, .. } => Some(executor),
            State::Down { .. } | State::Closed => None,
        }
    }

    fn hear(&mut self, desk: &mut Desk) -> Result<(), LinkError> {
        while let Some(executor) = self.executor_mut() {
            match executor.next_message()? {
                Some(FromExecutor::News(news)) => {
                    news.into_iter().for_each(|news| executor.hear(news, desk));
                }
                Some(FromExecutor::Ready) => self.greeted(desk),
                Some(FromExecutor::Unusable { message }) => {
                    tracing::error!(slot = self.number, message, "an executor cannot work");
                    desk.health.set_trouble(Some(message));
                }
                None => return Ok(()),
            }
        }
        Ok(())
    }

    fn greeted(&mut self, desk: &mut Desk) {
        self.state = match mem::replace(&mut self.state, State::Closed) {
            State::Starting { executor, .. } => {
                self.failures = 0;
                desk.health.set_trouble(None);
                State::Ready(executor)
            }
            other => other,
        };
    }

    fn start(&mut self, config: &WorkerConfig, desk: &mut Desk) {
        self.state = match spawn::spawn(config) {
            Ok(spawned) => {
                let executor = Box::new(Executor::new(self.number, spawned, desk.now));
                desk.health.started(self.number, executor.process_id());
                tracing::debug!(
                    slot = self.number,
                    pid = executor.process_id(),
                    "executor started"
                );
                State::Starting { executor, ready_by: desk.now + READY_WITHIN }
            }
            Err(error) => {
                let program = config.executor_program.display();
                self.failed(&format!("{program} cannot be started: {error}"), desk)
            }
        };
    }

    /// The executor is gone, or gave reason to be killed.
    fn bury(&mut self, fault: Option<Fault>, desk: &mut Desk) {
        let state = mem::replace(&mut self.state, State::Closed);
        desk.health.ended(self.number);
        match state {
            State::Starting { mut executor, .. } => {
                let how = executor.end(fault.as_ref(), desk);
                self.state = self.failed(&how, desk);
            }
            State::Ready(mut executor) => {
                let how = executor.end(fault.as_ref(), desk);
                tracing::warn!(slot = self.number, how, "an executor died and is replaced");
                self.state = State::Down { until: desk.now };
            }
            State::Down { .. } | State::Closing { .. } | State::Closed => {}
        }
    }

    /// An executor died before it was ready; the next one has to wait.
    fn failed(&mut self, how: &str, desk: &mut Desk) -> State {
        self.failures += 1;
        let pause = restart_pause(self.failures);
        tracing::error!(slot = self.number, how, ?pause, "an executor did not become ready");
        // A reason that it gave itself says more than how it ended.
        if desk.health.trouble().is_none() {
            desk.health.set_trouble(Some(how.to_owned()));
        }
        State::Down { until: desk.now + pause }
    }

    fn close(&mut self, desk: &Desk) {
        self.state = match mem::replace(&mut self.state, State::Closed) {
            State::Ready(executor) => {
                executor.close();
                State::Closing { executor, until: desk.now + CLOSE_WITHIN }
            }
            other @ State::Closing { .. } => other,
            State::Down { .. } | State::Starting { .. } | State::Closed => State::Closed,
        };
    }
}

/// The pause after this many failures in a row.
fn restart_pause(failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    RESTART_FIRST.saturating_mul(1 << doublings).min(RESTART_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_limit() {
        assert_eq!(restart_pause(1), RESTART_FIRST);
        assert_eq!(restart_pause(3), RESTART_FIRST * 4);
        assert_eq!(restart_pause(u32::MAX), RESTART_MAX);
    }
}
