//! Topics: a log of items that everybody reads at their own pace. The oldest items go when there
//! are more than the topic keeps.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use wask_proto::{SyncRecord, SyncValue, Timestamp};

use super::{
    Coordination,
    books::{Books, cost_of, cost_of_name},
    command::Call,
    lines::{Lines, Waits},
};
use crate::{
    refusal::Refusal,
    view::sync::{SyncKind, TopicItems, TopicView},
};

/// Items that a topic keeps unless it is told otherwise.
const RETAIN_DEFAULT: u64 = 10_000;

/// Bytes of values that a topic keeps.
const TOPIC_MAX_BYTES: u64 = 64 * 1024 * 1024;

/// All topics.
#[derive(Default)]
pub(super) struct Topics {
    table: BTreeMap<Arc<str>, Topic>,
    readers: Lines<Arc<str>, Reader>,
}

#[derive(Clone, PartialEq, Debug)]
struct Topic {
    retain: u64,
    /// The offset of the first item that is kept.
    first: u64,
    items: VecDeque<Arc<SyncValue>>,
    bytes: u64,
}

struct Reader {
    after: Option<u64>,
    limit: usize,
    call: Call<TopicItems>,
}

impl Waits for Reader {
    fn is_gone(&self) -> bool {
        self.call.is_gone()
    }
}

impl Topic {
    const fn new(first: u64) -> Self {
        Self { retain: RETAIN_DEFAULT, first, items: VecDeque::new(), bytes: 0 }
    }

    fn next(&self) -> u64 {
        self.first + self.items.len() as u64
    }

    fn push(&mut self, value: &Arc<SyncValue>, books: &mut Books) {
        books.add(value);
        self.bytes += value.cbor.len() as u64;
        self.items.push_back(Arc::clone(value));
        self.trim(books);
    }

    fn trim(&mut self, books: &mut Books) {
        let is_over =
            |topic: &Self| topic.items.len() as u64 > topic.retain || topic.bytes > TOPIC_MAX_BYTES;
        while is_over(self)
            && let Some(value) = self.items.pop_front()
        {
            self.first += 1;
            self.bytes -= value.cbor.len() as u64;
            books.remove(&value);
        }
    }

    /// Items after an offset. One that the topic never gave is of a topic of that name which was
    /// deleted; to its reader everything is new.
    fn items_after(&self, after: Option<u64>, limit: usize) -> TopicItems {
        let after = after.filter(|after| *after < self.next());
        let start = after.map_or(self.first, |after| (after + 1).max(self.first));
        let skipped = usize::try_from(start - self.first).unwrap_or(usize::MAX);
        let items = self.items.iter().skip(skipped).take(limit);
        let items: Vec<_> = (start..).zip(items.cloned()).collect();
        let next = items.last().map(|(offset, _)| *offset).or(after);
        TopicItems { items, first: self.first, next }
    }
}

impl Topics {
    pub(super) fn apply(&mut self, record: &SyncRecord, books: &mut Books) {
        match record {
            SyncRecord::TopicMade { name, retain, first } => {
                let topic = self.made(name, *first, books);
                topic.retain = *retain;
                topic.trim(books);
            }
            SyncRecord::TopicPosted { name, value } => {
                self.made(name, 0, books).push(value, books);
            }
            SyncRecord::TopicDeleted { name } => {
                let Some(topic) = self.table.remove(name) else { return };
                books.remove_name(name);
                topic.items.iter().for_each(|value| books.remove(value));
            }
            _ => {}
        }
    }

    fn made(&mut self, name: &Arc<str>, first: u64, books: &mut Books) -> &mut Topic {
        self.table.entry(Arc::clone(name)).or_insert_with(|| {
            books.add_name(name);
            Topic::new(first)
        })
    }

    pub(super) fn forget(&mut self) {
        self.table.clear();
    }

    /// The records that make all of it anew.
    pub(super) fn restate(&self) -> impl Iterator<Item = SyncRecord> {
        self.table.iter().flat_map(|(name, topic)| {
            let (retain, first) = (topic.retain, topic.first);
            let made = SyncRecord::TopicMade { name: Arc::clone(name), retain, first };
            let posted = |value: &Arc<SyncValue>| SyncRecord::TopicPosted {
                name: Arc::clone(name),
                value: Arc::clone(value),
            };
            std::iter::once(made).chain(topic.items.iter().map(posted))
        })
    }

