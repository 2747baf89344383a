//! Profiles of guests: the stacks that were met at regular moments, and the trees they add up to.

use std::{collections::HashMap, sync::Arc};

use serde::{Deserialize, Serialize};

/// Different functions of one profile.
const NAMES_MAX: usize = 4_000;
/// Different stacks of one profile.
const STACKS_MAX: usize = 2_000;
/// Frames of a stack that are kept, the outermost ones.
pub const FRAMES_MAX: usize = 96;
/// Places of a tree.
const PLACES_MAX: usize = 20_000;

/// What an attempt was doing at each moment that it was looked at.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Profile {
    /// Functions.
    pub names: Vec<Arc<str>>,
    /// Stacks, outermost frame first, as positions in `names`; and how often each was met.
    pub stacks: Vec<(Vec<u32>, u32)>,
}

impl Profile {
    /// Adds a moment. What goes beyond the limits is not told.
    pub fn add(&mut self, frames: impl Iterator<Item = impl AsRef<str> + Into<Arc<str>>>) {
        let mut stack = Vec::new();
        for frame in frames.take(FRAMES_MAX) {
            let known = self.names.iter().position(|name| **name == *frame.as_ref());
            let position = match known {
                Some(position) => position,
                None if self.names.len() < NAMES_MAX => {
                    self.names.push(frame.into());
                    self.names.len() - 1
                }
                None => return,
            };
            stack.push(position as u32);
        }
        let has_room = self.stacks.len() < STACKS_MAX;
        match self.stacks.iter_mut().find(|(known, _)| *known == stack) {
            Some((_, count)) => *count = count.saturating_add(1),
            None if has_room => self.stacks.push((stack, 1)),
            None => {}
        }
    }

    /// Moments.
    pub fn samples(&self) -> u64 {
        self.stacks.iter().map(|(_, count)| u64::from(*count)).sum()
    }
}

/// Stacks of many attempts as a tree.
#[derive(Clone, Debug, Default)]
pub struct ProfileTree {
    names: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32>,
    places: Vec<Place>,
    children: HashMap<(u32, u32), u32>,
    samples: u64,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    name: u32,
    /// Moments in which it was the innermost frame.
    own: u64,
}

/// A frame of a tree with all that it called.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProfileNode {
    /// The function.
    pub name: Arc<str>,
    /// Moments in which it was the innermost frame.
    pub own: u64,
    /// Moments in which it was there.
    pub total: u64,
    /// What it called, the most frequent first.
    pub children: Vec<Self>,
}

/// Above the outermost frames.
const ROOT: u32 = u32::MAX;

impl ProfileTree {
    /// Adds an attempt's stacks.
    pub fn add(&mut self, profile: &Profile) {
        for (stack, count) in &profile.stacks {
            self.samples += u64::from(*count);
            let mut at = ROOT;
            for position in stack {
                let Some(name) = profile.names.get(*position as usize) else { break };
                let name = self.number(name);
                match self.child(at, name) {
                    Some(place) => at = place,
                    None => break,
                }
            }
            if let Some(place) = self.places.get_mut(at as usize) {
                place.own += u64::from(*count);
            }
        }
    }

    /// Moments.
    pub const fn samples(&self) -> u64 {
        self.samples
    }

    /// The tree below a frame of this name, which stands for all attempts.
    pub fn root(&self, name: &str) -> ProfileNode {
        let mut below: HashMap<u32, Vec<u32>> = HashMap::new();
        for (&(parent, _), &place) in &self.children {
            below.entry(parent).or_default().push(place);
        }
        let mut children = self.nodes(ROOT, &below);
        children.sort_by(|one, other| other.total.cmp(&one.total).then(one.name.cmp(&other.name)));
        let known: u64 = children.iter().map(|child| child.total).sum();
        let own = self.samples.saturating_sub(known);
        ProfileNode { name: name.into(), own, total: self.samples, children }
    }

    /// Nodes below a place. Nests as deep as stacks do, which is bounded.
    fn nodes(&self, parent: u32, below: &HashMap<u32, Vec<u32>>) -> Vec<ProfileNode> {
        let node = |&at: &u32| {
            let place = self.places.get(at as usize)?;
            let children = self.nodes(at, below);
            let called: u64 = children.iter().map(|child| child.total).sum();
            let name = Arc::clone(self.names.get(place.name as usize)?);
            Some(ProfileNode { name, own: place.own, total: place.own + called, children })
        };
        let mut nodes: Vec<ProfileNode> =
            below.get(&parent).into_iter().flatten().filter_map(node).collect();
        nodes.sort_by(|one, other| other.total.cmp(&one.total).then(one.name.cmp(&other.name)));
        nodes
    }

    fn number(&mut self, name: &Arc<str>) -> u32 {
        let next = self.names.len() as u32;
        let names = &mut self.names;
        *self.numbers.entry(Arc::clone(name)).or_insert_with(|| {
            names.push(Arc::clone(name));
            next
        })
    }

    fn child(&mut self, parent: u32, name: u32) -> Option<u32> {
        if let Some(place) = self.children.get(&(parent, name)) {
            return Some(*place);
        }
        if self.places.len() >= PLACES_MAX {
            return None;
        }
        let place = self.places.len() as u32;
        self.places.push(Place { name, own: 0 });
        self.children.insert((parent, name), place);
        Some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(stacks: &[(&[&str], u32)]) -> Profile {
        let mut profile = Profile::default();
        for (stack, count) in stacks {
            (0..*count).for_each(|_| profile.add(stack.iter().copied()));
        }
        profile
    }

    /// Goal: stacks of several attempts add up to one tree, the most frequent first.
    #[test]
    fn stacks_add_up_to_a_tree() {
        let one = profile(&[(&["f", "g"], 2), (&["f"], 1)]);
        assert_eq!((one.samples(), one.names.len(), one.stacks.len()), (3, 2, 2));
        let mut tree = ProfileTree::default();
        tree.add(&one);
        tree.add(&profile(&[(&["h"], 1), (&["f", "g", "h"], 5)]));
        let root = tree.root("all");
        assert_eq!((root.total, root.own, root.children.len()), (9, 0, 2));
        let f = &root.children[0];
        assert_eq!((&*f.name, f.own, f.total), ("f", 1, 8));
        assert_eq!((f.children[0].own, f.children[0].total), (2, 7));
        assert_eq!(&*root.children[1].name, "h");
    }

    /// Goal: deep stacks and many names stay within their limits.
    #[test]
    fn profiles_are_bounded() {
        let mut profile = Profile::default();
        for stack in 0..STACKS_MAX + 10 {
            profile.add((0..200).map(|frame| format!("f{}", frame + stack % 7)));
            profile.add([format!("s{stack}")].into_iter());
        }
        assert!(profile.stacks.len() <= STACKS_MAX && profile.names.len() <= NAMES_MAX);
        assert!(profile.stacks.iter().all(|(stack, _)| stack.len() <= FRAMES_MAX));
    }
}
