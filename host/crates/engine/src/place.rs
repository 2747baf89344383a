//! The scheduling round: which ready task goes to which worker, and what is asked back.
//!
//! A worker takes a task when it has an idle slot. Beyond that it takes work ahead, as long as
//! the estimated work that waits there stays within `prefetch_us` for each slot that is not taken
//! by a long attempt. Of functions that nobody has seen run, one task goes ahead to each worker.

use wask_proto::{TaskIndex, Timestamp, WorkerId};

use crate::{
    Action, Engine, EngineConfig,
    cell::{Phase, Place, TaskRef},
    hash::FixedMap,
    loads::Load,
    queue::{QueueKey, Resources},
    run::{NodeState, Run},
    step::Step,
    worker::Worker,
};

/// How long attempts of each function take: a moving average.
#[derive(Debug, Default)]
pub(crate) struct Durations {
    by_function: FixedMap<u32, u32>,
    /// Functions that wait for tasks of their own.
    waiting: FixedMap<u32, ()>,
}

/// A call of a function that waits counts as this part of what is sent ahead: each may leave a
/// sandbox behind that waits, so few are begun before those below them are done.
const WAITING_PART: u64 = 8;

impl Durations {
    /// One attempt of the function took so long.
    pub(crate) fn learn(&mut self, function: u32, busy_us: u64) {
        let busy_us = u32::try_from(busy_us).unwrap_or(u32::MAX).max(1);
        let average = self.by_function.entry(function).or_insert(busy_us);
        *average = ((u64::from(*average) * 3 + u64::from(busy_us)) / 4).max(1) as u32;
    }

    /// A call of the function waited for something.
    pub(crate) fn learn_waits(&mut self, function: u32) {
        self.waiting.insert(function, ());
    }

    pub(crate) fn estimate(&self, function: u32) -> Option<u32> {
        self.by_function.get(&function).copied()
    }

    /// What a call takes of the work that may be sent ahead.
    pub(crate) fn share(&self, function: u32, config: &EngineConfig) -> Option<u32> {
        let us = self.estimate(function)?;
        let part = if self.waiting.contains_key(&function) {
            (config.prefetch_us / WAITING_PART) as u32
        } else {
            0
        };
        Some(us.max(part))
    }
}

impl Worker {
    /// Whether it takes one more task that lasts so long.
    pub(crate) fn takes(
        &self,
        resources: &Resources,
        estimate_us: Option<u32>,
        config: &EngineConfig,
    ) -> bool {
        !self.draining && self.has_room(resources, estimate_us, config)
    }

    /// What it holds, and how much more it takes; `None` if it takes nothing. Says the same as
    /// [`Self::takes`], resources apart.
    pub(crate) fn load(&self, config: &EngineConfig) -> Option<Load> {
        if self.draining || self.slots == 0 {
            return None;
        }
        let (waiting, quick) = (self.waiting(), self.quick_slots());
        let saturated = |us: u64| u32::try_from(us).unwrap_or(u32::MAX);
        let room_us = if waiting < quick {
            Some(u32::MAX)
        } else if quick > 0 && waiting < quick.saturating_mul(config.prefetch_max) {
            let full_us = u64::from(quick) * config.prefetch_us;
            full_us.checked_sub(self.waiting_us).map(saturated)
        } else {
            None
        };
        let takes_unknown = quick > 0 && waiting <= quick;
        let load = Load { load_us: saturated(self.load_us(config)), room_us, takes_unknown };
        load.is_open().then_some(load)
    }

    /// Whether what its load says of tasks without resources is what it takes.
    pub(crate) fn agrees_with_load(&self, config: &EngineConfig) -> bool {
        let load = self.load(config);
        let room_us = load.and_then(|load| load.room_us);
        let just = [room_us, room_us.and_then(|us| us.checked_add(1)), Some(0), None];
        just.into_iter().all(|estimate_us| {
            let told = load.is_some_and(|load| load.takes(estimate_us));
            told == self.takes(&Vec::new(), estimate_us, config)
        })
    }

