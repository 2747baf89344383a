//! Which executor has which actor's instance, and the orders that wait for it. Pure: orders,
//! answers and deaths go in; orders that can be sent and answers for the scheduler come out.
//!
//! The orders of one actor form a line. They go to one executor in order, and are answered in
//! order: what is answered without being sent waits until all that was sent before has come back.
//! The line leaves its executor when the instance there is gone, or waits behind something long.

use std::collections::{HashMap, VecDeque};

use wask_proto::{
    ActorId, Timing,
    worker::{ActorDone, ActorOrder, ActorOutcome},
};

use super::orders::{Loaded, is_gone_after};

/// All lines.
#[derive(Debug, Default)]
pub(super) struct Actors {
    lines: HashMap<ActorId, Line>,
    slots: HashMap<u16, Bound>,
    /// Actors whose next order makes an instance, wherever there is room.
    unbound: VecDeque<ActorId>,
    /// Instances that are not needed where they are.
    forgotten: Vec<(u16, ActorId)>,
    answers: Vec<ActorDone>,
    /// Once set, nothing is sent any more.
    draining: bool,
}

/// What belongs to the executor of a slot.
#[derive(Debug, Default)]
struct Bound {
    /// Actors whose next order can be sent there.
    ready: VecDeque<ActorId>,
    /// Actors that have, or had, their instance there.
    instances: usize,
}

/// One actor's orders.
#[derive(Debug, Default)]
struct Line {
    /// Where the instance is, as far as is known, or will be once what was sent is done.
    slot: Option<u16>,
    /// Linear memory of the instance when it was heard of last.
    memory_bytes: u64,
    /// Orders that have not come back.
    sent: usize,
    waiting: VecDeque<Waiting>,
    /// Whether it is among those whose next order can be sent.
    queued: bool,
}

/// An order that was not sent.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) order: Box<ActorOrder>,
    pub(super) bytes: Bytes,
}

/// The bytes of an order that waits.
#[derive(Debug)]
pub(super) enum Bytes {
    /// Nobody has looked.
    Unread,
    /// They are on their way.
    Asked,
    Read(Loaded),
    /// They cannot be read; this is what comes of the order.
    Unreadable(ActorOutcome),
}

/// Among which lines one is looked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Lines {
    /// Those that belong to the executor of this slot.
    Of(u16),
    /// Those that belong to none.
    Unbound,
}

impl Actors {
    /// Takes orders in.
    pub(super) fn accept(&mut self, orders: Vec<ActorOrder>) {
        for order in orders {
            let actor = order.actor;
            let waiting = Waiting { order: Box::new(order), bytes: Bytes::Unread };
            self.lines.entry(actor).or_default().waiting.push_back(waiting);
            self.settle(actor);
        }
    }

    /// Whether any order can be sent.
    pub(super) fn has_ready(&self) -> bool {
        !self.unbound.is_empty() || self.slots.values().any(|bound| !bound.ready.is_empty())
    }

    /// Actors that have their instance in the executor of this slot.
    pub(super) fn instances(&self, slot: u16) -> usize {
        self.slots.get(&slot).map_or(0, |bound| bound.instances)
    }

    /// The next order among these lines.
    pub(super) fn next(&mut self, lines: Lines) -> Option<&mut Waiting> {
        let actor = *self.ready(lines).front()?;
        self.lines.get_mut(&actor)?.waiting.front_mut()
    }

    /// Takes [`Self::next`] out, to be sent to the executor of `slot`. `None` if its bytes cannot
    /// be read.
    pub(super) fn send(&mut self, lines: Lines, slot: u16) -> Option<(Box<ActorOrder>, Loaded)> {
        let actor = self.ready(lines).pop_front()?;
        let line = self.lines.get_mut(&actor)?;
        line.queued = false;
        let first = line.waiting.pop_front()?;
        let Bytes::Read(loaded) = first.bytes else {
            line.waiting.push_front(first);
            self.settle(actor);
            return None;
        };
        line.sent += 1;
        if line.slot.replace(slot).is_none() {
            self.slots.entry(slot).or_default().instances += 1;
        }
        self.settle(actor);
        Some((first.order, loaded))
    }

    /// Lets the line of [`Self::next`] wait for bytes that were asked for.
    pub(super) fn await_bytes(&mut self, lines: Lines) {
        let actor = self.ready(lines).pop_front();
        if let Some(line) = actor.and_then(|actor| self.lines.get_mut(&actor)) {
            line.queued = false;
            if let Some(first) = line.waiting.front_mut() {
                first.bytes = Bytes::Asked;
            }
        }
    }

    /// Bytes have come that were asked for.
    pub(super) fn loaded(
        &mut self,
        actor: ActorId,
        number: u64,
        loaded: Result<Loaded, ActorOutcome>,
    ) {
        let Some(line) = self.lines.get_mut(&actor) else { return };
        let waiting = line.waiting.iter_mut().find(|waiting| waiting.order.order == number);
        if let Some(waiting) = waiting {
            waiting.bytes = loaded.map_or_else(Bytes::Unreadable, Bytes::Read);
        }
        self.settle(actor);
    }

    /// An order that was sent has come to its end. Nobody hears of those of forgotten actors.
    pub(super) fn answer(&mut self, done: ActorDone) {
        let actor = done.actor;
        let Some(line) = self.lines.get_mut(&actor) else { return };
        line.sent = line.sent.saturating_sub(1);
        line.memory_bytes = done.timing.peak_memory_bytes;
        // What was sent behind it may have made another instance.
        if line.sent == 0 && is_gone_after(&done.outcome) {
            self.unbind(actor);
        }
        self.answers.push(done);
        self.settle(actor);
    }

