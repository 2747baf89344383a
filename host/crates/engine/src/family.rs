//! Tasks that other tasks handed out, and tasks that wait for those.
//!
//! A waiting task is parked: its sandbox stays with the worker and its slot is free. It goes on in
//! the order of the queue when all that it waits for is finished. If its sandbox is lost meanwhile
//! it is suspended: it begins anew, and not before that. Results of children stay until their parent
//! is finished; children of a parent that did not succeed are cancelled.

use std::collections::{BTreeMap, BTreeSet};

use wask_proto::{TaskId, TaskIndex, TaskState, WorkerId};

use crate::{
    Action, Engine, Wait,
    cell::{Phase, Place, TaskRef},
    queue::QueueKey,
    run::Run,
    settle::Ending,
    step::Step,
};

/// Who handed out what, and who waits for it.
#[derive(Debug, Default)]
pub(crate) struct Families {
    /// The children of unfinished tasks.
    children: BTreeMap<TaskRef, Vec<TaskIndex>>,
    /// How many things each waiting task still waits for.
    missing: BTreeMap<TaskRef, u32>,
    /// Waiting tasks that may go on, and their places among others.
    resumable: BTreeMap<TaskRef, ResumeKey>,
    /// Who waits for a task: tasks of its own run.
    waiting: BTreeMap<TaskRef, Vec<TaskIndex>>,
}

/// The place of a task that may go on in the order of the queue.
pub(crate) type ResumeKey = (QueueKey, TaskIndex);

impl Families {
    /// Whether anybody may have to be told of the end of tasks.
    pub(crate) fn is_empty(&self) -> bool {
        self.children.is_empty() && self.waiting.is_empty()
    }

    pub(crate) fn children(&self, parent: TaskRef) -> &[TaskIndex] {
        self.children.get(&parent).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn may_go_on(&self, task: TaskRef) -> Option<ResumeKey> {
        self.resumable.get(&task).copied()
    }

    pub(crate) fn missing(&self, task: TaskRef) -> Option<u32> {
        self.missing.get(&task).copied()
    }

    pub(crate) fn waits_for(&self, task: TaskRef, child: TaskIndex) -> bool {
        let of = self.waiting.get(&TaskRef { run: task.run, index: child });
        of.is_some_and(|waiting| waiting.contains(&task.index))
    }

    /// How many tasks wait.
    pub(crate) fn waiting(&self) -> usize {
        self.missing.len()
    }

    /// Unfinished tasks with children.
    pub(crate) fn parents(&self) -> impl Iterator<Item = TaskRef> + '_ {
        self.children.keys().copied()
    }

    fn forget(&mut self, task: TaskRef) {
        if self.missing.remove(&task).is_none_or(|missing| missing == 0) {
            return;
        }
        let of_run =
            TaskRef { run: task.run, index: 0 }..=TaskRef { run: task.run, index: u32::MAX };
        let mut left = Vec::new();
        for (child, waiting) in self.waiting.range_mut(of_run) {
            waiting.retain(|index| *index != task.index);
            if waiting.is_empty() {
                left.push(*child);
            }
        }
        left.iter().for_each(|child| drop(self.waiting.remove(child)));
    }
}

impl Engine {
    /// An attempt waits, and its slot is free.
    pub(crate) fn on_parked(
        &mut self,
        worker: WorkerId,
        id: TaskId,
        attempt: u32,
        (wait, busy_us): (Wait, u64),
        step: &mut Step<'_>,
    ) {
        let Some((task, place)) = self.current(worker, id, attempt) else { return };
        if !matches!(self.runs.cell(task).phase, Phase::Assigned(_) | Phase::Running(_)) {
            return;
        }
        let function = self.runs.node_of(task).function;
        self.durations.learn(function, busy_us);
        self.durations.learn_waits(function);
        let from = self.public_state(task);
        self.free_capacity(place);
        let missing = match wait {
            Wait::Answer => 1,
            Wait::Tasks(children) => self.wait_for_children(task, children),
        };
        self.families.missing.insert(task, missing);
        self.runs.cell_mut(task).phase = Phase::Parked(place);
        self.tell_waiting(task, from, step);
        if missing == 0 {
            self.wake(task, step);
        }
    }

    /// What a parked task asked for besides tasks is there.
    pub(crate) fn on_answered(&mut self, id: TaskId, attempt: u32, step: &mut Step<'_>) {
        let Some(task) = self.runs.find(id) else { return };
        if self.runs.cell(task).attempt == attempt {
            self.lower_wait(task, step);
        }
    }

    /// A task that exists becomes the child of another one.
    pub(crate) fn on_adopted(&mut self, parent: TaskId, child: TaskIndex) {
        let found = self.runs.find(parent).zip(self.runs.find(TaskId { index: child, ..parent }));
        if let Some((parent, child)) = found
            && !self.runs.cell(parent).phase.is_final()
            && !self.runs.cell(child).is_adopted()
        {
            self.adopt(parent, child.index);
        }
    }

    /// A task becomes the child of another one of its run.
    pub(crate) fn adopt(&mut self, parent: TaskRef, child: TaskIndex) {
        let children = self.families.children.entry(parent).or_default();
        self.runs[parent.run].cell_mut(child).set_adopted(true);
        children.push(child);
    }

