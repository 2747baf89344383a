//! One order for an actor: its instance is made if that is asked for, calls are done again, the
//! call is done, the state is saved. Nothing here knows which instances are kept.
//!
//! Each of these steps is a call of the guest, and has the whole wall time for itself.

use std::{pin::pin, sync::Arc, time::Instant};

use wask_proto::{
    Failure, FailureKind, Timestamp,
    executor::{
        ActorJob, ActorJobDone, ActorJobOutcome, InstanceStart, JobOutcome, LogLine, MethodCall,
        Payload,
    },
};
use wasmtime::{Engine, Error, Store, component};

use crate::{
    call::{self, CallState, Returned, Surroundings},
    clock::micros,
    failure,
    guest::Guest,
};

/// An actor's instance.
pub(crate) struct ActorInstance {
    store: Store<CallState>,
    instance: component::Instance,
    guest: Arc<Guest>,
}

/// With what an instance is made.
pub(crate) struct Means {
    pub(crate) engine: Engine,
    pub(crate) guest: Result<Arc<Guest>, Failure>,
    pub(crate) around: Surroundings,
}

/// Why no instance is left.
enum End {
    /// The constructor, the call or the saving failed.
    Gone(Box<Failure>),
    /// There was none.
    Absent,
    /// It could not be brought to its state.
    Lost(String),
}

/// Carries an order out, on the instance that was kept, or on one that these means make if the
/// order asks for that. The instance that is left, and what came of the order.
pub(crate) fn carry_out(
    job: ActorJob,
    kept: Option<ActorInstance>,
    means: Option<Means>,
    (started, started_at): (Instant, Timestamp),
) -> (Option<ActorInstance>, ActorJobDone) {
    let (seq, mut place, mut called) = (job.seq, kept, started);
    let ended = run(job, &mut place, means, &mut called);
    let done = ActorJobDone {
        seq,
        started_at,
        start_us: u32::try_from(micros(called - started)).unwrap_or(u32::MAX),
        run_us: micros(called.elapsed()),
        peak_memory_bytes: place.as_ref().map_or(0, ActorInstance::memory_bytes),
        outcome: ActorJobOutcome::Absent,
        logs: place.as_mut().map(ActorInstance::take_logs).unwrap_or_default(),
    };
    let outcome = match ended {
        Ok(outcome) => return (place, ActorJobDone { outcome, ..done }),
        Err(End::Gone(failure)) => ActorJobOutcome::Gone(failure),
        Err(End::Absent) => ActorJobOutcome::Absent,
        Err(End::Lost(why)) => ActorJobOutcome::Lost(why),
    };
    (None, ActorJobDone { outcome, ..done })
}

fn run(
    job: ActorJob,
    place: &mut Option<ActorInstance>,
    means: Option<Means>,
    called: &mut Instant,
) -> Result<ActorJobOutcome, End> {
    let ActorJob { seq, class, start, call, limits, save, task, .. } = job;
    if let (Some(start), Some(means)) = (start, means) {
        // What takes the place of another does not share the memory of the machine with it.
        *place = None;
        let failed = end_of(&start);
        let guest = means.guest.map_err(|failure| failed(Box::new(failure)))?;
        let state = CallState::new(limits, *called, (seq, 1, task), means.around);
        let store = call::new_store(&means.engine, state);
        let instance = place.insert(ActorInstance::make(store, guest).map_err(failed)?);
        let begun = instance.start(&class, start);
        *called = Instant::now();
        begun.map_err(failed)?;
    } else if let Some(instance) = place {
        instance.store.data_mut().begin_order(seq, task, limits);
    }
    let instance = place.as_mut().ok_or(End::Absent)?;
    let result = match call {
        Some(call) => instance.call(&call.function, &call.args).map_err(End::Gone)?,
        None => Ok(Vec::new().into()),
    };
    let state = match save {
        true => Some(instance.save(&class).map_err(End::Gone)?),
        false => None,
    };
    Ok(ActorJobOutcome::Kept { result, state })
}

/// What it means when an instance cannot be started.
fn end_of(start: &InstanceStart) -> fn(Box<Failure>) -> End {
    match start {
        InstanceStart::New(_) => End::Gone,
        InstanceStart::Load { .. } => {
            |failure| End::Lost(format!("its state cannot be restored: {}", failure.message))
        }
    }
}

impl ActorInstance {
    /// An instance without a state.
    fn make(mut store: Store<CallState>, guest: Arc<Guest>) -> Result<Self, Box<Failure>> {
        let made = call::poll(pin!(call::instantiate(&mut store, &guest)));
        match made {
            Some(Ok(instance)) => Ok(Self { store, instance, guest }),
            Some(Err(error)) => Err(told(&error, &mut store)),
            None => Err(waits()),
        }
    }

    /// Brings it to its state.
    fn start(&mut self, class: &str, start: InstanceStart) -> Result<(), Box<Failure>> {
        match start {
            InstanceStart::New(args) => self.call(class, &args)?.map(drop),
            InstanceStart::Load { state, replay } => {
                self.call(&format!("{class}.$load"), &[state])??;
                for MethodCall { function, args } in replay {
                    // An error that the method returned is part of what happened.
                    let _ = self.call(&function, &args)?;
                }
                // All of this was logged when it happened.
                self.take_logs();
                Ok(())
            }
        }
    }

    /// Its state, to be written down.
    fn save(&mut self, class: &str) -> Result<Payload, Box<Failure>> {
        self.call(&format!("{class}.$save"), &[])?
    }

    /// Runs a function. The outer error is one after which the instance is of no use.
    fn call(
        &mut self,
        function: &str,
        args: &[Payload],
    ) -> Result<Result<Payload, Box<Failure>>, Box<Failure>> {
        let Self { store, instance, guest } = self;
        store.data_mut().begin_call(Instant::now());
        store.set_epoch_deadline(1);
        let returned: wasmtime::Result<Returned> =
            call::poll(pin!(call::invoke(store, guest, *instance, function, args)))
                .ok_or_else(waits)?;
        match returned {
            Ok(Ok(bytes)) => call::fitting(bytes, &store.data().limits).map(Ok),
            Ok(Err(failure)) => Ok(Err(Box::new(failure::of_guest(failure)))),
            Err(error) => Err(told(&error, store)),
        }
    }

    /// Linear memory that it holds.
    pub(crate) fn memory_bytes(&self) -> u64 {
        self.store.data().limiter.peak_memory_bytes()
    }

    fn take_logs(&mut self) -> Vec<LogLine> {
        self.store.data_mut().take_logs().take()
    }
}

fn told(error: &Error, store: &mut Store<CallState>) -> Box<Failure> {
    match failure::of_error(error, store) {
        JobOutcome::Failure(failure) => failure,
        // Only calls of actors that are gone are stopped, and nobody hears of those.
        _ => Box::new(Failure::new(FailureKind::Trap, "the call was stopped")),
    }
}

/// Actors cannot submit calls, and there is nothing else to wait for.
fn waits() -> Box<Failure> {
    Box::new(Failure::new(FailureKind::Trap, "an actor cannot wait: let a task do that"))
}
