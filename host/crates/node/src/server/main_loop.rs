//! Wait, handle, act: the loop itself.

use std::{
    task::Poll,
    time::{Duration, Instant},
};

use tokio::sync::mpsc::Receiver;
use wask_engine::Event;
use wask_proto::worker::ToWorker;

use super::{Input, Server, WorkerPort, bell::Bell, commit::Haste};
use crate::{clock, config::BATCH_MAX};

/// Runs the server until it is told to stop. Takes the thread, which is also that of the local
/// worker: a message to another thread costs more than most of what is done here.
pub(crate) fn run(mut server: Server, mut inputs: Receiver<Input>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let ended = match runtime {
        Ok(runtime) => runtime.block_on(server.serve(&mut inputs)),
        Err(error) => Err(error),
    };
    if let Err(error) = ended {
        tracing::error!(%error, "the server loop cannot go on");
    }
    inputs.close();
    server.stop_workers();
    if let Some(stopping) = server.stopping.take() {
        let _ = stopping.reply.send(());
    }
}

/// For how long the end of a single attempt is looked for before the loop goes to sleep.
const LOOK_FOR: Duration = Duration::from_micros(60);

impl Server {
    async fn serve(&mut self, inputs: &mut Receiver<Input>) -> std::io::Result<()> {
        let bells = self.bells()?;
        let mut batch = Vec::with_capacity(BATCH_MAX);
        loop {
            if self.hear_workers()? || self.hear_soon(inputs)? {
                take_waiting(inputs, &mut batch);
            } else {
                self.wait(inputs, &bells, &mut batch).await;
                self.hear_workers()?;
            }
            let began = clock::now();
            self.now = began;
            for input in batch.drain(..) {
                self.take(input);
            }
            self.settle_round(inputs.is_empty())?;
            let busy_us = clock::now().micros_since(began);
            self.totals.busy_us += busy_us.saturating_sub(self.journal.take_waited_us());
            if self.is_done() {
                return Ok(());
            }
        }
    }

    /// Looks again and again for a moment whether a worker has something to say, when a single
    /// attempt is under way and nothing else is to be done: to fall asleep and to be woken takes
    /// longer than a small task.
    fn hear_soon(&mut self, inputs: &Receiver<Input>) -> std::io::Result<bool> {
        if self.under_way.len() != 1 || !self.may_look {
            return Ok(false);
        }
        let until = Instant::now() + LOOK_FOR;
        while inputs.is_empty() && Instant::now() < until {
            if self.hear_workers()? {
                return Ok(true);
            }
            // The executor may be waiting for this very core.
            std::thread::yield_now();
        }
        Ok(!inputs.is_empty())
    }

    /// One for each worker. The workers are those that there are at the start.
    fn bells(&self) -> std::io::Result<Vec<Bell>> {
        self.workers.values().map(|port| Bell::new(&port.agent)).collect()
    }

    /// Waits for inputs, for a worker, or for the next deadline.
    async fn wait(&self, inputs: &mut Receiver<Input>, bells: &[Bell], batch: &mut Vec<Input>) {
        let something = std::future::poll_fn(|context| {
            let mut ready = inputs.poll_recv_many(context, batch, BATCH_MAX).is_ready();
            for bell in bells {
                ready |= bell.has_rung(context);
            }
            if ready { Poll::Ready(()) } else { Poll::Pending }
        });
        match self.patience() {
            Some(time) => drop(tokio::time::timeout(time, something).await),
            None => something.await,
        }
    }

    /// How long nothing has to happen.
    fn patience(&self) -> Option<Duration> {
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
        let present = clock::now();
        let first = deadlines.into_iter().flatten().min();
        let own = first.map(|at| Duration::from_micros(at.micros_since(present)));
        let of_workers = self.workers.values().filter_map(|port| match port.agent.has_news() {
            true => Some(Duration::ZERO),
            false => Some(port.agent.deadline()?.saturating_duration_since(Instant::now())),
        });
        own.into_iter().chain(of_workers).min()
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::Command(command) => self.on_command(command),
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
    fn settle_round(&mut self, idle: bool) -> std::io::Result<()> {
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
        self.send_to_workers()?;
        self.tell_waiters();
        self.tick_sync();
        self.release_answers();
        self.flush(self.haste(idle));
        self.release_freed();
        self.indexer.flush(self.journal.durable, self.now);
        self.publish();
        Ok(())
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

    fn send_to_workers(&mut self) -> std::io::Result<()> {
        self.workers.values_mut().try_for_each(WorkerPort::send)
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

impl WorkerPort {
    /// Tells the worker what it has to do, which it begins at once.
    fn send(&mut self) -> std::io::Result<()> {
        fn all<T>(orders: &mut Vec<T>, message: fn(Vec<T>) -> ToWorker) -> Option<ToWorker> {
            (!orders.is_empty()).then(|| message(std::mem::take(orders)))
        }
        let messages = [
            all(&mut self.assign, ToWorker::Assign),
            all(&mut self.resume, ToWorker::Resume),
            all(&mut self.cancel, ToWorker::Cancel),
            all(&mut self.reclaim, ToWorker::Reclaim),
            all(&mut self.actors, ToWorker::Actor),
            all(&mut self.forget, ToWorker::ForgetActor),
        ];
        let mut any = false;
        for message in messages.into_iter().flatten() {
            self.agent.take(message);
            any = true;
        }
        if any { self.agent.act() } else { Ok(()) }
    }
}

/// Takes the inputs that are there.
fn take_waiting(inputs: &mut Receiver<Input>, batch: &mut Vec<Input>) {
    while batch.len() < BATCH_MAX
        && let Ok(input) = inputs.try_recv()
    {
        batch.push(input);
    }
}