    /// A task has come to its end: tells those who wait for it, and lets its children go.
    pub(crate) fn end_family(&mut self, task: TaskRef, step: &mut Step<'_>) {
        for index in self.families.waiting.remove(&task).unwrap_or_default() {
            self.lower_wait(TaskRef { run: task.run, index }, step);
        }
        let Some(children) = self.families.children.remove(&task) else { return };
        let failed = self.runs.cell(task).phase.is_unsuccessful();
        for index in children {
            let child = TaskRef { run: task.run, index };
            self.runs.cell_mut(child).set_adopted(false);
            if failed && !self.runs.cell(child).phase.is_final() {
                self.finalize(child, Ending::Cancelled, step);
            } else {
                self.runs[task.run].drop_if_unneeded(index, step);
            }
        }
    }

    /// A parked or suspended task does not wait any more, for whatever reason.
    pub(crate) fn leave_wait(&mut self, task: TaskRef) {
        if let Phase::Resumable(place) = self.runs.cell(task).phase
            && let Some(key) = self.families.resumable.remove(&task)
        {
            self.workers.forget_resumable(place.worker, &key);
        }
        self.families.forget(task);
    }

    /// The sandbox of a waiting task is gone: it begins anew when it could have gone on.
    pub(crate) fn suspend(&mut self, task: TaskRef, from: TaskState, step: &mut Step<'_>) {
        if self.families.missing(task).is_some_and(|missing| missing > 0) {
            self.runs.cell_mut(task).phase = Phase::Suspended;
            return self.tell_waiting(task, from, step);
        }
        self.leave_wait(task);
        self.requeue(task, from, step);
    }

    /// The best of the tasks that may go on, with its worker, among those with room for it.
    pub(crate) fn best_resumable(&self) -> Option<(ResumeKey, u32)> {
        let first = |place: u32| {
            let worker = &self.workers[place];
            let &(key, index) = worker.resumable.first()?;
            let node = self.runs[key.run].node_of(index);
            let resources = &self.queue.class(node.class).resources;
            let estimate_us = self.durations.share(node.function, &self.config);
            let has_room = worker.has_room(resources, estimate_us, &self.config);
            has_room.then_some(((key, index), place))
        };
        self.workers.with_resumable.iter().copied().filter_map(first).min()
    }

    /// A task goes on.
    pub(crate) fn resume(&mut self, (key, index): ResumeKey, step: &mut Step<'_>) {
        let task = TaskRef { run: key.run, index };
        let Phase::Resumable(place) = self.runs.cell(task).phase else { return };
        let function = self.runs.node_of(task).function;
        self.leave_wait(task);
        let cost_us = self.cost_us(self.durations.share(function, &self.config));
        self.take_capacity(place, cost_us);
        let cell = self.runs.cell_mut(task);
        cell.phase = Phase::Assigned(place);
        let attempt = cell.attempt;
        let worker = self.workers[place.worker].id;
        step.push(Action::Resume { worker, task: self.runs.id(task), attempt });
    }

    /// After a restart: the children of unfinished tasks are theirs again, all others nobody's.
    pub(crate) fn restore_families(&mut self, place: u32) {
        let run = &mut self.runs[place];
        for cell in &mut run.cells {
            cell.set_adopted(false);
        }
        let of_run = TaskRef { run: place, index: 0 }..=TaskRef { run: place, index: u32::MAX };
        let mut childless = Vec::new();
        for (parent, children) in self.families.children.range(of_run) {
            if run.cell(parent.index).phase.is_final() {
                childless.push(*parent);
                continue;
            }
            children.iter().for_each(|child| run.cell_mut(*child).set_adopted(true));
        }
        childless.iter().for_each(|parent| drop(self.families.children.remove(parent)));
    }

    /// Lets a task wait for those of these that are unfinished; tells how many they are.
    fn wait_for_children(&mut self, task: TaskRef, children: Vec<TaskIndex>) -> u32 {
        let run = &self.runs[task.run];
        let known = |index: &TaskIndex| {
            (*index as usize) < run.cells.len() && !run.cell(*index).phase.is_final()
        };
        let unfinished: BTreeSet<TaskIndex> = children.into_iter().filter(known).collect();
        for index in &unfinished {
            let child = TaskRef { run: task.run, index: *index };
            self.families.waiting.entry(child).or_default().push(task.index);
        }
        unfinished.len() as u32
    }

    fn lower_wait(&mut self, task: TaskRef, step: &mut Step<'_>) {
        let Some(missing) = self.families.missing.get_mut(&task) else { return };
        if *missing == 0 {
            return;
        }
        *missing -= 1;
        if *missing == 0 {
            self.wake(task, step);
        }
    }

    /// Nothing that a task waits for is missing any more.
    fn wake(&mut self, task: TaskRef, step: &mut Step<'_>) {
        match self.runs.cell(task).phase {
            Phase::Parked(place) => {
                self.make_resumable(task, place);
                let run = &mut self.runs[task.run];
                run.counts.shift(TaskState::Waiting, TaskState::Queued, 1);
                step.state_changed(run.id, task.index..task.index + 1, TaskState::Queued);
            }
            Phase::Suspended => {
                self.leave_wait(task);
                self.requeue(task, TaskState::Waiting, step);
            }
            _ => {}
        }
    }

    fn make_resumable(&mut self, task: TaskRef, place: Place) {
        self.runs.cell_mut(task).phase = Phase::Resumable(place);
        let run = &self.runs[task.run];
        let key = (QueueKey::new(task.run, run, run.cell(task.index).node), task.index);
        self.families.resumable.insert(task, key);
        self.workers.add_resumable(place.worker, key);
    }
}

impl Run {
    /// The depth of what a task hands out.
    pub(crate) fn depth_below(&self, parent: Option<TaskIndex>) -> u32 {
        parent.map_or(0, |parent| self.node_of(parent).depth + 1)
    }
}
