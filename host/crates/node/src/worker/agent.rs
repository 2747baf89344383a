//! The worker: it hears its executors, hands out jobs, and tells what came of them.
//!
//! Has no thread of its own: whoever owns it gives it its turns, all of them on one thread, which
//! also starts the executors: the kernel kills them when it ends.

use std::{
    collections::HashSet,
    io,
    os::fd::{AsFd, BorrowedFd},
    sync::Arc,
    time::{Duration, Instant},
};

use wask_proto::{
    ActorId,
    worker::{AttemptId, FromWorker, Resumption, ToWorker},
};
use wask_store::Objects;

use super::{
    actors::Lines,
    config::{
        HEAVY_LEAVE_AFTER, LIGHT_INSTANCE_MAX_BYTES, ORDERS_SHARE, WorkerConfig, WorkerError,
    },
    desk::Desk,
    executor::Executor,
    health::SlotHealth,
    loader::Loader,
    mailbox::{Answer, Mailbox},
    pipeline::{self, Load},
    readiness::{Happened, Readiness},
    slot::Slot,
};

/// A worker in this process: its executors, and what waits for them. Dropped, it kills its
/// executors and waits for their end.
pub(crate) struct Agent {
    config: WorkerConfig,
    mailbox: Arc<Mailbox>,
    readiness: Readiness,
    desk: Desk,
    slots: Vec<Slot>,
    /// What happened on each slot's socket in this turn.
    happened: Vec<Happened>,
    loads: Vec<Option<Load>>,
    greeted: bool,
}

impl Agent {
    /// A worker whose executors start with its first turn, in the thread that takes it; its `Hello`
    /// follows when the first is ready.
    pub(crate) fn new(
        config: WorkerConfig,
        objects: Arc<dyn Objects>,
    ) -> Result<Self, WorkerError> {
        if config.slots == 0 {
            return Err(WorkerError::NoSlots);
        }
        let system = |what| move |source| WorkerError::System { what, source };
        let mailbox = Arc::new(Mailbox::new().map_err(system("eventfd"))?);
        let readiness =
            Readiness::new(mailbox.descriptor(), config.slots).map_err(system("epoll"))?;
        let loads_max = usize::from(config.slots);
        let loader = Loader::start(objects.clone(), mailbox.clone(), loads_max)
            .map_err(system("loader thread"))?;
        let desk = Desk::new(objects, loader);
        let slots = (0..config.slots).map(|number| Slot::new(number, desk.now)).collect();
        let happened = vec![Happened::default(); usize::from(config.slots)];
        let (loads, greeted) = (Vec::new(), false);
        Ok(Self { config, mailbox, readiness, desk, slots, happened, loads, greeted })
    }

    /// Takes note of a message. What follows from it happens in [`Self::act`].
    pub(crate) fn take(&mut self, message: ToWorker) {
        self.desk.now = Instant::now();
        match message {
            ToWorker::Assign(assignments) => self.desk.accept(assignments),
            ToWorker::Cancel(ids) => self.cancel(ids),
            ToWorker::Reclaim(ids) => self.reclaim(ids),
            ToWorker::Resume(resumptions) => self.resume(resumptions),
            ToWorker::Drain => self.drain(),
            ToWorker::Actor(orders) => self.desk.actors.accept(orders),
            ToWorker::ForgetActor(actors) => self.forget(actors),
        }
    }

    /// Listens to the executors, for at most that long until one says something, and acts. Tells
    /// whether anything has happened. The descriptor ([`AsFd`]) is readable while it would.
    pub(crate) fn turn(&mut self, timeout: Option<Duration>) -> io::Result<bool> {
        let Self { readiness, happened, .. } = self;
        happened.fill(Happened::default());
        let any = readiness.wait(timeout, |slot, on_socket| {
            if let Some(place) = happened.get_mut(usize::from(slot)) {
                *place = on_socket;
            }
        })?;
        self.desk.now = Instant::now();
        let due = self.deadline().is_some_and(|at| at <= self.desk.now);
        if !any && !due && !self.desk.draining() {
            return Ok(false);
        }
        if self.readiness.mailbox {
            self.take_loads();
        }
        for (slot, happened) in self.slots.iter_mut().zip(&self.happened) {
            if *happened != Happened::default() {
                slot.serve(*happened, &mut self.desk);
            }
        }
        for slot in &mut self.slots {
            slot.tick(&self.config, &mut self.desk);
        }
        self.act()?;
        Ok(any || due)
    }

