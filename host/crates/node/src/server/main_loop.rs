//! Wait, handle, act: the loop itself.

use std::time::Duration;

use tokio::sync::mpsc::Receiver;
use wask_engine::Event;
use wask_proto::worker::ToWorker;

use super::{Input, Server, commit::Haste};
use crate::{clock, config::BATCH_MAX};

/// Runs the server until it is told to stop. Takes the thread.
pub(crate) fn run(mut server: Server, mut inputs: Receiver<Input>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return tracing::error!(%error, "the server loop has no timer"),
    };
    runtime.block_on(async {
        let mut batch = Vec::with_capacity(BATCH_MAX);
        loop {
            server.wait(&mut inputs, &mut batch).await;
            server.now = clock::now();
            let began = server.now;
            for input in batch.drain(..) {
                server.take(input);
            }
            server.settle_round(inputs.is_empty());
            let busy_us = clock::now().micros_since(began);
            server.totals.busy_us += busy_us.saturating_sub(server.journal.take_waited_us());
            if server.is_done() {
                break;
            }
        }
    });
    // A worker that reports to a full queue must not be waited for.
    inputs.close();
    server.stop_workers();
    if let Some(stopping) = server.stopping.take() {
        let _ = stopping.reply.send(());
    }
}

impl Server {
    /// Waits for inputs, or for the engine's next deadline.
    async fn wait(&self, inputs: &mut Receiver<Input>, batch: &mut Vec<Input>) {
        let stop = self.stopping.as_ref().map(|stopping| stopping.deadline);
        let deadlines = [
            self.engine.next_deadline(),
            self.leases.next_end(),
            self.sync_deadline(),
            self.journal.due(),
            self.indexer.due(),
            self.leftovers.due(),
            stop,
        ];
        let Some(deadline) = deadlines.into_iter().flatten().min() else {
            inputs.recv_many(batch, BATCH_MAX).await;
            return;
        };
        let time = Duration::from_micros(deadline.micros_since(clock::now()));
        let _ = tokio::time::timeout(time, inputs.recv_many(batch, BATCH_MAX)).await;
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::Command(command) => self.on_command(command),
            Input::Worker(worker, message) => self.on_message(worker, message),
            Input::Stored(worker, finished, pin) => {
                self.finish(worker, finished);
                // An attempt that does not count any more leaves nothing behind.
                if let Some(id) = pin.map(|pin| pin.id()) {
                    self.delete_unless_needed(&id);
                }
            }
            Input::StoredState(done, pin) => {
                self.state_stored(*done);
                if let Some(id) = pin.map(|pin| pin.id()) {
                    self.delete_unless_needed(&id);
                }
            }
            Input::Answered(id, answer) => self.on_answered(id, answer),
            Input::Committed(report) => {
                for after in self.journal.on_report(report) {
                    self.follow_up(after);
                }
            }
        }
    }

    /// What follows a batch of inputs: deadlines, scheduling, sending, committing, answering.
    /// `idle` says that no more inputs wait.
    fn settle_round(&mut self, idle: bool) {
        if self.engine.next_deadline().is_some_and(|deadline| deadline <= self.now) {
            self.handle(Event::Tick);
        }
        if self.leases.next_end().is_some_and(|end| end <= self.now) {
            self.end_overdue_leases();
        }
        if self.leftovers.is_due(self.now) {
            self.give_memory_back();
        }
        if self.stopping.is_none() && !self.journal.full {
            self.schedule();
        }
        self.send_to_workers();
        self.tell_waiters();
        self.tick_sync();
        self.release_answers();
        self.flush(self.haste(idle));
        self.release_freed();
        self.indexer.flush(self.journal.durable, self.now);
        self.publish();
    }

    /// Who waits for the records of this round.
    fn haste(&self, idle: bool) -> Haste {
        match self.due.len() {
            0 if self.stopping.is_none() => Haste::None,
            1 if idle => Haste::OneAlone,
            _ => Haste::Some,
        }
    }

    fn schedule(&mut self) {
        loop {
            let mut actions = std::mem::take(&mut self.actions);
            self.engine.schedule(self.now, &mut actions);
            let idle = actions.is_empty();
            self.act(&mut actions);
            self.actions = actions;
            if idle {
                return;
            }
        }
    }

    fn send_to_workers(&mut self) {
        for port in self.workers.values_mut() {
            if !port.assign.is_empty() {
                port.link.send(ToWorker::Assign(std::mem::take(&mut port.assign)));
            }
            if !port.resume.is_empty() {
                port.link.send(ToWorker::Resume(std::mem::take(&mut port.resume)));
            }
            if !port.cancel.is_empty() {
                port.link.send(ToWorker::Cancel(std::mem::take(&mut port.cancel)));
            }
            if !port.reclaim.is_empty() {
                port.link.send(ToWorker::Reclaim(std::mem::take(&mut port.reclaim)));
            }
            if !port.actors.is_empty() {
                port.link.send(ToWorker::Actor(std::mem::take(&mut port.actors)));
            }
            if !port.forget.is_empty() {
                port.link.send(ToWorker::ForgetActor(std::mem::take(&mut port.forget)));
            }
        }
    }

    /// Shows events when they are durable. Passing events go with the facts around them.
    fn publish(&mut self) {
        let durable = self.journal.durable;
        let ready = self.events.partition_point(|event| event.seq.is_none_or(|s| s <= durable));
        let ready: Vec<_> = self.events.drain(..ready).collect();
        self.hub.publish(durable, ready);
        self.publish_history(durable);
    }

    fn is_done(&self) -> bool {
        let Some(stopping) = &self.stopping else { return self.journal.broken.is_some() };
        let idle = self.engine.workers().all(|worker| worker.running + worker.prefetched == 0)
            && self.actors.is_idle()
            && self.storing.is_empty();
        let over = stopping.deadline <= self.now;
        (idle && self.journal.is_idle() && self.due.is_empty()) || over
    }
}
