//! Keys and names of tasks: `total`, `sq[3]`; and where in the run they lead.

use std::{collections::HashMap, ops::Range};

use wask_node::view::KeyTable;
use wask_proto::TaskIndex;

use crate::fields::twice;

/// What a key stands for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Target {
    /// Places of its tasks.
    pub(super) tasks: Range<TaskIndex>,
    /// Whether it is an array.
    pub(super) is_array: bool,
    /// Its number in this request; `None` for one that an open run had before.
    pub(super) node: Option<u32>,
}

/// All keys that a request may refer to.
#[derive(Debug, Default)]
pub(super) struct Keys<'a> {
    names: Vec<&'a str>,
    by_name: HashMap<&'a str, u32>,
    targets: Vec<(Range<TaskIndex>, bool)>,
    existing: Option<&'a KeyTable>,
}

impl<'a> Keys<'a> {
    pub(super) fn new(existing: Option<&'a KeyTable>) -> Self {
        Self { existing, ..Self::default() }
    }

    /// Adds a key of this request. The error says why it cannot be had.
    pub(super) fn add(&mut self, name: &'a str) -> Result<(), String> {
        let node = self.names.len() as u32;
        self.names.push(name);
        if self.existing.is_some_and(|table| table.find(name).is_some()) {
            return Err(format!("the run has a task `{name}` already; choose another key"));
        }
        if self.by_name.contains_key(name) {
            return Err(twice(name));
        }
        self.by_name.insert(name, node);
        Ok(())
    }

    /// Says where the keys' tasks are, in the order in which the keys were added.
    pub(super) fn place(&mut self, targets: Vec<(Range<TaskIndex>, bool)>) {
        self.targets = targets;
    }

    /// The number of a key of this request.
    pub(super) fn node(&self, name: &str) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    /// What a key stands for.
    pub(super) fn find(&self, name: &str) -> Option<Target> {
        if let Some(node) = self.node(name) {
            let (tasks, is_array) = self.targets.get(node as usize)?.clone();
            return Some(Target { tasks, is_array, node: Some(node) });
        }
        let key = self.existing?.find(name)?;
        Some(Target { tasks: key.tasks.clone(), is_array: key.is_array, node: None })
    }

    /// All names, for suggestions.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let existing = self.existing.into_iter().flat_map(KeyTable::iter);
        self.names.iter().copied().chain(existing.map(|key| &*key.key))
    }
}

/// Splits `sq[3]` into `sq` and 3; a name without brackets has no element.
pub(crate) fn split_name(name: &str) -> Option<(&str, Option<u64>)> {
    let Some(inner) = name.strip_suffix(']') else { return Some((name, None)) };
    let (key, element) = inner.split_once('[')?;
    let is_plain = element.bytes().all(|b| b.is_ascii_digit())
        && (element == "0" || !element.starts_with('0'));
    Some((key, Some(element.parse().ok().filter(|_| is_plain)?)))
}

/// What keeps a text from being a key; `None` if it can be one.
pub(super) fn fault_of_key(key: &str) -> Option<&'static str> {
    const KEY_MAX_BYTES: usize = 200;
    if key.is_empty() {
        return Some("a key must not be empty");
    }
    if key.len() > KEY_MAX_BYTES {
        return Some("a key has 200 bytes at most");
    }
    if key == "." || key == ".." {
        return Some("`.` and `..` cannot be keys, since keys are parts of paths");
    }
    let forbidden = |c: char| matches!(c, '/' | '[' | ']') || c.is_control();
    key.chars().any(forbidden).then_some("a key has no `/`, `[`, `]` or control characters")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_tasks_are_split_strictly() {
        assert_eq!(split_name("sq"), Some(("sq", None)));
        assert_eq!(split_name("sq[0]"), Some(("sq", Some(0))));
        assert_eq!(split_name("sq[17]"), Some(("sq", Some(17))));
        for wrong in ["sq[]", "sq[-1]", "sq[01]", "sq[1", "sq]", "sq[a]", "sq[+1]"] {
            let key = split_name(wrong).map(|(key, _)| key);
            assert!(key.is_none_or(|key| fault_of_key(key).is_some()), "{wrong}");
        }
    }

    #[test]
    fn keys_can_stand_in_paths() {
        assert_eq!(fault_of_key("größe 1"), None);
        for wrong in ["", "a/b", "a[0]", "..", "a\nb", &"x".repeat(201)] {
            assert!(fault_of_key(wrong).is_some(), "{wrong}");
        }
    }
}
