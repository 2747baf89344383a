//! Queues, variables, events, locks, semaphores and topics: a pure state machine.
//!
//! A command and the time go in; records and answers come out. State changes by records alone,
//! live and after a restart through [`Coordination::apply`]. Who waits is kept beside it and does
//! not survive a restart. Does no IO and reads no clock.

mod books;
mod command;
mod flag;
mod lease;
mod lines;
mod list;
mod partings;
mod queue;
mod restate;
mod topic;
mod variable;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use wask_proto::{SyncRecord, TaskId, Timestamp};

pub(crate) use books::Claim;
pub(crate) use command::{After, Answer, Call, Output, SyncCommand};
pub(crate) use list::PageOf;
pub(crate) use partings::Partings;

use books::Books;
use flag::Flags;
use lease::Leases;
use queue::Queues;
use topic::Topics;
use variable::Variables;

use crate::{refusal::Refusal, view::sync::Guard};

/// What all of it may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SyncLimits {
    /// Bytes of all values and names.
    pub(crate) bytes_max: u64,
    /// Calls that wait.
    pub(crate) waiters_max: usize,
}

/// All things that programs coordinate by, and who waits for them.
pub(crate) struct Coordination {
    limits: SyncLimits,
    queues: Queues,
    variables: Variables,
    flags: Flags,
    leases: Leases,
    topics: Topics,
    books: Books,
    /// Whether the command that is being handled may change anything.
    verdict: Result<(), Refusal>,
    now: Timestamp,
    out: Output,
}

impl Coordination {
    pub(crate) fn new(limits: SyncLimits) -> Self {
        Self {
            limits,
            queues: Queues::default(),
            variables: Variables::default(),
            flags: Flags::default(),
            leases: Leases::default(),
            topics: Topics::default(),
            books: Books::default(),
            verdict: Ok(()),
            now: Timestamp(0),
            out: Output::default(),
        }
    }

    /// Does what is asked, or lets it wait. `verdict` says whether anything may be changed.
    pub(crate) fn handle(
        &mut self,
        command: SyncCommand,
        now: Timestamp,
        verdict: Result<(), Refusal>,
    ) {
        self.tick(now);
        self.verdict = verdict;
        match command {
            SyncCommand::MakeQueue { name, maxsize, call } => self.make_queue(name, maxsize, call),
            SyncCommand::Put { name, value, call } => self.put(name, value, call),
            SyncCommand::Get { name, batch, call } => self.get(name, batch, call),
            SyncCommand::DeleteQueue { name, call } => self.delete_queue(name, call),
            SyncCommand::SetVariable { name, value, call } => self.set_variable(name, value, call),
            SyncCommand::Variable { name, call } => self.variable(name, call),
            SyncCommand::DeleteVariable { name, call } => self.delete_variable(name, call),
            SyncCommand::Flag { name, set, call } => self.flag(name, set, call),
            SyncCommand::AwaitFlag { name, call } => self.await_flag(&name, call),
            SyncCommand::MakeSemaphore { name, leases, call } => {
                self.make_semaphore(name, leases, call);
            }
            SyncCommand::Acquire { of, lease_ms, call } => self.acquire(of, lease_ms, call),
            SyncCommand::Renew { of, token, lease_ms, call } => {
                self.renew(of, token, lease_ms, call);
            }
            SyncCommand::Release { of, token, call } => self.release(of, token, call),
            SyncCommand::DeleteLeases { of, call } => self.delete_leases(of, call),
            SyncCommand::MakeTopic { name, retain, call } => self.make_topic(name, retain, call),
            SyncCommand::Post { name, value, call } => self.post(name, value, call),
            SyncCommand::ReadTopic { name, after, limit, call } => {
                self.read_topic(name, after, limit, call);
            }
            SyncCommand::DeleteTopic { name, call } => self.delete_topic(name, call),
        }
    }

    /// Ends leases and waits whose time is over.
    pub(crate) fn tick(&mut self, now: Timestamp) {
        self.now = now;
        if self.next_deadline().is_none_or(|deadline| deadline > now) {
            return;
        }
        self.end_leases();
        self.time_out_queues();
        self.time_out_variables();
        self.time_out_flags();
        self.time_out_leases();
        self.time_out_topics();
    }

    /// When there is something to do without being asked.
    pub(crate) fn next_deadline(&self) -> Option<Timestamp> {
        let deadlines = [
            self.queues.next_deadline(),
            self.variables.next_deadline(),
            self.flags.next_deadline(),
            self.leases.next_deadline(),
            self.topics.next_deadline(),
        ];
        deadlines.into_iter().flatten().min()
    }

