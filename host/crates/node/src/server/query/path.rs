//! The critical path of a run: from the task that ended last back along what each waited for.

use wask_proto::{RunId, TaskIndex, Timestamp};

use crate::{
    server::{Server, model::Run},
    view::live::{CriticalPath, PathTask},
};

/// Tasks that are told.
const SHOWN_MAX: usize = 1_000;
/// Steps that are looked for; a chain may be as long as the run.
const STEPS_MAX: u64 = 100_000;
/// Needed tasks that are compared in all: the loop waits meanwhile. Where they do not suffice, the
/// chain begins later.
const NEEDS_MAX: usize = 1_000_000;

impl Server {
    /// The chain as far as the run has come.
    pub(crate) fn critical_path(&self, run: RunId) -> Option<CriticalPath> {
        let run = self.model.runs.get(&run)?;
        let mut path = CriticalPath { us: 0, total: 0, tasks: Vec::new() };
        let mut budget = NEEDS_MAX;
        let mut step = run.last_to_end();
        let end = step.map_or(Timestamp(0), |task| run.ended_at(task));
        while let Some(task) = step.filter(|_| path.total < STEPS_MAX) {
            let Some(entry) = run.path_task(task) else { break };
            path.us = end.micros_since(entry.started_at);
            path.total += 1;
            if path.tasks.len() < SHOWN_MAX {
                path.tasks.push(entry);
            }
            step = run.waited_for(task, &mut budget);
        }
        path.tasks.reverse();
        Some(path)
    }
}

impl Run {
    fn last_to_end(&self) -> Option<TaskIndex> {
        let ended = self.completed.iter().copied().filter(|&task| self.began(task));
        ended.max_by_key(|&task| self.ended_at(task))
    }

    /// Of what a task needed, what ended last; `budget` is how many may be compared.
    fn waited_for(&self, task: TaskIndex, budget: &mut usize) -> Option<TaskIndex> {
        let mut compared = 0;
        let needs = self.need_ranges(task).into_iter().flatten().take(*budget);
        let needs = needs.inspect(|_| compared += 1);
        let parent = self.node_of(task).and_then(|node| node.batch.parent);
        let last = needs.filter(|&need| self.began(need)).max_by_key(|&n| self.ended_at(n));
        *budget -= compared;
        // A task that was handed out waited for the one that did it to begin.
        last.or(parent.filter(|&parent| parent < task && self.began(parent)))
    }

    fn began(&self, task: TaskIndex) -> bool {
        self.tasks.get(task as usize).is_some_and(|row| row.started_at.0 != 0)
    }

    fn ended_at(&self, task: TaskIndex) -> Timestamp {
        self.tasks.get(task as usize).map(|row| row.finished_at).unwrap_or_default()
    }

    fn path_task(&self, task: TaskIndex) -> Option<PathTask> {
        let row = self.tasks.get(task as usize)?;
        Some(PathTask {
            task,
            key: self.name_of(task),
            call: self.call_of(self.node_of(task)?),
            started_at: row.started_at,
            finished_at: row.finished_at,
        })
    }
}
