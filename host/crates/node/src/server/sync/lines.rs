//! Those who wait: one line for each name, first come, first served, each until its deadline.

use std::collections::{BTreeMap, BTreeSet};

use wask_proto::Timestamp;

/// Somebody who waits and may go away without a word.
pub(super) trait Waits {
    /// Whether nobody listens for the answer any more.
    fn is_gone(&self) -> bool;
}

/// The lines of all names.
#[derive(Debug)]
pub(super) struct Lines<K, W> {
    /// By number, which grows: the order of arrival.
    lines: BTreeMap<K, BTreeMap<u64, (Timestamp, W)>>,
    deadlines: BTreeSet<(Timestamp, u64, K)>,
    last: u64,
}

impl<K, W> Default for Lines<K, W> {
    fn default() -> Self {
        Self { lines: BTreeMap::new(), deadlines: BTreeSet::new(), last: 0 }
    }
}

impl<K: Ord + Clone, W: Waits> Lines<K, W> {
    /// Lets somebody wait at the end of a line.
    pub(super) fn push(&mut self, key: &K, until: Timestamp, waiter: W) {
        self.last += 1;
        self.deadlines.insert((until, self.last, key.clone()));
        self.lines.entry(key.clone()).or_default().insert(self.last, (until, waiter));
    }

    /// Takes the first out of a line.
    pub(super) fn pop(&mut self, key: &K) -> Option<W> {
        let number = *self.lines.get(key)?.keys().next()?;
        self.take(key, number)
    }

    /// Takes everybody out of a line.
    pub(super) fn drain(&mut self, key: &K) -> Vec<W> {
        let line = self.lines.remove(key).unwrap_or_default();
        let leave = |(number, (until, waiter))| {
            self.deadlines.remove(&(until, number, key.clone()));
            waiter
        };
        line.into_iter().map(leave).collect()
    }

    /// Takes those out whose time is over, in the order of their deadlines.
    pub(super) fn overdue(&mut self, now: Timestamp) -> Vec<W> {
        let mut over = Vec::new();
        while let Some((until, number, key)) = self.deadlines.first().cloned()
            && until <= now
        {
            self.deadlines.pop_first();
            over.extend(self.take(&key, number));
        }
        over
    }

    /// Takes those out who are gone.
    pub(super) fn sweep(&mut self) -> Vec<W> {
        let gone = |(key, line): (&K, &BTreeMap<u64, (Timestamp, W)>)| {
            let gone = line.iter().filter(|(_, (_, waiter))| waiter.is_gone());
            gone.map(|(number, _)| (key.clone(), *number)).collect::<Vec<_>>()
        };
        let gone: Vec<(K, u64)> = self.lines.iter().flat_map(gone).collect();
        gone.into_iter().filter_map(|(key, number)| self.take(&key, number)).collect()
    }

    /// The first deadline.
    pub(super) fn next_deadline(&self) -> Option<Timestamp> {
        self.deadlines.first().map(|(until, ..)| *until)
    }

    /// How many wait in a line and still listen.
    pub(super) fn len_of(&self, key: &K) -> u64 {
        let line = self.lines.get(key).into_iter().flat_map(BTreeMap::values);
        line.filter(|(_, waiter)| !waiter.is_gone()).count() as u64
    }

    /// How many wait anywhere, gone or not.
    pub(super) fn total(&self) -> usize {
        self.deadlines.len()
    }

    /// How many wait in lines of such names, gone or not.
    pub(super) fn count(&self, fits: impl Fn(&K) -> bool) -> usize {
        self.lines.iter().filter(|(key, _)| fits(key)).map(|(_, line)| line.len()).sum()
    }

    fn take(&mut self, key: &K, number: u64) -> Option<W> {
        let line = self.lines.get_mut(key)?;
        let (until, waiter) = line.remove(&number)?;
        if line.is_empty() {
            self.lines.remove(key);
        }
        self.deadlines.remove(&(until, number, key.clone()));
        Some(waiter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Person(u32, bool);

    impl Waits for Person {
        fn is_gone(&self) -> bool {
            self.1
        }
    }

    /// Goal: a line is first come, first served, whatever the deadlines; who leaves early or late
    /// changes nobody else's place.
    #[test]
    fn lines_keep_their_order() {
        let mut lines = Lines::default();
        for (number, until) in [(1, 50), (2, 10), (3, 30), (4, 20)] {
            lines.push(&"a", Timestamp(until), Person(number, number == 3));
        }
        lines.push(&"b", Timestamp(5), Person(9, false));
        assert_eq!(lines.next_deadline(), Some(Timestamp(5)));
        assert_eq!(lines.overdue(Timestamp(10)), [Person(9, false), Person(2, false)]);
        assert_eq!((lines.len_of(&"a"), lines.total()), (2, 3));
        assert_eq!(lines.sweep(), [Person(3, true)]);
        assert_eq!(lines.pop(&"a"), Some(Person(1, false)));
        assert_eq!(lines.drain(&"a"), [Person(4, false)]);
        assert_eq!((lines.pop(&"a"), lines.next_deadline(), lines.total()), (None, None, 0));
    }
}
