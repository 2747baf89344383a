//! Queues: items in order of arrival, each handed to one taker; those who wait for an item or for
//! room are served in order of arrival too.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use wask_proto::{SyncRecord, SyncValue, Timestamp};

use super::{
    Coordination,
    books::{Books, cost_of, cost_of_name},
    command::{After, Call, Items},
    lines::{Lines, Waits},
};
use crate::{
    refusal::Refusal,
    view::sync::{QueueView, SyncKind},
};

/// Bytes of values that are handed out at once, unless a single one is larger.
const BATCH_MAX_BYTES: usize = 16 * 1024 * 1024;

/// All queues.
#[derive(Default)]
pub(super) struct Queues {
    table: BTreeMap<Arc<str>, Queue>,
    getters: Lines<Arc<str>, Getter>,
    putters: Lines<Arc<str>, Putter>,
}

#[derive(Clone, PartialEq, Debug, Default)]
struct Queue {
    /// 0 for as many as come.
    maxsize: u64,
    /// By number of arrival.
    items: VecDeque<(u64, Arc<SyncValue>)>,
    /// The number that the next item gets.
    next: u64,
}

struct Getter {
    batch: usize,
    call: Call<Items>,
}

struct Putter {
    value: Arc<SyncValue>,
    call: Call<QueueView>,
}

impl Waits for Getter {
    fn is_gone(&self) -> bool {
        self.call.is_gone()
    }
}

impl Waits for Putter {
    fn is_gone(&self) -> bool {
        self.call.is_gone()
    }
}

impl Queue {
    fn has_room(&self) -> bool {
        self.maxsize == 0 || (self.items.len() as u64) < self.maxsize
    }

    /// The first items: `batch` at most, and no more bytes than are handed out at once.
    fn front(&self, batch: usize) -> Items {
        let mut left = BATCH_MAX_BYTES;
        let mut items = Items::new();
        for (number, value) in self.items.iter().take(batch) {
            if value.cbor.len() > left && !items.is_empty() {
                break;
            }
            left = left.saturating_sub(value.cbor.len());
            items.push((*number, Arc::clone(value)));
        }
        items
    }

    fn put_back(&mut self, number: u64, value: &Arc<SyncValue>) {
        let place = self.items.partition_point(|(other, _)| *other < number);
        self.items.insert(place, (number, Arc::clone(value)));
    }
}

impl Queues {
    pub(super) fn apply(&mut self, record: &SyncRecord, books: &mut Books) {
        match record {
            SyncRecord::QueueMade { name, maxsize } => {
                self.made(name, books).maxsize = *maxsize;
            }
            SyncRecord::QueuePut { name, value } => {
                books.add(value);
                let queue = self.made(name, books);
                queue.items.push_back((queue.next, Arc::clone(value)));
                queue.next += 1;
            }
            SyncRecord::QueueTaken { name, count } => {
                let Some(queue) = self.table.get_mut(name) else { return };
                let count = usize::try_from(*count).unwrap_or(usize::MAX).min(queue.items.len());
                queue.items.drain(..count).for_each(|(_, value)| books.remove(&value));
            }
            SyncRecord::QueueReturned { name, items } => {
                let Some(queue) = self.table.get_mut(name) else { return };
                for (number, value) in items {
                    books.add(value);
                    queue.put_back(*number, value);
                }
            }
            SyncRecord::QueueDeleted { name } => {
                let Some(queue) = self.table.remove(name) else { return };
                books.remove_name(name);
                queue.items.iter().for_each(|(_, value)| books.remove(value));
            }
            _ => {}
        }
    }

    fn made(&mut self, name: &Arc<str>, books: &mut Books) -> &mut Queue {
        self.table.entry(Arc::clone(name)).or_insert_with(|| {
            books.add_name(name);
            Queue::default()
        })
    }

    pub(super) fn forget(&mut self) {
        self.table.clear();
    }

    /// The records that make all of it anew.
    pub(super) fn restate(&self) -> impl Iterator<Item = SyncRecord> {
        self.table.iter().flat_map(|(name, queue)| {
            let made = SyncRecord::QueueMade { name: Arc::clone(name), maxsize: queue.maxsize };
            let put = |(_, value): &(u64, Arc<SyncValue>)| SyncRecord::QueuePut {
                name: Arc::clone(name),
                value: Arc::clone(value),
            };
            std::iter::once(made).chain(queue.items.iter().map(put))
        })
    }

