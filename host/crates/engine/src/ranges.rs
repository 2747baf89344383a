//! A set of task places, kept as stretches: a ready array of a million elements is one entry.

use std::{collections::BTreeMap, ops::Range};

use wask_proto::TaskIndex;

/// Disjoint stretches of places, in order. The first one is held inline, because most sets have
/// no other.
#[derive(Debug, Default)]
#[expect(clippy::box_collection, reason = "a map without a box has three words, even if empty")]
pub(crate) struct RangeSet {
    first: Range<TaskIndex>,
    rest: Option<Box<BTreeMap<TaskIndex, TaskIndex>>>,
}

impl RangeSet {
    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_empty()
    }

    /// The lowest place.
    pub(crate) fn first(&self) -> Option<TaskIndex> {
        (!self.first.is_empty()).then_some(self.first.start)
    }

    /// Adds places that are not in the set.
    pub(crate) fn insert(&mut self, range: Range<TaskIndex>) {
        if range.is_empty() {
            return;
        }
        if self.first.is_empty() {
            self.first = range;
        } else if range.end <= self.first.start {
            let old = std::mem::replace(&mut self.first, range);
            if self.first.end == old.start {
                self.first.end = old.end;
            } else {
                self.rest().insert(old.start, old.end);
            }
        } else if range.start == self.first.end {
            self.first.end = range.end;
            self.join_first();
        } else {
            self.insert_in_rest(range);
        }
    }

    /// Takes one place out; tells whether it was there.
    pub(crate) fn remove(&mut self, index: TaskIndex) -> bool {
        if self.first.contains(&index) {
            let tail = index + 1..self.first.end;
            self.first.end = index;
            if self.first.is_empty() {
                self.first = tail;
                self.refill();
            } else if !tail.is_empty() {
                self.rest().insert(tail.start, tail.end);
            }
            return true;
        }
        let Some(rest) = &mut self.rest else { return false };
        let Some((&start, &end)) = rest.range(..=index).next_back() else { return false };
        if end <= index {
            return false;
        }
        rest.remove(&start);
        if start < index {
            rest.insert(start, index);
        }
        if index + 1 < end {
            rest.insert(index + 1, end);
        }
        true
    }

    /// All stretches, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Range<TaskIndex>> {
        let first = (!self.first.is_empty()).then(|| self.first.clone());
        let rest = self.rest.iter().flat_map(|rest| rest.iter());
        first.into_iter().chain(rest.map(|(&start, &end)| start..end))
    }

    fn insert_in_rest(&mut self, mut range: Range<TaskIndex>) {
        let rest = self.rest();
        if let Some((_, end)) = rest.range_mut(..range.start).next_back()
            && *end == range.start
        {
            *end = range.end;
            return;
        }
        if let Some(end) = rest.remove(&range.end) {
            range.end = end;
        }
        rest.insert(range.start, range.end);
    }

    fn rest(&mut self) -> &mut BTreeMap<TaskIndex, TaskIndex> {
        self.rest.get_or_insert_default()
    }

    fn join_first(&mut self) {
        if let Some(rest) = &mut self.rest
            && let Some(end) = rest.remove(&self.first.end)
        {
            self.first.end = end;
        }
    }

    fn refill(&mut self) {
        if self.first.is_empty()
            && let Some((start, end)) = self.rest.as_mut().and_then(|rest| rest.pop_first())
        {
            self.first = start..end;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn behaves_like_a_plain_set_under_random_use() {
        let (mut ranges, mut plain, mut seed) = (RangeSet::default(), BTreeSet::new(), 7_u64);
        for _ in 0..20_000 {
            seed = crate::hash::mix(seed);
            let index = (seed % 64) as u32;
            if seed & (1 << 40) == 0 {
                let len = (seed >> 32) as u32 % 5;
                if (index..index + len).all(|i| !plain.contains(&i)) {
                    ranges.insert(index..index + len);
                    plain.extend(index..index + len);
                }
            } else {
                assert_eq!(ranges.remove(index), plain.remove(&index));
            }
            assert_eq!(ranges.iter().flatten().collect::<Vec<_>>(), Vec::from_iter(plain.clone()));
            assert_eq!(ranges.first(), plain.first().copied());
        }
    }
}
