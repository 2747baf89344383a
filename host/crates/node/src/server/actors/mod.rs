//! Actors: objects with a state, whose calls happen in order, one at a time. A pure state machine.
//!
//! Commands, what workers report and the time go in; records, answers and orders for workers come
//! out. What an actor is changes by records alone, live and after a restart through
//! [`Actors::apply`]. Who waits and where instances are is kept beside it and does not survive a
//! restart. Does no IO and reads no clock.
//!
//! A call took place when its record is written, and not before: whatever happens to an instance,
//! its actor is made again from the state saved last and the recorded calls since, and the calls
//! without a record are sent again.

mod actor;
mod command;
mod kept;
mod line;
mod list;
mod making;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use wask_proto::{
    ActorId, ActorRecord, Failure, FailureKind, Timestamp, Value, WorkerId,
    worker::{ActorDone, ActorOutcome, InstanceAfter},
};

pub(crate) use command::{Answered, Args, Ended, NewActor, NewCall, Output, Persistence};

use actor::Actor;
use making::Making;

use crate::{refusal::Refusal, server::Reply, view::actors::ActorStats};

/// What all of it may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ActorLimits {
    /// Actors.
    pub(crate) actors_max: u64,
    /// Calls that wait for one actor.
    pub(crate) calls_max: usize,
    /// Bytes of the arguments of all calls that wait.
    pub(crate) waiting_max_bytes: u64,
}

/// How often the instance may be lost under the same call before the call fails.
const LOSSES_MAX: u32 = 3;

/// All actors, and who waits for them.
pub(crate) struct Actors {
    limits: ActorLimits,
    table: HashMap<ActorId, Actor>,
    /// By order of creation.
    order: BTreeMap<u64, ActorId>,
    /// Those whose constructor has not ended.
    making: HashMap<ActorId, Making>,
    /// Workers that take orders, and how many instances each keeps.
    workers: BTreeMap<WorkerId, u64>,
    /// Bytes of the arguments of all calls that wait.
    waiting_bytes: u64,
    last_created: u64,
    last_order: u64,
    /// No more orders go out.
    stopping: bool,
    now: Timestamp,
    stats: ActorStats,
    out: Output,
}

impl Actors {
    pub(crate) fn new(limits: ActorLimits) -> Self {
        Self {
            limits,
            table: HashMap::new(),
            order: BTreeMap::new(),
            making: HashMap::new(),
            workers: BTreeMap::new(),
            waiting_bytes: 0,
            last_created: 0,
            last_order: 0,
            stopping: false,
            now: Timestamp(0),
            stats: ActorStats::default(),
            out: Output::default(),
        }
    }

    /// Lets an actor's constructor run.
    pub(crate) fn make(&mut self, new: NewActor, now: Timestamp) {
        self.now = now;
        let limit = self.limits.actors_max;
        if (self.table.len() + self.making.len()) as u64 >= limit {
            return self.out.refuse(new.reply, Refusal::TooManyActors { limit });
        }
        if let Err(refusal) = self.check_room(new.args.bytes()) {
            return self.out.refuse(new.reply, refusal);
        }
        self.take_in(new.args.bytes(), new.args.stored());
        let id = new.id;
        self.making.insert(id, Making::new(new));
        self.send_constructor(id);
    }

    /// Lets a call wait for its turn.
    pub(crate) fn call(&mut self, call: NewCall, now: Timestamp) {
        self.now = now;
        let (id, bytes) = (call.actor, call.args.bytes());
        let Some(actor) = self.table.get(&id) else {
            return self.out.refuse(call.reply, Refusal::UnknownActor);
        };
        let limit = self.limits.calls_max;
        let room = match actor.line.len() < limit {
            true => self.check_room(bytes),
            false => Err(Refusal::ActorCallsFull(format!("{limit} calls of one actor"))),
        };
        if let Err(refusal) = room {
            return self.out.refuse(call.reply, refusal);
        }
        self.take_in(bytes, call.args.stored());
        if let Some(actor) = self.table.get_mut(&id) {
            actor.line.push(call);
        }
        self.send_calls(id);
    }

