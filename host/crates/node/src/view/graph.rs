//! The graph of a run down to its tasks: a snapshot that is cheap to take, and read outside the
//! loop.

use std::{ops::Range, sync::Arc};

use wask_proto::{MapSource, NodeSpec, TaskIndex, TaskState, ZipSource};

use crate::keys::{needs_of_element, ranges_of};

/// A run's keys with all that they need, and the states of its tasks.
#[derive(Clone, Debug)]
pub struct RunGraph {
    /// Keys, in order of their places.
    pub keys: Vec<GraphKey>,
    /// States of the tasks by place.
    pub states: Vec<TaskState>,
}

/// A key: a task, or an array of tasks.
#[derive(Clone, Debug)]
pub struct GraphKey {
    pub(crate) batch: Arc<Vec<NodeSpec>>,
    pub(crate) position: u32,
    /// Number of its function in the run.
    pub function: u32,
    /// The task that handed it out.
    pub parent: Option<TaskIndex>,
}

/// Tasks that need others.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bundle {
    /// What is needed.
    pub from: Range<TaskIndex>,
    /// Who needs it.
    pub to: Range<TaskIndex>,
    /// Whether each needs the one at its own position alone; otherwise each needs all.
    pub one_to_one: bool,
}

impl RunGraph {
    /// The key of a task.
    pub fn key_of(&self, task: TaskIndex) -> Option<usize> {
        let at = self.keys.partition_point(|key| key.tasks().end <= task);
        self.keys.get(at).is_some_and(|key| key.tasks().contains(&task)).then_some(at)
    }

    /// The name of a task: `key`, or `key[n]`.
    pub fn name_of(&self, task: TaskIndex) -> String {
        let Some(key) = self.key_of(task).and_then(|at| self.keys.get(at)) else {
            return format!("#{task}");
        };
        let spec = key.spec();
        match spec.map {
            None => spec.key.to_string(),
            Some(_) => format!("{}[{}]", spec.key, task - spec.tasks.start),
        }
    }

    /// The first `limit` tasks that need this one, and how many do.
    pub fn dependents_of(&self, task: TaskIndex, limit: usize) -> (Vec<TaskIndex>, u64) {
        let (mut first, mut total) = (Vec::new(), 0);
        for bundle in self.keys.iter().flat_map(GraphKey::bundles) {
            let Some(who) = bundle.dependents_of(task) else { continue };
            total += u64::from(who.end - who.start);
            let room = limit.saturating_sub(first.len());
            first.extend(who.take(room));
        }
        (first, total)
    }
}

impl GraphKey {
    /// Places of its tasks.
    pub fn tasks(&self) -> Range<TaskIndex> {
        self.spec().tasks.clone()
    }

    /// What its tasks need, as few bundles as tell it exactly.
    pub fn bundles(&self) -> Vec<Bundle> {
        let spec = self.spec();
        let all =
            |from: Range<TaskIndex>| Bundle { from, to: spec.tasks.clone(), one_to_one: false };
        match spec.map.as_deref() {
            None | Some(MapSource::Range { .. } | MapSource::Imported) => {
                ranges_of(spec).into_iter().map(all).collect()
            }
            Some(MapSource::Zip(sources)) if sources.iter().all(ZipSource::is_tasks) => {
                let zipped = sources.iter().filter_map(|source| match source {
                    ZipSource::Tasks(from) => Some(Bundle {
                        from: from.clone(),
                        to: spec.tasks.clone(),
                        one_to_one: true,
                    }),
                    ZipSource::Values(_) => None,
                });
                let common = ranges_of(&spec.clone_without_map());
                common.into_iter().map(all).chain(zipped).collect()
            }
            Some(MapSource::Each(_) | MapSource::Zip(_)) => {
                let places = spec.tasks.clone();
                let of_one = |task: TaskIndex| {
                    let needs = needs_of_element(spec, task - spec.tasks.start);
                    let one = move |from| Bundle { from, to: task..task + 1, one_to_one: false };
                    needs.into_iter().map(one)
                };
                places.flat_map(of_one).collect()
            }
        }
    }

    pub(crate) fn spec(&self) -> &NodeSpec {
        // The position was taken from this very batch.
        &self.batch[self.position as usize]
    }
}

impl Bundle {
    /// All pairs of a task and one that it needs, the needed one first.
    pub fn pairs(self) -> impl Iterator<Item = (TaskIndex, TaskIndex)> {
        let Self { from, to, one_to_one } = self;
        let first = from.start;
        let zipped = one_to_one.then(|| from.clone().zip(to.clone()));
        let crossed = (!one_to_one)
            .then(|| to.flat_map(move |user| (first..from.end).map(move |needed| (needed, user))));
        zipped.into_iter().flatten().chain(crossed.into_iter().flatten())
    }

    /// Who of these needs that task.
    fn dependents_of(&self, task: TaskIndex) -> Option<Range<TaskIndex>> {
        if !self.from.contains(&task) {
            return None;
        }
        if !self.one_to_one {
            return Some(self.to.clone());
        }
        let who = self.to.start + (task - self.from.start);
        self.to.contains(&who).then_some(who..who + 1)
    }
}
