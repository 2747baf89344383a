//! What workers say of attempts: begun, ended, handed back; and what follows for the task.
//!
//! Only the current attempt of a task counts (fencing). Whatever is said of another one frees the
//! slot that it occupies, and nothing else.

use wask_proto::{FailureKind, TaskId, TaskState, WorkerId};

use crate::{
    Action, AttemptOutcome, Engine, ResultSource,
    cell::{Phase, Place, TaskRef},
    retry::{self, Budget},
    settle::Ending,
    step::Step,
};

impl Engine {
    pub(crate) fn on_started(
        &mut self,
        worker: WorkerId,
        task: TaskId,
        attempt: u32,
        step: &mut Step<'_>,
    ) {
        let Some((task, place)) = self.current(worker, task, attempt) else { return };
        let cell = self.runs.cell_mut(task);
        if cell.phase != Phase::Assigned(place) {
            return;
        }
        cell.phase = Phase::Running(place);
        self.mark_started(place.worker, place.position);
        let run = &mut self.runs[task.run];
        run.counts.shift(TaskState::Queued, TaskState::Running, 1);
        step.state_changed(run.id, task.index..task.index + 1, TaskState::Running);
    }

    pub(crate) fn on_finished(
        &mut self,
        worker: WorkerId,
        task_id: TaskId,
        attempt: u32,
        outcome: AttemptOutcome,
        busy_us: u64,
        step: &mut Step<'_>,
    ) {
        let Some((task, place)) = self.current(worker, task_id, attempt) else {
            if let Some(place) = self.workers.place(worker) {
                self.release_fenced(place, task_id, attempt);
            }
            return;
        };
        let from = self.public_state(task);
        if matches!(self.runs.cell(task).phase, Phase::Behind(_)) {
            // What it needs is not finished, so this end proves nothing: it runs again.
            self.vacate(place.worker, place.position);
            return self.requeue(task, from, step);
        }
        self.leave_wait(task);
        self.vacate(place.worker, place.position);
        match outcome {
            AttemptOutcome::Succeeded { size_bytes } => {
                self.durations.learn(self.runs.node_of(task).function, busy_us);
                let size_bytes = u32::try_from(size_bytes).unwrap_or(u32::MAX);
                let source = ResultSource::Attempt;
                self.conclude(task, from, Ending::Succeeded { source, size_bytes, worker }, step);
            }
            AttemptOutcome::Becomes(child) => {
                self.durations.learn(self.runs.node_of(task).function, busy_us);
                self.hand_over(task, child, from, step);
            }
            AttemptOutcome::Failed(kind) => {
                self.durations.learn(self.runs.node_of(task).function, busy_us);
                self.attempt_failed(task, from, kind, step);
            }
            // A stop that nobody asked for says as little of the function as a dead executor.
            AttemptOutcome::Cancelled | AttemptOutcome::Lost => {
                self.attempt_lost(task, from, step);
            }
        }
    }

    pub(crate) fn on_returned(
        &mut self,
        worker: WorkerId,
        task_id: TaskId,
        attempt: u32,
        step: &mut Step<'_>,
    ) {
        let Some((task, place)) = self.current(worker, task_id, attempt) else {
            if let Some(place) = self.workers.place(worker) {
                self.release_fenced(place, task_id, attempt);
            }
            return;
        };
        let from = self.public_state(task);
        let phase = self.runs.cell(task).phase;
        self.vacate(place.worker, place.position);
        match phase {
            Phase::Parked(_) => return self.suspend(task, from, step),
            // It was never to run without its input, so its number was not used.
            Phase::Behind(_) => self.runs.cell_mut(task).attempt -= 1,
            _ => {}
        }
        self.leave_wait(task);
        self.requeue(task, from, step);
    }

    /// The worker of a task is gone. Only an attempt that had begun is counted as lost.
    pub(crate) fn attempt_bereft(&mut self, task: TaskRef, step: &mut Step<'_>) {
        let from = self.public_state(task);
        match self.runs.cell(task).phase {
            Phase::Running(_) => self.attempt_lost(task, from, step),
            Phase::Parked(_) => self.suspend(task, from, step),
            Phase::Resumable(_) => {
                self.leave_wait(task);
                self.requeue(task, from, step);
            }
            _ => self.requeue(task, from, step),
        }
    }

