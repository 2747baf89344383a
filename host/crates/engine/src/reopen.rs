//! Finished tasks that run again: after a user's retry, or because a result is needed once more.

use std::{collections::BTreeMap, ops::Range};

use wask_proto::{RunId, TaskId, TaskIndex, TaskState};

use crate::{
    Action, Engine,
    cell::{ALL_TASKS, Phase, TaskRef},
    run::{Dependent, NodeState, Run},
    step::Step,
};

impl Engine {
    pub(crate) fn on_retry(
        &mut self,
        run: RunId,
        tasks: Option<Vec<Range<TaskIndex>>>,
        step: &mut Step<'_>,
    ) {
        let Some(place) = self.runs.place(run) else { return };
        let run = &self.runs[place];
        let ranges = tasks.unwrap_or_else(|| Vec::from_iter([ALL_TASKS]));
        let named = ranges.iter().flat_map(|range| run.clamp(range));
        // Who handed a task out does so again, if that runs again.
        let all = ranges.first() == Some(&ALL_TASKS);
        let seed = |index: &TaskIndex| {
            let child = all && run.node_of(*index).parent.is_some();
            run.cell(*index).phase.is_unsuccessful() && !child
        };
        let seeds = named.filter(seed).collect();
        self.reopen(place, seeds, step);
    }

    pub(crate) fn on_value_lost(&mut self, task: TaskId, step: &mut Step<'_>) {
        let Some(task) = self.runs.find(task) else { return };
        let run = &mut self.runs[task.run];
        if !run.cell(task.index).has_value() {
            return;
        }
        run.forget_value(task.index);
        if run.is_needed(task.index) {
            self.reopen(task.run, vec![task.index], step);
        }
    }

    /// Lets these finished tasks run again, with all that has to run again because of them.
    pub(crate) fn reopen(&mut self, place: u32, seeds: Vec<TaskIndex>, step: &mut Step<'_>) {
        if seeds.is_empty() {
            return;
        }
        let run = &mut self.runs[place];
        let tasks = run.to_reopen(seeds);
        tasks.iter().for_each(|&index| step.retried(run.id, index));
        run.cancelled = false;
        if std::mem::take(&mut run.finished) {
            step.push(Action::RunResumed { run: run.id });
        }
        for &index in &tasks {
            self.unsettle(TaskRef { run: place, index }, step);
        }
        for &index in &tasks {
            let task = TaskRef { run: place, index };
            self.queue_or_wait(task, TaskState::Waiting, step);
            if matches!(self.runs.cell(task).phase, Phase::Waiting { .. } | Phase::Mirroring) {
                step.state_changed(self.runs[place].id, index..index + 1, TaskState::Waiting);
            }
        }
    }

    /// Makes a finished task an unfinished one, and shuts out those that wait for it.
    fn unsettle(&mut self, task: TaskRef, step: &mut Step<'_>) {
        let run = &mut self.runs[task.run];
        let cell = run.cell_mut(task.index);
        let (former, had_value, node_index) = (cell.phase, cell.has_value(), cell.node);
        cell.phase = Phase::Waiting { missing: 0 };
        (cell.failures, cell.losses) = (0, 0);
        cell.set_value(false);
        let node = run.node_mut(node_index);
        node.values -= u32::from(had_value);
        node.succeeded -= u32::from(matches!(former, Phase::Succeeded { .. }));
        node.failed -= u32::from(former == Phase::Failed);
        node.unfinished += 1;
        let woken = node.unfinished == 1;
        run.unfinished += 1;
        // A finished task is never ready, so the state of ready tasks does not matter here.
        run.counts.shift(former.public(TaskState::Queued), TaskState::Waiting, 1);
        run.acquire_own_inputs(task.index);
        if woken {
            run.acquire_common_inputs(node_index);
        }
        self.shut_out_dependents(task, woken, step);
    }

