//! Workers: what they offer, and what they hold. An attempt that nobody waits for any more keeps
//! its slot until the worker says that it is over.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::{Index, IndexMut},
    sync::Arc,
};

use wask_proto::{TaskId, WorkerId};

use crate::{
    Engine, EngineConfig,
    cell::{Place, TaskRef},
    family::ResumeKey,
    loads::Loads,
    queue::Resources,
    slab::Slab,
    step::Step,
};

/// A worker, as others may see it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WorkerView {
    /// Its number.
    pub id: WorkerId,
    /// Tasks it runs at once.
    pub slots: u16,
    /// Attempts that are known to have begun; short ones are over before anybody hears of them.
    pub running: u32,
    /// Attempts that it holds beside those.
    pub prefetched: u32,
    /// Named resources, in thousandths: what there is, and what is free.
    pub resources: Vec<(Arc<str>, u64, u64)>,
    /// Whether it takes no more work.
    pub draining: bool,
}

/// A worker.
#[derive(Debug, Default)]
pub(crate) struct Worker {
    pub(crate) id: WorkerId,
    pub(crate) slots: u16,
    pub(crate) draining: bool,
    pub(crate) resources: BTreeMap<Arc<str>, Amount>,
    /// Attempts that tasks wait for.
    pub(crate) entries: Vec<Entry>,
    /// Parked attempts that may go on, in the order of the queue.
    pub(crate) resumable: BTreeSet<ResumeKey>,
    /// Attempts that nobody waits for, until the worker is done with them.
    pub(crate) fenced: BTreeMap<(TaskId, u32), Entry>,
    pub(crate) started: u32,
    /// Attempts that wait for something and take no capacity, fenced ones among them.
    pub(crate) parked: u32,
    /// Entries that the worker was asked to hand back.
    pub(crate) reclaiming: u32,
    /// Estimated work that it holds and that is not known to have begun.
    pub(crate) waiting_us: u64,
}

/// How much of a resource there is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Amount {
    pub(crate) total: u64,
    pub(crate) free: u64,
}

/// An attempt that occupies a worker.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Entry {
    pub(crate) task: TaskRef,
    pub(crate) class: u32,
    /// Order of reservation, over all workers.
    pub(crate) order: u64,
    /// Its share of the worker's waiting work; 0 once it is known to have begun.
    pub(crate) cost_us: u32,
    pub(crate) started: bool,
    pub(crate) reclaiming: bool,
    /// It waits for something and takes no capacity.
    pub(crate) parked: bool,
    /// It was parked once, and can go on nowhere else.
    pub(crate) settled: bool,
}

impl Worker {
    fn new(id: WorkerId, slots: u16, resources: Vec<(Arc<str>, u64)>) -> Self {
        let amount = |(name, total)| (name, Amount { total, free: total });
        Self {
            id,
            slots,
            resources: resources.into_iter().map(amount).collect(),
            ..Self::default()
        }
    }

    /// Attempts that it holds and that take capacity.
    pub(crate) fn held(&self) -> u32 {
        (self.entries.len() + self.fenced.len()) as u32 - self.parked
    }

    /// Attempts that it holds and that are not known to have begun.
    pub(crate) fn waiting(&self) -> u32 {
        self.held() - self.started
    }

    /// Slots that are not taken by long attempts.
    pub(crate) fn quick_slots(&self) -> u32 {
        u32::from(self.slots).saturating_sub(self.started)
    }

    /// Whether every slot is taken by a long attempt.
    fn is_all_long(&self) -> bool {
        self.slots > 0 && self.quick_slots() == 0
    }

    /// Slots that have nothing to do, not even something that was sent ahead.
    pub(crate) fn idle_slots(&self) -> u32 {
        u32::from(self.slots).saturating_sub(self.held())
    }

    /// Whether it takes work, and has these resources when it is idle.
    pub(crate) fn could_run(&self, resources: &Resources) -> bool {
        let has = |(name, amount): &(Arc<str>, u64)| {
            self.resources.get(name).is_some_and(|have| have.total >= *amount)
        };
        !self.draining && self.slots > 0 && resources.iter().all(has)
    }

    /// The first of these resources that is too scarce now: its name, what is there, what is
    /// asked, what is free.
    pub(crate) fn lacks(&self, resources: &Resources) -> Option<(Arc<str>, u64, u64, u64)> {
        resources.iter().find_map(|(name, asked)| {
            let have = self.resources.get(name).copied().unwrap_or(Amount { total: 0, free: 0 });
            (have.free < *asked).then(|| (name.clone(), have.total, *asked, have.free))
        })
    }

    pub(crate) fn view(&self) -> WorkerView {
        WorkerView {
            id: self.id,
            slots: self.slots,
            running: self.started,
            prefetched: self.waiting(),
            resources: self.resources.iter().map(|(n, a)| (n.clone(), a.total, a.free)).collect(),
            draining: self.draining,
        }
    }

