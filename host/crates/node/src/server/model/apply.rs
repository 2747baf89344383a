//! Records change the model here, and nowhere else.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
    sync::Arc,
};

use rustc_hash::FxHashMap;
use wask_proto::{
    NodeSpec, Record, RunId, RunState, StoredValue, TaskIndex, TaskState, Timestamp, Timing, Value,
};

use super::{Run, TaskExtra, run::Stop};
use crate::config::ATTEMPTS_MAX;

/// All runs.
#[derive(Debug, Default)]
pub(crate) struct Model {
    pub(crate) runs: FxHashMap<RunId, Run>,
    /// By order of acceptance.
    pub(crate) order: BTreeMap<u64, RunId>,
    /// Runs by idempotency key, with the hash of the body.
    pub(crate) idempotency: HashMap<String, (RunId, [u8; 32])>,
    /// Tasks of all runs.
    pub(crate) tasks_total: u64,
    next_order: u64,
}

/// Values that a record made superfluous; the caller gives their space back.
pub(crate) type Applied = Vec<Value>;

impl Model {
    /// Folds a record in. `live` is the value of a success, when it is at hand.
    pub(crate) fn apply(&mut self, record: &Record, live: Option<Value>) -> Applied {
        match record {
            Record::RunSubmitted(header) => {
                self.next_order += 1;
                if let Some((key, body)) = &header.idempotency {
                    self.idempotency.insert(key.clone(), (header.id, *body));
                }
                self.order.insert(self.next_order, header.id);
                self.runs.insert(header.id, Run::new(Arc::clone(header), self.next_order));
            }
            Record::TasksAdded { run, at, nodes } => self.add(run, nodes, None, *at),
            Record::ChildrenAdded { run, at, parent, nodes } => {
                self.add(run, nodes, Some(*parent), *at);
            }
            Record::RunDeleted { run, .. } => return self.delete(run),
            other => {
                if let Some(run) = other.run().and_then(|id| self.runs.get_mut(&id)) {
                    return run.apply(other, live);
                }
            }
        }
        Vec::new()
    }

    fn add(
        &mut self,
        run: &RunId,
        nodes: &Arc<Vec<NodeSpec>>,
        parent: Option<TaskIndex>,
        at: Timestamp,
    ) {
        let Some(run) = self.runs.get_mut(run) else { return };
        let before = run.tasks.len();
        run.add_nodes(nodes, parent, at);
        self.tasks_total += (run.tasks.len() - before) as u64;
    }

    fn delete(&mut self, id: &RunId) -> Applied {
        let Some(run) = self.runs.remove(id) else { return Vec::new() };
        self.order.remove(&run.order);
        if let Some((key, _)) = &run.header.idempotency {
            self.idempotency.remove(key);
        }
        self.tasks_total -= run.tasks.len() as u64;
        run.tasks.iter().filter_map(|row| row.value.clone()).collect()
    }
}

impl Run {
    fn apply(&mut self, record: &Record, live: Option<Value>) -> Applied {
        match record {
            Record::TaskSucceeded { task, attempt, queued_at, timing, cached, value, .. } => {
                self.succeed(
                    *task,
                    *attempt,
                    (*queued_at, timing, *cached),
                    live.or(restored(value)),
                );
            }
            Record::TaskFailed { task, attempt, queued_at, timing, failure, .. } => {
                self.settle(*task, TaskState::Failed, *attempt, Some((*queued_at, timing)));
                self.extra_mut(*task).failure = Some(Arc::new((**failure).clone()));
            }
            Record::AttemptFailed { task, attempt, timing, failure, .. } => {
                if let Some(row) = self.tasks.get_mut(*task as usize) {
                    row.attempt = *attempt;
                    row.set_timing(timing);
                }
                self.note_start(timing);
                let attempts = &mut self.extra_mut(*task).attempts;
                if attempts.len() < ATTEMPTS_MAX {
                    attempts.push((*attempt, *timing, Arc::new((**failure).clone())));
                }
            }
            Record::TasksCancelled { at, tasks, reason, .. } => {
                self.stop(tasks, TaskState::Cancelled, *at);
                self.stops.push(Stop { tasks: tasks.clone(), reason: reason.clone(), cause: None });
            }
            Record::TasksAborted { at, tasks, cause, .. } => {
                self.stop(tasks, TaskState::Aborted, *at);
                self.stops.push(Stop { tasks: tasks.clone(), reason: None, cause: Some(*cause) });
            }
            Record::TasksRetried { tasks, .. } => return self.retry(tasks),
            Record::RunClosed { .. } => self.close(),
            Record::TaskLogged { task, attempt, lines, .. } => {
                self.log_lines += lines.len();
                self.extra_mut(*task).logs.push((*attempt, Arc::clone(lines)));
            }
            Record::TaskProfiled { task, profile, .. } => self.add_profile(*task, profile),
            Record::RunFinished { state, at, .. } => {
                self.state = *state;
                self.finished_at = Some(*at);
            }
            _ => {}
        }
        Vec::new()
    }

