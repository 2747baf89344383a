//! The engine itself: its parts, and which function answers which event.

use std::collections::{BTreeMap, VecDeque};

use wask_proto::{RunId, TaskId, TaskIndex, TaskState, Timestamp};

use crate::{
    Action, EngineConfig, Event, StateCounts, WorkerView,
    cell::TaskRef,
    family::Families,
    memo::Flights,
    place::Durations,
    queue::Queue,
    run::{Dependent, RunTable},
    settle::Todo,
    step::Step,
    timer::Timers,
    worker::WorkerTable,
};

/// The scheduler.
///
/// The caller feeds events in the order in which they happened, calls [`Engine::schedule`] after
/// each batch of them, and carries the actions out in order. An [`Action::Stage`] is answered with
/// [`Event::Staged`] before any other event; scheduling goes on until it adds no action.
#[derive(Debug)]
pub struct Engine {
    pub(crate) config: EngineConfig,
    pub(crate) runs: RunTable,
    pub(crate) queue: Queue,
    pub(crate) workers: WorkerTable,
    pub(crate) flights: Flights,
    pub(crate) timers: Timers,
    pub(crate) durations: Durations,
    pub(crate) families: Families,
    /// Tasks that end as other ones do, by those: imports, and tasks that handed over.
    pub(crate) imports: BTreeMap<TaskId, Vec<TaskRef>>,
    /// The tasks as which other ones of the same run end, that have come to their own end.
    pub(crate) handed_over: BTreeMap<TaskRef, TaskIndex>,
    /// What follows from tasks that reached their end. Empty between calls.
    pub(crate) todo: VecDeque<Todo>,
    /// Tasks to be queued again when `todo` is done. Empty between calls.
    pub(crate) requeues: VecDeque<TaskRef>,
    /// Sources of imports to be looked at when `todo` is done. Empty between calls.
    pub(crate) sources: VecDeque<TaskId>,
    /// Runs that may be finished when `todo` is done. Empty between calls.
    pub(crate) touched: Vec<u32>,
    /// Room for lists of dependents, kept to spare allocations.
    pub(crate) dependents: Vec<Dependent>,
}

impl Engine {
    /// A scheduler without runs and workers.
    pub fn new(config: EngineConfig) -> Self {
        Self {
            config,
            runs: RunTable::default(),
            queue: Queue::default(),
            workers: WorkerTable::default(),
            flights: Flights::default(),
            timers: Timers::default(),
            durations: Durations::default(),
            families: Families::default(),
            imports: BTreeMap::new(),
            handed_over: BTreeMap::new(),
            todo: VecDeque::new(),
            requeues: VecDeque::new(),
            sources: VecDeque::new(),
            touched: Vec::new(),
            dependents: Vec::new(),
        }
    }

    /// Takes note of an event and appends what follows from it. Events that name unknown runs,
    /// tasks, workers or former attempts change nothing.
    pub fn handle(&mut self, event: Event, now: Timestamp, actions: &mut Vec<Action>) {
        let mut step = Step::new(now, actions);
        self.dispatch(event, &mut step);
        self.drain(&mut step);
        step.finish();
        self.check_in_debug_builds();
    }

    /// When [`Event::Tick`] is due.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.timers.next()
    }

    /// The public state of a task.
    pub fn state(&self, task: TaskId) -> Option<TaskState> {
        self.runs.find(task).map(|task| self.public_state(task))
    }

    /// Attempts of a task so far; the current one's number while there is one.
    pub fn attempt(&self, task: TaskId) -> Option<u32> {
        self.runs.find(task).map(|task| self.runs.cell(task).attempt)
    }

    /// Whether the engine counts on the caller to hold the task's result.
    pub fn holds_value(&self, task: TaskId) -> Option<bool> {
        self.runs.find(task).map(|task| self.runs.cell(task).has_value())
    }

    /// Tasks of a run by state.
    pub fn counts(&self, run: RunId) -> Option<&StateCounts> {
        self.runs.place(run).map(|place| &self.runs[place].counts)
    }

    /// All workers, by number.
    pub fn workers(&self) -> impl Iterator<Item = WorkerView> + '_ {
        self.workers.places().map(|place| self.workers[place].view())
    }

    fn dispatch(&mut self, event: Event, step: &mut Step<'_>) {
        match event {
            Event::AddRun { run, open } => drop(self.runs.insert(run, open)),
            Event::AddTasks { run, nodes } => self.on_add_tasks(run, nodes, step),
            Event::CloseRun(run) => self.on_close_run(run),
            Event::Staged { task, stage } => self.on_staged(task, stage, step),
            Event::Keyed { task, key, known } => self.on_keyed(task, key, known, step),
            Event::WorkerJoined { worker, slots, resources } => {
                self.on_worker_joined(worker, slots, resources, step);
            }
            Event::WorkerLeft(worker) => self.on_worker_left(worker, step),
            Event::WorkerDraining(worker) => self.on_worker_draining(worker, step),
            Event::Started { worker, task, attempt } => {
                self.on_started(worker, task, attempt, step);
            }
            Event::Finished { worker, task, attempt, outcome, busy_us } => {
                self.on_finished(worker, task, attempt, outcome, busy_us, step);
            }
            Event::Parked { worker, task, attempt, wait, busy_us } => {
                self.on_parked(worker, task, attempt, (wait, busy_us), step);
            }
            Event::Answered { task, attempt } => self.on_answered(task, attempt, step),
            Event::Impure(task) => self.on_impure(task, step),
            Event::Adopted { parent, child } => self.on_adopted(parent, child),
            Event::Returned { worker, task, attempt } => {
                self.on_returned(worker, task, attempt, step);
            }
            Event::Cancel { run, tasks } => self.on_cancel(run, tasks, step),
            Event::Retry { run, tasks } => self.on_retry(run, tasks, step),
            Event::Release { run, tasks } => self.on_release(run, &tasks, step),
            Event::ValueLost { task } => self.on_value_lost(task, step),
            Event::Hold(task) => self.on_hold(task),
            Event::Unhold(task) => self.on_unhold(task, step),
            Event::DeleteRun(run) => self.on_delete_run(run),
            Event::Restore { run, facts } => self.on_restore(run, facts),
            Event::RestoreDone => self.on_restore_done(step),
            Event::Tick => self.on_tick(step),
        }
    }
}