    pub(super) fn next_deadline(&self) -> Option<Timestamp> {
        let deadlines = [self.getters.next_deadline(), self.putters.next_deadline()];
        deadlines.into_iter().flatten().min()
    }

    pub(super) fn view(&self, name: &Arc<str>) -> Option<QueueView> {
        let queue = self.table.get(name)?;
        Some(QueueView {
            name: Arc::clone(name),
            size: queue.items.len() as u64,
            maxsize: queue.maxsize,
            getters: self.getters.len_of(name),
            putters: self.putters.len_of(name),
        })
    }

    pub(super) fn names(&self) -> &BTreeMap<Arc<str>, impl Sized> {
        &self.table
    }

    pub(super) fn waiters(&self) -> usize {
        self.getters.total() + self.putters.total()
    }

    /// The first queue with a value that fits.
    pub(super) fn find(&self, fits: impl Fn(&SyncValue) -> bool) -> Option<&Arc<str>> {
        let holds = |queue: &Queue| queue.items.iter().any(|(_, value)| fits(value));
        self.table.iter().find(|(_, queue)| holds(queue)).map(|(name, _)| name)
    }
}

impl Coordination {
    pub(super) fn make_queue(
        &mut self,
        name: Arc<str>,
        maxsize: Option<u64>,
        call: Call<QueueView>,
    ) {
        let made = self.try_make_queue(&name, maxsize, &call);
        self.serve_queue(&name);
        let answer = made.and_then(|()| self.known_queue(&name));
        self.answer(call, answer);
    }

    fn try_make_queue(
        &mut self,
        name: &Arc<str>,
        maxsize: Option<u64>,
        call: &Call<QueueView>,
    ) -> Result<(), Refusal> {
        self.admit(call)?;
        let before = self.queues.table.get(name).map(|queue| queue.maxsize);
        if before.is_none() {
            self.check_room(cost_of_name(name))?;
        }
        let maxsize = maxsize.or(before).unwrap_or(0);
        if before != Some(maxsize) {
            self.commit(SyncRecord::QueueMade { name: Arc::clone(name), maxsize });
        }
        Ok(())
    }

    pub(super) fn put(&mut self, name: Arc<str>, value: Arc<SyncValue>, call: Call<QueueView>) {
        let admitted = self.admit(&call);
        let fits = admitted.and_then(|()| self.check_room(cost_of(&value) + cost_of_name(&name)));
        if let Err(refusal) = fits {
            return self.answer(call, Err(refusal));
        }
        if self.queues.table.get(&name).is_none_or(Queue::has_room) {
            self.take_in(&name, value, call);
            return self.serve_queue(&name);
        }
        match self.check_wait(&call) {
            Ok(until) => {
                // What waits takes room, and needs what it refers to.
                self.books.add(&value);
                self.queues.putters.push(&name, until, Putter { value, call });
            }
            Err(refusal) => self.answer(call, Err(refusal)),
        }
    }

    fn take_in(&mut self, name: &Arc<str>, value: Arc<SyncValue>, call: Call<QueueView>) {
        self.commit(SyncRecord::QueuePut { name: Arc::clone(name), value });
        let answer = self.known_queue(name);
        self.answer(call, answer);
    }

    pub(super) fn get(&mut self, name: Arc<str>, batch: usize, call: Call<Items>) {
        if let Err(refusal) = self.admit(&call) {
            return self.answer(call, Err(refusal));
        }
        if !self.queues.table.contains_key(&name) {
            if let Err(refusal) = self.check_room(cost_of_name(&name)) {
                return self.answer(call, Err(refusal));
            }
            self.commit(SyncRecord::QueueMade { name: Arc::clone(&name), maxsize: 0 });
        }
        if self.queues.table.get(&name).is_some_and(|queue| !queue.items.is_empty()) {
            self.hand_out(&name, Getter { batch, call });
            return self.serve_queue(&name);
        }
        match self.check_wait(&call) {
            Ok(until) => self.queues.getters.push(&name, until, Getter { batch, call }),
            Err(refusal) => self.answer(call, Err(refusal)),
        }
    }