    fn shut_out_dependents(&mut self, task: TaskRef, node_woken: bool, step: &mut Step<'_>) {
        let mut dependents = std::mem::take(&mut self.dependents);
        self.runs[task.run].dependents(task.index, &mut dependents);
        for dependent in dependents.drain(..) {
            match dependent {
                Dependent::Gate(node) => self.raise_gate(task.run, node, step),
                Dependent::Whole(node) if node_woken => self.raise_gate(task.run, node, step),
                Dependent::Whole(_) => {}
                Dependent::Task(index) => self.raise_missing(task.run, index, step),
            }
        }
        self.dependents = dependents;
    }

    fn raise_gate(&mut self, place: u32, node: u32, step: &mut Step<'_>) {
        let state = self.runs[place].node_mut(node);
        state.gate += 1;
        let ready: Vec<_> = state.ready.iter().collect();
        for index in ready.into_iter().flatten() {
            self.send_back(TaskRef { run: place, index }, 0, step);
        }
    }

    fn raise_missing(&mut self, place: u32, index: TaskIndex, step: &mut Step<'_>) {
        let task = TaskRef { run: place, index };
        match &mut self.runs.cell_mut(task).phase {
            Phase::Waiting { missing } => *missing += 1,
            Phase::Ready => self.send_back(task, 1, step),
            _ => {}
        }
    }

    /// A ready task waits again.
    fn send_back(&mut self, task: TaskRef, missing: u32, step: &mut Step<'_>) {
        let from = self.public_state(task);
        self.unqueue(task);
        self.runs.cell_mut(task).phase = Phase::Waiting { missing };
        self.leave_flight(task, step);
        let run = &mut self.runs[task.run];
        run.counts.shift(from, TaskState::Waiting, 1);
        step.state_changed(run.id, task.index..task.index + 1, TaskState::Waiting);
    }
}

impl Run {
    /// The tasks that have to run again when `seeds` do, in order: failed inputs and the root
    /// failures behind them, what was aborted because of these, and inputs whose results are gone.
    fn to_reopen(&self, seeds: Vec<TaskIndex>) -> Vec<TaskIndex> {
        let mut aborted_by = BTreeMap::<TaskIndex, Vec<TaskIndex>>::new();
        for (index, cell) in (0..).zip(&self.cells) {
            if let Phase::Aborted { cause } = cell.phase {
                aborted_by.entry(cause).or_default().push(index);
            }
        }
        let mut chosen = vec![false; self.cells.len()];
        let mut nodes_seen = vec![false; self.nodes.len()];
        let mut open = seeds;
        while let Some(index) = open.pop() {
            if std::mem::replace(&mut chosen[index as usize], true) {
                continue;
            }
            let cell = self.cell(index);
            match cell.phase {
                Phase::Aborted { cause } if self.is_root_cause(cause) => open.push(cause),
                Phase::Failed | Phase::Cancelled => {
                    open.extend(aborted_by.remove(&index).unwrap_or_default());
                }
                _ => {}
            }
            let node = self.node(cell.node);
            open.extend(node.own_sources(index).filter(|&i| self.is_obstacle(node, i, true)));
            if !std::mem::replace(&mut nodes_seen[cell.node as usize], true) {
                for need in &node.needs {
                    let obstacle = |i: &TaskIndex| self.is_obstacle(node, *i, need.uses_results);
                    open.extend(need.tasks.clone().filter(obstacle));
                }
            }
        }
        (0..).zip(chosen).filter(|(_, chosen)| *chosen).map(|(index, _)| index).collect()
    }

    /// Whether this task failed or was cancelled.
    pub(crate) fn is_root_cause(&self, index: TaskIndex) -> bool {
        let cell = self.cells.get(index as usize);
        cell.is_some_and(|cell| matches!(cell.phase, Phase::Failed | Phase::Cancelled))
    }

    /// Whether tasks of `node` cannot run as long as this input stays finished as it is.
    fn is_obstacle(&self, node: &NodeState, input: TaskIndex, uses_result: bool) -> bool {
        let cell = self.cell(input);
        match cell.phase {
            Phase::Succeeded { .. } => uses_result && !cell.has_value(),
            phase => node.is_stopped_by(phase),
        }
    }
}