    /// Deletes an actor. Calls that wait are answered and do not take place.
    pub(crate) fn delete(&mut self, id: ActorId, reply: Reply<()>, now: Timestamp) {
        self.now = now;
        let Some(actor) = self.table.get_mut(&id) else {
            return self.out.refuse(reply, Refusal::UnknownActor);
        };
        let worker = actor.line.worker();
        for call in actor.line.take_all() {
            self.waiting_bytes -= call.args.bytes();
            self.out.freed.extend(call.args.into_stored());
            self.out.refuse(call.reply, Refusal::ActorDeleted);
        }
        self.leave(worker);
        self.out.forgotten.extend(worker.map(|worker| (worker, id)));
        self.commit(ActorRecord::Deleted { id, at: now });
        self.out.answer(reply, Ok(()));
    }

    /// A worker takes orders from now on.
    pub(crate) fn worker_joined(&mut self, worker: WorkerId, now: Timestamp) {
        self.now = now;
        self.workers.insert(worker, 0);
        let making: Vec<ActorId> = self.making.keys().copied().collect();
        making.into_iter().for_each(|id| self.send_constructor(id));
        let waiting = self.table.iter().filter(|(_, actor)| actor.line.len() > 0);
        let waiting: Vec<ActorId> = waiting.map(|(id, _)| *id).collect();
        waiting.into_iter().for_each(|id| self.send_calls(id));
    }

    /// Sends no more orders.
    pub(crate) fn stop(&mut self) {
        self.stopping = true;
    }

    /// An order came to an end. What answers an order that is void changes nothing.
    pub(crate) fn done(&mut self, done: ActorDone, now: Timestamp) {
        self.now = now;
        let id = done.actor;
        if self.making.contains_key(&id) {
            return self.constructed(done);
        }
        let awaited = self.table.get(&id).and_then(|actor| actor.line.awaited());
        let Some(sent) = awaited.filter(|sent| sent.order == done.order) else { return };
        match done.outcome {
            ActorOutcome::Success(value) => self.ended(id, Ok(value), done.state),
            ActorOutcome::Failed(failure, InstanceAfter::Kept) => {
                self.ended(id, Err(failure.into()), done.state);
            }
            ActorOutcome::Failed(failure, InstanceAfter::Gone) => self.undone(id, failure.into()),
            ActorOutcome::Absent if !sent.starts => self.lose_instance(id),
            ActorOutcome::Absent => self.lost(id, "its worker keeps no instance"),
            ActorOutcome::Lost(why) => self.lost(id, &why),
        }
        self.send_calls(id);
    }

    /// What has come of it since this was asked last.
    pub(crate) fn take_output(&mut self) -> Output {
        std::mem::take(&mut self.out)
    }

    /// Folds a record in: the only way in which actors change.
    pub(crate) fn apply(&mut self, record: &ActorRecord) {
        match record {
            ActorRecord::Made { id, .. } => {
                let Some(actor) = Actor::made(record, self.last_created + 1) else { return };
                self.last_created += 1;
                self.order.insert(self.last_created, *id);
                self.out.held.extend(actor.kept.object().cloned());
                self.table.insert(*id, actor);
            }
            ActorRecord::Called { id, .. } => {
                let Some(actor) = self.table.get_mut(id) else { return };
                let before = actor.kept.object().cloned();
                if actor.kept.apply(record) {
                    self.out.held.extend(actor.kept.object().cloned());
                    self.out.freed.extend(before);
                }
            }
            ActorRecord::Deleted { id, .. } => {
                let Some(actor) = self.table.remove(id) else { return };
                self.order.remove(&actor.order);
                self.out.freed.extend(actor.kept.object().cloned());
            }
        }
    }

