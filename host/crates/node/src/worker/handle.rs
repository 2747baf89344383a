//! Starting a worker, and talking to it from other threads.

use std::{sync::Arc, thread::JoinHandle};

use wask_proto::worker::{FromWorker, ToWorker};
use wask_store::Objects;

use super::{
    agent::Agent,
    config::{WorkerConfig, WorkerError},
    desk::Desk,
    health::{Health, SlotHealth},
    loader::Loader,
    mailbox::{Command, Mailbox},
};

/// The way to the scheduler.
pub(crate) trait Outbox: Send {
    /// Hands a message over, in order. Must not block for long: the worker's only thread waits.
    fn send(&self, message: FromWorker);
}

/// A running worker. Dropped without [`ToWorker::Drain`], it kills its executors and waits for
/// their end.
#[derive(Debug)]
pub(crate) struct WorkerHandle {
    mailbox: Arc<Mailbox>,
    health: Arc<Health>,
    thread: Option<JoinHandle<()>>,
}

/// Starts a worker. Its executors start at once; its `Hello` follows when the first is ready.
pub(crate) fn start(
    config: WorkerConfig,
    objects: Arc<dyn Objects>,
    outbox: Box<dyn Outbox>,
) -> Result<WorkerHandle, WorkerError> {
    if config.slots == 0 {
        return Err(WorkerError::NoSlots);
    }
    let system = |what| move |source| WorkerError::System { what, source };
    let mailbox = Arc::new(Mailbox::new().map_err(system("eventfd"))?);
    let health = Arc::new(Health::default());
    let loads_max = usize::from(config.slots);
    let loader = Loader::start(objects.clone(), mailbox.clone(), loads_max)
        .map_err(system("loader thread"))?;
    let desk = Desk::new(objects, loader, health.clone());
    let agent = Agent::new(config, mailbox.clone(), outbox, desk);
    let thread = std::thread::Builder::new()
        .name("wask-worker".into())
        .spawn(move || agent.run())
        .map_err(system("thread"))?;
    Ok(WorkerHandle { mailbox, health, thread: Some(thread) })
}

impl WorkerHandle {
    /// Hands a message to the worker. Never blocks; after the worker's end, it is lost.
    pub(crate) fn send(&self, message: ToWorker) {
        self.mailbox.push(Command::Scheduler(message));
    }

    /// Slots whose executor works.
    pub(crate) fn slots_ready(&self) -> u16 {
        self.health.slots_ready()
    }

    /// Why executors do not become ready, while none has.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.health.trouble()
    }

    /// How the executors are, by slot.
    pub(crate) fn slots(&self) -> Vec<SlotHealth> {
        self.health.slots()
    }

    /// Waits for the worker's end, after [`ToWorker::Drain`].
    pub(crate) fn join(mut self) {
        self.wait();
    }

    fn wait(&mut self) {
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the worker's thread panicked");
        }
    }
}

impl Drop for WorkerHandle {
    fn drop(&mut self) {
        self.mailbox.push(Command::Stop);
        self.wait();
    }
}