    fn succeed(
        &mut self,
        task: TaskIndex,
        attempt: u32,
        (queued_at, timing, cached): (Timestamp, &Timing, bool),
        value: Option<Value>,
    ) {
        self.settle(task, TaskState::Succeeded, attempt, Some((queued_at, timing)));
        let function = self.node_of(task).map(|node| node.function);
        if let Some(row) = self.tasks.get_mut(task as usize) {
            row.cached = cached;
            row.value = value;
        }
        if let Some(function) = function.and_then(|f| self.functions.get_mut(f as usize))
            && !cached
        {
            function.run_us.add(timing.run_us);
        }
    }

    fn settle(
        &mut self,
        task: TaskIndex,
        state: TaskState,
        attempt: u32,
        ran: Option<(Timestamp, &Timing)>,
    ) {
        self.set_state(task, state);
        if let Some(row) = self.tasks.get_mut(task as usize) {
            row.attempt = attempt;
            if let Some((queued_at, timing)) = ran {
                row.queued_at = queued_at;
                row.set_timing(timing);
            }
        }
        if let Some((_, timing)) = ran {
            self.note_start(timing);
        }
        if let Some(extra) = self.extra.get_mut(&task) {
            extra.retry_at = None;
            extra.progress = None;
        }
        self.completed.push(task);
    }

    fn note_start(&mut self, timing: &Timing) {
        if timing.started_at.0 != 0 {
            let earliest =
                self.started_at.map_or(timing.started_at, |at| at.min(timing.started_at));
            self.started_at = Some(earliest);
        }
    }

    fn stop(&mut self, tasks: &Range<TaskIndex>, state: TaskState, at: Timestamp) {
        for task in tasks.clone() {
            let attempt = self.tasks.get(task as usize).map_or(0, |row| row.attempt);
            self.settle(task, state, attempt, None);
            if let Some(row) = self.tasks.get_mut(task as usize) {
                row.finished_at = at;
            }
        }
    }

    fn retry(&mut self, tasks: &Range<TaskIndex>) -> Applied {
        let mut freed = Vec::new();
        for task in tasks.clone() {
            self.set_state(task, TaskState::Waiting);
            let Some(row) = self.tasks.get_mut(task as usize) else { continue };
            if let Some(extra) = self.extra.get_mut(&task)
                && let Some(failure) = extra.failure.take()
            {
                extra.attempts.push((row.attempt, row.timing().unwrap_or_default(), failure));
            }
            freed.extend(row.value.take());
            row.reset();
        }
        self.state = RunState::Running;
        self.finished_at = None;
        freed
    }

    pub(crate) fn extra_mut(&mut self, task: TaskIndex) -> &mut TaskExtra {
        self.extra.entry(task).or_default()
    }
}

fn restored(value: &StoredValue) -> Option<Value> {
    match value {
        StoredValue::Inline(encoding, bytes) => Some(Value::from_bytes(*encoding, bytes)),
        StoredValue::Object(encoding, id, size) => Some(Value::stored(*encoding, *id, *size)),
        StoredValue::Transient(..) => None,
    }
}