    pub(super) fn next_deadline(&self) -> Option<Timestamp> {
        self.readers.next_deadline()
    }

    pub(super) fn view(&self, name: &Arc<str>) -> Option<TopicView> {
        let topic = self.table.get(name)?;
        Some(TopicView {
            name: Arc::clone(name),
            size: topic.items.len() as u64,
            retain: topic.retain,
            first: topic.first,
            next: topic.next(),
            readers: self.readers.len_of(name),
        })
    }

    pub(super) fn names(&self) -> &BTreeMap<Arc<str>, impl Sized> {
        &self.table
    }

    pub(super) fn waiters(&self) -> usize {
        self.readers.total()
    }

    pub(super) fn sweep(&mut self) {
        self.readers.sweep();
    }

    /// The first topic with a value that fits.
    pub(super) fn find(&self, fits: impl Fn(&SyncValue) -> bool) -> Option<&Arc<str>> {
        let holds = |topic: &Topic| topic.items.iter().any(|value| fits(value));
        self.table.iter().find(|(_, topic)| holds(topic)).map(|(name, _)| name)
    }
}

impl Coordination {
    pub(super) fn make_topic(
        &mut self,
        name: Arc<str>,
        retain: Option<u64>,
        call: Call<TopicView>,
    ) {
        let made = self.try_make_topic(&name, retain, &call);
        let view = made.and_then(|()| self.known_topic(&name));
        self.answer(call, view);
    }

    fn try_make_topic(
        &mut self,
        name: &Arc<str>,
        retain: Option<u64>,
        call: &Call<TopicView>,
    ) -> Result<(), Refusal> {
        self.admit(call)?;
        let before = self.topics.table.get(name).map(|topic| topic.retain);
        if before.is_none() {
            self.check_room(cost_of_name(name))?;
        }
        let retain = retain.or(before).unwrap_or(RETAIN_DEFAULT);
        if before != Some(retain) {
            self.commit(SyncRecord::TopicMade { name: Arc::clone(name), retain, first: 0 });
        }
        Ok(())
    }

    pub(super) fn post(&mut self, name: Arc<str>, value: Arc<SyncValue>, call: Call<u64>) {
        let admitted = self.admit(&call);
        let fits = admitted.and_then(|()| self.check_room(cost_of(&value) + cost_of_name(&name)));
        if let Err(refusal) = fits {
            return self.answer(call, Err(refusal));
        }
        self.commit(SyncRecord::TopicPosted { name: Arc::clone(&name), value });
        for reader in self.topics.readers.drain(&name) {
            let items = self.items_after(&name, reader.after, reader.limit);
            self.answer(reader.call, Ok(items));
        }
        let next = self.topics.table.get(&name).map_or(0, Topic::next);
        self.answer(call, Ok(next.saturating_sub(1)));
    }

    pub(super) fn read_topic(
        &mut self,
        name: Arc<str>,
        after: Option<u64>,
        limit: usize,
        call: Call<TopicItems>,
    ) {
        let items = self.items_after(&name, after, limit);
        if !items.items.is_empty() || call.until.is_none() {
            return self.answer(call, Ok(items));
        }
        match self.check_wait(&call) {
            Ok(until) => self.topics.readers.push(&name, until, Reader { after, limit, call }),
            Err(refusal) => self.answer(call, Err(refusal)),
        }
    }

    /// A topic that is not there is an empty one: whoever reads may come before who posts.
    fn items_after(&self, name: &Arc<str>, after: Option<u64>, limit: usize) -> TopicItems {
        let topic = self.topics.table.get(name);
        topic.map_or_else(
            || Topic::new(0).items_after(after, limit),
            |topic| topic.items_after(after, limit),
        )
    }

    pub(super) fn delete_topic(&mut self, name: Arc<str>, call: Call<()>) {
        let known = self.admit(&call).and_then(|()| self.known_topic(&name));
        if known.is_ok() {
            self.commit(SyncRecord::TopicDeleted { name });
        }
        self.answer(call, known.map(|_| ()));
    }

    pub(super) fn time_out_topics(&mut self) {
        for reader in self.topics.readers.overdue(self.now) {
            self.answer(reader.call, Err(Refusal::TimedOut));
        }
    }

    fn known_topic(&self, name: &Arc<str>) -> Result<TopicView, Refusal> {
        let view = self.topics.view(name);
        view.ok_or_else(|| Refusal::UnknownName(SyncKind::Topic, Arc::clone(name)))
    }
}