    /// Estimated work for each slot; one that is taken by a long attempt counts as full.
    pub(crate) fn load_us(&self, config: &EngineConfig) -> u64 {
        let load_us = self.waiting_us + u64::from(self.started) * config.prefetch_us;
        load_us / u64::from(self.slots.max(1))
    }

    fn occupy(&mut self, cost_us: u32, resources: &Resources) {
        self.waiting_us += u64::from(cost_us);
        for (name, amount) in resources {
            if let Some(have) = self.resources.get_mut(name) {
                have.free -= amount;
            }
        }
    }

    fn free(&mut self, entry: &Entry, resources: &Resources) {
        if entry.parked {
            self.parked -= 1;
            return;
        }
        self.waiting_us -= u64::from(entry.cost_us);
        self.started -= u32::from(entry.started);
        for (name, amount) in resources {
            if let Some(have) = self.resources.get_mut(name) {
                have.free += amount;
            }
        }
    }
}

/// All workers.
#[derive(Debug, Default)]
pub(crate) struct WorkerTable {
    workers: Slab<Worker>,
    by_id: BTreeMap<WorkerId, u32>,
    next_order: u64,
    /// Of those that may take more.
    loads: Loads,
    /// Those with attempts that may go on.
    pub(crate) with_resumable: BTreeSet<u32>,
    /// Those of which every slot is taken by a long attempt.
    all_long: BTreeSet<u32>,
}

impl WorkerTable {
    pub(crate) fn place(&self, id: WorkerId) -> Option<u32> {
        self.by_id.get(&id).copied()
    }

    /// The places of all workers, by number.
    pub(crate) fn places(&self) -> impl Iterator<Item = u32> + '_ {
        self.by_id.values().copied()
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// The worker that holds the least, among those that have room for a task that lasts so long
    /// and of which `takes` is true.
    pub(crate) fn least_loaded(
        &self,
        estimate_us: Option<u32>,
        takes: impl Fn(u32) -> bool,
    ) -> Option<u32> {
        self.loads.least(estimate_us, takes)
    }

    /// A parked attempt of a worker may go on.
    pub(crate) fn add_resumable(&mut self, place: u32, key: ResumeKey) {
        self.workers[place].resumable.insert(key);
        self.with_resumable.insert(place);
    }

    /// It goes on, or does not any more.
    pub(crate) fn forget_resumable(&mut self, place: u32, key: &ResumeKey) {
        let resumable = &mut self.workers[place].resumable;
        resumable.remove(key);
        if resumable.is_empty() {
            self.with_resumable.remove(&place);
        }
    }

    /// What a worker holds or takes has changed.
    fn note(&mut self, place: u32, config: &EngineConfig) {
        let worker = &self.workers[place];
        self.loads.set(place, worker.load(config));
        if worker.is_all_long() {
            self.all_long.insert(place);
        } else {
            self.all_long.remove(&place);
        }
    }

    /// Whether behind some worker's long attempts others may be stuck.
    pub(crate) fn may_be_stuck(&self) -> bool {
        !self.all_long.is_empty()
    }

    /// Whether what is known of a worker's load is what it is.
    pub(crate) fn knows_load(&self, place: u32, config: &EngineConfig) -> bool {
        let worker = &self.workers[place];
        self.loads.get(place) == worker.load(config)
            && worker.agrees_with_load(config)
            && self.with_resumable.contains(&place) != worker.resumable.is_empty()
            && self.all_long.contains(&place) == worker.is_all_long()
    }
}

impl Index<u32> for WorkerTable {
    type Output = Worker;

    fn index(&self, place: u32) -> &Worker {
        &self.workers[place]
    }
}

impl IndexMut<u32> for WorkerTable {
    fn index_mut(&mut self, place: u32) -> &mut Worker {
        &mut self.workers[place]
    }
}

impl Engine {
    pub(crate) fn on_worker_joined(
        &mut self,
        worker: WorkerId,
        slots: u16,
        resources: Vec<(Arc<str>, u64)>,
        step: &mut Step<'_>,
    ) {
        if self.workers.place(worker).is_some() {
            return;
        }
        let place = self.workers.workers.insert(Worker::new(worker, slots, resources));
        self.workers.by_id.insert(worker, place);
        self.workers.note(place, &self.config);
        self.change_capabilities(place, 1, step);
    }

    pub(crate) fn on_worker_draining(&mut self, worker: WorkerId, step: &mut Step<'_>) {
        let Some(place) = self.workers.place(worker) else { return };
        self.stop_offering(place, step);
    }

    pub(crate) fn on_worker_left(&mut self, worker: WorkerId, step: &mut Step<'_>) {
        let Some(place) = self.workers.place(worker) else { return };
        self.stop_offering(place, step);
        self.workers.by_id.remove(&worker);
        let gone = self.workers.workers.remove(place);
        self.workers.note(place, &self.config);
        self.workers.with_resumable.remove(&place);
        for entry in gone.fenced.into_values() {
            self.queue.release(entry.class);
        }
        let mut entries = gone.entries;
        entries.sort_by_key(|entry| entry.order);
        for entry in entries {
            self.attempt_bereft(entry.task, step);
        }
    }

