//! What the worker holds outside its executors: attempts and orders for actors that wait,
//! durations, news to send.
//!
//! Owns the order of waiting attempts; never talks to an executor.

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
    time::Instant,
};

use wask_proto::{
    ActorId, Failure,
    executor::Payload,
    worker::{ActorOrder, ActorOutcome, Assignment, AttemptId, FromWorker, WorkerOutcome},
};
use wask_store::Objects;

use super::{
    actors::{Actors, Bytes, Lines},
    args,
    config::STORED_INLINE_MAX_BYTES,
    estimate::Estimates,
    health::Health,
    loader::Loader,
    orders::{self, Loaded},
    report::Report,
};
use crate::clock;

/// An attempt that the worker holds and no executor has begun.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) assignment: Assignment,
    /// Whether it goes along with another one, and is nothing without it.
    pub(super) follows: bool,
    /// Whether the scheduler was told that it began, in an executor that died since.
    pub(super) announced: bool,
    /// Its arguments, when they were loaded ahead.
    args: Option<Vec<Payload>>,
    stored_bytes: u64,
    /// When its arguments were asked for.
    asked_at: Option<Instant>,
    /// Microseconds that it took to bring its arguments.
    pub(super) fetch_us: u32,
}

/// Waiting attempts and everything that outlives a single executor.
pub(super) struct Desk {
    /// The present of this turn.
    pub(super) now: Instant,
    pub(super) report: Report,
    pub(super) estimates: Estimates,
    pub(super) health: Health,
    pub(super) actors: Actors,
    queue: VecDeque<Held>,
    loader: Loader,
    objects: Arc<dyn Objects>,
    /// Once set, nothing begins any more.
    draining: bool,
}

impl Held {
    fn new(assignment: Assignment) -> Self {
        let stored_bytes = args::stored_bytes(&assignment.args);
        Self {
            assignment,
            follows: false,
            announced: false,
            args: None,
            stored_bytes,
            asked_at: None,
            fetch_us: 0,
        }
    }

    /// One that goes along with another one. Nothing of it has to be read.
    pub(super) fn follower(assignment: Assignment) -> Self {
        Self { follows: true, ..Self::new(assignment) }
    }

    /// The attempts that it stands for: itself, and what goes along with it.
    fn ids(&self) -> impl Iterator<Item = AttemptId> + '_ {
        ids_of(&self.assignment)
    }

    /// Reads its arguments here and now.
    pub(super) fn gather(&mut self, objects: &dyn Objects) -> Result<Vec<Payload>, Box<Failure>> {
        let is_read = self.stored_bytes > 0;
        self.asked_at = is_read.then(Instant::now);
        let args = args::gather(&self.assignment.args, objects);
        self.note_fetched();
        args
    }

    /// Its arguments are being read.
    pub(super) fn note_asked(&mut self) {
        self.asked_at = Some(Instant::now());
    }

    /// Its arguments are there.
    fn note_fetched(&mut self) {
        let us = self.asked_at.take().map_or(0, |asked| asked.elapsed().as_micros());
        self.fetch_us = u32::try_from(us).unwrap_or(u32::MAX);
    }

    const fn needs_loader(&self) -> bool {
        self.args.is_none() && self.stored_bytes > STORED_INLINE_MAX_BYTES
    }
}

impl Desk {
    pub(super) fn new(objects: Arc<dyn Objects>, loader: Loader) -> Self {
        Self {
            now: Instant::now(),
            report: Report::default(),
            estimates: Estimates::default(),
            health: Health::default(),
            actors: Actors::default(),
            queue: VecDeque::new(),
            loader,
            objects,
            draining: false,
        }
    }

    /// Queues new work, or hands it back while draining.
    pub(super) fn accept(&mut self, assignments: Vec<Assignment>) {
        if self.draining {
            self.report.returned.extend(assignments.iter().flat_map(ids_of));
        } else {
            self.queue.extend(assignments.into_iter().map(Held::new));
        }
    }

    /// Puts attempts that did not begin back to the front, in their order. Those that went along
    /// with another one are handed back: it may have begun.
    pub(super) fn take_in(&mut self, attempts: Vec<Held>) {
        let parted = |held: &Held| self.draining || held.follows;
        let (parted, kept): (Vec<_>, Vec<_>) = attempts.into_iter().partition(parted);
        self.report.returned.extend(parted.iter().flat_map(Held::ids));
        kept.into_iter().rev().for_each(|held| self.queue.push_front(held));
    }

    /// An attempt's arguments have been loaded.
    pub(super) fn loaded(&mut self, id: AttemptId, args: Result<Vec<Payload>, Box<Failure>>) {
        let Some(mut held) = self.loader.answered(id) else { return };
        match args {
            Ok(args) => {
                held.note_fetched();
                held.args = Some(args);
                let place = self.loaded_count();
                self.queue.insert(place, held);
            }
            Err(failure) => self.fail(&held, failure),
        }
    }

