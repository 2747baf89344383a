//! What workers report.

use std::{sync::Arc, time::Duration};

use wask_engine::{AttemptOutcome, Event};
use wask_proto::{
    INLINE_VALUE_MAX_BYTES, Profile, Record, TaskId, WorkerId,
    executor::LogLine,
    worker::{AttemptId, Finished, FromWorker, Started, ToWorker, WorkerOutcome},
};

use super::{Server, WorkerPort, model::Run, writer::Keep};
use crate::{clock, config::RUN_LOG_LINES_MAX, worker::Agent};

impl Server {
    /// Takes a worker up, which joins when it says hello.
    pub(crate) fn add_worker(&mut self, worker: WorkerId, agent: Agent) {
        let port = WorkerPort {
            name: "".into(),
            joined_at: None,
            finished: 0,
            agent,
            assign: Vec::new(),
            resume: Vec::new(),
            cancel: Vec::new(),
            reclaim: Vec::new(),
            actors: Vec::new(),
            forget: Vec::new(),
        };
        self.workers.insert(worker, port);
    }

    pub(super) fn on_message(&mut self, worker: WorkerId, message: FromWorker) {
        match message {
            FromWorker::Hello { name, slots, resources } => {
                if let Some(port) = self.workers.get_mut(&worker) {
                    port.name = name;
                    port.joined_at = Some(self.now);
                }
                self.handle(Event::WorkerJoined { worker, slots, resources });
                self.actors.worker_joined(worker, self.now);
                self.carry_out_actors();
            }
            FromWorker::Started(started) => {
                started.into_iter().for_each(|started| self.started(worker, started));
            }
            FromWorker::Finished(finished) => {
                for finished in finished {
                    self.finished(worker, finished);
                }
            }
            FromWorker::Submitted(submitted) => {
                submitted.into_iter().for_each(|submitted| self.on_submitted(submitted));
            }
            FromWorker::Parked(parked) => {
                parked.into_iter().for_each(|parked| self.on_parked(worker, parked));
            }
            FromWorker::Returned(returned) => {
                for AttemptId { task, attempt } in returned {
                    self.under_way.remove(&task);
                    self.forget_ask(task);
                    self.handle(Event::Returned { worker, task, attempt });
                }
            }
            FromWorker::Actor(done) => {
                done.into_iter().for_each(|done| self.actor_reported(worker, done));
            }
            FromWorker::Progress(progress) => {
                for (id, done, total) in progress {
                    if let Some(run) = self.model.runs.get_mut(&id.task.run) {
                        run.extra_mut(id.task.index).progress = Some((done, total));
                    }
                }
            }
        }
    }

    fn started(&mut self, worker: WorkerId, started: Started) {
        let AttemptId { task, attempt } = started.id;
        if let Some(row) = self.model.runs.get_mut(&task.run)
            && let Some(row) = row.tasks.get_mut(task.index as usize)
            && row.attempt == attempt
        {
            row.worker = worker;
            row.slot = started.slot;
            row.started_at = started.at;
        }
        self.handle(Event::Started { worker, task, attempt });
    }

    /// An attempt ended. A large result is written to a file first, where it must last or where
    /// memory is short.
    fn finished(&mut self, worker: WorkerId, mut finished: Finished) {
        finished.timing.worker = worker;
        if let WorkerOutcome::Success(value) = &finished.outcome
            && value.size() > INLINE_VALUE_MAX_BYTES as u64
        {
            let wanted = self.is_wanted(finished.id.task);
            // What is needed at once is not worth a file.
            let leads = self.under_way.get(&finished.id.task).is_some_and(|call| call.leads);
            let keep = match (wanted, !leads && self.memory_is_full_for(value)) {
                (true, _) => Some(Keep::Durable),
                (false, true) => Some(Keep::Spilled),
                (false, false) => None,
            };
            if let Some(keep) = keep {
                return self.writer.send(worker, Box::new(finished), keep);
            }
        }
        self.finish(worker, Box::new(finished));
    }