    /// Puts a task that is in no queue, list or slot back to where it belongs.
    pub(crate) fn requeue(&mut self, task: TaskRef, from: TaskState, step: &mut Step<'_>) {
        let class = self.runs.node_of(task).class;
        if self.queue.class(class).capable == 0 {
            // Identical calls may run elsewhere; they do not have to wait for this one.
            self.leave_flight(task, step);
        }
        self.queue_or_wait(task, from, step);
    }

    /// Queues a task if all that it needs is there.
    pub(crate) fn queue_or_wait(&mut self, task: TaskRef, from: TaskState, step: &mut Step<'_>) {
        let run = &mut self.runs[task.run];
        let node = run.node_of(task.index);
        if node.rare().import.is_some() {
            self.tell_waiting(task, from, step);
            return self.mirror(task);
        }
        let gate = node.gate;
        let missing = run.own_missing(task.index);
        if gate == 0 && missing == 0 {
            self.make_ready(task.run, task.index..task.index + 1, from, step);
            return;
        }
        run.cell_mut(task.index).phase = Phase::Waiting { missing };
        // What it waits for may itself be an identical call, which must not wait for it.
        self.leave_flight(task, step);
        self.tell_waiting(task, from, step);
    }

    /// The leader of identical calls failed, and this follower takes its place.
    pub(crate) fn take_over(&mut self, task: TaskRef, step: &mut Step<'_>) {
        let cell = self.runs.cell(task);
        if cell.phase == Phase::Following && self.flights.leads(cell.flight, task) {
            self.queue_or_wait(task, TaskState::Queued, step);
        }
    }

    /// The task of an attempt, if that is the current one and its worker is still there.
    pub(crate) fn current(
        &self,
        worker: WorkerId,
        task: TaskId,
        attempt: u32,
    ) -> Option<(TaskRef, Place)> {
        let task = self.runs.find(task)?;
        let cell = self.runs.cell(task);
        let (Phase::Assigned(place)
        | Phase::Behind(place)
        | Phase::Running(place)
        | Phase::Parked(place)
        | Phase::Resumable(place)) = cell.phase
        else {
            return None;
        };
        let same = self.workers[place.worker].id == worker && cell.attempt == attempt;
        same.then_some((task, place))
    }

    fn attempt_failed(
        &mut self,
        task: TaskRef,
        from: TaskState,
        kind: FailureKind,
        step: &mut Step<'_>,
    ) {
        match retry::budget(kind) {
            Budget::Losses => return self.attempt_lost(task, from, step),
            Budget::None => return self.conclude(task, from, Ending::Failed, step),
            Budget::Retries => {}
        }
        let cell = self.runs.cell_mut(task);
        cell.failures = cell.failures.saturating_add(1);
        let failures = u32::from(cell.failures);
        let node = self.runs.node_of(task);
        // The counter ends before the option does, so the option is cut off where it ends.
        if failures > node.retries.min(u32::from(u16::MAX) - 1) {
            return self.conclude(task, from, Ending::Failed, step);
        }
        let id = self.runs.id(task);
        let delay_ms = retry::delay_ms(&self.config, node.retry_delay_ms, failures, id);
        let retry_at = step.now.plus_ms(delay_ms);
        let attempt = self.runs.cell(task).attempt;
        step.push(Action::AttemptFailed { task: id, attempt, retry_at });
        if delay_ms == 0 {
            return self.requeue(task, from, step);
        }
        self.runs.cell_mut(task).phase = Phase::Delayed;
        self.timers.insert(task, retry_at);
        self.tell_waiting(task, from, step);
    }

    fn attempt_lost(&mut self, task: TaskRef, from: TaskState, step: &mut Step<'_>) {
        let lost_max = self.config.lost_max.min(u32::from(u8::MAX) - 1);
        let cell = self.runs.cell_mut(task);
        cell.losses = cell.losses.saturating_add(1);
        let (losses, attempt) = (u32::from(cell.losses), cell.attempt);
        if losses > lost_max {
            return self.conclude(task, from, Ending::Failed, step);
        }
        let id = self.runs.id(task);
        step.push(Action::AttemptFailed { task: id, attempt, retry_at: step.now });
        self.requeue(task, from, step);
    }

    pub(crate) fn tell_waiting(&mut self, task: TaskRef, from: TaskState, step: &mut Step<'_>) {
        let run = &mut self.runs[task.run];
        run.counts.shift(from, TaskState::Waiting, 1);
        if from != TaskState::Waiting {
            step.state_changed(run.id, task.index..task.index + 1, TaskState::Waiting);
        }
    }
}
