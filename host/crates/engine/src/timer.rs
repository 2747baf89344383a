//! When delayed retries are due.

use std::collections::{BTreeMap, BTreeSet};

use wask_proto::{TaskState, Timestamp};

use crate::{
    Engine,
    cell::{Phase, TaskRef},
    step::Step,
};

/// Delayed tasks by the time at which they may run again.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    queue: BTreeSet<(Timestamp, TaskRef)>,
    by_task: BTreeMap<TaskRef, Timestamp>,
}

impl Timers {
    pub(crate) fn insert(&mut self, task: TaskRef, at: Timestamp) {
        self.queue.insert((at, task));
        self.by_task.insert(task, at);
    }

    pub(crate) fn remove(&mut self, task: TaskRef) {
        if let Some(at) = self.by_task.remove(&task) {
            self.queue.remove(&(at, task));
        }
    }

    /// When this task is due.
    pub(crate) fn get(&self, task: TaskRef) -> Option<Timestamp> {
        self.by_task.get(&task).copied()
    }

    /// When the next task is due.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.queue.first().map(|(at, _)| *at)
    }

    pub(crate) fn len(&self) -> usize {
        debug_assert_eq!(self.queue.len(), self.by_task.len());
        self.by_task.len()
    }

    fn pop_due(&mut self, now: Timestamp) -> Option<TaskRef> {
        let (at, task) = self.queue.first().copied()?;
        if at > now {
            return None;
        }
        self.remove(task);
        Some(task)
    }
}

impl Engine {
    pub(crate) fn on_tick(&mut self, step: &mut Step<'_>) {
        while let Some(task) = self.timers.pop_due(step.now) {
            debug_assert_eq!(self.runs.cell(task).phase, Phase::Delayed);
            self.requeue(task, TaskState::Waiting, step);
        }
    }
}