    /// Tells the engine of an end whose result is where it belongs.
    pub(super) fn finish(&mut self, worker: WorkerId, mut finished: Box<Finished>) {
        let AttemptId { task, attempt } = finished.id;
        if let Some(port) = self.workers.get_mut(&worker) {
            port.finished += 1;
        }
        let logs = std::mem::take(&mut finished.logs);
        if !logs.is_empty() {
            self.keep_logs(task, attempt, logs);
        }
        if let Some(profile) = finished.profile.take() {
            self.keep_profile(task, profile);
        }
        if let WorkerOutcome::Becomes(call) = finished.outcome {
            self.note_successor(&mut finished, call);
        }
        let timing = &finished.timing;
        let busy_us = timing.run_us + u64::from(timing.start_us);
        let outcome = match &finished.outcome {
            WorkerOutcome::Success(value) => AttemptOutcome::Succeeded { size_bytes: value.size() },
            WorkerOutcome::Becomes(child) => AttemptOutcome::Becomes(*child),
            WorkerOutcome::Failure(failure) => AttemptOutcome::Failed(failure.kind),
            WorkerOutcome::Cancelled => AttemptOutcome::Cancelled,
            WorkerOutcome::Lost(_) => {
                self.totals.lost += 1;
                AttemptOutcome::Lost
            }
        };
        self.hand.finished = Some(finished);
        self.handle(Event::Finished { worker, task, attempt, outcome, busy_us });
        self.hand.finished = None;
        self.hand.success = None;
    }

    /// An attempt has handed over: from the number of its call to the place of the task.
    fn note_successor(&mut self, finished: &mut Finished, call: u32) {
        match self.successor(finished.id, call) {
            Ok(child) => {
                if let Some(call) = self.under_way.get_mut(&finished.id.task) {
                    call.becomes = Some((child, finished.timing));
                }
                finished.outcome = WorkerOutcome::Becomes(child);
            }
            Err(failure) => finished.outcome = WorkerOutcome::Failure(failure),
        }
    }

    pub(super) fn keep_logs(&mut self, task: TaskId, attempt: u32, lines: Vec<LogLine>) {
        let Some(run) = self.model.runs.get(&task.run) else { return };
        if run.log_lines + lines.len() > RUN_LOG_LINES_MAX {
            return;
        }
        let (run, task, lines) = (task.run, task.index, Arc::from(lines));
        self.record(&Record::TaskLogged { run, task, attempt, lines }, None);
    }

    fn keep_profile(&mut self, task: TaskId, profile: Box<Profile>) {
        let has_room = self.model.runs.get(&task.run).is_some_and(Run::has_room_for_profiles);
        if has_room && !profile.stacks.is_empty() {
            let TaskId { run, index } = task;
            self.record(&Record::TaskProfiled { run, task: index, profile }, None);
        }
    }

    /// Hears what the workers have to say, without waiting. Tells whether there was anything.
    pub(super) fn hear_workers(&mut self) -> std::io::Result<bool> {
        let began = clock::now();
        self.now = began;
        let mut any = false;
        let workers: Vec<_> = self.workers.keys().copied().collect();
        for worker in workers {
            let Some(port) = self.workers.get_mut(&worker) else { continue };
            any |= port.agent.turn(Some(Duration::ZERO))?;
            for message in port.agent.take_news() {
                any = true;
                self.on_message(worker, message);
            }
        }
        if any {
            self.totals.busy_us += clock::now().micros_since(began);
        }
        Ok(any)
    }

    /// Ends the workers. What still runs had its grace; it is killed and runs again after the
    /// next start.
    pub(super) fn stop_workers(&mut self) {
        let idle = self.engine.workers().all(|worker| worker.running + worker.prefetched == 0);
        for (_, mut port) in std::mem::take(&mut self.workers) {
            if idle {
                port.agent.take(ToWorker::Drain);
                if let Err(error) = port.agent.finish() {
                    tracing::error!(%error, "a worker did not end well");
                }
            }
        }
    }
}
