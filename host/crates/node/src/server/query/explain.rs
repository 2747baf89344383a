//! Why a task is not running: the engine's reasons, with names.

use wask_engine::{Reason, WorkerFit, WorkerReason};
use wask_proto::{RunId, TaskId, TaskIndex, TaskState, WorkerId};

use crate::{
    server::{Server, model::Run},
    view::ExplainView,
};

/// Unfinished inputs that an explanation names.
const WAITING_SHOWN_MAX: usize = 20;

impl Server {
    pub(crate) fn explain(&self, run_id: RunId, index: TaskIndex) -> Option<ExplainView> {
        let run = self.model.runs.get(&run_id)?;
        let state = run.state_of(index)?;
        let mut view = ExplainView {
            key: run.name_of(index),
            state,
            reason: String::new(),
            waiting_for: Vec::new(),
            waiting_total: 0,
            retry_at: None,
            workers: Vec::new(),
        };
        let id = TaskId { run: run_id, index };
        let reason = self.engine.explain(id, self.now).map(|explain| explain.reason);
        view.reason = match reason {
            Some(reason) if !state.is_final() => self.because(run, index, reason, &mut view),
            _ => ended(run, index, state),
        };
        Some(view)
    }

    /// The engine's reason in one sentence; lists go into the view.
    fn because(
        &self,
        run: &Run,
        index: TaskIndex,
        reason: Reason,
        view: &mut ExplainView,
    ) -> String {
        match reason {
            Reason::MissingInputs { .. } => missing_inputs(run, index, view),
            Reason::RetryDelay { at, left_us } => {
                view.retry_at = Some(at);
                format!("an attempt failed; the next one starts in {} ms", left_us.div_ceil(1_000))
            }
            Reason::Queued { workers, .. } => {
                view.workers = workers.iter().map(|why| self.worker_line(why)).collect();
                queued(view)
            }
            Reason::IdenticalCall { runs } => {
                let name = self.model.runs.get(&runs.run).map(|run| run.name_of(runs.index));
                let name = name.unwrap_or_default();
                format!("an identical call is under way ({}/{name}); it gets that result", runs.run)
            }
            Reason::Import { source } => {
                let of = self.model.runs.get(&source.run);
                let name = of.map(|run| run.name_of(source.index)).unwrap_or_default();
                let state = of.and_then(|run| run.state_of(source.index));
                let state = state.map_or("gone", TaskState::name);
                format!("it stands for {}/{name}, which is {state}", source.run)
            }
            Reason::Parked { first, total } => {
                let first: Vec<String> = first.iter().map(|task| run.name_of(*task)).collect();
                let names = first.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
                (view.waiting_for, view.waiting_total) = (first, total);
                match total {
                    _ if view.waiting_for.is_empty() => {
                        "it is parked, and waits for something that it asked for".to_owned()
                    }
                    0..=3 => format!("it is parked, and waits for its own {names}"),
                    _ => format!("it is parked, and waits for {total} of its own: {names}, …"),
                }
            }
            Reason::Resumable { worker } => {
                let name = self.worker_name(worker);
                format!(
                    "what it waited for is there; it goes on when worker {name} has a free slot"
                )
            }
            Reason::Prefetched { worker } => {
                let name = self.worker_name(worker);
                let view = self.engine.workers().find(|view| view.id == worker);
                match view.filter(|view| view.running >= u32::from(view.slots)) {
                    Some(view) => format!(
                        "it was sent to worker {name} and waits behind the {} that run there",
                        view.running
                    ),
                    None => format!("it was sent to worker {name} and is about to run"),
                }
            }
            Reason::Running { worker } => {
                format!("it is running on worker {}", self.worker_name(worker))
            }
            Reason::Finished | Reason::Aborted { .. } => ended(run, index, view.state),
        }
    }

    fn worker_line(&self, why: &WorkerReason) -> (WorkerId, std::sync::Arc<str>, Option<String>) {
        (why.worker, self.worker_name(why.worker), fit(&why.fit))
    }

    fn worker_name(&self, worker: WorkerId) -> std::sync::Arc<str> {
        self.workers.get(&worker).map_or_else(|| "?".into(), |port| port.name.clone())
    }
}

fn missing_inputs(run: &Run, index: TaskIndex, view: &mut ExplainView) -> String {
    let needs = run.need_ranges(index).into_iter().flatten();
    let missing = needs.filter(|need| run.state_of(*need).is_some_and(|state| !state.is_final()));
    for need in missing {
        if view.waiting_for.len() < WAITING_SHOWN_MAX {
            view.waiting_for.push(run.name_of(need));
        }
        view.waiting_total += 1;
    }
    let first = view.waiting_for.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
    match view.waiting_total {
        0 => "it waits for its inputs".to_owned(),
        1..=3 => format!("it waits for {first}"),
        total => format!("it waits for {total} tasks: {first}, …"),
    }
}

