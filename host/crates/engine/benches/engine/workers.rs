//! Simulated workers in virtual time: each runs what it was given, two attempts at once, and tells
//! when they end. Work that was sent ahead waits for a slot of its worker.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, VecDeque},
};

use wask_engine::{Event, Node};
use wask_proto::{Timestamp, WorkerId};

use crate::caller::{BUSY_US, Caller};

/// Slots of each worker.
const SLOTS: usize = 2;

/// Ends of attempts that come in before the engine decides again.
const BATCH: usize = 64;

/// An engine, and workers of which only the clock is real to it.
pub(crate) struct Fleet {
    caller: Caller,
    /// What waits at each worker for a slot.
    lines: HashMap<WorkerId, Line>,
    /// When attempts end, and in which order of assignment.
    ends: BinaryHeap<Reverse<(u64, u64)>>,
    /// Attempts that run, by that order.
    running: HashMap<u64, Event>,
    order: u64,
    now_us: u64,
}

#[derive(Default)]
struct Line {
    busy: usize,
    waiting: VecDeque<Event>,
}

impl Fleet {
    /// So many workers.
    pub(crate) fn new(workers: u32) -> Self {
        Self {
            caller: Caller::new(workers),
            lines: HashMap::new(),
            ends: BinaryHeap::new(),
            running: HashMap::new(),
            order: 0,
            now_us: 1,
        }
    }

    /// Tasks that ended.
    pub(crate) fn finished(&self) -> u64 {
        self.caller.finished
    }

    /// Runs the nodes to their end.
    pub(crate) fn run(&mut self, nodes: Vec<Node>) {
        self.caller.submit(nodes);
        self.decide();
        while let Some(Reverse((end_us, _))) = self.ends.peek() {
            self.now_us = *end_us;
            self.caller.advance(Timestamp(self.now_us));
            self.end_batch();
            self.decide();
        }
    }

    /// Lets the engine decide, and hands what it assigned to the workers.
    fn decide(&mut self) {
        self.caller.schedule();
        while let Some(event) = self.caller.held.pop_front() {
            let Event::Finished { worker, .. } = event else { continue };
            self.lines.entry(worker).or_default().waiting.push_back(event);
            self.start_next(worker);
        }
    }

    /// Ends attempts whose time has come.
    fn end_batch(&mut self) {
        for _ in 0..BATCH {
            match self.ends.peek() {
                Some(Reverse((end_us, _))) if *end_us <= self.now_us => {}
                _ => return,
            }
            let Some(Reverse((_, order))) = self.ends.pop() else { return };
            let Some(event) = self.running.remove(&order) else { continue };
            if let Event::Finished { worker, .. } = event {
                if let Some(line) = self.lines.get_mut(&worker) {
                    line.busy -= 1;
                }
                self.caller.send(event);
                self.start_next(worker);
            }
        }
    }

    fn start_next(&mut self, worker: WorkerId) {
        let Some(line) = self.lines.get_mut(&worker) else { return };
        while line.busy < SLOTS {
            let Some(event) = line.waiting.pop_front() else { return };
            line.busy += 1;
            self.order += 1;
            self.ends.push(Reverse((self.now_us + BUSY_US, self.order)));
            self.running.insert(self.order, event);
        }
    }
}