    /// Hands out what waits, as far as the executors have room.
    pub(crate) fn act(&mut self) -> io::Result<()> {
        self.dispatch();
        self.greet();
        self.slots.iter().try_for_each(|slot| self.readiness.watch(slot.number(), slot.watched()))
    }

    /// What it has to tell since it was asked last, in order.
    pub(crate) fn take_news(&mut self) -> Vec<FromWorker> {
        self.desk.take_news()
    }

    /// Whether there is something to tell.
    pub(crate) fn has_news(&self) -> bool {
        self.desk.has_news()
    }

    /// When it has to have its turn, whatever happens.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.slots.iter().filter_map(Slot::deadline).min()
    }

    /// Waits until everything that runs has ended, after [`ToWorker::Drain`].
    pub(crate) fn finish(mut self) -> io::Result<Vec<FromWorker>> {
        self.turn(Some(Duration::ZERO))?;
        while !(self.desk.draining() && self.slots.iter().all(Slot::is_closed)) {
            let timeout = self.deadline().map(|at| at.saturating_duration_since(Instant::now()));
            self.turn(timeout)?;
        }
        Ok(self.take_news())
    }

    /// Slots whose executor works.
    pub(crate) fn slots_ready(&self) -> u16 {
        self.slots.iter().filter(|slot| slot.is_ready()).count() as u16
    }

    /// Why executors do not become ready, while none has.
    pub(crate) fn trouble(&self) -> Option<&str> {
        self.desk.health.trouble()
    }

    /// How the executors are, by slot.
    pub(crate) fn slots(&self) -> &[SlotHealth] {
        self.desk.health.slots()
    }

    fn take_loads(&mut self) {
        for answer in self.mailbox.take() {
            match answer {
                Answer::Args(id, args) => self.desk.loaded(id, args),
                Answer::Order(actor, number, loaded) => {
                    self.desk.order_loaded(actor, number, loaded);
                }
            }
        }
    }

    /// Ends the instances of these actors, and stops what they do.
    fn forget(&mut self, actors: Vec<ActorId>) {
        for actor in actors {
            let slot = self.desk.actors.forget(actor);
            if let Some(executor) = slot.and_then(|slot| executor_of(&mut self.slots, slot)) {
                executor.forget(actor);
                executor.stop_orders(actor, &mut self.desk);
            }
        }
    }

    fn cancel(&mut self, ids: Vec<AttemptId>) {
        let ids: HashSet<_> = ids.into_iter().collect();
        self.desk.cancel(&ids);
        for executor in self.slots.iter_mut().filter_map(Slot::ready) {
            executor.cancel(&ids, &mut self.desk);
        }
    }

    fn reclaim(&mut self, ids: Vec<AttemptId>) {
        let ids: HashSet<_> = ids.into_iter().collect();
        self.desk.reclaim(&ids);
        for executor in self.slots.iter_mut().filter_map(Slot::ready) {
            executor.reclaim(&ids, &mut self.desk);
        }
    }

    /// Lets parked attempts go on, each in the executor where it is. One that is nowhere was handed
    /// back, and the scheduler is about to hear of that.
    fn resume(&mut self, resumptions: Vec<Resumption>) {
        for resumption in resumptions {
            let mut executors = self.slots.iter_mut().filter_map(Slot::ready);
            executors.try_fold(resumption, |resumption, executor| executor.resume(resumption));
        }
    }

    fn drain(&mut self) {
        self.desk.drain();
        for executor in self.slots.iter_mut().filter_map(Slot::ready) {
            executor.give_back(&mut self.desk);
            executor.give_parked_back(&mut self.desk);
        }
    }

    /// Fills the executors that want more with what waits. Orders for actors go first, because they
    /// can go nowhere else; attempts that wait have their turn, and the larger share.
    fn dispatch(&mut self) {
        let prefetch_ns = self.config.prefetch_us.saturating_mul(1_000);
        let attempts_wait = !self.desk.is_empty();
        let mut any = attempts_wait || self.desk.actors.has_ready();
        if self.desk.actors.has_ready() {
            self.leave_busy_executors(prefetch_ns);
            self.hand_out_orders(prefetch_ns, |of| !attempts_wait || !of.owes_others_a_turn());
        }
        for executor in self.slots.iter_mut().filter_map(Slot::ready) {
            any |= executor.has_due();
            executor.push_due(prefetch_ns, &self.desk);
        }
        if attempts_wait {
            self.hand_out_attempts(prefetch_ns);
            self.hand_out_orders(prefetch_ns, |_| true);
        }
        self.forget_instances();
        if any {
            for executor in self.slots.iter_mut().filter_map(Slot::ready) {
                executor.flush(self.desk.now);
            }
            self.desk.load_ahead(self.slots.len());
        }
    }

    fn hand_out_attempts(&mut self, prefetch_ns: u64) {
        self.loads.clear();
        self.loads.extend(self.slots.iter_mut().map(|slot| {
            slot.ready().and_then(|of| of.load()).filter(|load| load.wants_more(prefetch_ns))
        }));
        while let Some(chosen) = pipeline::choose(&self.loads, prefetch_ns) {
            let Some((held, args)) = self.desk.next_job() else { break };
            let of = &held.assignment;
            let known = self.desk.estimates.get(&of.module, &of.function);
            let load = self.slots.get_mut(chosen).and_then(Slot::ready).map(|executor| {
                executor.push(held, args, known.unwrap_or(prefetch_ns), &mut self.desk)
            });
            if let Some(place) = self.loads.get_mut(chosen) {
                *place = load;
            }
        }
    }

    /// Hands orders for actors out to those executors.
    fn hand_out_orders(&mut self, prefetch_ns: u64, may: impl Fn(&Executor) -> bool) {
        let room_ns = match self.desk.is_empty() {
            true => prefetch_ns,
            false => prefetch_ns / ORDERS_SHARE,
        };
        while let Some(slot) = self.place_for_instance(room_ns, &may) {
            let Some((order, loaded)) = self.desk.next_order(Lines::Unbound, slot) else { break };
            let Some(executor) = executor_of(&mut self.slots, slot) else { break };
            executor.push_order(order, loaded, prefetch_ns, &self.desk);
        }
        for (slot, executor) in ready(&mut self.slots) {
            while executor.has_room(room_ns)
                && may(executor)
                && let Some((order, loaded)) = self.desk.next_order(Lines::Of(slot), slot)
            {
                executor.push_order(order, loaded, prefetch_ns, &self.desk);
            }
        }
    }

    /// Lets actors that wait behind something long go to an executor that has room.
    fn leave_busy_executors(&mut self, prefetch_ns: u64) {
        if !ready(&mut self.slots).any(|(_, executor)| executor.has_room(prefetch_ns)) {
            return;
        }
        for (slot, executor) in ready(&mut self.slots) {
            let memory_max_bytes = match executor.long_since(self.desk.now) {
                Some(age) if age >= HEAVY_LEAVE_AFTER => u64::MAX,
                Some(_) => LIGHT_INSTANCE_MAX_BYTES,
                None => continue,
            };
            self.desk.actors.leave(slot, memory_max_bytes);
        }
    }

    /// The executor with room that has the fewest instances, and of those the one with the least
    /// work.
    fn place_for_instance(
        &mut self,
        room_ns: u64,
        may: &impl Fn(&Executor) -> bool,
    ) -> Option<u16> {
        let actors = &self.desk.actors;
        let places = ready(&mut self.slots).filter_map(|(slot, executor)| {
            let load = executor.load().filter(|load| load.has_room(room_ns) && may(executor))?;
            Some((actors.instances(slot), load.work_ns, slot))
        });
        places.min().map(|(_, _, slot)| slot)
    }

    /// Ends instances whose actors have left.
    fn forget_instances(&mut self) {
        for (slot, actor) in self.desk.actors.take_forgotten() {
            if let Some(executor) = executor_of(&mut self.slots, slot) {
                executor.forget(actor);
            }
        }
    }

    /// Introduces the worker once a slot works.
    fn greet(&mut self) {
        if !self.greeted && self.slots.iter().any(Slot::is_ready) {
            self.greeted = true;
            self.desk.report.greeting = Some(FromWorker::Hello {
                name: self.config.name.clone(),
                slots: self.config.slots,
                resources: self.config.resources.clone(),
            });
        }
    }
}

impl AsFd for Agent {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.readiness.as_fd()
    }
}

/// The executors that can take orders, by slot.
fn ready(slots: &mut [Slot]) -> impl Iterator<Item = (u16, &mut Executor)> {
    slots.iter_mut().filter_map(|slot| {
        let number = slot.number();
        slot.ready().map(|executor| (number, executor))
    })
}

fn executor_of(slots: &mut [Slot], slot: u16) -> Option<&mut Executor> {
    slots.get_mut(usize::from(slot)).and_then(Slot::ready)
}
