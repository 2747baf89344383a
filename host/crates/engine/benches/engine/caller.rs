//! The engine's caller in miniature: stages everything at once and ends attempts in the order in
//! which they were assigned.

use std::collections::VecDeque;

use wask_engine::{Action, AttemptOutcome, Engine, EngineConfig, Event, Node, Stage};
use wask_proto::{RunId, Timestamp, WorkerId};

/// The one run.
pub(crate) const RUN: RunId = RunId(1);

/// How long an attempt takes, in virtual microseconds.
pub(crate) const BUSY_US: u64 = 1_000;

/// An engine and what it was told.
pub(crate) struct Caller {
    engine: Engine,
    actions: Vec<Action>,
    now: Timestamp,
    /// Ends of attempts that are under way.
    pub(crate) held: VecDeque<Event>,
    /// Tasks that ended.
    pub(crate) finished: u64,
}

impl Caller {
    /// An engine with so many workers of two slots each.
    pub(crate) fn new(workers: u32) -> Self {
        let mut caller = Self {
            engine: Engine::new(EngineConfig::default()),
            actions: Vec::new(),
            now: Timestamp(1),
            held: VecDeque::new(),
            finished: 0,
        };
        for worker in 1..=workers {
            let worker = WorkerId(worker);
            caller.send(Event::WorkerJoined { worker, slots: 2, resources: Vec::new() });
        }
        caller
    }

    /// Goes on to that time.
    pub(crate) fn advance(&mut self, to: Timestamp) {
        self.now = to;
    }

    /// Adds the run.
    pub(crate) fn submit(&mut self, nodes: Vec<Node>) {
        self.send(Event::AddRun { run: RUN, open: false });
        self.send(Event::AddTasks { run: RUN, nodes });
    }

    /// Tells the engine.
    pub(crate) fn send(&mut self, event: Event) {
        self.engine.handle(event, self.now, &mut self.actions);
    }

    /// Lets the engine decide until it has nothing more to say.
    pub(crate) fn schedule(&mut self) {
        loop {
            self.carry_out();
            self.engine.schedule(self.now, &mut self.actions);
            if self.actions.is_empty() {
                return;
            }
        }
    }

    fn carry_out(&mut self) {
        let mut at = 0;
        while let Some(action) = self.actions.get(at) {
            at += 1;
            match *action {
                Action::Stage { task } => {
                    self.send(Event::Staged { task, stage: Stage::Run { memo: None } });
                }
                Action::Assign { worker, task, attempt } => {
                    let outcome = AttemptOutcome::Succeeded { size_bytes: 8 };
                    let busy_us = BUSY_US;
                    let end = Event::Finished { worker, task, attempt, outcome, busy_us };
                    self.held.push_back(end);
                }
                Action::Settled { ref tasks, .. } => self.finished += tasks.len() as u64,
                _ => {}
            }
        }
        self.actions.clear();
    }

    /// Ends the attempt that was assigned first.
    pub(crate) fn finish_next(&mut self, with: AttemptOutcome) {
        if let Some(Event::Finished { worker, task, attempt, busy_us, .. }) = self.held.pop_front()
        {
            self.send(Event::Finished { worker, task, attempt, outcome: with, busy_us });
        }
    }

    /// Runs to the end. Attempts end in batches of 64, as they come in from a busy worker.
    pub(crate) fn work(&mut self) {
        self.schedule();
        while !self.held.is_empty() {
            for _ in 0..64 {
                let Some(event) = self.held.pop_front() else { break };
                self.send(event);
            }
            self.schedule();
        }
    }
}
