//! Writing large results and states to files, in a thread of its own, before the loop hears of
//! them: a record that names a file is written after the file is synced.

use std::{
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use wask_proto::{
    Failure, FailureKind, INLINE_VALUE_MAX_BYTES, ObjectId, Value, WorkerId,
    worker::{ActorDone, ActorOutcome, Finished, InstanceAfter, WorkerOutcome},
};
use wask_store::{ObjectError, Objects};

use super::command::Input;
use crate::pins::{Pin, Pins};

/// How long to wait before a full disk is tried again.
const FULL_RETRY: Duration = Duration::from_millis(500);

/// Whether a file must survive a power cut.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Keep {
    /// Synced: somebody outside may ask for it.
    Durable,
    /// Only moved out of memory.
    Spilled,
}

/// What the loop hands over.
enum Order {
    /// A worker's result, and how to keep it.
    Result(WorkerId, Box<Finished>, Keep),
    /// A report about an actor, perhaps with its state.
    State(Box<ActorDone>),
}

/// The loop's side. Orders are bounded by what workers hold.
pub(crate) struct Writer(mpsc::Sender<Order>);

impl Writer {
    pub(crate) fn start(
        objects: Arc<dyn Objects>,
        pins: Arc<Pins>,
        inputs: tokio::sync::mpsc::Sender<Input>,
    ) -> std::io::Result<Self> {
        let (sender, orders) = mpsc::channel::<Order>();
        std::thread::Builder::new().name("wask-objects".into()).spawn(move || {
            while let Ok(order) = orders.recv() {
                if inputs.blocking_send(order.carry_out(&*objects, &pins)).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self(sender))
    }

    pub(crate) fn send(&self, worker: WorkerId, finished: Box<Finished>, keep: Keep) {
        self.order(Order::Result(worker, finished, keep));
    }

    /// Reports come back in the order in which they were sent, those without a large state too.
    pub(crate) fn send_state(&self, done: Box<ActorDone>) {
        self.order(Order::State(done));
    }

    fn order(&self, order: Order) {
        if self.0.send(order).is_err() {
            tracing::error!("the writer of large results has stopped");
        }
    }
}

impl Order {
    fn carry_out(self, objects: &dyn Objects, pins: &Arc<Pins>) -> Input {
        match self {
            Self::Result(worker, mut finished, keep) => {
                let begun = Instant::now();
                let pin = store(objects, pins, &mut finished, keep);
                let us = begun.elapsed().as_micros();
                finished.timing.store_us = u32::try_from(us).unwrap_or(u32::MAX);
                Input::Stored(worker, finished, pin)
            }
            Self::State(mut done) => {
                let pin = store_state(objects, pins, &mut done);
                Input::StoredState(done, pin)
            }
        }
    }
}

/// Writes the result to a file, which stays pinned until the loop knows who holds it.
fn store(
    objects: &dyn Objects,
    pins: &Arc<Pins>,
    finished: &mut Finished,
    keep: Keep,
) -> Option<Pin> {
    let WorkerOutcome::Success(value) = &finished.outcome else { return None };
    let bytes = value.bytes()?;
    let pin = pins.pin(value.object_id());
    let written = match keep {
        Keep::Spilled => objects.spill_named(pin.id(), bytes),
        Keep::Durable => put(objects, pin.id(), bytes),
    };
    match written {
        Ok(()) => {
            let stored = Value::stored(value.encoding, pin.id(), bytes.len() as u64);
            finished.outcome = WorkerOutcome::Success(stored);
        }
        // A result that only leaves memory may as well stay there.
        Err(error) if keep == Keep::Spilled => tracing::warn!(%error, "a result was not spilled"),
        Err(error) => finished.outcome = WorkerOutcome::Failure(Box::new(not_stored(&error))),
    }
    Some(pin)
}

/// Writes a state to a file if it is large. Where that fails the call is as if it had not been:
/// its instance is not used any more.
fn store_state(objects: &dyn Objects, pins: &Arc<Pins>, done: &mut ActorDone) -> Option<Pin> {
    let state = done.state.as_ref()?;
    let bytes = state.bytes().filter(|bytes| bytes.len() > INLINE_VALUE_MAX_BYTES)?;
    let pin = pins.pin(state.object_id());
    match put(objects, pin.id(), bytes) {
        Ok(()) => done.state = Some(Value::stored(state.encoding, pin.id(), bytes.len() as u64)),
        Err(error) => {
            let message = format!("the actor's state could not be stored: {error}");
            let failure = Failure::new(FailureKind::Output, message);
            done.outcome = ActorOutcome::Failed(Box::new(failure), InstanceAfter::Gone);
            done.state = None;
        }
    }
    Some(pin)
}

/// Stores bytes durably. A full disk is waited for.
fn put(objects: &dyn Objects, id: ObjectId, bytes: &[u8]) -> Result<(), ObjectError> {
    loop {
        match objects.put_named(&[(id, bytes)]) {
            Err(error) if error.heals() => std::thread::sleep(FULL_RETRY),
            written => return written,
        }
    }
}

fn not_stored(error: &ObjectError) -> Failure {
    Failure::new(FailureKind::Output, format!("the result could not be stored: {error}"))
}
