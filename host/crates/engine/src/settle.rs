//! How a task reaches its end, and the events by which users end tasks and runs.

use std::ops::Range;

use wask_proto::{RunId, TaskIndex, TaskState, WorkerId};

use crate::{
    Action, Engine, ResultSource, Settled,
    cell::{ALL_TASKS, NONE, Phase, TaskRef},
    step::Step,
};

/// Work that follows from the end of tasks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Todo {
    /// A task is finished.
    Task(TaskRef),
    /// All tasks of a node are finished.
    Node { run: u32, node: u32 },
}

/// A final state, and where it comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ending {
    Succeeded { source: ResultSource, size_bytes: u32, worker: WorkerId },
    Failed,
    Cancelled,
    Aborted { cause: TaskIndex },
}

impl Ending {
    const fn phase(self) -> Phase {
        match self {
            Self::Succeeded { size_bytes, worker, .. } => Phase::Succeeded { size_bytes, worker },
            Self::Failed => Phase::Failed,
            Self::Cancelled => Phase::Cancelled,
            Self::Aborted { cause } => Phase::Aborted { cause },
        }
    }

    const fn public(self) -> Settled {
        match self {
            Self::Succeeded { source, .. } => Settled::Succeeded(source),
            Self::Failed => Settled::Failed,
            Self::Cancelled => Settled::Cancelled,
            Self::Aborted { cause } => Settled::Aborted { cause },
        }
    }
}

impl Engine {
    /// Ends an unfinished task, whatever it is doing. What follows from it is left in `todo`.
    pub(crate) fn finalize(&mut self, task: TaskRef, ending: Ending, step: &mut Step<'_>) {
        let from = self.public_state(task);
        self.detach(task, step);
        self.conclude(task, from, ending, step);
    }

    /// Ends a task that is in no queue, list or slot any more; `from` was its public state.
    pub(crate) fn conclude(
        &mut self,
        task: TaskRef,
        from: TaskState,
        ending: Ending,
        step: &mut Step<'_>,
    ) {
        let run = &mut self.runs[task.run];
        let cell = run.cell_mut(task.index);
        cell.phase = ending.phase();
        let (node_index, attempt, to) = (cell.node, cell.attempt, cell.phase.public(from));
        run.counts.shift(from, to, 1);
        run.unfinished -= 1;
        let node = &mut run.nodes[node_index as usize];
        node.unfinished -= 1;
        match ending {
            Ending::Succeeded { .. } => {
                node.succeeded += 1;
                node.values += 1;
                run.cells[task.index as usize].set_value(true);
            }
            Ending::Failed => node.failed += 1,
            Ending::Cancelled | Ending::Aborted { .. } => {}
        }
        step.settled(run.id, task.index, attempt, ending.public());
        self.todo.push_back(Todo::Task(task));
        if node.unfinished == 0 {
            self.todo.push_back(Todo::Node { run: task.run, node: node_index });
        }
        if run.unfinished == 0 {
            self.touched.push(task.run);
        }
    }

    /// More elements of an array failed than may fail: the others are aborted.
    pub(crate) fn enforce_max_fails(&mut self, failed: TaskRef, step: &mut Step<'_>) {
        if self.runs.cell(failed).phase != Phase::Failed {
            return;
        }
        let node = self.runs.node_of(failed);
        if node.unfinished > 0 && node.rare().max_fails.is_some_and(|max| node.failed > max) {
            self.abort(failed.run, node.tasks.clone(), failed.index, step);
        }
    }

    pub(crate) fn on_cancel(
        &mut self,
        run: RunId,
        tasks: Option<Vec<Range<TaskIndex>>>,
        step: &mut Step<'_>,
    ) {
        let Some(place) = self.runs.place(run) else { return };
        let whole = tasks.is_none();
        let before = self.runs[place].unfinished;
        let ranges = tasks.unwrap_or_else(|| Vec::from_iter([ALL_TASKS]));
        for range in &ranges {
            for index in self.runs[place].clamp(range) {
                let task = TaskRef { run: place, index };
                if !self.runs.cell(task).phase.is_final() {
                    self.finalize(task, Ending::Cancelled, step);
                }
            }
        }
        let run = &mut self.runs[place];
        run.cancelled |= whole && run.unfinished < before;
    }

    pub(crate) fn on_close_run(&mut self, run: RunId) {
        let Some(place) = self.runs.place(run) else { return };
        self.runs[place].open = false;
        self.touched.push(place);
    }

    pub(crate) fn on_delete_run(&mut self, run: RunId) {
        let Some(place) = self.runs.place(run) else { return };
        if self.runs[place].unfinished > 0 || !self.runs[place].held.is_empty() {
            return;
        }
        for node in &self.runs.remove(place).nodes {
            self.queue.release(node.class);
        }
    }

    /// Takes an unfinished task out of whatever it is in. An attempt that is with a worker is
    /// stopped, and occupies its slot until the worker says that it is over.
    fn detach(&mut self, task: TaskRef, step: &mut Step<'_>) {
        let cell = *self.runs.cell(task);
        match cell.phase {
            Phase::Ready => self.unqueue(task),
            Phase::Delayed => self.timers.remove(task),
            Phase::Following => {
                if cell.flight != NONE && !self.flights.leads(cell.flight, task) {
                    self.flights.remove_follower(cell.flight, task);
                    self.runs.cell_mut(task).flight = NONE;
                }
            }
            Phase::Mirroring => self.leave_source(task, step),
            Phase::Suspended => self.leave_wait(task),
            Phase::Staged(place) | Phase::StagedBehind(place) => {
                self.vacate(place.worker, place.position);
            }
            Phase::Assigned(place)
            | Phase::Behind(place)
            | Phase::Running(place)
            | Phase::Parked(place)
            | Phase::Resumable(place) => {
                self.leave_wait(task);
                self.fence(place.worker, place.position, cell.attempt);
                let (worker, id) = (self.workers[place.worker].id, self.runs.id(task));
                step.push_later(Action::Cancel { worker, task: id, attempt: cell.attempt });
            }
            Phase::Waiting { .. }
            | Phase::Succeeded { .. }
            | Phase::Failed
            | Phase::Cancelled
            | Phase::Aborted { .. } => {}
        }
    }
}
