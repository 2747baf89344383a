//! Tasks that stand for tasks of other runs, and results that are held from outside.
//!
//! An import runs nowhere: it ends as its source ends, and takes over its result. As long as it
//! waits it holds the source, so that neither a release nor a deletion takes that away. A task that
//! has handed over to one that it submitted waits and ends in the same way.

use wask_proto::{RunId, TaskId, TaskIndex, TaskState};

use crate::{
    Engine, ResultSource,
    cell::{Phase, TaskRef},
    run::NodeState,
    settle::Ending,
    step::Step,
};

impl Engine {
    /// Whether somebody outside holds results of this run, which may not be deleted then.
    pub fn is_held(&self, run: RunId) -> bool {
        self.runs.place(run).is_some_and(|place| !self.runs[place].held.is_empty())
    }

    pub(crate) fn on_hold(&mut self, task: TaskId) {
        if let Some(task) = self.runs.find(task) {
            *self.runs[task.run].held.entry(task.index).or_default() += 1;
        }
    }

    pub(crate) fn on_unhold(&mut self, task: TaskId, step: &mut Step<'_>) {
        let Some(task) = self.runs.find(task) else { return };
        let run = &mut self.runs[task.run];
        let Some(holds) = run.held.get_mut(&task.index) else { return };
        *holds -= 1;
        if *holds > 0 {
            return;
        }
        run.held.remove(&task.index);
        if run.restoring {
            return;
        }
        run.drop_if_unneeded(task.index, step);
        if run.cell(task.index).is_released() {
            self.cancel_useless(task.run, vec![task.index], step);
        }
    }

    /// Lets the unfinished tasks of an import wait for their sources.
    pub(crate) fn enter_imports(&mut self, place: u32, node: u32, step: &mut Step<'_>) {
        let run = &self.runs[place];
        // Some may have been among those that run again, and wait already.
        let waits = |index: &TaskIndex| matches!(run.cell(*index).phase, Phase::Waiting { .. });
        let waiting: Vec<_> = run.node(node).tasks.clone().filter(waits).collect();
        for &index in &waiting {
            step.state_changed(run.id, index..index + 1, TaskState::Waiting);
        }
        for index in waiting {
            self.mirror(TaskRef { run: place, index });
        }
    }

    /// Lets an import wait for its source. If that is finished, the import is when everything that
    /// is under way has been worked off.
    pub(crate) fn mirror(&mut self, task: TaskRef) {
        let Some(source) = self.source_of(task) else { return };
        self.runs.cell_mut(task).phase = Phase::Mirroring;
        self.imports.entry(source).or_default().push(task);
        self.on_hold(source);
        self.sources.push_back(source);
    }

    /// An import does not wait any more.
    pub(crate) fn leave_source(&mut self, task: TaskRef, step: &mut Step<'_>) {
        let Some(source) = self.source_of(task) else { return };
        let Some(waiting) = self.imports.get_mut(&source) else { return };
        let Some(position) = waiting.iter().position(|other| *other == task) else { return };
        waiting.remove(position);
        if waiting.is_empty() {
            self.imports.remove(&source);
        }
        self.handed_over.remove(&task);
        self.on_unhold(source, step);
    }

    /// Ends what stands for this task, if it is finished. What stands for a task that is gone
    /// fails.
    pub(crate) fn settle_imports(&mut self, source: TaskId, step: &mut Step<'_>) {
        if !self.imports.contains_key(&source) {
            return;
        }
        let ending = match self.runs.find(source) {
            None => Ending::Failed,
            Some(of) if self.runs[of.run].restoring => return,
            Some(of) => {
                let cell = self.runs.cell(of);
                match cell.phase {
                    // Its result is gone and needed once more.
                    Phase::Succeeded { .. } if !cell.has_value() => {
                        return self.reopen(of.run, vec![of.index], step);
                    }
                    Phase::Succeeded { size_bytes, worker } => {
                        let source = ResultSource::SameAs(source);
                        Ending::Succeeded { source, size_bytes, worker }
                    }
                    Phase::Failed | Phase::Aborted { .. } => Ending::Failed,
                    Phase::Cancelled => Ending::Cancelled,
                    _ => return,
                }
            }
        };
        for task in self.imports.remove(&source).unwrap_or_default() {
            self.handed_over.remove(&task);
            self.conclude(task, TaskState::Waiting, ending, step);
            // The result is taken over before the source may drop it.
            self.on_unhold(source, step);
        }
    }

    /// A task has handed over to another one of its run, and ends as that one ends.
    pub(crate) fn hand_over(
        &mut self,
        task: TaskRef,
        to: TaskIndex,
        from: TaskState,
        step: &mut Step<'_>,
    ) {
        self.handed_over.insert(task, to);
        self.tell_waiting(task, from, step);
        self.mirror(task);
    }

    /// After a restart: looks at the imports whose sources were restored after them.
    pub(crate) fn look_at_all_sources(&mut self) {
        self.sources.extend(self.imports.keys().copied());
    }

    /// After a restart: holds the sources of all unfinished imports until these wait for them;
    /// appends what was held.
    pub(crate) fn hold_sources(&mut self, place: u32, held: &mut Vec<TaskId>) {
        let run = &self.runs[place];
        let imports = run.nodes.iter().filter(|node| node.rare().import.is_some());
        let first = held.len();
        for node in imports {
            let unfinished = |index: &TaskIndex| !run.cell(*index).phase.is_final();
            let indexes = node.tasks.clone().filter(unfinished);
            held.extend(indexes.filter_map(|index| node.source(index)));
        }
        for source in held.iter().skip(first) {
            self.on_hold(*source);
        }
    }

    /// The task as which this one ends, if it is not to run itself.
    pub(crate) fn source_of(&self, task: TaskRef) -> Option<TaskId> {
        match self.handed_over.get(&task) {
            Some(index) => Some(TaskId { run: self.runs[task.run].id, index: *index }),
            None => self.runs.node_of(task).source(task.index),
        }
    }
}

impl NodeState {
    /// The task for which a task of an import stands.
    pub(crate) fn source(&self, index: TaskIndex) -> Option<TaskId> {
        let first = self.rare().import?;
        Some(TaskId { run: first.run, index: first.index + (index - self.tasks.start) })
    }
}
