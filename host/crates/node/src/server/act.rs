//! Carrying the engine's actions out, one function for each.

use std::{ops::Range, sync::Arc};

use wask_engine::{Action, Event, ResultSource, Settled};
use wask_proto::{
    Failure, FailureKind, Record, RunId, RunState, TaskId, TaskIndex, TaskState, Timestamp, Timing,
    Value, WorkerId,
    worker::{AttemptId, WorkerOutcome},
};

use super::{Assigned, Server, UnderWay};
use crate::view::{EventKind, EventView};

impl Server {
    /// Hands an event to the engine and carries out what follows.
    pub(super) fn handle(&mut self, event: Event) {
        let mut actions = std::mem::take(&mut self.actions);
        self.engine.handle(event, self.now, &mut actions);
        self.act(&mut actions);
        self.actions = actions;
    }

    /// Carries actions out, first to last. What the engine answers to a staged task comes after
    /// what is there already: an earlier action may have stopped that very task.
    pub(super) fn act(&mut self, actions: &mut Vec<Action>) {
        let mut next = 0;
        while let Some(action) = actions.get_mut(next).map(take_action) {
            next += 1;
            match action {
                Action::Stage { task } => self.stage(task, actions),
                Action::StageBehind { task, first } => self.stage_behind(task, first, actions),
                Action::Joined { task } => self.joined(task, actions),
                other => self.carry_out(other),
            }
        }
        actions.clear();
        self.hand.assigned = None;
        self.hand.known.clear();
        self.hand.invalid.clear();
        for pin in std::mem::take(&mut self.hand.pins) {
            let id = pin.id();
            drop(pin);
            self.delete_unless_needed(&id);
        }
    }

    fn carry_out(&mut self, action: Action) {
        match action {
            Action::StateChanged { run, tasks, state } => self.state_changed(run, tasks, state),
            Action::Assign { worker, task, attempt } => self.assign(worker, task, attempt),
            Action::Resume { worker, task, attempt } => self.resume(worker, task, attempt),
            Action::Cancel { worker, task, attempt } => self.cancel_on(worker, task, attempt),
            Action::Reclaim { worker, task, attempt } => self.reclaim(worker, task, attempt),
            Action::Stage { task }
            | Action::StageBehind { task, .. }
            | Action::Joined { task }
            | Action::Unstage { task } => drop(self.staged.remove(&task)),
            Action::AttemptFailed { task, attempt, retry_at } => {
                self.attempt_failed(task, attempt, retry_at);
            }
            Action::Settled { run, tasks, attempt, how } => self.settled(run, tasks, attempt, how),
            Action::Retried { run, tasks } => self.retried(run, tasks),
            Action::Released { run, tasks } => {
                self.record(&Record::TasksReleased { run, at: self.now, tasks }, None);
            }
            Action::Drop { run, tasks } => self.drop_values(run, tasks),
            Action::RunFinished { run, state } => self.run_finished(run, state),
            Action::RunResumed { run } => self.run_resumed(run),
        }
    }

    fn state_changed(&mut self, run: RunId, tasks: Range<TaskIndex>, state: TaskState) {
        let now = self.now;
        if let Some(row) = self.model.runs.get_mut(&run) {
            row.set_states(tasks.clone(), state, now);
        }
        if state == TaskState::Running && self.hub.is_watched(Some(run)) {
            self.tell_running(run, tasks);
        }
    }

    /// Running is no fact for the journal; watchers hear of it in passing.
    fn tell_running(&mut self, run: RunId, tasks: Range<TaskIndex>) {
        let Some(row) = self.model.runs.get(&run) else { return };
        let Some(node) = row.node_of(tasks.start) else { return };
        let spec = node.spec();
        let attempt = row.tasks.get(tasks.start as usize).map_or(0, |task| task.attempt);
        let what = EventKind::Task {
            key: Arc::clone(&spec.key),
            call: row.call_of(node),
            element: spec.map.is_some().then(|| tasks.start - spec.tasks.start),
            count: tasks.end - tasks.start,
            state: TaskState::Running,
            attempt,
            cached: false,
            timing: None,
            queued_at: None,
            failure: None,
        };
        self.events.push(EventView { seq: None, at: self.now, run: Some(run), what });
    }

