//! How much the workers hold that take work, and how much more they take: the one that holds the
//! least and takes a task is at hand, whatever their number. Decides nothing.

/// What is known of a worker that takes work.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Load {
    /// Estimated work for each slot.
    pub(crate) load_us: u32,
    /// So long may another task last, `u32::MAX` being any time; `None` if it takes none.
    pub(crate) room_us: Option<u32>,
    /// Whether it takes a task of which nobody knows how long it lasts.
    pub(crate) takes_unknown: bool,
}

/// Of a worker that takes nothing.
const CLOSED: Load = Load { load_us: u32::MAX, room_us: None, takes_unknown: false };

/// Loads by a worker's place: a tree of which each inner node has the best of the two below it.
#[derive(Debug, Default)]
pub(crate) struct Loads {
    /// The root is at 1, the leaves are the second half.
    tree: Vec<Load>,
}

impl Load {
    /// Whether it takes anything.
    pub(crate) const fn is_open(&self) -> bool {
        self.takes_unknown || self.room_us.is_some()
    }

    /// Whether it takes a task that lasts so long. Of an inner node: whether a worker below it does.
    pub(crate) fn takes(&self, estimate_us: Option<u32>) -> bool {
        match estimate_us {
            None => self.takes_unknown,
            Some(us) => self.room_us.is_some_and(|room_us| room_us >= us),
        }
    }

    fn best(self, other: Self) -> Self {
        Self {
            load_us: self.load_us.min(other.load_us),
            room_us: self.room_us.max(other.room_us),
            takes_unknown: self.takes_unknown || other.takes_unknown,
        }
    }
}

impl Loads {
    /// The load of a worker; `None` while it takes nothing.
    pub(crate) fn set(&mut self, place: u32, load: Option<Load>) {
        let place = place as usize;
        if place >= self.leaves() {
            self.grow(place + 1);
        }
        let mut at = self.leaves() + place;
        self.tree[at] = load.unwrap_or(CLOSED);
        while at > 1 {
            at /= 2;
            let best = self.tree[2 * at].best(self.tree[2 * at + 1]);
            if self.tree[at] == best {
                return;
            }
            self.tree[at] = best;
        }
    }

    /// Among the workers that have room for a task that lasts so long, and of which `takes` is
    /// true, the place of the one that holds the least, the first of them.
    pub(crate) fn least(
        &self,
        estimate_us: Option<u32>,
        takes: impl Fn(u32) -> bool,
    ) -> Option<u32> {
        let mut least = None;
        if self.leaves() > 0 {
            self.search(1, estimate_us, &takes, &mut least);
        }
        least.map(|(_, place)| place)
    }

    /// Looks below a node for one that holds less than what was found.
    fn search(
        &self,
        at: usize,
        estimate_us: Option<u32>,
        takes: &impl Fn(u32) -> bool,
        least: &mut Option<(u32, u32)>,
    ) {
        let node = &self.tree[at];
        // Of equal ones the first is the least, and what is on the left comes first.
        let first = self.first_place(at);
        if least.is_some_and(|least| (node.load_us, first) > least) || !node.takes(estimate_us) {
            return;
        }
        if at >= self.leaves() {
            let place = (at - self.leaves()) as u32;
            if takes(place) {
                *least = Some((node.load_us, place));
            }
            return;
        }
        let (left, right) = (2 * at, 2 * at + 1);
        let left_first = self.tree[left].load_us <= self.tree[right].load_us;
        let order = if left_first { [left, right] } else { [right, left] };
        order.into_iter().for_each(|child| self.search(child, estimate_us, takes, least));
    }

    /// What was set for a worker.
    pub(crate) fn get(&self, place: u32) -> Option<Load> {
        let load = self.tree.get(self.leaves() + place as usize).copied();
        load.filter(|load| load.is_open() && (place as usize) < self.leaves())
    }

    fn leaves(&self) -> usize {
        self.tree.len() / 2
    }

    /// The place of the leftmost leaf below a node.
    fn first_place(&self, at: usize) -> u32 {
        let first = at << (self.leaves().ilog2() - at.ilog2());
        (first - self.leaves()) as u32
    }

    fn grow(&mut self, places: usize) {
        let before = self.leaves();
        let leaves = places.next_power_of_two().max(2);
        let mut tree = vec![CLOSED; 2 * leaves];
        tree[leaves..leaves + before].copy_from_slice(&self.tree[before..]);
        for at in (1..leaves).rev() {
            tree[at] = tree[2 * at].best(tree[2 * at + 1]);
        }
        self.tree = tree;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: whatever was set, and whoever takes the task, the least is what a look at all of them
    /// finds.
    #[test]
    fn the_least_is_the_first_of_the_least() {
        let (mut loads, mut plain) = (Loads::default(), Vec::<Option<Load>>::new());
        assert_eq!(loads.least(None, |_| true), None);
        let (mut seed, mut found) = (3, 0);
        for _ in 0..5_000 {
            seed = crate::hash::mix(seed);
            let place = (seed % 300) as usize;
            let load = (seed >> 32 & 3 > 0).then_some(Load {
                load_us: (seed >> 40 & 7) as u32,
                room_us: Some((seed >> 44 & 7) as u32),
                takes_unknown: seed >> 48 & 3 == 0,
            });
            loads.set(place as u32, load);
            if plain.len() <= place {
                plain.resize(place + 1, None);
            }
            plain[place] = load;
            assert_eq!(loads.get(place as u32), load);
            let estimate_us = (seed >> 52 & 3 > 0).then_some((seed >> 54 & 7) as u32);
            let takes = |place: u32| seed >> 57 & 1 == 0 || place.is_multiple_of(3);
            let open = (0..).zip(&plain).filter_map(|(place, load)| {
                let load = load.filter(|load| load.takes(estimate_us) && takes(place))?;
                Some((load.load_us, place))
            });
            let least = open.min().map(|(_, place)| place);
            assert_eq!(loads.least(estimate_us, takes), least);
            found += usize::from(least.is_some());
        }
        assert!((1_000..5_000).contains(&found), "{found} were found");
    }
}
