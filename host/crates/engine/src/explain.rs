//! Why a task is not running: what a person would want to know, worker by worker.

use std::sync::Arc;

use wask_proto::{TaskId, TaskIndex, TaskState, Timestamp, WorkerId};

use crate::{
    Engine,
    cell::{Phase, Place, TaskRef},
    queue::QueueKey,
    run::Run,
    worker::Worker,
};

/// Missing inputs that are named; more are only counted.
const MISSING_NAMED_MAX: usize = 10;

/// What a task is doing, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Explain {
    /// Its public state.
    pub state: TaskState,
    /// Attempts so far; the current one's number while there is one.
    pub attempt: u32,
    /// Why it is in that state.
    pub reason: Reason,
}

/// Why a task is in its state.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reason {
    /// Inputs are not finished.
    MissingInputs {
        /// The first of them.
        first: Vec<TaskIndex>,
        /// How many there are.
        total: u64,
    },
    /// The next attempt waits for its delay.
    RetryDelay {
        /// When it may start.
        at: Timestamp,
        /// Microseconds until then.
        left_us: u64,
    },
    /// Ready, and not sent to any worker.
    Queued {
        /// Where in the queue.
        position: QueuePosition,
        /// Why it is on none of the workers.
        workers: Vec<WorkerReason>,
    },
    /// An identical call is under way, whose result it will take.
    IdenticalCall {
        /// The task that runs.
        runs: TaskId,
    },
    /// It stands for a task of another run, which is not finished.
    Import {
        /// That task.
        source: TaskId,
    },
    /// It waits for tasks that it handed out, or, if there are none, for something else.
    Parked {
        /// The first of them that are unfinished.
        first: Vec<TaskIndex>,
        /// How many things it waits for.
        total: u64,
    },
    /// It waited, and goes on when a slot of its worker is free.
    Resumable {
        /// Where.
        worker: WorkerId,
    },
    /// Sent to a worker; not known to have begun.
    Prefetched {
        /// Where.
        worker: WorkerId,
    },
    /// In an executor.
    Running {
        /// Where.
        worker: WorkerId,
    },
    /// Finished by itself or by a user.
    Finished,
    /// Something that it needs did not succeed.
    Aborted {
        /// The task that failed or was cancelled.
        cause: TaskIndex,
    },
}

/// What goes before a ready task, among those that ask for the same resources.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum QueuePosition {
    /// Nothing but tasks of its own node.
    Next,
    /// Tasks of a higher priority.
    BehindPriority,
    /// Tasks of a run that was submitted earlier.
    BehindRun,
    /// Other tasks of its run, which are deeper in the graph or have lower places.
    BehindTasks,
}

/// Why a task is not on a certain worker.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WorkerReason {
    /// The worker.
    pub worker: WorkerId,
    /// Why.
    pub fit: WorkerFit,
}

/// How a task and a worker fit together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum WorkerFit {
    /// It takes no more work.
    Draining,
    /// It has all the work that it takes.
    SlotsFull {
        /// Attempts that it holds.
        held: u32,
        /// Its slots.
        slots: u16,
    },
    /// It lacks a resource, now or for ever. Amounts are in thousandths.
    Lacks {
        /// The resource.
        resource: Arc<str>,
        /// What the worker has.
        has: u64,
        /// What the task asks for.
        needs: u64,
        /// What is free.
        free: u64,
    },
    /// Nothing speaks against it; the next scheduling round decides.
    Free,
}

impl Engine {
    /// Why this task is not running, or what it is doing.
    pub fn explain(&self, task: TaskId, now: Timestamp) -> Option<Explain> {
        let task = self.runs.find(task)?;
        let reason = self.reason(task, now);
        let attempt = self.runs.cell(task).attempt;
        Some(Explain { state: self.public_state(task), attempt, reason })
    }

    fn reason(&self, task: TaskRef, now: Timestamp) -> Reason {
        let cell = self.runs.cell(task);
        let worker = |place: Place| self.workers[place.worker].id;
        match cell.phase {
            Phase::Waiting { .. } | Phase::StagedBehind(_) | Phase::Behind(_) => {
                self.runs[task.run].missing_inputs(task.index)
            }
            Phase::Delayed => {
                let at = self.timers.get(task).unwrap_or(now);
                Reason::RetryDelay { at, left_us: at.micros_since(now) }
            }
            Phase::Ready => self.queued(task),
            Phase::Following => {
                let leader = self.flights.get(cell.flight).leader.unwrap_or(task);
                Reason::IdenticalCall { runs: self.runs.id(leader) }
            }
            Phase::Mirroring => {
                let source = self.source_of(task);
                source.map_or(Reason::Finished, |source| Reason::Import { source })
            }
            Phase::Parked(_) | Phase::Suspended => self.parked_reason(task),
            Phase::Resumable(place) => Reason::Resumable { worker: worker(place) },
            Phase::Staged(place) | Phase::Assigned(place) => {
                Reason::Prefetched { worker: worker(place) }
            }
            Phase::Running(place) => Reason::Running { worker: worker(place) },
            Phase::Succeeded { .. } | Phase::Failed | Phase::Cancelled => Reason::Finished,
            Phase::Aborted { cause } => Reason::Aborted { cause },
        }
    }

    fn parked_reason(&self, task: TaskRef) -> Reason {
        let children = self.families.children(task).iter().copied();
        let missing = children.filter(|child| self.families.waits_for(task, *child));
        let total = u64::from(self.families.missing(task).unwrap_or(0));
        Reason::Parked { first: missing.take(MISSING_NAMED_MAX).collect(), total }
    }

    fn queued(&self, task: TaskRef) -> Reason {
        let run = &self.runs[task.run];
        let node_index = run.cell(task.index).node;
        let node = run.node(node_index);
        let class = self.queue.class(node.class);
        let own = QueueKey::new(task.run, run, node_index);
        let position = match class.ready.first() {
            Some(first) if first.priority != own.priority => QueuePosition::BehindPriority,
            Some(first) if first.run_seq != own.run_seq => QueuePosition::BehindRun,
            Some(first) if *first != own => QueuePosition::BehindTasks,
            _ => QueuePosition::Next,
        };
        let estimate_us = self.durations.share(node.function, &self.config);
        let fit = |worker: &Worker| {
            if worker.draining {
                WorkerFit::Draining
            } else if let Some((resource, has, needs, free)) = worker.lacks(&class.resources) {
                WorkerFit::Lacks { resource, has, needs, free }
            } else if !worker.takes(&class.resources, estimate_us, &self.config) {
                WorkerFit::SlotsFull { held: worker.held(), slots: worker.slots }
            } else {
                WorkerFit::Free
            }
        };
        let workers = self.workers.places().map(|place| &self.workers[place]);
        let workers =
            workers.map(|worker| WorkerReason { worker: worker.id, fit: fit(worker) }).collect();
        Reason::Queued { position, workers }
    }
}

impl Run {
    fn missing_inputs(&self, index: TaskIndex) -> Reason {
        let node = self.node_of(index);
        let unfinished = |source: &TaskIndex| !self.cell(*source).phase.is_final();
        let own = node.own_sources(index).filter(unfinished);
        let common = node.needs.iter().flat_map(|need| need.tasks.clone()).filter(unfinished);
        let (mut first, mut total) = (Vec::new(), 0);
        for source in own.chain(common) {
            if first.len() < MISSING_NAMED_MAX {
                first.push(source);
            }
            total += 1;
        }
        Reason::MissingInputs { first, total }
    }
}