    fn assign(&mut self, worker: WorkerId, task: TaskId, attempt: u32) {
        let Some(mut staged) = self.staged.remove(&task) else {
            return tracing::error!(?task, "a task was assigned that was not staged");
        };
        staged.assignment.id = AttemptId { task, attempt };
        if let Some(row) = self.model.runs.get_mut(&task.run)
            && let Some(row) = row.tasks.get_mut(task.index as usize)
        {
            row.attempt = attempt;
        }
        self.under_way.insert(task, UnderWay { memo: staged.memo, leads: false, becomes: None });
        let Some(port) = self.workers.get_mut(&worker) else { return };
        let leader = match staged.leader {
            None => {
                port.assign.push(staged.assignment);
                port.assign.len() - 1
            }
            Some(leader) => {
                let Some(first) = port.assign.get_mut(leader) else { return };
                let before = first.followers.last().unwrap_or(first).id.task;
                first.followers.push(staged.assignment);
                self.under_way.entry(before).and_modify(|call| call.leads = true);
                self.totals.fused += 1;
                leader
            }
        };
        self.hand.assigned = Some(Assigned { task, leader });
    }

    fn cancel_on(&mut self, worker: WorkerId, task: TaskId, attempt: u32) {
        self.under_way.remove(&task);
        if let Some(port) = self.workers.get_mut(&worker) {
            let id = AttemptId { task, attempt };
            // What was not sent yet is sent first; the worker sees both in order.
            port.cancel.push(id);
        }
    }

    fn reclaim(&mut self, worker: WorkerId, task: TaskId, attempt: u32) {
        if let Some(port) = self.workers.get_mut(&worker) {
            port.reclaim.push(AttemptId { task, attempt });
        }
    }

    fn attempt_failed(&mut self, task: TaskId, attempt: u32, retry_at: Timestamp) {
        self.under_way.remove(&task);
        let (timing, failure) = self.failure_in_hand();
        if failure.kind != FailureKind::WorkerLost {
            self.forget_failed_children(task);
        }
        let TaskId { run, index } = task;
        let record = Record::AttemptFailed { run, task: index, attempt, timing, failure };
        self.record(&record, None);
        if let Some(row) = self.model.runs.get_mut(&run) {
            row.extra_mut(index).retry_at = Some(retry_at);
        }
    }

    fn settled(&mut self, run: RunId, tasks: Range<TaskIndex>, attempt: u32, how: Settled) {
        self.touched.push(run);
        self.hand.changed += u64::from(tasks.end - tasks.start);
        let at = self.now;
        match how {
            Settled::Succeeded(source) => {
                self.succeeded(TaskId { run, index: tasks.start }, attempt, source);
            }
            Settled::Failed => self.failed(TaskId { run, index: tasks.start }, attempt),
            Settled::Cancelled => {
                let reason =
                    self.hand.reason.clone().or_else(|| self.parents_end(run, tasks.start));
                self.totals.cancelled += u64::from(tasks.end - tasks.start);
                let (running, tasks) = (self.running_among(run, &tasks), tasks.clone());
                self.record(&Record::TasksCancelled { run, at, tasks, reason, running }, None);
            }
            Settled::Aborted { cause } => {
                self.record(&Record::TasksAborted { run, at, tasks: tasks.clone(), cause }, None);
            }
        }
        self.end_families(run, tasks);
    }

