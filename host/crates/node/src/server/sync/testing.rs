//! The environment of the unit tests: commands and the time go in, answers are read as a client
//! would; at its end, folding all records anew must give the same state.

use std::sync::Arc;

use tokio::sync::oneshot::{self, error::TryRecvError};
use wask_proto::{LeaseKind, LeaseName, SyncRecord, SyncValue, Timestamp};

use super::{Call, Claim, Coordination, Output, SyncCommand, SyncLimits};
use crate::{refusal::Refusal, view::sync::Guard};

/// A coordination of its own, with all records that it has written.
pub(super) struct TestEnv {
    pub(super) sync: Coordination,
    pub(super) now: Timestamp,
    pub(super) records: Vec<SyncRecord>,
    pub(super) claims: Vec<Claim>,
    guard: Option<Guard>,
}

/// An answer that comes now or later.
pub(super) struct Told<T>(oneshot::Receiver<Result<T, Refusal>>);

impl<T> Told<T> {
    /// The answer, if it has come.
    pub(super) fn now(&mut self) -> Option<Result<T, Refusal>> {
        match self.0.try_recv() {
            Ok(answer) => Some(answer),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Closed) => panic!("there is no answer, and never will be"),
        }
    }

    /// The answer, which must be a success.
    #[track_caller]
    pub(super) fn ok(mut self) -> T {
        self.now().expect("an answer").unwrap_or_else(|refusal| panic!("refused: {refusal}"))
    }

    /// The answer, which must be a refusal.
    #[track_caller]
    pub(super) fn refused(mut self) -> Refusal {
        match self.now().expect("an answer") {
            Ok(_) => panic!("this was not refused"),
            Err(refusal) => refusal,
        }
    }
}

pub(super) fn name(name: &str) -> Arc<str> {
    name.into()
}

pub(super) fn lock(of: &str) -> LeaseName {
    LeaseName { kind: LeaseKind::Lock, name: name(of) }
}

pub(super) fn number(number: u8) -> Arc<SyncValue> {
    Arc::new(SyncValue { cbor: vec![number], ..SyncValue::default() })
}

impl TestEnv {
    pub(super) fn new() -> Self {
        Self::with_limits(SyncLimits { bytes_max: 1 << 20, waiters_max: 100 })
    }

    pub(super) fn with_limits(limits: SyncLimits) -> Self {
        let (sync, now) = (Coordination::new(limits), Timestamp(1_000_000));
        Self { sync, now, records: Vec::new(), claims: Vec::new(), guard: None }
    }

    /// The next command depends on this lease.
    pub(super) fn guarded(&mut self, of: &LeaseName, token: u64) -> &mut Self {
        self.guard = Some(Guard { of: of.clone(), token });
        self
    }

    /// Asks for something at once; the answer comes with [`TestEnv::deliver`].
    pub(super) fn ask_only<T>(
        &mut self,
        wait_ms: Option<u64>,
        command: impl FnOnce(Call<T>) -> SyncCommand,
    ) -> Told<T> {
        let (reply, answer) = oneshot::channel();
        let until = wait_ms.map(|ms| self.now.plus_ms(ms));
        let call = Call { reply, guard: self.guard.take(), until };
        self.sync.handle(command(call), self.now, Ok(()));
        Told(answer)
    }

    /// Asks for something and has answers given.
    pub(super) fn ask<T>(
        &mut self,
        wait_ms: Option<u64>,
        command: impl FnOnce(Call<T>) -> SyncCommand,
    ) -> Told<T> {
        let told = self.ask_only(wait_ms, command);
        self.deliver();
        told
    }

    /// Gives all answers, as if everything were durable.
    pub(super) fn deliver(&mut self) {
        loop {
            let Output { records, answers, claims } = self.sync.take_output();
            self.records.extend(records);
            self.claims.extend(claims);
            if answers.is_empty() {
                return;
            }
            for answer in answers {
                if let Some(after) = answer() {
                    self.sync.follow_up(after, self.now);
                }
            }
        }
    }

    /// Lets time pass.
    pub(super) fn pass_ms(&mut self, ms: u64) {
        self.now = self.now.plus_ms(ms);
        self.sync.tick(self.now);
        self.deliver();
    }

    pub(super) fn put(&mut self, queue: &str, value: u8) {
        let (name, value) = (name(queue), number(value));
        self.ask(None, |call| SyncCommand::Put { name, value, call }).ok();
    }

    /// What a queue gives at once.
    pub(super) fn get(&mut self, queue: &str, batch: usize) -> Vec<u8> {
        let name = name(queue);
        let mut told = self.ask(None, |call| SyncCommand::Get { name, batch, call });
        let items = told.now().expect("an answer").unwrap_or_default();
        items.iter().map(|(_, value)| value.cbor[0]).collect()
    }

    /// What is known of the state, leaving those who wait aside.
    fn fold(records: impl IntoIterator<Item = SyncRecord>) -> Coordination {
        let mut sync = Coordination::new(SyncLimits { bytes_max: 0, waiters_max: 0 });
        records.into_iter().for_each(|record| sync.apply(&record));
        sync.take_output();
        sync
    }
}

impl Drop for TestEnv {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        self.deliver();
        let restated: Vec<SyncRecord> = self.sync.restate().collect();
        let folded = Self::fold(self.records.clone());
        assert_eq!(folded.restate().collect::<Vec<_>>(), restated, "records give the state");
        let again = Self::fold(restated.clone());
        assert_eq!(again.restate().collect::<Vec<_>>(), restated, "so does their short form");
        assert_eq!(again.books, folded.books, "and the books are the same");
        assert_eq!(again.leases.last_token(), self.sync.leases.last_token());
    }
}
