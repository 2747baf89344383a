//! What follows from the end of a task: its dependents become ready or are aborted.
//!
//! There is no recursion over the graph. Every task that reaches its end is put into a list of
//! work, and the list is worked off, so a chain of any length takes a bounded stack.

use wask_proto::{RunState, TaskIndex, TaskState};

use crate::{
    Action, Engine,
    cell::{Phase, TaskRef},
    run::{Dependent, Run},
    settle::Todo,
    step::Step,
};

impl Engine {
    /// Works off what follows from finished tasks, until nothing is left.
    pub(crate) fn drain(&mut self, step: &mut Step<'_>) {
        loop {
            if let Some(todo) = self.todo.pop_front() {
                match todo {
                    Todo::Task(task) => self.propagate(task, step),
                    Todo::Node { run, node } => self.propagate_node(run, node, step),
                }
            } else if let Some(task) = self.requeues.pop_front() {
                self.take_over(task, step);
            } else if let Some(source) = self.sources.pop_front() {
                self.settle_imports(source, step);
            } else {
                break;
            }
        }
        while let Some(place) = self.touched.pop() {
            self.finish_if_done(place, step);
        }
    }

    /// One input of a task or node is finished.
    fn propagate(&mut self, task: TaskRef, step: &mut Step<'_>) {
        self.leave_flight(task, step);
        if !self.families.is_empty() {
            self.end_family(task, step);
        }
        if !self.imports.is_empty() {
            self.sources.push_back(self.runs.id(task));
        }
        self.runs[task.run].drop_if_unneeded(task.index, step);
        self.release_own_inputs(task, step);
        self.enforce_max_fails(task, step);
        let run = &self.runs[task.run];
        let (phase, depth) = (run.cell(task.index).phase, run.node_of(task.index).depth);
        let mut dependents = std::mem::take(&mut self.dependents);
        run.dependents(task.index, &mut dependents);
        for dependent in dependents.drain(..) {
            self.input_finished(task, phase, depth, dependent, step);
        }
        self.dependents = dependents;
    }

    /// All tasks of a node are finished.
    fn propagate_node(&mut self, place: u32, node: u32, step: &mut Step<'_>) {
        self.release_common_inputs(place, node, step);
        let run = &self.runs[place];
        let depth = run.node(node).depth;
        for at in 0..run.node(node).rare().whole_dependents.len() {
            let dependent = self.runs[place].node(node).rare().whole_dependents[at];
            self.lower_gate(place, dependent, depth, step);
        }
    }

    fn input_finished(
        &mut self,
        input: TaskRef,
        phase: Phase,
        depth: u32,
        dependent: Dependent,
        step: &mut Step<'_>,
    ) {
        let run = &self.runs[input.run];
        match dependent {
            Dependent::Whole(node) | Dependent::Gate(node) => {
                let state = run.node(node);
                if state.unfinished > 0 && state.is_stopped_by(phase) {
                    self.abort(input.run, state.tasks.clone(), input.index, step);
                }
            }
            Dependent::Task(index) => {
                if run.node_of(index).is_stopped_by(phase) {
                    self.abort(input.run, index..index + 1, input.index, step);
                }
            }
        }
        match dependent {
            Dependent::Gate(node) => self.lower_gate(input.run, node, depth, step),
            Dependent::Task(index) => self.lower_missing(input.run, index, depth, step),
            Dependent::Whole(_) => {}
        }
    }

    fn lower_gate(&mut self, place: u32, node: u32, depth: u32, step: &mut Step<'_>) {
        let state = self.runs[place].node_mut(node);
        state.gate -= 1;
        state.deepen(depth);
        if state.gate == 0 && state.unfinished > 0 {
            self.open_gate(place, node, step);
        }
    }

    /// Nothing that all tasks of a node wait for is missing any more.
    fn open_gate(&mut self, place: u32, node: u32, step: &mut Step<'_>) {
        let mut rest = self.runs[place].node(node).tasks.clone();
        for index in rest.clone() {
            self.join_up(TaskRef { run: place, index }, step);
        }
        while !rest.is_empty() {
            let run = &self.runs[place];
            let waits = |index: &TaskIndex| run.cell(*index).phase == Phase::Waiting { missing: 0 };
            let Some(start) = rest.clone().find(waits) else { break };
            let end = (start..rest.end).find(|index| !waits(index)).unwrap_or(rest.end);
            rest.start = end;
            self.make_ready(place, start..end, TaskState::Waiting, step);
        }
    }

    fn lower_missing(&mut self, of: u32, index: TaskIndex, depth: u32, step: &mut Step<'_>) {
        let run = &mut self.runs[of];
        let cell = run.cell_mut(index);
        let node = cell.node;
        let complete = match &mut cell.phase {
            Phase::Waiting { missing } => {
                *missing -= 1;
                *missing == 0
            }
            Phase::Behind(_) => {
                run.node_mut(node).deepen(depth);
                return self.join_up(TaskRef { run: of, index }, step);
            }
            _ => return,
        };
        let state = run.node_mut(node);
        state.deepen(depth);
        if complete && state.gate == 0 {
            self.make_ready(of, index..index + 1, TaskState::Waiting, step);
        }
    }

    fn finish_if_done(&mut self, place: u32, step: &mut Step<'_>) {
        let run = &mut self.runs[place];
        if run.open || run.finished || run.restoring || run.unfinished > 0 {
            return;
        }
        run.finished = true;
        step.push(Action::RunFinished { run: run.id, state: run.final_state() });
    }
}

impl crate::run::NodeState {
    /// An input of this depth is finished. While tasks of the node are queued their place in the
    /// queue stays as it is.
    fn deepen(&mut self, input: u32) {
        if self.ready.is_empty() {
            self.depth = self.depth.max(input + 1);
        }
    }
}

impl Run {
    fn final_state(&self) -> RunState {
        let mut outputs = self.nodes.iter().filter(|node| node.output).peekable();
        let has_outputs = outputs.peek().is_some();
        let complete = outputs.all(|node| {
            node.succeeded as usize == node.tasks.len()
                || node.tasks.clone().all(|index| self.is_settled_output(index))
        });
        if has_outputs && complete {
            RunState::Succeeded
        } else if self.cancelled {
            RunState::Cancelled
        } else if complete {
            RunState::Succeeded
        } else {
            RunState::Failed
        }
    }

    /// Whether this output succeeded, or was given up by whoever wanted it.
    fn is_settled_output(&self, index: TaskIndex) -> bool {
        let cell = self.cell(index);
        match cell.phase {
            Phase::Succeeded { .. } => true,
            Phase::Cancelled => cell.is_released(),
            _ => false,
        }
    }
}
