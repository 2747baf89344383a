//! Simulated workers in virtual time: each runs what it was given, two attempts at once, and tells
//! when they end. Work that was sent ahead waits for a slot of its worker. What the workers
//! themselves take is not counted: with thousands of them it would be most of it.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
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
    /// By the worker's number.
    lines: Vec<Line>,
    /// Attempts that run, and when each ends: in order, since all take the same time.
    running: VecDeque<(u64, Event)>,
    now_us: u64,
    engine_took: Duration,
}

/// What waits at a worker for a slot.
#[derive(Clone, Default)]
struct Line {
    busy: usize,
    waiting: VecDeque<Event>,
}

impl Fleet {
    /// So many workers.
    pub(crate) fn new(workers: u32) -> Self {
        Self {
            caller: Caller::new(workers),
            lines: vec![Line::default(); workers as usize + 1],
            running: VecDeque::new(),
            now_us: 1,
            engine_took: Duration::ZERO,
        }
    }

    /// Tasks that ended.
    pub(crate) fn finished(&self) -> u64 {
        self.caller.finished
    }

    /// Runs the nodes to their end, and tells how long the engine took for it.
    pub(crate) fn run(&mut self, nodes: Vec<Node>) -> Duration {
        self.in_engine(|caller| caller.submit(nodes));
        self.hand_out();
        while let Some((end_us, _)) = self.running.front() {
            self.now_us = *end_us;
            self.caller.advance(Timestamp(self.now_us));
            let ended = self.end_batch();
            self.in_engine(|caller| ended.into_iter().for_each(|event| caller.send(event)));
            self.hand_out();
        }
        self.engine_took
    }

    /// Tells the engine something, and lets it decide.
    fn in_engine(&mut self, tell: impl FnOnce(&mut Caller)) {
        let begin = Instant::now();
        tell(&mut self.caller);
        self.caller.schedule();
        self.engine_took += begin.elapsed();
    }

    /// Hands what was assigned to the workers.
    fn hand_out(&mut self) {
        while let Some(event) = self.caller.held.pop_front() {
            let Event::Finished { worker, .. } = event else { continue };
            self.lines[worker.0 as usize].waiting.push_back(event);
            self.start_next(worker);
        }
    }

    /// Ends attempts whose time has come.
    fn end_batch(&mut self) -> Vec<Event> {
        let mut ended = Vec::with_capacity(BATCH);
        while ended.len() < BATCH
            && let Some((_, event)) = self.running.pop_front_if(|(end, _)| *end <= self.now_us)
        {
            if let Event::Finished { worker, .. } = event {
                self.lines[worker.0 as usize].busy -= 1;
                self.start_next(worker);
            }
            ended.push(event);
        }
        ended
    }

    fn start_next(&mut self, worker: WorkerId) {
        let line = &mut self.lines[worker.0 as usize];
        while line.busy < SLOTS {
            let Some(event) = line.waiting.pop_front() else { return };
            line.busy += 1;
            self.running.push_back((self.now_us + BUSY_US, event));
        }
    }
}