    /// The first call in line took place: it is written down and answered.
    fn ended(&mut self, id: ActorId, answer: Answered, state: Option<Value>) {
        let Some(actor) = self.table.get_mut(&id) else { return };
        let wanted = actor.line.awaited().is_some_and(|sent| sent.saves);
        let saved = state.as_ref().and_then(kept::stored);
        if wanted && saved.is_none() {
            let failure = Failure::new(FailureKind::Output, "the actor's state was not saved");
            return self.undone(id, failure.into());
        }
        let Some(call) = actor.line.pop() else { return };
        let record = ActorRecord::Called {
            id,
            number: actor.kept.calls + 1,
            method: call.method,
            args: if saved.is_some() { Vec::new() } else { call.args.to_bytes() },
            at: self.now,
            state: saved,
        };
        match &answer {
            Ok(_) => self.stats.succeeded += 1,
            Err(failure) => actor.last_failure = Some(failure.clone()),
        }
        self.stats.failed += u64::from(answer.is_err());
        self.commit(record);
        self.give_back(call.args);
        self.out.answer(call.reply, Ok(answer));
    }

    /// The first call in line failed without effect, and the instance is gone.
    fn undone(&mut self, id: ActorId, failure: Arc<Failure>) {
        self.lose_instance(id);
        let Some(actor) = self.table.get_mut(&id) else { return };
        let Some(call) = actor.line.pop() else { return };
        actor.last_failure = Some(failure.clone());
        self.stats.failed += 1;
        self.give_back(call.args);
        self.out.answer(call.reply, Ok(Err(failure)));
    }

    /// The instance was lost under the first call in line, which is tried again a few times.
    fn lost(&mut self, id: ActorId, why: &str) {
        let Some(actor) = self.table.get_mut(&id) else { return };
        if actor.line.charge_loss() < LOSSES_MAX {
            return self.lose_instance(id);
        }
        self.undone(id, worker_lost(why).into());
    }

    /// The instance is gone: all orders on their way are void, and their calls wait again.
    fn lose_instance(&mut self, id: ActorId) {
        let Some(actor) = self.table.get_mut(&id) else { return };
        let worker = actor.line.lose_instance(&actor.kept);
        self.leave(worker);
    }

    /// Sends as many calls ahead as may be.
    fn send_calls(&mut self, id: ActorId) {
        if self.stopping {
            return;
        }
        let quiet = self.quiet_worker();
        let Some(actor) = self.table.get_mut(&id) else { return };
        let Some(worker) = actor.line.worker().or(quiet) else { return };
        while let Some(next) = actor.line.next(&actor.kept) {
            self.last_order += 1;
            let order = actor.send(id, worker, self.last_order, next);
            if order.start.is_some() {
                self.stats.restored += 1;
                *self.workers.entry(worker).or_default() += 1;
            }
            self.out.orders.push((worker, order));
        }
    }

    /// The worker that keeps the fewest instances.
    fn quiet_worker(&self) -> Option<WorkerId> {
        let quiet = self.workers.iter().min_by_key(|(_, instances)| **instances);
        quiet.map(|(worker, _)| *worker)
    }

    /// A worker keeps one instance less.
    fn leave(&mut self, worker: Option<WorkerId>) {
        if let Some(instances) = worker.and_then(|worker| self.workers.get_mut(&worker)) {
            *instances = instances.saturating_sub(1);
        }
    }

    /// Applies a record and has it written down.
    fn commit(&mut self, record: ActorRecord) {
        self.apply(&record);
        self.out.records.push(record);
    }

    /// Whether arguments of so many bytes may wait. Where none wait, any may.
    fn check_room(&self, bytes: u64) -> Result<(), Refusal> {
        let limit = self.limits.waiting_max_bytes;
        if self.waiting_bytes > 0 && self.waiting_bytes + bytes > limit {
            return Err(Refusal::ActorCallsFull(format!("{limit} bytes of arguments")));
        }
        Ok(())
    }

    fn take_in<'v>(&mut self, bytes: u64, stored: impl Iterator<Item = &'v Value>) {
        self.waiting_bytes += bytes;
        self.out.held.extend(stored.cloned());
    }

    fn give_back(&mut self, args: Args) {
        self.waiting_bytes -= args.bytes();
        self.out.freed.extend(args.into_stored());
    }
}

/// The failure of a call under which instances were lost too often.
fn worker_lost(why: &str) -> Failure {
    let message =
        format!("the actor's instance was lost {LOSSES_MAX} times under this call: {why}");
    Failure::new(FailureKind::WorkerLost, message)
}
