//! How much the workers hold that may take more: the one that holds the least is at hand, whatever
//! their number. Decides nothing.

/// Of a worker that takes nothing.
const CLOSED: u64 = u64::MAX;

/// Loads by a worker's place: a tree of which each inner node is the least of the two below it.
#[derive(Debug, Default)]
pub(crate) struct Loads {
    /// The root is at 1, the leaves are the second half.
    tree: Vec<u64>,
}

impl Loads {
    /// The load of a worker; `None` while it takes nothing.
    pub(crate) fn set(&mut self, place: u32, load: Option<u64>) {
        let place = place as usize;
        if place >= self.leaves() {
            self.grow(place + 1);
        }
        let mut at = self.leaves() + place;
        self.tree[at] = load.unwrap_or(CLOSED);
        while at > 1 {
            at /= 2;
            let least = self.tree[2 * at].min(self.tree[2 * at + 1]);
            if self.tree[at] == least {
                return;
            }
            self.tree[at] = least;
        }
    }

    /// The place of the worker that holds the least, the first of them; `None` when none takes more.
    pub(crate) fn least(&self) -> Option<u32> {
        let least = self.tree.get(1).copied().filter(|load| *load != CLOSED)?;
        let mut at = 1;
        while at < self.leaves() {
            at = 2 * at + usize::from(self.tree[2 * at] != least);
        }
        Some((at - self.leaves()) as u32)
    }

    /// What was set for a worker.
    pub(crate) fn get(&self, place: u32) -> Option<u64> {
        let load = self.tree.get(self.leaves() + place as usize).copied();
        load.filter(|load| *load != CLOSED && (place as usize) < self.leaves())
    }

    fn leaves(&self) -> usize {
        self.tree.len() / 2
    }

    fn grow(&mut self, places: usize) {
        let before = self.leaves();
        let leaves = places.next_power_of_two().max(2);
        let mut tree = vec![CLOSED; 2 * leaves];
        tree[leaves..leaves + before].copy_from_slice(&self.tree[before..]);
        for at in (1..leaves).rev() {
            tree[at] = tree[2 * at].min(tree[2 * at + 1]);
        }
        self.tree = tree;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: whatever was set, the least is what a look at all of them finds.
    #[test]
    fn the_least_is_the_first_of_the_least() {
        let (mut loads, mut plain) = (Loads::default(), Vec::<Option<u64>>::new());
        assert_eq!(loads.least(), None);
        let mut seed = 3;
        for _ in 0..5_000 {
            seed = crate::hash::mix(seed);
            let place = (seed % 300) as usize;
            let load = (seed >> 32 & 3 > 0).then_some(seed >> 40 & 7);
            loads.set(place as u32, load);
            if plain.len() <= place {
                plain.resize(place + 1, None);
            }
            plain[place] = load;
            let open = plain.iter().zip(0..).filter_map(|(load, place)| Some(((*load)?, place)));
            assert_eq!(loads.least(), open.min().map(|(_, place)| place));
            assert_eq!(loads.get(place as u32), load);
        }
    }
}