    /// Those that have begun: place, attempt, and what they took until now.
    fn running_among(&self, run: RunId, tasks: &Range<TaskIndex>) -> Vec<(TaskIndex, u32, Timing)> {
        let Some(run) = self.model.runs.get(&run) else { return Vec::new() };
        let begun = |task: TaskIndex| {
            let row = run.tasks.get(task as usize)?;
            let timing = Timing {
                worker: row.worker,
                slot: row.slot,
                started_at: row.started_at,
                finished_at: self.now,
                run_us: self.now.micros_since(row.started_at),
                ..Timing::default()
            };
            let begun = row.state == TaskState::Running || row.parked;
            begun.then_some((task, row.attempt, timing))
        };
        tasks.clone().filter_map(begun).collect()
    }

    /// Why tasks are cancelled that nobody cancelled: the task that handed them out is no more.
    fn parents_end(&self, run: RunId, task: TaskIndex) -> Option<Arc<str>> {
        let run = self.model.runs.get(&run)?;
        let parent = run.node_of(task)?.batch.parent?;
        let state = run.state_of(parent).filter(|state| state.is_final())?;
        let name = run.name_of(parent);
        Some(format!("`{name}`, which handed it out, is {}", state.name()).into())
    }

    fn succeeded(&mut self, task: TaskId, attempt: u32, source: ResultSource) {
        let under_way = self.under_way.remove(&task);
        let (value, timing) = match source {
            ResultSource::Attempt => self.success_in_hand(),
            ResultSource::Known => (self.hand.known.remove(&task), self.passing_timing()),
            ResultSource::SameAs(leader) => (self.value_of(leader), self.timing_of(&under_way)),
        };
        let Some(value) = value else {
            return tracing::error!(?task, "a task succeeded without a value");
        };
        let handed_over = under_way.as_ref().is_some_and(|call| call.becomes.is_some());
        let cached = source != ResultSource::Attempt && !handed_over;
        if !cached {
            self.totals.succeeded += 1;
            self.hand.success = Some((task, value.clone()));
        } else {
            self.memo.hits += 1;
        }
        let record = Record::TaskSucceeded {
            run: task.run,
            task: task.index,
            attempt,
            queued_at: self.queued_at(task, &timing),
            timing,
            cached,
            value: self.stored_value(&value),
        };
        self.hold(task, &value);
        self.record(&record, Some(value.clone()));
        let memo = under_way.and_then(|call| call.memo).filter(|_| self.is_untainted(task));
        self.index_result(task, &value, memo);
    }

    fn failed(&mut self, task: TaskId, attempt: u32) {
        let under_way = self.under_way.remove(&task);
        self.staged.remove(&task);
        let becomes = under_way.as_ref().and_then(|call| call.becomes);
        let (timing, failure) = match self.hand.invalid.remove(&task) {
            Some(failure) => (self.passing_timing(), Box::new(failure)),
            None => match self.source_of(task, becomes) {
                Some(source) => (self.timing_of(&under_way), self.failure_of(source)),
                None => self.failure_in_hand(),
            },
        };
        self.totals.failed += 1;
        let queued_at = self.queued_at(task, &timing);
        let TaskId { run, index } = task;
        let record = Record::TaskFailed { run, task: index, attempt, queued_at, timing, failure };
        self.record(&record, None);
    }

    fn retried(&mut self, run: RunId, tasks: Range<TaskIndex>) {
        self.hand.changed += u64::from(tasks.end - tasks.start);
        self.record(&Record::TasksRetried { run, at: self.now, tasks }, None);
    }

    fn drop_values(&mut self, run: RunId, tasks: Range<TaskIndex>) {
        let Some(row) = self.model.runs.get_mut(&run) else { return };
        let mut freed = Vec::new();
        for task in tasks.start as usize..tasks.end as usize {
            // Rows without a value are not touched: they may be shared.
            if row.tasks.get(task).is_some_and(|task| task.value.is_some()) {
                freed.extend(row.tasks.get_mut(task).and_then(|task| task.value.take()));
            }
        }
        self.hold_back(&freed);
    }

    fn run_finished(&mut self, run: RunId, state: RunState) {
        self.touched.push(run);
        self.record(&Record::RunFinished { run, state, at: self.now }, None);
    }

