//! The worker's loop: wait, take commands, serve executors, hand out jobs, report.
//!
//! Runs on one thread, which also starts the executors: the kernel kills them when it ends.

use std::{
    collections::HashSet,
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};
use wask_proto::{
    ActorId,
    worker::{AttemptId, FromWorker, Resumption, ToWorker},
};

use super::{
    actors::Lines,
    config::{HEAVY_LEAVE_AFTER, LIGHT_INSTANCE_MAX_BYTES, ORDERS_SHARE, WorkerConfig},
    desk::Desk,
    executor::Executor,
    handle::Outbox,
    mailbox::{Command, Mailbox},
    pipeline::{self, Load},
    slot::Slot,
};

/// Everything that the worker's thread owns.
pub(super) struct Agent {
    config: WorkerConfig,
    mailbox: Arc<Mailbox>,
    outbox: Box<dyn Outbox>,
    desk: Desk,
    slots: Vec<Slot>,
    /// What happened on each slot's socket in this round.
    happened: Vec<PollFlags>,
    loads: Vec<Option<Load>>,
    greeted: bool,
    stopped: bool,
}

impl Agent {
    pub(super) fn new(
        config: WorkerConfig,
        mailbox: Arc<Mailbox>,
        outbox: Box<dyn Outbox>,
        desk: Desk,
    ) -> Self {
        let slots = (0..config.slots).map(|number| Slot::new(number, desk.now)).collect();
        Self {
            config,
            mailbox,
            outbox,
            desk,
            slots,
            happened: Vec::new(),
            loads: Vec::new(),
            greeted: false,
            stopped: false,
        }
    }

    /// Works until everything is drained, or until it is told to stop. Executors that are left
    /// are killed and reaped.
    pub(super) fn run(mut self) {
        while !self.has_ended() {
            if let Err(error) = self.wait() {
                tracing::error!(%error, "the worker cannot wait for its executors and ends");
                return;
            }
            self.desk.now = Instant::now();
            self.round();
        }
    }

    fn round(&mut self) {
        self.take_commands();
        for (slot, happened) in self.slots.iter_mut().zip(&self.happened) {
            if !happened.is_empty() {
                slot.serve(*happened, &mut self.desk);
            }
        }
        for slot in &mut self.slots {
            slot.tick(&self.config, &mut self.desk);
        }
        self.dispatch();
        self.greet();
        self.desk.send(&*self.outbox);
    }

    fn has_ended(&self) -> bool {
        self.stopped || (self.desk.draining() && self.slots.iter().all(Slot::is_closed))
    }

    /// Waits for a command, a socket or the next deadline.
    fn wait(&mut self) -> io::Result<()> {
        let deadline = self.slots.iter().filter_map(Slot::deadline).min();
        let timeout = deadline.map(|at| timespec(at.saturating_duration_since(Instant::now())));
        let mut descriptors = Vec::with_capacity(1 + self.slots.len());
        descriptors.push(PollFd::from_borrowed_fd(self.mailbox.descriptor(), PollFlags::IN));
        for (descriptor, flags) in self.slots.iter().filter_map(Slot::descriptor) {
            descriptors.push(PollFd::from_borrowed_fd(descriptor, flags));
        }
        match poll(&mut descriptors, timeout.as_ref()) {
            Ok(_) => {}
            // Nothing is known to have happened; the next round asks again.
            Err(Errno::INTR) => descriptors.iter_mut().for_each(PollFd::clear_revents),
            Err(error) => return Err(error.into()),
        }
        let mut results = descriptors.iter().skip(1).map(PollFd::revents);
        self.happened.clear();
        self.happened.extend(self.slots.iter().map(|slot| {
            let polled = slot.descriptor().is_some();
            polled.then(|| results.next()).flatten().unwrap_or(PollFlags::empty())
        }));
        Ok(())
    }

    fn take_commands(&mut self) {
        for command in self.mailbox.take() {
            match command {
                Command::Scheduler(ToWorker::Assign(assignments)) => self.desk.accept(assignments),
                Command::Scheduler(ToWorker::Cancel(ids)) => self.cancel(ids),
                Command::Scheduler(ToWorker::Reclaim(ids)) => self.reclaim(ids),
                Command::Scheduler(ToWorker::Resume(resumptions)) => self.resume(resumptions),
                Command::Scheduler(ToWorker::Drain) => self.drain(),
                Command::Scheduler(ToWorker::Actor(orders)) => self.desk.actors.accept(orders),
                Command::Scheduler(ToWorker::ForgetActor(actors)) => self.forget(actors),
                Command::Loaded(id, args) => self.desk.loaded(id, args),
                Command::OrderLoaded(actor, number, loaded) => {
                    self.desk.order_loaded(actor, number, loaded);
                }
                Command::Stop => self.stopped = true,
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
            let load = self
                .slots
                .get_mut(chosen)
                .and_then(Slot::ready)
                .map(|executor| executor.push(held, args, known.unwrap_or(prefetch_ns)));
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

    /// Says how many slots work, and introduces the worker once one does.
    fn greet(&mut self) {
        let ready = self.slots.iter().filter(|slot| slot.is_ready()).count();
        self.desk.health.set_slots_ready(u16::try_from(ready).unwrap_or(u16::MAX));
        if ready > 0 && !self.greeted {
            self.greeted = true;
            self.outbox.send(FromWorker::Hello {
                name: self.config.name.clone(),
                slots: self.config.slots,
                resources: self.config.resources.clone(),
            });
        }
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

/// A timeout never rounds down to a busy loop: the kernel counts nanoseconds as well.
fn timespec(duration: Duration) -> Timespec {
    Timespec::try_from(duration).unwrap_or(Timespec { tv_sec: 60, tv_nsec: 0 })
}
