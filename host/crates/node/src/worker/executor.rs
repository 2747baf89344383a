//! One executor process and the jobs that it holds.
//!
//! Knows for each order whether the executor has begun it, takes back what has not, stops what is to
//! stop, and says who is to blame when the process dies. Never decides which job comes next.

mod actor;
mod end;
mod news;

use std::{
    collections::{HashSet, VecDeque},
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use wask_proto::{
    Failure, FailureKind, Timestamp,
    executor::{FromExecutor, Job, Order, Payload, Previous, SharedPage, ToExecutor},
    worker::{AttemptId, Resumption, Started, WorkerOutcome},
};

use super::{
    args,
    config::{
        CANCEL_GRACE, CHECK_EVERY, MESSAGE_SLACK_BYTES, OUTGOING_MAX_BYTES, READY_WITHIN,
        UNCLAIMED_MAX,
    },
    desk::{Desk, Held},
    in_flight::{InFlight, Work},
    link::{Link, LinkError, Other},
    page::Page,
    parking::{self, Due, Parking},
    pipeline::Load,
    readiness::Watched,
    spawn::{Process, Spawned},
    watch::Watch,
};
use crate::clock;
use end::Ending;

/// A process, its socket, its page and its jobs.
#[derive(Debug)]
pub(super) struct Executor {
    slot: u16,
    process: Process,
    page: Page,
    link: Link,
    in_flight: VecDeque<InFlight>,
    /// Orders of `in_flight` that were not framed yet.
    batch: Vec<Order>,
    parking: Parking,
    batch_bytes: usize,
    last_seq: u64,
    /// Whether the last order was for an actor.
    last_was_of_actor: bool,
    work_ns: u64,
    watch: Watch,
    next_look: Instant,
    /// It was killed by the worker: no job that it still holds is to blame.
    condemned: bool,
}

impl Executor {
    pub(super) fn new(slot: u16, spawned: Spawned, now: Instant) -> Self {
        Self {
            slot,
            process: spawned.process,
            page: spawned.page,
            link: Link::new(spawned.socket),
            in_flight: VecDeque::new(),
            batch: Vec::new(),
            parking: Parking::default(),
            batch_bytes: 0,
            last_seq: 0,
            last_was_of_actor: false,
            work_ns: 0,
            watch: Watch::new(now),
            next_look: now,
            condemned: false,
        }
    }

    /// How busy it is; `None` when nothing may be put behind what it is doing. After jobs were
    /// taken back nothing follows until it is empty, because as long as the executor has not
    /// taken note of the first time, a second one is not possible.
    pub(super) fn load(&self) -> Option<Load> {
        let closed = !self.in_flight.is_empty() && (self.watch.is_long() || self.revoked());
        (!self.condemned && !closed).then(|| self.busy())
    }

    /// Gives it a job and what goes along with it, which is sent by [`Self::flush`] at the latest. The
    /// new load. What goes along takes as long as was seen before.
    pub(super) fn push(
        &mut self,
        mut held: Held,
        args: Vec<Payload>,
        work_ns: u64,
        desk: &mut Desk,
    ) -> Load {
        let followers = std::mem::take(&mut held.assignment.followers);
        let mut followers = followers.into_iter().map(Held::follower).peekable();
        self.push_one((held, args), work_ns, None, followers.peek().is_some());
        while let Some(mut held) = followers.next() {
            let Ok(args) = held.gather(desk.objects()) else {
                // It fails by itself when it is staged again.
                desk.take_in(std::iter::once(held).chain(followers).collect());
                break;
            };
            let of = &held.assignment;
            let work_ns = desk.estimates.get(&of.module, &of.function).unwrap_or(work_ns);
            let previous = Previous { seq: self.last_seq, places: args::places(of) };
            let keep = followers.peek().is_some();
            self.push_one((held, args), work_ns, Some(Box::new(previous)), keep);
        }
        self.busy()
    }

    fn push_one(
        &mut self,
        (held, args): (Held, Vec<Payload>),
        work_ns: u64,
        previous: Option<Box<Previous>>,
        keep: bool,
    ) {
        self.last_seq += 1;
        self.last_was_of_actor = false;
        self.batch_bytes += args.iter().map(|arg| arg.len()).sum::<usize>();
        let of = &held.assignment;
        self.batch.push(Order::Call(Job {
            seq: self.last_seq,
            module: of.module,
            function: of.function.clone(),
            args,
            keep,
            previous,
            limits: of.limits,
            attempt: of.id.attempt,
            task: of.label.clone(),
            profile: of.profile,
        }));
        let (seq, work) = (self.last_seq, Work::Call(held));
        self.expect(InFlight { seq, work, work_ns, stop_by: None });
    }

    /// A parked attempt may go on; given back if it is not here.
    pub(super) fn resume(&mut self, resumption: Resumption) -> Option<Resumption> {
        self.parking.resume(resumption)
    }

    /// Whether a parked attempt may go on.
    pub(super) fn has_due(&self) -> bool {
        self.parking.has_due()
    }

    /// Lets parked attempts go on, as far as there is room for them.
    pub(super) fn push_due(&mut self, prefetch_ns: u64, desk: &Desk) {
        while self.has_due() && self.load().is_some_and(|load| load.wants_more(prefetch_ns)) {
            let Some((held, due)) = self.parking.next_due() else { continue };
            let of = &held.assignment;
            let work_ns = desk.estimates.get(&of.module, &of.function).unwrap_or(prefetch_ns);
            self.last_seq += 1;
            self.last_was_of_actor = false;
            let answer = parking::answer(&due.reply, desk.objects());
            self.batch_bytes += answer.bytes();
            let (seq, Due { job, reply }) = (self.last_seq, due);
            self.batch.push(Order::Resume { seq, job, answer });
            let work = Work::Resume { held, job, reply };
            self.expect(InFlight { seq, work, work_ns, stop_by: None });
        }
    }

    /// Sends what was given to it, as far as its socket takes it.
    pub(super) fn flush(&mut self, now: Instant) {
        if self.batch.is_empty() {
            return;
        }
        self.frame();
        self.link.write();
        self.look_soon(now);
    }

    /// Writes what its socket did not take before.
    pub(super) fn write(&mut self) {
        self.link.write();
    }

    /// Reads what it has to say.
    pub(super) fn read(&mut self) -> Result<Other, LinkError> {
        self.link.read()
    }

    /// Its next message.
    pub(super) fn next_message(&mut self) -> Result<Option<FromExecutor>, LinkError> {
        self.link.next_message(MESSAGE_SLACK_BYTES.saturating_add(self.answers_max_bytes()))
    }

    /// Stops the named attempts among its jobs.
    pub(super) fn cancel(&mut self, ids: &HashSet<AttemptId>, desk: &mut Desk) {
        ids.iter().for_each(|id| self.cancel_parked(id, desk));
        let stop_by = desk.now + CANCEL_GRACE;
        let mut any = false;
        let named = |job: &InFlight| job.attempt().is_some_and(|id| ids.contains(&id));
        for job in self.in_flight.iter_mut().filter(|job| named(job)) {
            job.stop_by.get_or_insert(stop_by);
            any = true;
        }
        if any {
            self.pursue_stops(desk);
            self.look_soon(desk.now);
        }
    }

    /// Hands the named attempts back that it has not begun.
    pub(super) fn reclaim(&mut self, ids: &HashSet<AttemptId>, desk: &mut Desk) {
        let begun = self.page.last_claimed();
        // What was parked can go on nowhere else.
        let wanted = |job: &InFlight| match &job.work {
            Work::Call(held) => job.stop_by.is_none() && ids.contains(&held.assignment.id),
            Work::Resume { .. } | Work::Actor(_) => false,
        };
        if !self.in_flight.iter().any(|job| job.seq > begun && wanted(job)) {
            return;
        }
        let (returned, kept): (Vec<_>, Vec<_>) = self.take_back().into_iter().partition(wanted);
        desk.report.returned.extend(returned.iter().filter_map(InFlight::attempt));
        self.put_back(kept, desk);
    }

    /// Gives everything back that it has not begun.
    pub(super) fn give_back(&mut self, desk: &mut Desk) {
        let jobs = self.take_back();
        self.put_back(jobs, desk);
    }

    /// Hands everything back that is parked: it begins anew elsewhere or later.
    pub(super) fn give_parked_back(&mut self, desk: &mut Desk) {
        desk.report.returned.extend(self.parking.take_all());
    }

    /// Looks at its page if it is time to.
    pub(super) fn check(&mut self, desk: &mut Desk) {
        if self.next_check().is_none_or(|at| at > desk.now) {
            return;
        }
        let claimed = self.page.last_claimed();
        match self.position(claimed) {
            Some(at) => self.check_head(at, desk),
            None => self.check_unclaimed(desk),
        }
        self.pursue_stops(desk);
        self.next_look = if self.in_flight.iter().any(|job| job.stop_by.is_some()) {
            desk.now + CHECK_EVERY
        } else {
            self.watch.next_look(desk.now)
        };
    }

    /// When [`Self::check`] wants to be called next.
    pub(super) fn next_check(&self) -> Option<Instant> {
        (!self.condemned && !self.in_flight.is_empty()).then_some(self.next_look)
    }

    /// Whether it holds no job.
    pub(super) fn is_idle(&self) -> bool {
        self.in_flight.is_empty()
    }

    /// Asks it to end, by closing the way to it.
    pub(super) fn close(&self) {
        self.link.close_writing();
    }

    /// What to wait for on its socket.
    pub(super) fn watched(&self) -> Watched<'_> {
        Watched {
            socket: self.link.descriptor(),
            process_id: self.process.id(),
            writable: self.link.unwritten_bytes() > 0,
        }
    }

    /// Its process id.
    pub(super) fn process_id(&self) -> u32 {
        self.process.id()
    }

    fn busy(&self) -> Load {
        Load {
            jobs: self.in_flight.len(),
            work_ns: self.work_ns,
            unwritten_bytes: self.link.unwritten_bytes(),
        }
    }

    /// Puts the batch into one frame. Encoding into memory cannot fail below 4 GiB, which the
    /// bounds of arguments and batch ensure; if it does, the stream is of no more use.
    fn frame(&mut self) {
        self.batch_bytes = 0;
        let mut message = ToExecutor::Run(std::mem::take(&mut self.batch));
        self.queue(&mut message);
        if let ToExecutor::Run(mut orders) = message {
            orders.clear();
            self.batch = orders;
        }
    }

    fn expect(&mut self, order: InFlight) {
        self.work_ns += order.work_ns;
        self.in_flight.push_back(order);
        if self.batch_bytes >= OUTGOING_MAX_BYTES {
            self.frame();
        }
    }

    /// An order has come back.
    fn end_order(&mut self, seq: u64, desk: &Desk) -> Option<InFlight> {
        let order = self.position(seq).and_then(|at| self.remove(at))?;
        self.watch.ended(seq);
        if self.in_flight.iter().all(|job| job.stop_by.is_none()) {
            self.look_soon(desk.now);
        }
        Some(order)
    }

    /// Ends an attempt, if it is parked here.
    fn cancel_parked(&mut self, id: &AttemptId, desk: &mut Desk) {
        let Some(job) = self.parking.job(id) else { return };
        self.parking.remove(job);
        self.queue(&mut ToExecutor::Drop { job });
        self.link.write();
        desk.report.never_ran(*id, clock::now(), WorkerOutcome::Cancelled);
    }

    /// Puts orders that have not begun back where they came from; the cancelled ones end here.
    fn put_back(&mut self, orders: Vec<InFlight>, desk: &mut Desk) {
        let (mut calls, mut resumed, mut of_actors) = (Vec::new(), Vec::new(), Vec::new());
        let at = clock::now();
        for InFlight { work, stop_by, .. } in orders {
            match work {
                // Those that were stopped are of actors that are forgotten.
                Work::Actor(order) => of_actors.push(*order),
                Work::Call(held) if stop_by.is_none() => calls.push(held),
                Work::Resume { held, job, reply } if stop_by.is_none() => {
                    resumed.push((held, Due { job, reply }));
                }
                Work::Call(held) => {
                    desk.report.never_ran(held.assignment.id, at, WorkerOutcome::Cancelled);
                }
                Work::Resume { held, job, .. } => {
                    self.queue(&mut ToExecutor::Drop { job });
                    desk.report.never_ran(held.assignment.id, at, WorkerOutcome::Cancelled);
                }
            }
        }
        self.link.write();
        desk.take_in(calls);
        desk.actors.take_back(of_actors);
        self.parking.take_in(resumed.into_iter());
    }

    fn queue(&mut self, message: &mut ToExecutor) {
        if let Err(error) = self.link.queue(message) {
            tracing::error!(slot = self.slot, %error, "a message to an executor cannot be framed");
            self.condemn();
        }
    }

    /// Kills it. Its end is noticed on the socket, like any other.
    fn condemn(&mut self) {
        self.condemned = true;
        self.process.kill();
    }

    fn revoked(&self) -> bool {
        self.page.claim.load(Ordering::Acquire) & SharedPage::REVOKED != 0
    }

    /// Takes every job back that it has not begun; none while it has not taken note of an
    /// earlier time.
    fn take_back(&mut self) -> Vec<InFlight> {
        let begun = self.page.last_claimed();
        let behind = self.in_flight.back().is_some_and(|job| job.seq > begun);
        if !behind || self.condemned || self.revoked() {
            return Vec::new();
        }
        let begun = self.page.revoke();
        let from = self.in_flight.partition_point(|job| job.seq <= begun);
        let jobs: Vec<_> = self.in_flight.drain(from..).collect();
        self.work_ns = self.in_flight.iter().map(|job| job.work_ns).sum();
        self.queue(&mut ToExecutor::GoOn);
        self.link.write();
        jobs
    }

    fn check_head(&mut self, at: usize, desk: &mut Desk) {
        let since = self.page.running_since.load(Ordering::Acquire);
        let Some(job) = self.in_flight.get_mut(at) else { return };
        let ran_us = if since == 0 { 0 } else { clock::now().micros_since(Timestamp(since)) };
        let turned_long = self.watch.see(job.seq, Duration::from_micros(ran_us), desk.now);
        let (id, seq, wall_max_ms) = (job.attempt(), job.seq, job.wall_max_ms());
        if let Some(held) = job.held_mut().filter(|held| turned_long && !held.announced) {
            held.announced = true;
            let id = held.assignment.id;
            if held.follows {
                desk.report.seal_ends();
            }
            desk.report.started.push(Started { id, slot: self.slot, at: or_now(since) });
        }
        if turned_long {
            self.give_back(desk);
        }
        if let Some(id) = id.filter(|_| self.watch.is_long()) {
            let done = self.page.progress_done.load(Ordering::Relaxed);
            let total = self.page.progress_total.load(Ordering::Relaxed);
            let news = self.watch.progress((done, total));
            desk.report.progress.extend(news.map(|(done, total)| (id, done, total)));
        }
        if self.watch.overran(wall_max_ms, desk.now) {
            let failure = Failure::new(
                FailureKind::Timeout,
                format!(
                    "the call ran longer than its limit of {wall_max_ms} ms, did not stop, and \
                     was killed together with its executor"
                ),
            );
            self.kill_for(seq, Ending::Failed(Box::new(failure)), desk);
        }
    }

    /// Jobs wait and none has begun: it may still be reading, or it hangs.
    fn check_unclaimed(&mut self, desk: &Desk) {
        self.watch.see_nothing(desk.now);
        if self.watch.age(desk.now) > UNCLAIMED_MAX && self.link.unwritten_bytes() == 0 {
            tracing::warn!(slot = self.slot, "an executor does not begin its jobs; killing it");
            self.condemn();
        }
    }

    /// Takes back what was cancelled and has not begun, tells the executor to stop what it runs,
    /// and kills it when that did not help in time.
    fn pursue_stops(&mut self, desk: &mut Desk) {
        if self.condemned || self.in_flight.iter().all(|job| job.stop_by.is_none()) {
            return;
        }
        let begun = self.page.last_claimed();
        if self.in_flight.iter().any(|job| job.seq > begun && job.stop_by.is_some()) {
            self.give_back(desk);
        }
        let begun = self.page.last_claimed();
        if self.in_flight.iter().any(|job| job.seq == begun && job.stop_by.is_some()) {
            self.page.cancel.store(begun, Ordering::Release);
        }
        let late = |job: &&InFlight| job.stop_by.is_some_and(|at| at <= desk.now);
        if let Some(seq) = self.in_flight.iter().find(late).map(|job| job.seq) {
            self.kill_for(seq, Ending::Cancelled, desk);
        }
    }

    /// The most bytes that the answers to all its jobs can have.
    fn answers_max_bytes(&self) -> usize {
        let bytes = self.in_flight.iter().map(InFlight::answer_max_bytes);
        let bytes = bytes.fold(0, u64::saturating_add);
        usize::try_from(bytes).unwrap_or(usize::MAX)
    }

    fn position(&self, seq: u64) -> Option<usize> {
        match self.in_flight.front() {
            Some(front) if front.seq == seq => Some(0),
            _ => self.in_flight.binary_search_by_key(&seq, |job| job.seq).ok(),
        }
    }

    fn remove(&mut self, at: usize) -> Option<InFlight> {
        let job = self.in_flight.remove(at)?;
        self.work_ns = self.work_ns.saturating_sub(job.work_ns);
        Some(job)
    }

    fn look_soon(&mut self, now: Instant) {
        self.next_look = now + CHECK_EVERY;
    }
}

/// Why an executor has to be killed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// It does not keep to the protocol.
    #[error("{0}")]
    Link(#[from] LinkError),
    /// It was started and never said that it is ready.
    #[error("it was not ready within {} s", READY_WITHIN.as_secs())]
    NeverReady,
}

/// Microseconds since the epoch, or the present for 0.
fn or_now(micros: u64) -> Timestamp {
    if micros == 0 { clock::now() } else { Timestamp(micros) }
}