    fn run_resumed(&mut self, run: RunId) {
        if let Some(row) = self.model.runs.get_mut(&run) {
            row.state = RunState::Running;
            row.finished_at = None;
        }
    }

    fn success_in_hand(&self) -> (Option<Value>, Timing) {
        match &self.hand.finished {
            Some(finished) => match &finished.outcome {
                WorkerOutcome::Success(value) => (Some(value.clone()), finished.timing),
                _ => (None, finished.timing),
            },
            None => (None, Timing::default()),
        }
    }

    fn failure_in_hand(&self) -> (Timing, Box<Failure>) {
        let lost = |why: &str| {
            let message = format!("the executor died under the task: {why}");
            Box::new(Failure::new(FailureKind::WorkerLost, message))
        };
        let Some(finished) = &self.hand.finished else {
            return (self.passing_timing(), lost("its worker left"));
        };
        let failure = match &finished.outcome {
            WorkerOutcome::Failure(failure) => failure.clone(),
            WorkerOutcome::Lost(why) => lost(why),
            WorkerOutcome::Success(_) | WorkerOutcome::Becomes(_) | WorkerOutcome::Cancelled => {
                lost("it was stopped")
            }
        };
        (finished.timing, failure)
    }

    /// The task as which this one ends: for which it stands, or to which it has handed over.
    fn source_of(&self, task: TaskId, becomes: Option<(TaskIndex, Timing)>) -> Option<TaskId> {
        if let Some((index, _)) = becomes {
            return Some(TaskId { index, ..task });
        }
        let spec = self.model.runs.get(&task.run)?.node_of(task.index)?.spec();
        let first = spec.import.as_deref()?;
        Some(TaskId { run: first.run, index: first.index + (task.index - spec.tasks.start) })
    }

    /// Why a task of another run did not succeed.
    fn failure_of(&self, task: TaskId) -> Box<Failure> {
        let run = self.model.runs.get(&task.run);
        let failure = run.and_then(|run| {
            let cause = run.stop_of(task.index).and_then(|stop| stop.cause);
            run.extra.get(&cause.unwrap_or(task.index))?.failure.clone()
        });
        match failure {
            Some(failure) => Box::new((*failure).clone()),
            None => {
                let name =
                    run.map_or_else(|| format!("#{}", task.index), |r| r.name_of(task.index));
                let message = format!("{}/{name}, for which it stands, is gone", task.run);
                Box::new(Failure::new(FailureKind::Invalid, message))
            }
        }
    }

    /// The timing of a task that ends as another one does.
    fn timing_of(&self, call: &Option<UnderWay>) -> Timing {
        let ran = call.as_ref().and_then(|call| call.becomes);
        let passing = self.passing_timing();
        ran.map_or(passing, |(_, timing)| Timing { finished_at: self.now, ..timing })
    }

    /// The timing of what needed no execution.
    fn passing_timing(&self) -> Timing {
        Timing { finished_at: self.now, ..Timing::default() }
    }

    /// Since when a task was ready. One that went along with another one began before that other's
    /// end was known here.
    fn queued_at(&self, task: TaskId, timing: &Timing) -> Timestamp {
        let row = self.model.runs.get(&task.run).and_then(|r| r.tasks.get(task.index as usize));
        let known = row.map(|row| row.queued_at).filter(|at| at.0 != 0).unwrap_or(self.now);
        if timing.started_at.0 == 0 { known } else { known.min(timing.started_at) }
    }

    fn value_of(&self, task: TaskId) -> Option<Value> {
        if let Some((last, value)) = &self.hand.success
            && *last == task
        {
            return Some(value.clone());
        }
        let run = self.model.runs.get(&task.run)?;
        run.tasks.get(task.index as usize)?.value.clone()
    }
}

/// Takes an action out of the list without moving the others.
fn take_action(place: &mut Action) -> Action {
    const TAKEN: Action = Action::Unstage { task: TaskId { run: RunId(0), index: TaskIndex::MAX } };
    std::mem::replace(place, TAKEN)
}
