//! The keys of a run, for readers outside the loop.
//!
//! A copy is cheap, and so is adding keys to a table that others still read: keys lie in chunks
//! that never change, each at least twice as long as the next, so a look-up visits few of them.

use std::{ops::Range, sync::Arc};

use wask_proto::{CallSpec, Few, MapSource, NodeSpec, Part, RunId, TaskIndex, ZipSource};

use crate::key_index::KeyIndex;

/// A key of a run and the places of its tasks. A name of a task is `key`, or `key[n]` in arrays.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyView {
    /// The key.
    pub key: Arc<str>,
    /// What it calls, and how.
    pub call: Arc<CallSpec>,
    /// Places of its tasks.
    pub tasks: Range<TaskIndex>,
    /// Whether it is an array.
    pub is_array: bool,
    /// Places of tasks it needs (results or `after`), as written in the graph.
    pub needs: Few<Range<TaskIndex>>,
    /// The task that handed it out.
    pub parent: Option<TaskIndex>,
}

/// The keys of a run, in order of their places.
#[derive(Clone, Debug)]
pub struct KeyTable {
    /// The run.
    pub run: RunId,
    /// Whether it still takes tasks.
    pub open: bool,
    /// Options for all its tasks, as the client wrote them (CBOR); empty without any.
    pub defaults: Arc<[u8]>,
    chunks: Vec<Arc<Chunk>>,
}

#[derive(Clone, Debug, Default)]
struct Chunk {
    keys: Vec<KeyView>,
    positions: KeyIndex,
}

impl KeyTable {
    /// The table of a run without keys.
    pub fn new(run: RunId, open: bool) -> Self {
        Self { run, open, defaults: Arc::default(), chunks: Vec::new() }
    }

    /// The same table with options for all tasks of the run.
    #[must_use]
    pub fn with_defaults(self, defaults: &[u8]) -> Self {
        Self { defaults: defaults.into(), ..self }
    }

    /// Adds keys behind those that are there.
    pub fn append(&mut self, keys: impl IntoIterator<Item = KeyView>) {
        let mut last = Chunk::default();
        last.extend(keys);
        while let Some(before) =
            self.chunks.pop_if(|before| before.keys.len() < 2 * last.keys.len())
        {
            let added = std::mem::replace(&mut last, Arc::unwrap_or_clone(before));
            last.extend(added.keys);
        }
        if !last.keys.is_empty() {
            self.chunks.push(Arc::new(last));
        }
    }

    /// The key of that name.
    pub fn find(&self, name: &str) -> Option<&KeyView> {
        self.chunks.iter().find_map(|chunk| {
            let position = chunk.positions.find(name, |at| &chunk.keys[at as usize].key)?;
            chunk.keys.get(position as usize)
        })
    }

    /// All keys, in order of their places.
    pub fn iter(&self) -> impl Iterator<Item = &KeyView> {
        self.chunks.iter().flat_map(|chunk| &chunk.keys)
    }

    /// Number of keys.
    pub fn len(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.keys.len()).sum()
    }

    /// Whether there are no keys.
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// The place of the next task.
    pub fn next_place(&self) -> TaskIndex {
        let last = self.chunks.last().and_then(|chunk| chunk.keys.last());
        last.map_or(0, |key| key.tasks.end)
    }
}

impl Chunk {
    fn extend(&mut self, keys: impl IntoIterator<Item = KeyView>) {
        let keys = keys.into_iter();
        // What growing step by step leaves behind is hard to hand back.
        let added = keys.size_hint().0;
        self.keys.reserve_exact(added);
        self.positions.reserve(added, |at| &self.keys[at as usize].key);
        for key in keys {
            let position = self.keys.len() as u32;
            self.keys.push(key);
            self.positions.insert(position, |at| &self.keys[at as usize].key);
        }
    }
}

impl From<&NodeSpec> for KeyView {
    fn from(spec: &NodeSpec) -> Self {
        Self {
            key: Arc::clone(&spec.key),
            call: Arc::clone(&spec.call),
            tasks: spec.tasks.clone(),
            is_array: spec.map.is_some(),
            needs: ranges_of(spec).into(),
            parent: None,
        }
    }
}

/// Everything that a node needs, as ranges of places, in ascending order without repetition.
pub(crate) fn ranges_of(spec: &NodeSpec) -> Vec<Range<TaskIndex>> {
    let mut needs = spec.after.to_vec();
    spec.each_part(&mut |part| match part {
        Part::Task(task) => needs.push(*task..*task + 1),
        Part::Tasks(range) => needs.push(range.clone()),
        Part::Literal(_) | Part::Object(_) | Part::Item(_) => {}
    });
    if let Some(MapSource::Zip(sources)) = spec.map.as_deref() {
        for source in sources {
            if let ZipSource::Tasks(range) = source {
                needs.push(range.clone());
            }
        }
    }
    needs.sort_by_key(|range| (range.start, range.end));
    needs.dedup();
    needs
}

/// What one task of a node needs: for an element of an array its own share.
pub(crate) fn needs_of_element(spec: &NodeSpec, element: TaskIndex) -> Vec<Range<TaskIndex>> {
    let map = match spec.map.as_deref() {
        None | Some(MapSource::Range { .. } | MapSource::Imported) => return ranges_of(spec),
        Some(map) => map,
    };
    let (mut args, mut zipped) = (spec.args.to_vec(), Vec::new());
    match map {
        MapSource::Each(elements) => {
            args.extend(elements.get(element as usize).into_iter().flatten().cloned());
        }
        MapSource::Zip(sources) => {
            for source in sources {
                match source {
                    ZipSource::Tasks(range) => {
                        zipped.push(range.start + element..range.start + element + 1);
                    }
                    ZipSource::Values(values) => {
                        args.extend(values.get(element as usize).cloned());
                    }
                }
            }
        }
        MapSource::Range { .. } | MapSource::Imported => {}
    }
    let one = NodeSpec { args: args.into(), ..spec.clone_without_map() };
    let mut needs = ranges_of(&one);
    needs.extend(zipped);
    needs
}

#[cfg(test)]
mod tests {
    use wask_proto::{ModuleId, TaskOptions};

    use super::*;

    fn key(number: u32) -> KeyView {
        KeyView {
            key: format!("k{number}").into(),
            call: Arc::new(CallSpec {
                module: ModuleId([0; 32]),
                module_name: "m".into(),
                function: "f".into(),
                options: TaskOptions::default(),
            }),
            tasks: number..number + 1,
            is_array: false,
            needs: Few::default(),
            parent: None,
        }
    }

    /// Goal: however keys arrive, all are found, in order, in few chunks; copies do not change.
    #[test]
    fn keys_are_found_however_they_came() {
        let mut table = KeyTable::new(RunId(1), true);
        let mut copies = Vec::new();
        for number in 0..1_000 {
            table.append([key(number)]);
            copies.push(table.clone());
        }
        table.append((1_000..1_500).map(key));
        table.append([]);
        assert!(table.chunks.len() <= 11, "{} chunks", table.chunks.len());
        assert!(table.iter().map(|key| key.tasks.start).eq(0..1_500));
        assert_eq!((table.len(), table.next_place()), (1_500, 1_500));
        for number in [0, 1, 511, 999, 1_000, 1_499] {
            assert_eq!(table.find(&format!("k{number}")), Some(&key(number)));
        }
        assert_eq!(table.find("k1500"), None);
        let copy = copies.get(9).expect("the copy of ten keys");
        assert_eq!((copy.len(), copy.find("k10")), (10, None));
    }
}