    /// Adds an attempt to a worker's list and takes its capacity. Tells its position.
    pub(crate) fn reserve(&mut self, worker: u32, task: TaskRef, class: u32, cost_us: u32) -> u32 {
        let order = self.workers.next_order;
        self.workers.next_order += 1;
        let entry = Entry { task, class, order, cost_us, ..Entry::default() };
        let place = worker;
        let worker = &mut self.workers[place];
        worker.occupy(cost_us, &self.queue.class(class).resources);
        worker.entries.push(entry);
        let position = (worker.entries.len() - 1) as u32;
        self.workers.note(place, &self.config);
        position
    }

    /// Takes an attempt off a worker's list and frees its capacity.
    pub(crate) fn vacate(&mut self, worker: u32, position: u32) {
        let entry = self.take_entry(worker, position);
        let resources = &self.queue.class(entry.class).resources;
        self.workers[worker].free(&entry, resources);
        self.workers.note(worker, &self.config);
    }

    /// Takes an attempt off a worker's list; its capacity stays occupied until the worker says
    /// that it is over.
    pub(crate) fn fence(&mut self, worker: u32, position: u32, attempt: u32) {
        let entry = self.take_entry(worker, position);
        self.queue.retain(entry.class);
        let id = self.runs.id(entry.task);
        self.workers[worker].fenced.insert((id, attempt), entry);
        self.workers.note(worker, &self.config);
    }

    /// The worker is done with an attempt that nobody waits for.
    pub(crate) fn release_fenced(&mut self, worker: u32, task: TaskId, attempt: u32) {
        let Some(entry) = self.workers[worker].fenced.remove(&(task, attempt)) else { return };
        self.workers[worker].free(&entry, &self.queue.class(entry.class).resources);
        self.workers.note(worker, &self.config);
        self.queue.release(entry.class);
    }

    /// An attempt is parked: it stays on the worker's list and takes no capacity.
    pub(crate) fn free_capacity(&mut self, place: Place) {
        let worker = &mut self.workers[place.worker];
        let entry = &mut worker.entries[place.position as usize];
        if std::mem::take(&mut entry.reclaiming) {
            worker.reclaiming -= 1;
        }
        let before = *entry;
        (entry.parked, entry.settled) = (true, true);
        (entry.started, entry.cost_us) = (false, 0);
        worker.free(&before, &self.queue.class(before.class).resources);
        worker.parked += 1;
        self.workers.note(place.worker, &self.config);
    }

    /// A parked attempt goes on.
    pub(crate) fn take_capacity(&mut self, place: Place, cost_us: u32) {
        let worker = &mut self.workers[place.worker];
        let entry = &mut worker.entries[place.position as usize];
        (entry.parked, entry.cost_us) = (false, cost_us);
        let class = entry.class;
        worker.parked -= 1;
        worker.occupy(cost_us, &self.queue.class(class).resources);
        self.workers.note(place.worker, &self.config);
    }

    /// An attempt is known to have begun: it may take long, so its slot takes nothing more.
    pub(crate) fn mark_started(&mut self, place: u32, position: u32) {
        let worker = &mut self.workers[place];
        let entry = &mut worker.entries[position as usize];
        if entry.reclaiming {
            entry.reclaiming = false;
            worker.reclaiming -= 1;
        }
        entry.started = true;
        worker.started += 1;
        worker.waiting_us -= u64::from(std::mem::take(&mut entry.cost_us));
        self.workers.note(place, &self.config);
    }

    fn take_entry(&mut self, worker: u32, position: u32) -> Entry {
        let worker = &mut self.workers[worker];
        let mut entry = worker.entries.swap_remove(position as usize);
        if entry.reclaiming {
            entry.reclaiming = false;
            worker.reclaiming -= 1;
        }
        if let Some(moved) = worker.entries.get(position as usize) {
            self.runs.cell_mut(moved.task).phase.move_to(position);
        }
        entry
    }

    fn stop_offering(&mut self, place: u32, step: &mut Step<'_>) {
        if !self.workers[place].draining {
            self.change_capabilities(place, -1, step);
            self.workers[place].draining = true;
            self.workers.note(place, &self.config);
        }
    }

    /// Counts a worker in or out of every class that it could run.
    fn change_capabilities(&mut self, place: u32, change: i32, step: &mut Step<'_>) {
        let worker = &self.workers[place];
        let runs = self.queue.classes().filter(|(_, class)| worker.could_run(&class.resources));
        let classes: Vec<u32> = runs.map(|(class, _)| class).collect();
        for class in classes {
            self.change_capable(class, change, step);
        }
    }
}
