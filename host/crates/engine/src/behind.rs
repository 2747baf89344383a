//! Fusion: a small task that lacks nothing but the result of another one goes to a worker right
//! behind that one, and a chain of them in one go.
//!
//! The worker runs it with the result as it comes out of the task before, and hands it back if there
//! is none. Until that end is known here the task waits, as everybody else sees it.

use wask_proto::{MemoKey, TaskId, TaskIndex, TaskState};

use crate::{
    Action, Engine, ResultSource, Stage,
    cell::{NONE, NOWHERE, Phase, Place, TaskRef},
    run::Run,
    settle::Ending,
    step::Step,
};

/// A task goes along when it and the one before it are likely to take no more than this part of
/// what is sent ahead.
const SMALL_PART: u64 = 4;

/// So many of the tasks that need a result are looked at.
const LOOKED_AT_MAX: usize = 8;

impl Engine {
    /// A task has been sent to a worker: sees whether another one can go along.
    pub(crate) fn send_behind(&mut self, first: TaskRef, worker: u32, step: &mut Step<'_>) {
        let run = &self.runs[first.run];
        let Some(index) = run.lacks_only(first.index) else { return };
        let (node, first_node) = (run.node_of(index), run.node_of(first.index));
        let (class, function) = (node.class, node.function);
        // Others may go before it as soon as it is ready.
        if node.priority < first_node.priority {
            return;
        }
        let small = |function| {
            let us = self.durations.share(function, &self.config)?;
            (u64::from(us) <= self.config.prefetch_us / SMALL_PART).then_some(us)
        };
        let (Some(_), Some(us)) = (small(first_node.function), small(function)) else {
            return;
        };
        let resources = &self.queue.class(class).resources;
        if !self.workers[worker].takes(resources, Some(us), &self.config) {
            return;
        }
        let task = TaskRef { index, ..first };
        let position = self.reserve(worker, task, class, self.cost_us(Some(us)));
        self.runs.cell_mut(task).phase = Phase::StagedBehind(Place { worker, position });
        step.push(Action::StageBehind { task: self.runs.id(task), first: first.index });
    }

    /// The caller has looked at a task that is to go along.
    pub(crate) fn on_staged_behind(
        &mut self,
        task: TaskRef,
        place: Place,
        stage: &Stage,
        step: &mut Step<'_>,
    ) {
        let run = &self.runs[task.run];
        let still = run.missing(task.index) > 0;
        if still && matches!(stage, Stage::Run { .. }) {
            self.runs.cell_mut(task).phase = Phase::Behind(place);
            return self.hand_to(task, place, step);
        }
        if matches!(stage, Stage::Run { .. }) {
            step.push(Action::Unstage { task: self.runs.id(task) });
        }
        self.vacate(place.worker, place.position);
        self.queue_or_wait(task, TaskState::Waiting, step);
    }

    /// Something that a task lacked is there: if it went along and lacks nothing any more, it is
    /// like any other that was sent to a worker.
    pub(crate) fn join_up(&mut self, task: TaskRef, step: &mut Step<'_>) {
        let Phase::Behind(place) = self.runs.cell(task).phase else { return };
        if self.runs[task.run].missing(task.index) > 0 {
            return;
        }
        self.runs.cell_mut(task).phase = Phase::Assigned(place);
        let run = &mut self.runs[task.run];
        run.counts.shift(TaskState::Waiting, TaskState::Queued, 1);
        step.state_changed(run.id, task.index..task.index + 1, TaskState::Queued);
        step.push(Action::Joined { task: self.runs.id(task) });
    }

    /// The key of a task that went along, now that its arguments are known: it ends here if its
    /// result is known, and if not, identical calls wait for it from here on.
    pub(crate) fn on_keyed(
        &mut self,
        id: TaskId,
        key: MemoKey,
        known: Option<u64>,
        step: &mut Step<'_>,
    ) {
        let Some(task) = self.runs.find(id) else { return };
        let cell = self.runs.cell(task);
        if cell.flight != NONE || !matches!(cell.phase, Phase::Assigned(_) | Phase::Running(_)) {
            return;
        }
        match known {
            Some(size_bytes) => {
                let size_bytes = u32::try_from(size_bytes).unwrap_or(u32::MAX);
                let source = ResultSource::Known;
                let ending = Ending::Succeeded { source, size_bytes, worker: NOWHERE };
                self.finalize(task, ending, step);
            }
            None => self.lead_if_first(task, key),
        }
    }
}

impl Run {
    /// A task that waits for the end of this one and for nothing else.
    fn lacks_only(&self, index: TaskIndex) -> Option<TaskIndex> {
        let fits = |next: &TaskIndex| {
            let waits = matches!(self.cell(*next).phase, Phase::Waiting { .. });
            waits && self.missing(*next) == 1 && self.node_of(*next).rare().import.is_none()
        };
        self.waiting_singly(index).take(LOOKED_AT_MAX).find(fits)
    }

    /// How many things a task lacks.
    fn missing(&self, index: TaskIndex) -> u32 {
        let node = self.node_of(index);
        let own = match self.cell(index).phase {
            Phase::Waiting { missing } => missing,
            _ => self.own_missing(index),
        };
        own + node.gate
    }
}
