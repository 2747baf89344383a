//! An executor's orders for actors. Which actors are its own is not decided here.

use std::time::{Duration, Instant};

use wask_proto::{
    ActorId, Encoding, Failure, Timestamp, Timing, Value,
    executor::{ActorJobDone, ActorJobOutcome, Order, Payload, ToExecutor},
    worker::{ActorDone, ActorOrder, ActorOutcome, InstanceAfter},
};

use super::{Executor, InFlight, Work};
use crate::worker::{
    config::CANCEL_GRACE,
    desk::Desk,
    orders::{self, Loaded},
};

impl Executor {
    /// Whether it may have more, even if it need not.
    pub(in crate::worker) fn has_room(&self, prefetch_ns: u64) -> bool {
        self.load().is_some_and(|load| load.has_room(prefetch_ns))
    }

    /// How long it has been at something long, if it is.
    pub(in crate::worker) fn long_since(&self, now: Instant) -> Option<Duration> {
        let is_long = !self.in_flight.is_empty() && self.watch.is_long();
        is_long.then(|| self.watch.age(now))
    }

    /// Whether the last that it did was an order for an actor, so that others come next.
    pub(in crate::worker) fn owes_others_a_turn(&self) -> bool {
        self.in_flight.is_empty() && self.last_was_of_actor
    }

    /// Gives it an order for an actor, which is sent by [`Self::flush`] at the latest.
    pub(in crate::worker) fn push_order(
        &mut self,
        order: Box<ActorOrder>,
        loaded: Loaded,
        unknown_ns: u64,
        desk: &Desk,
    ) {
        self.last_seq += 1;
        self.last_was_of_actor = true;
        self.batch_bytes += loaded.bytes();
        let (seq, work_ns) = (self.last_seq, orders::work_ns(&order, &desk.estimates, unknown_ns));
        self.batch.push(Order::Actor(Box::new(orders::job(seq, &order, loaded))));
        self.expect(InFlight { seq, work: Work::Actor(order), work_ns, stop_by: None });
    }

    /// Has it forget an actor's instance.
    pub(in crate::worker) fn forget(&mut self, actor: ActorId) {
        self.queue(&mut ToExecutor::ForgetActor { actor });
        self.link.write();
    }

    /// Stops all that it does for an actor.
    pub(in crate::worker) fn stop_orders(&mut self, actor: ActorId, desk: &mut Desk) {
        let stop_by = desk.now + CANCEL_GRACE;
        let mut any = false;
        for order in self.in_flight.iter_mut().filter(|order| order.actor() == Some(actor)) {
            order.stop_by.get_or_insert(stop_by);
            any = true;
        }
        if any {
            self.pursue_stops(desk);
            self.look_soon(desk.now);
        }
    }

    /// An order for an actor has come back.
    pub(super) fn finish_order(&mut self, done: ActorJobDone, desk: &mut Desk) {
        let Some(InFlight { work: Work::Actor(order), .. }) = self.end_order(done.seq, desk) else {
            return;
        };
        if !matches!(done.outcome, ActorJobOutcome::Absent) {
            desk.estimates.observe(&order.module, orders::function(&order), done.run_us);
        }
        let us = u64::from(done.start_us).saturating_add(done.run_us);
        let timing = Timing {
            slot: self.slot,
            started_at: done.started_at,
            finished_at: Timestamp(done.started_at.0.saturating_add(us)),
            start_us: done.start_us,
            run_us: done.run_us,
            peak_memory_bytes: done.peak_memory_bytes,
            ..Timing::default()
        };
        let (outcome, state) = outcome(done.outcome, order.result_encoding);
        let (actor, order, logs) = (order.actor, order.order, done.logs);
        desk.actors.answer(ActorDone { actor, order, outcome, state, timing, logs });
    }
}

fn outcome(outcome: ActorJobOutcome, encoding: Encoding) -> (ActorOutcome, Option<Value>) {
    let saved = |state: Payload| Value::from_payload(Encoding::Cbor, state);
    match outcome {
        ActorJobOutcome::Kept { result: Ok(result), state } => {
            (ActorOutcome::Success(Value::from_payload(encoding, result)), state.map(saved))
        }
        ActorJobOutcome::Kept { result: Err(failure), state } => {
            (ActorOutcome::Failed(failure, InstanceAfter::Kept), state.map(saved))
        }
        ActorJobOutcome::Gone(failure) => (gone(failure), None),
        ActorJobOutcome::Absent => (ActorOutcome::Absent, None),
        ActorJobOutcome::Lost(why) => (ActorOutcome::Lost(why), None),
    }
}

/// The outcome of an order that failed and leaves nothing behind.
pub(super) const fn gone(failure: Box<Failure>) -> ActorOutcome {
    ActorOutcome::Failed(failure, InstanceAfter::Gone)
}
