//! Writing large results to files, in a thread of its own, before the loop hears of them: a
//! record that names a file is written after the file is synced.

use std::{
    sync::{Arc, mpsc},
    time::Duration,
};

use wask_proto::{
    Failure, FailureKind, Value, WorkerId,
    worker::{Finished, WorkerOutcome},
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

/// What the loop hands over: whose result, the result, and how to keep it.
type Order = (WorkerId, Box<Finished>, Keep);

/// The loop's side. Orders are bounded by the attempts that workers hold.
pub(crate) struct Writer(mpsc::Sender<Order>);

impl Writer {
    pub(crate) fn start(
        objects: Arc<dyn Objects>,
        pins: Arc<Pins>,
        inputs: tokio::sync::mpsc::Sender<Input>,
    ) -> std::io::Result<Self> {
        let (sender, orders) = mpsc::channel::<Order>();
        std::thread::Builder::new().name("wask-objects".into()).spawn(move || {
            while let Ok((worker, mut finished, keep)) = orders.recv() {
                let pin = store(&*objects, &pins, &mut finished, keep);
                if inputs.blocking_send(Input::Stored(worker, finished, pin)).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self(sender))
    }

    pub(crate) fn send(&self, worker: WorkerId, finished: Box<Finished>, keep: Keep) {
        if self.0.send((worker, finished, keep)).is_err() {
            tracing::error!("the writer of large results has stopped");
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
    let written = loop {
        match keep {
            Keep::Spilled => break objects.spill(bytes),
            Keep::Durable => match objects.put(bytes) {
                Err(error) if error.heals() => std::thread::sleep(FULL_RETRY),
                written => break written,
            },
        }
    };
    match written {
        Ok(id) => {
            let stored = Value::stored(value.encoding, id, bytes.len() as u64);
            finished.outcome = WorkerOutcome::Success(stored);
        }
        // A result that only leaves memory may as well stay there.
        Err(error) if keep == Keep::Spilled => tracing::warn!(%error, "a result was not spilled"),
        Err(error) => finished.outcome = WorkerOutcome::Failure(Box::new(not_stored(&error))),
    }
    Some(pin)
}

fn not_stored(error: &ObjectError) -> Failure {
    Failure::new(FailureKind::Output, format!("the result could not be stored: {error}"))
}