    /// Orders that were sent have not begun and wait again, in their order.
    pub(super) fn take_back(&mut self, orders: Vec<ActorOrder>) {
        let actors: Vec<ActorId> = orders.iter().map(|order| order.actor).collect();
        for order in orders.into_iter().rev() {
            if let Some(line) = self.lines.get_mut(&order.actor) {
                line.sent = line.sent.saturating_sub(1);
                let waiting = Waiting { order: Box::new(order), bytes: Bytes::Unread };
                line.waiting.push_front(waiting);
            }
        }
        actors.into_iter().for_each(|actor| self.settle(actor));
    }

    /// The executor of that slot is no more, and all orders that it had are accounted for.
    pub(super) fn lose(&mut self, slot: u16) {
        let there = self.lines.iter().filter(|(_, line)| line.slot == Some(slot));
        let there: Vec<ActorId> = there.map(|(actor, _)| *actor).collect();
        self.ready(Lines::Of(slot)).clear();
        for actor in there {
            if let Some(line) = self.lines.get_mut(&actor) {
                line.queued = false;
            }
            self.unbind(actor);
            self.settle(actor);
        }
    }

    /// Lets the lines go elsewhere that wait at that slot and of which nothing is there any more
    /// but an idle instance of that size at most.
    pub(super) fn leave(&mut self, slot: u16, memory_max_bytes: u64) {
        for actor in std::mem::take(self.ready(Lines::Of(slot))) {
            let Some(line) = self.lines.get_mut(&actor) else { continue };
            line.queued = false;
            if line.sent == 0 && line.memory_bytes <= memory_max_bytes {
                self.unbind(actor);
                self.forgotten.push((slot, actor));
            }
            self.settle(actor);
        }
    }

    /// Forgets an actor; the slot in which its instance is to be forgotten too.
    pub(super) fn forget(&mut self, actor: ActorId) -> Option<u16> {
        let slot = self.lines.get(&actor)?.slot;
        self.unbind(actor);
        self.unqueue(actor);
        self.lines.remove(&actor);
        slot
    }

    /// Answers everything that waits, and sends nothing from here on.
    pub(super) fn drain(&mut self) {
        self.draining = true;
        self.unbound.clear();
        self.slots.values_mut().for_each(|bound| bound.ready.clear());
        let actors: Vec<ActorId> = self.lines.keys().copied().collect();
        actors.into_iter().for_each(|actor| self.settle(actor));
    }

    /// Instances that executors are to forget.
    pub(super) fn take_forgotten(&mut self) -> Vec<(u16, ActorId)> {
        std::mem::take(&mut self.forgotten)
    }

    /// Whether there are answers for the scheduler.
    pub(super) fn has_answers(&self) -> bool {
        !self.answers.is_empty()
    }

    /// Answers for the scheduler.
    pub(super) fn take_answers(&mut self) -> Vec<ActorDone> {
        std::mem::take(&mut self.answers)
    }

    /// Answers what can be answered without being sent, and sees to it that the line is where its
    /// next order is looked for.
    fn settle(&mut self, actor: ActorId) {
        while let Some(answer) = self.answer_unsent(actor) {
            self.answers.push(answer);
        }
        let draining = self.draining;
        let Some(line) = self.lines.get_mut(&actor) else { return };
        match line.waiting.front() {
            Some(first) if first.can_be_sent() && !line.queued && !draining => {
                line.queued = true;
                let lines = line.slot.map_or(Lines::Unbound, Lines::Of);
                self.ready(lines).push_back(actor);
            }
            None if line.sent == 0 && line.slot.is_none() => drop(self.lines.remove(&actor)),
            _ => {}
        }
    }

    fn answer_unsent(&mut self, actor: ActorId) -> Option<ActorDone> {
        let line = self.lines.get_mut(&actor).filter(|line| line.sent == 0)?;
        let first = line.waiting.front()?;
        let absent = self.draining || (line.slot.is_none() && first.order.start.is_none());
        if !absent && !matches!(first.bytes, Bytes::Unreadable(_)) {
            return None;
        }
        let slot = line.slot;
        let Waiting { order, bytes } = line.waiting.pop_front()?;
        let outcome = match bytes {
            Bytes::Unreadable(outcome) if !absent => outcome,
            _ => ActorOutcome::Absent,
        };
        if is_gone_after(&outcome) {
            self.unbind(actor);
            self.forgotten.extend(slot.map(|slot| (slot, actor)));
        }
        Some(ActorDone {
            actor,
            order: order.order,
            outcome,
            state: None,
            timing: Timing::default(),
            logs: Vec::new(),
        })
    }

    /// The line has no instance any more.
    fn unbind(&mut self, actor: ActorId) {
        self.unqueue(actor);
        let slot = self.lines.get_mut(&actor).and_then(|line| line.slot.take());
        if let Some(bound) = slot.and_then(|slot| self.slots.get_mut(&slot)) {
            bound.instances = bound.instances.saturating_sub(1);
        }
    }

    fn unqueue(&mut self, actor: ActorId) {
        let Some(line) = self.lines.get_mut(&actor).filter(|line| line.queued) else { return };
        line.queued = false;
        let lines = line.slot.map_or(Lines::Unbound, Lines::Of);
        self.ready(lines).retain(|other| *other != actor);
    }

    fn ready(&mut self, lines: Lines) -> &mut VecDeque<ActorId> {
        match lines {
            Lines::Of(slot) => &mut self.slots.entry(slot).or_default().ready,
            Lines::Unbound => &mut self.unbound,
        }
    }
}

impl Waiting {
    const fn can_be_sent(&self) -> bool {
        matches!(self.bytes, Bytes::Unread | Bytes::Read(_))
    }
}
