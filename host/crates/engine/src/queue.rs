//! Ready tasks, in the order in which they are to run.
//!
//! The order is: higher priority; then the run that was submitted earlier; then, within a run, the
//! task that is deeper in the graph, so that what was begun is finished and its inputs are freed
//! before untouched roots start; then the lower place. An array is one entry, however many of its
//! elements are ready.
//!
//! Tasks that ask for the same resources form a class. When the first task of a class fits
//! nowhere, the whole class is passed over, and no worker is asked twice.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::Arc,
};

use wask_proto::{TaskIndex, TaskState};

use crate::{
    Engine,
    cell::{Phase, TaskRef},
    run::Run,
    slab::Slab,
    step::Step,
    worker::WorkerTable,
};

/// Named resources in thousandths, sorted by name, none of them 0.
pub(crate) type Resources = Vec<(Arc<str>, u64)>;

/// All classes with their ready nodes.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    classes: Slab<Class>,
    by_resources: BTreeMap<Resources, u32>,
    /// Classes that have ready tasks.
    active: BTreeSet<u32>,
}

/// Tasks that ask for the same resources.
#[derive(Debug, Default)]
pub(crate) struct Class {
    pub(crate) resources: Resources,
    /// Nodes of this class, and attempts that nobody waits for any more.
    pub(crate) refs: u32,
    /// Workers that take work and could run such a task if they were idle.
    pub(crate) capable: u32,
    pub(crate) ready: BTreeSet<QueueKey>,
}

/// A node with ready tasks, and its place in the order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct QueueKey {
    pub(crate) priority: Reverse<i32>,
    pub(crate) run_seq: u64,
    pub(crate) depth: Reverse<u32>,
    pub(crate) node: u32,
    pub(crate) run: u32,
}

impl QueueKey {
    pub(crate) fn new(place: u32, run: &Run, node: u32) -> Self {
        let state = run.node(node);
        Self {
            priority: Reverse(state.priority),
            run_seq: run.seq,
            depth: Reverse(state.depth),
            node,
            run: place,
        }
    }
}

impl Class {
    /// The public state of its ready tasks.
    pub(crate) const fn ready_state(&self) -> TaskState {
        if self.capable > 0 { TaskState::Queued } else { TaskState::NoWorker }
    }
}

impl Queue {
    /// The class of these resources, with one more reference to it.
    pub(crate) fn class_of(&mut self, asked: &[(Arc<str>, u64)], workers: &WorkerTable) -> u32 {
        let resources = normalised(asked);
        if let Some(&class) = self.by_resources.get(&resources) {
            self.classes[class].refs += 1;
            return class;
        }
        let capable = workers.places().filter(|&w| workers[w].could_run(&resources)).count();
        let class = self.classes.insert(Class {
            resources: resources.clone(),
            refs: 1,
            capable: capable as u32,
            ready: BTreeSet::new(),
        });
        self.by_resources.insert(resources, class);
        class
    }

    pub(crate) fn class(&self, class: u32) -> &Class {
        &self.classes[class]
    }

    pub(crate) fn class_mut(&mut self, class: u32) -> &mut Class {
        &mut self.classes[class]
    }

    /// All classes in use.
    pub(crate) fn classes(&self) -> impl Iterator<Item = (u32, &Class)> {
        self.classes.iter().filter(|(_, class)| class.refs > 0)
    }

    pub(crate) fn retain(&mut self, class: u32) {
        self.classes[class].refs += 1;
    }

    pub(crate) fn release(&mut self, class: u32) {
        self.classes[class].refs -= 1;
        if self.classes[class].refs == 0 {
            let gone = self.classes.remove(class);
            self.by_resources.remove(&gone.resources);
        }
    }

    pub(crate) fn insert(&mut self, class: u32, key: QueueKey) {
        self.classes[class].ready.insert(key);
        self.active.insert(class);
    }

    pub(crate) fn remove(&mut self, class: u32, key: QueueKey) {
        let ready = &mut self.classes[class].ready;
        ready.remove(&key);
        if ready.is_empty() {
            self.active.remove(&class);
        }
    }

    /// Classes with ready tasks.
    pub(crate) fn active(&self) -> impl Iterator<Item = u32> + '_ {
        self.active.iter().copied()
    }

    /// What is to run next, classes in `blocked` apart.
    pub(crate) fn best(&self, blocked: &[u32]) -> Option<QueueKey> {
        self.active()
            .filter(|class| !blocked.contains(class))
            .filter_map(|class| self.classes[class].ready.first().copied())
            .min()
    }
}

impl Engine {
    pub(crate) fn public_state(&self, task: TaskRef) -> TaskState {
        let class = self.runs.node_of(task).class;
        self.runs.cell(task).phase.public(self.queue.class(class).ready_state())
    }

    /// Queues a stretch of tasks of one node whose public state was `from`.
    pub(crate) fn make_ready(
        &mut self,
        place: u32,
        tasks: Range<TaskIndex>,
        from: TaskState,
        step: &mut Step<'_>,
    ) {
        let run = &mut self.runs[place];
        for cell in &mut run.cells[tasks.start as usize..tasks.end as usize] {
            cell.phase = Phase::Ready;
        }
        let node_index = run.cell(tasks.start).node;
        let node = run.node_mut(node_index);
        let (first_ready, class) = (node.ready.is_empty(), node.class);
        node.ready.insert(tasks.clone());
        let to = self.queue.class(class).ready_state();
        run.counts.shift(from, to, tasks.len() as u32);
        if from != to {
            step.state_changed(run.id, tasks, to);
        }
        if first_ready {
            self.queue.insert(class, QueueKey::new(place, run, node_index));
        }
    }

    /// Takes a ready task out of the queue. Its phase is the caller's to change.
    pub(crate) fn unqueue(&mut self, task: TaskRef) {
        let run = &mut self.runs[task.run];
        let node_index = run.cell(task.index).node;
        let node = run.node_mut(node_index);
        node.ready.remove(task.index);
        if node.ready.is_empty() {
            let class = node.class;
            self.queue.remove(class, QueueKey::new(task.run, run, node_index));
        }
    }

    /// A worker's capability for `class` changed by `change`: tells the ready tasks whose public
    /// state is another one now.
    pub(crate) fn change_capable(&mut self, class: u32, change: i32, step: &mut Step<'_>) {
        let entry = self.queue.class_mut(class);
        let from = entry.ready_state();
        entry.capable = entry.capable.saturating_add_signed(change);
        let to = entry.ready_state();
        if from == to {
            return;
        }
        for key in &entry.ready {
            let run = &mut self.runs[key.run];
            for tasks in run.nodes[key.node as usize].ready.iter() {
                run.counts.shift(from, to, tasks.len() as u32);
                step.state_changed(run.id, tasks, to);
            }
        }
    }
}

fn normalised(asked: &[(Arc<str>, u64)]) -> Resources {
    if asked.is_empty() {
        return Vec::new();
    }
    let mut sum = BTreeMap::<Arc<str>, u64>::new();
    for (name, amount) in asked.iter().filter(|(_, amount)| *amount > 0) {
        let entry = sum.entry(name.clone()).or_default();
        *entry = entry.saturating_add(*amount);
    }
    sum.into_iter().collect()
}