    /// Whether there is room for one more attempt that lasts so long.
    pub(crate) fn has_room(
        &self,
        resources: &Resources,
        estimate_us: Option<u32>,
        config: &EngineConfig,
    ) -> bool {
        if self.slots == 0 || self.lacks(resources).is_some() {
            return false;
        }
        let (waiting, quick) = (self.waiting(), self.quick_slots());
        if waiting < quick || quick == 0 {
            return waiting < quick;
        }
        match estimate_us {
            None => waiting == quick,
            Some(us) => {
                waiting < quick.saturating_mul(config.prefetch_max)
                    && self.waiting_us + u64::from(us) <= u64::from(quick) * config.prefetch_us
            }
        }
    }
}

impl Engine {
    /// The scheduling round: stages ready tasks for free capacity, then asks back what waits
    /// behind long tasks while other workers are idle. Appends nothing when there is nothing to
    /// do, and must be called again when it appended something and that was carried out.
    pub fn schedule(&mut self, now: Timestamp, actions: &mut Vec<Action>) {
        let mut step = Step::new(now, actions);
        if self.workers.len() > 0 {
            self.stage_ready(&mut step);
            self.reclaim_stuck(&mut step);
        }
        step.finish();
        self.check_in_debug_builds();
    }

    fn stage_ready(&mut self, step: &mut Step<'_>) {
        let mut blocked = Vec::new();
        while step.count() < self.config.stage_max as usize {
            let best = self.queue.best(&blocked);
            if let Some((resume, _)) = self.best_resumable()
                && best.is_none_or(|key| resume.0 <= key)
            {
                self.resume(resume, step);
                continue;
            }
            let Some(key) = best else { break };
            let node = self.runs[key.run].node(key.node);
            let (class, function) = (node.class, node.function);
            let Some(index) = node.ready.first() else { break };
            let estimate_us = self.durations.share(function, &self.config);
            if let Some(worker) = self.choose_worker(&key, index, estimate_us) {
                self.stage(&key, index, worker, estimate_us, step);
            } else {
                blocked.push(class);
            }
        }
    }

    fn stage(
        &mut self,
        key: &QueueKey,
        index: TaskIndex,
        worker: u32,
        estimate_us: Option<u32>,
        step: &mut Step<'_>,
    ) {
        let task = TaskRef { run: key.run, index };
        let run = &mut self.runs[key.run];
        let node = run.node_mut(key.node);
        let class = node.class;
        node.ready.remove(index);
        if node.ready.is_empty() {
            self.queue.remove(class, *key);
        }
        let cost_us = self.cost_us(estimate_us);
        let position = self.reserve(worker, task, class, cost_us);
        self.runs.cell_mut(task).phase = Phase::Staged(Place { worker, position });
        step.push(Action::Stage { task: self.runs.id(task) });
    }

    /// What an attempt counts for in the work that its worker holds.
    pub(crate) fn cost_us(&self, estimate_us: Option<u32>) -> u32 {
        let full_us = u32::try_from(self.config.prefetch_us).unwrap_or(u32::MAX);
        estimate_us.map_or(full_us, |us| us.min(full_us))
    }

    /// Among the workers that take the task, the one where it is soonest done: moving the inputs
    /// that it lacks, and the work that it holds, both in microseconds.
    fn choose_worker(
        &self,
        key: &QueueKey,
        index: TaskIndex,
        estimate_us: Option<u32>,
    ) -> Option<u32> {
        let run = &self.runs[key.run];
        let node = run.node(key.node);
        let resources = &self.queue.class(node.class).resources;
        let takes = |&w: &u32| self.workers[w].takes(resources, estimate_us, &self.config);
        let least = self.workers.least_loaded(estimate_us, |worker| takes(&worker))?;
        if self.workers.len() == 1 {
            return Some(least);
        }
        let inputs = self.inputs(run, node, index);
        let cost_us = |&w: &u32| {
            let worker = &self.workers[w];
            let missing: u64 = inputs
                .iter()
                .filter(|(holder, _)| *holder != worker.id)
                .map(|(_, size)| size)
                .sum();
            let moving_us = missing / self.config.bandwidth_bytes_per_us.max(1);
            (moving_us + worker.load_us(&self.config), w)
        };
        // Whoever has none of the inputs and holds more than the least is no better.
        let holders = inputs.iter().filter_map(|(holder, _)| self.workers.place(*holder));
        std::iter::once(least).chain(holders.filter(takes)).min_by_key(cost_us)
    }