    /// The next attempt that can begin, with its arguments. On the way to it, large arguments
    /// are asked for and attempts without arguments fail.
    pub(super) fn next_job(&mut self) -> Option<(Held, Vec<Payload>)> {
        while let Some(mut held) = self.queue.pop_front() {
            if held.needs_loader() {
                if let Some(held) = self.loader.ask(held) {
                    self.queue.push_front(held);
                    return None;
                }
                continue;
            }
            let gathered = held.args.take().map_or_else(|| held.gather(&*self.objects), Ok);
            match gathered {
                Ok(args) => return Some((held, args)),
                Err(failure) => self.fail(&held, failure),
            }
        }
        None
    }

    /// The next order among these lines that can be sent to the executor of `slot`. On the way to
    /// it, large values are asked for, and orders whose bytes cannot be read end.
    pub(super) fn next_order(
        &mut self,
        lines: Lines,
        slot: u16,
    ) -> Option<(Box<ActorOrder>, Loaded)> {
        while let Some(first) = self.actors.next(lines) {
            if matches!(first.bytes, Bytes::Unread) {
                if orders::stored_bytes(&first.order) > STORED_INLINE_MAX_BYTES {
                    if !self.loader.ask_for_order(&first.order) {
                        return None;
                    }
                    self.actors.await_bytes(lines);
                    continue;
                }
                let loaded = orders::load(&first.order, &*self.objects);
                first.bytes = loaded.map_or_else(Bytes::Unreadable, Bytes::Read);
            }
            if let Some(order) = self.actors.send(lines, slot) {
                return Some(order);
            }
        }
        None
    }

    /// The bytes of an actor's order have been loaded.
    pub(super) fn order_loaded(
        &mut self,
        actor: ActorId,
        number: u64,
        loaded: Result<Loaded, ActorOutcome>,
    ) {
        self.loader.order_answered();
        self.actors.loaded(actor, number, loaded);
    }

    /// Everything that the scheduler is to be told.
    pub(super) fn take_news(&mut self) -> Vec<FromWorker> {
        self.report.actors = self.actors.take_answers();
        self.report.take()
    }

    /// Whether there is something to tell.
    pub(super) fn has_news(&self) -> bool {
        self.actors.has_answers() || !self.report.is_empty()
    }

    /// Asks for large arguments of what comes next, while every executor is busy anyway.
    pub(super) fn load_ahead(&mut self, attempts_max: usize) {
        let loaded = self.loaded_count();
        while loaded + self.loader.unanswered() < attempts_max
            && self.queue.get(loaded).is_some_and(Held::needs_loader)
        {
            let Some(held) = self.queue.remove(loaded) else { return };
            if let Some(held) = self.loader.ask(held) {
                self.queue.insert(loaded, held);
                return;
            }
        }
    }

    /// Where stored values are.
    pub(super) fn objects(&self) -> &dyn Objects {
        &*self.objects
    }

    /// Ends the named attempts that wait here as cancelled.
    pub(super) fn cancel(&mut self, ids: &HashSet<AttemptId>) {
        let at = clock::now();
        for id in self.remove(ids) {
            self.report.never_ran(id, at, WorkerOutcome::Cancelled);
        }
    }

    /// Hands the named attempts that wait here back.
    pub(super) fn reclaim(&mut self, ids: &HashSet<AttemptId>) {
        let returned = self.remove(ids);
        self.report.returned.extend(returned);
    }

    /// Hands everything back and takes nothing from here on.
    pub(super) fn drain(&mut self) {
        self.draining = true;
        self.actors.drain();
        let asked = self.loader.take_all();
        let all = asked.iter().chain(&self.queue).flat_map(Held::ids);
        self.report.returned.extend(all);
        self.queue.clear();
    }

    /// Whether it takes nothing any more.
    pub(super) const fn draining(&self) -> bool {
        self.draining
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Attempts at the front whose arguments were loaded ahead.
    fn loaded_count(&self) -> usize {
        self.queue.iter().take_while(|held| held.args.is_some()).count()
    }

    /// An attempt whose arguments cannot be had; nothing can go along with it.
    fn fail(&mut self, held: &Held, failure: Box<Failure>) {
        self.report.no_args(&held.assignment, clock::now(), failure);
        self.report.returned.extend(held.ids().skip(1));
    }

    /// Takes the named attempts off the queue. What goes along with one of them is handed back,
    /// unless it is named itself.
    fn remove(&mut self, ids: &HashSet<AttemptId>) -> Vec<AttemptId> {
        let mut removed = Vec::new();
        let mut parted = Vec::new();
        let mut remove = |id| if ids.contains(&id) { removed.push(id) } else { parted.push(id) };
        self.loader.take(ids).iter().flat_map(Held::ids).for_each(&mut remove);
        self.queue.retain_mut(|held| {
            if ids.contains(&held.assignment.id) {
                held.ids().for_each(&mut remove);
                return false;
            }
            let followers = &mut held.assignment.followers;
            if let Some(at) = followers.iter().position(|follower| ids.contains(&follower.id)) {
                followers.drain(at..).for_each(|follower| remove(follower.id));
            }
            true
        });
        self.report.returned.extend(parted);
        removed
    }
}

fn ids_of(assignment: &Assignment) -> impl Iterator<Item = AttemptId> + '_ {
    let followers = assignment.followers.iter().map(|follower| follower.id);
    std::iter::once(assignment.id).chain(followers)
}