    fn hand_out(&mut self, name: &Arc<str>, getter: Getter) {
        let items = self.queues.table.get(name).map_or(Items::new(), |q| q.front(getter.batch));
        let count = items.len() as u64;
        // Until the taker has them, what they refer to is needed here.
        items.iter().for_each(|(_, value)| self.books.add(value));
        self.commit(SyncRecord::QueueTaken { name: Arc::clone(name), count });
        let (queue, reply, given) = (Arc::clone(name), getter.call.reply, items.clone());
        self.out.answers.push(Box::new(move || {
            let told = reply.send(Ok(items));
            Some(match told {
                Ok(()) => After::Delivered(given),
                Err(_) => After::Undelivered(queue, given),
            })
        }));
    }

    /// Items that are not needed here any more.
    pub(super) fn let_go(&mut self, items: &Items) {
        items.iter().for_each(|(_, value)| self.books.remove(value));
    }

    /// Items whose taker was gone before it could hear of them.
    pub(super) fn put_back(&mut self, name: Arc<str>, items: Items) {
        self.let_go(&items);
        if self.queues.table.contains_key(&name) {
            self.commit(SyncRecord::QueueReturned { name: Arc::clone(&name), items });
            self.serve_queue(&name);
        }
    }

    /// Serves those who wait as long as there is an item for a taker, or room for an item.
    fn serve_queue(&mut self, name: &Arc<str>) {
        while self.serve_getter(name) || self.serve_putter(name) {}
    }

    fn serve_getter(&mut self, name: &Arc<str>) -> bool {
        let has_items = self.queues.table.get(name).is_some_and(|queue| !queue.items.is_empty());
        let Some(getter) = has_items.then(|| self.queues.getters.pop(name)).flatten() else {
            return false;
        };
        if getter.is_gone() {
            return true;
        }
        match self.check_guard(getter.call.guard.as_ref()) {
            Ok(()) => self.hand_out(name, getter),
            Err(refusal) => self.answer(getter.call, Err(refusal)),
        }
        true
    }

    fn serve_putter(&mut self, name: &Arc<str>) -> bool {
        let has_room = self.queues.table.get(name).is_some_and(Queue::has_room);
        let Some(putter) = has_room.then(|| self.queues.putters.pop(name)).flatten() else {
            return false;
        };
        self.books.remove(&putter.value);
        if putter.is_gone() {
            return true;
        }
        match self.check_guard(putter.call.guard.as_ref()) {
            Ok(()) => self.take_in(name, putter.value, putter.call),
            Err(refusal) => self.answer(putter.call, Err(refusal)),
        }
        true
    }

    pub(super) fn delete_queue(&mut self, name: Arc<str>, call: Call<()>) {
        let known = self.admit(&call).and_then(|()| self.known_queue(&name));
        if known.is_ok() {
            self.commit(SyncRecord::QueueDeleted { name: Arc::clone(&name) });
            let deleted = || Refusal::Deleted(SyncKind::Queue, Arc::clone(&name));
            for getter in self.queues.getters.drain(&name) {
                self.answer(getter.call, Err(deleted()));
            }
            for putter in self.queues.putters.drain(&name) {
                self.books.remove(&putter.value);
                self.answer(putter.call, Err(deleted()));
            }
        }
        self.answer(call, known.map(|_| ()));
    }

    pub(super) fn time_out_queues(&mut self) {
        for getter in self.queues.getters.overdue(self.now) {
            self.answer(getter.call, Err(Refusal::TimedOut));
        }
        for putter in self.queues.putters.overdue(self.now) {
            self.books.remove(&putter.value);
            self.answer(putter.call, Err(Refusal::TimedOut));
        }
    }

    pub(super) fn sweep_queues(&mut self) {
        self.queues.getters.sweep();
        for putter in self.queues.putters.sweep() {
            self.books.remove(&putter.value);
        }
    }

    fn known_queue(&self, name: &Arc<str>) -> Result<QueueView, Refusal> {
        let view = self.queues.view(name);
        view.ok_or_else(|| Refusal::UnknownName(SyncKind::Queue, Arc::clone(name)))
    }
}