    /// Which worker made the inputs of a task, and how large they are.
    fn inputs(&self, run: &Run, node: &NodeState, index: TaskIndex) -> Vec<(WorkerId, u64)> {
        let common = node.needs.iter().filter(|need| need.uses_results);
        node.own_sources(index)
            .chain(common.flat_map(|need| need.tasks.clone()))
            .take(self.config.placement_inputs_max as usize)
            .filter_map(|source| match run.cell(source).phase {
                Phase::Succeeded { size_bytes, worker } => Some((worker, u64::from(size_bytes))),
                _ => None,
            })
            .collect()
    }

    /// Slots are idle here, and there tasks wait behind long ones: asks for as many of those back
    /// as can start at once, the last ones first.
    fn reclaim_stuck(&mut self, step: &mut Step<'_>) {
        if self.workers.len() < 2 || !self.workers.may_be_stuck() {
            return;
        }
        let (mut idle, mut asked, mut stuck) = (0, 0, false);
        for worker in self.workers.places().map(|place| &self.workers[place]) {
            idle += if worker.draining { 0 } else { worker.idle_slots() };
            asked += worker.reclaiming;
            stuck |= worker.stuck() > 0;
        }
        if !stuck || idle <= asked {
            return;
        }
        let mut open = idle - asked;
        let places: Vec<u32> = self.workers.places().collect();
        for place in places {
            open -= self.reclaim_from(place, open, step);
        }
    }

    fn reclaim_from(&mut self, place: u32, at_most: u32, step: &mut Step<'_>) -> u32 {
        let worker = &self.workers[place];
        let count = worker.stuck().min(at_most) as usize;
        if count == 0 {
            return 0;
        }
        let mut waiting: Vec<(u64, usize)> = Vec::new();
        for (position, entry) in worker.entries.iter().enumerate() {
            let assigned = matches!(self.runs.cell(entry.task).phase, Phase::Assigned(_));
            let movable = assigned && !entry.reclaiming && !entry.settled;
            if movable && self.has_idle_worker(place, entry.class) {
                waiting.push((entry.order, position));
            }
        }
        waiting.sort_unstable_by(|a, b| b.cmp(a));
        waiting.truncate(count);
        for (_, position) in &waiting {
            let worker = &mut self.workers[place];
            worker.reclaiming += 1;
            let entry = &mut worker.entries[*position];
            entry.reclaiming = true;
            let attempt = self.runs.cell(entry.task).attempt;
            let (worker, task) = (worker.id, self.runs.id(entry.task));
            step.push(Action::Reclaim { worker, task, attempt });
        }
        waiting.len() as u32
    }

    fn has_idle_worker(&self, except: u32, class: u32) -> bool {
        let resources = &self.queue.class(class).resources;
        self.workers.places().filter(|place| *place != except).any(|place| {
            let worker = &self.workers[place];
            !worker.draining && worker.idle_slots() > 0 && worker.lacks(resources).is_none()
        })
    }
}

impl Worker {
    /// Attempts that cannot begin soon, because every slot is taken by a long one, and that it was
    /// not asked to hand back yet. It takes no more work as long as that is so.
    fn stuck(&self) -> u32 {
        if self.quick_slots() > 0 { 0 } else { self.waiting().saturating_sub(self.reclaiming) }
    }
}