    /// Does what follows an answer: takes back what was given to those who are gone.
    pub(crate) fn follow_up(&mut self, after: After, now: Timestamp) {
        self.tick(now);
        match after {
            After::Delivered(items) => self.let_go(&items),
            After::Undelivered(queue, items) => self.put_back(queue, items),
            After::Untaken(of, token) => self.give_back(of, token),
        }
    }

    /// What has come of it since this was asked last.
    pub(crate) fn take_output(&mut self) -> Output {
        self.out.claims = self.books.take_claims();
        std::mem::take(&mut self.out)
    }

    /// The tasks whose results are needed, after a restart.
    pub(crate) fn claimed_tasks(&mut self) -> Vec<TaskId> {
        self.books.take_claims();
        self.books.tasks().collect()
    }

    /// Folds a record in: the only way in which state changes.
    pub(crate) fn apply(&mut self, record: &SyncRecord) {
        let books = &mut self.books;
        match record {
            SyncRecord::QueueMade { .. }
            | SyncRecord::QueuePut { .. }
            | SyncRecord::QueueTaken { .. }
            | SyncRecord::QueueReturned { .. }
            | SyncRecord::QueueDeleted { .. } => self.queues.apply(record, books),
            SyncRecord::VariableSet { .. } | SyncRecord::VariableDeleted { .. } => {
                self.variables.apply(record, books);
            }
            SyncRecord::EventSet { .. } | SyncRecord::EventCleared { .. } => {
                self.flags.apply(record, books);
            }
            SyncRecord::SemaphoreMade { .. }
            | SyncRecord::SemaphoreDeleted { .. }
            | SyncRecord::LeaseTaken { .. }
            | SyncRecord::LeaseRenewed { .. }
            | SyncRecord::LeaseEnded { .. } => self.leases.apply(record, books),
            SyncRecord::TopicMade { .. }
            | SyncRecord::TopicPosted { .. }
            | SyncRecord::TopicDeleted { .. } => self.topics.apply(record, books),
            SyncRecord::Restated { last_token } => self.forget_all(*last_token),
        }
    }

    /// Whether a call that depends on this lease may change anything.
    pub(crate) fn check_guard(&self, guard: Option<&Guard>) -> Result<(), Refusal> {
        match guard {
            Some(guard) if !self.leases.holds(&guard.of, guard.token, self.now) => {
                Err(Refusal::StaleToken { of: guard.of.clone(), token: guard.token })
            }
            _ => Ok(()),
        }
    }

    fn forget_all(&mut self, last_token: u64) {
        self.books = Books::default();
        self.queues.forget();
        self.variables.forget();
        self.flags.forget();
        self.leases.forget(last_token);
        self.topics.forget();
    }

    /// Applies a record and has it written down.
    fn commit(&mut self, record: SyncRecord) {
        self.apply(&record);
        self.out.records.push(record);
    }

    fn answer<T: Send + 'static>(&mut self, call: Call<T>, answer: Result<T, Refusal>) {
        self.out.answers.push(call.answered(answer));
    }

    /// Whether a call may change anything.
    fn admit<T>(&self, call: &Call<T>) -> Result<(), Refusal> {
        self.verdict.clone()?;
        self.check_guard(call.guard.as_ref())
    }

    /// Whether so many bytes more may be kept.
    fn check_room(&self, bytes: u64) -> Result<(), Refusal> {
        let limit_bytes = self.limits.bytes_max;
        if self.books.bytes + bytes > limit_bytes {
            return Err(Refusal::SyncFull { limit_bytes });
        }
        Ok(())
    }

    /// Until when a call waits, if it waits and there is a place for it.
    fn check_wait<T>(&mut self, call: &Call<T>) -> Result<Timestamp, Refusal> {
        let until = call.until.filter(|until| *until > self.now).ok_or(Refusal::TimedOut)?;
        if self.waiters() >= self.limits.waiters_max {
            self.sweep();
        }
        if self.waiters() >= self.limits.waiters_max {
            return Err(Refusal::Busy("other calls that wait"));
        }
        Ok(until)
    }

    fn waiters(&self) -> usize {
        let flags_and_topics = self.flags.waiters() + self.topics.waiters();
        let leases = self.leases.waiters_in_all();
        self.queues.waiters() + self.variables.waiters() + leases + flags_and_topics
    }

    fn sweep(&mut self) {
        self.sweep_queues();
        self.variables.sweep();
        self.flags.sweep();
        self.leases.sweep();
        self.topics.sweep();
    }
}