fn queued(view: &ExplainView) -> String {
    let whys = || {
        let line = |(_, name, why): &(WorkerId, std::sync::Arc<str>, Option<String>)| {
            Some(format!("{name}: {}", why.as_ref()?))
        };
        view.workers.iter().filter_map(line).collect::<Vec<_>>().join("; ")
    };
    match (view.state, view.workers.is_empty()) {
        (_, true) => "no worker has joined; `wask serve` with at least one slot has one".to_owned(),
        (TaskState::NoWorker, _) => format!("no worker may run it: {}", whys()),
        _ if view.workers.iter().all(|(_, _, why)| why.is_some()) => {
            format!("it is ready and waits for a free slot: {}", whys())
        }
        _ => "it is ready and about to run".to_owned(),
    }
}

/// Why a task does not run on a worker; `None` where it could.
fn fit(fit: &WorkerFit) -> Option<String> {
    Some(match fit {
        WorkerFit::Free => return None,
        WorkerFit::Draining => "it takes no more work".to_owned(),
        WorkerFit::SlotsFull { held, slots } => {
            format!("all of its {slots} slots are taken, {held} tasks are with it")
        }
        WorkerFit::Lacks { resource, has: 0, needs, .. } => {
            format!("it has no `{resource}`, the task asks for {}", amount(*needs))
        }
        WorkerFit::Lacks { resource, has, needs, .. } if has < needs => {
            format!("it has {} `{resource}`, the task asks for {}", amount(*has), amount(*needs))
        }
        WorkerFit::Lacks { resource, has, needs, free } => format!(
            "{} of its {} `{resource}` are free, the task asks for {}",
            amount(*free),
            amount(*has),
            amount(*needs)
        ),
    })
}

/// Thousandths as people write them.
fn amount(thousandths: u64) -> f64 {
    thousandths as f64 / 1_000.0
}

fn ended(run: &Run, index: TaskIndex, state: TaskState) -> String {
    let stop = run.stop_of(index);
    match state {
        TaskState::Succeeded => match run.tasks.get(index as usize) {
            Some(row) if row.cached => "an identical call had its result".to_owned(),
            row => format!("attempt {} gave its result", row.map_or(0, |row| row.attempt)),
        },
        TaskState::Failed => failed(run, index),
        TaskState::Cancelled => match stop.and_then(|stop| stop.reason.as_deref()) {
            Some(said) => format!("a user cancelled it: {said}"),
            None => "a user cancelled it".to_owned(),
        },
        TaskState::Aborted => match stop.and_then(|stop| stop.cause) {
            Some(cause) if run.is_same_array(index, cause) => format!(
                "more elements failed than `max_fails` allows; the last was {}",
                named_failure(run, cause)
            ),
            Some(cause) => {
                let how = match run.state_of(cause) {
                    Some(TaskState::Cancelled) => format!("{} was cancelled", run.name_of(cause)),
                    _ => named_failure(run, cause),
                };
                format!("something that it needs did not succeed: {how}")
            }
            None => "something that it needs failed or was cancelled".to_owned(),
        },
        other => format!("it is {}", other.name()),
    }
}

fn failed(run: &Run, index: TaskIndex) -> String {
    let attempts = run.tasks.get(index as usize).map_or(0, |row| row.attempt);
    let failure = run.extra.get(&index).and_then(|extra| extra.failure.as_ref());
    let why = failure.map_or_else(String::new, |failure| {
        format!(": {}: {}", failure.kind.name(), failure.message)
    });
    match attempts {
        0 => format!("it failed before it ran{why}"),
        1 => format!("its only attempt failed{why}"),
        attempts => format!("it failed after {attempts} attempts{why}"),
    }
}

/// A failed task, and why it failed.
fn named_failure(run: &Run, index: TaskIndex) -> String {
    let failure = run.extra.get(&index).and_then(|extra| extra.failure.as_ref());
    let name = run.name_of(index);
    match failure {
        Some(failure) => format!("{name} failed: {}: {}", failure.kind.name(), failure.message),
        None => format!("{name} failed"),
    }
}

impl Run {
    /// Whether both are elements of one array.
    fn is_same_array(&self, one: TaskIndex, other: TaskIndex) -> bool {
        self.node_of(one).is_some_and(|node| node.spec().tasks.contains(&other))
    }
}
