//! One call of a guest's function: a fresh store, a fresh instance, the call, its outcome.
//!
//! A call is a future, because a guest may have to wait; one that may runs on a fiber of its own.
//! Nothing here knows where calls come from or where outcomes go.

use std::{
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use wask_proto::{
    CallLimits, Failure, FailureKind, Profile,
    executor::{Job, JobDone, JobOutcome, Payload, SharedPage},
};
use wasmtime::{Engine, Store, StoreContextMut, UpdateDeadline, component::Instance};

use crate::{
    children::Children,
    clock::{Clock, micros},
    exchange::Exchange,
    failure,
    guest::{Guest, RunParams, RunResult},
    lifted::Lifted,
    limiter::Limiter,
    logs::Logs,
    outbox::Outbox,
    profile, text,
};

/// Room in the host-call budget beyond the result itself, for the records around it.
const HOSTCALL_SLACK_BYTES: u64 = 64 * 1024;

/// What the store of a call carries.
pub(crate) struct CallState {
    pub(crate) limits: CallLimits,
    pub(crate) limiter: Limiter,
    pub(crate) page: &'static SharedPage,
    pub(crate) attempt: u32,
    pub(crate) task: Arc<str>,
    pub(crate) clock: Clock,
    pub(crate) children: Children,
    pub(crate) exchange: Arc<Exchange>,
    pub(crate) caller: Caller,
    /// The call's own number, by which the worker knows it.
    pub(crate) job: u64,
    /// The order that is being carried out: the call, or the last time that it was resumed.
    pub(crate) seq: u64,
    pub(crate) deadline: Instant,
    pub(crate) parked_us: u64,
    /// What the guest was seen doing, if that is wanted.
    pub(crate) profile: Option<Box<Profile>>,
    logs: Logs,
}

/// On whose behalf a guest's code runs.
pub(crate) enum Caller {
    /// A task's, whose news go there.
    Task(Arc<Outbox>),
    /// An actor's: its method's, its constructor's, or to save or load it.
    Actor(Arc<Outbox>),
    /// That of somebody who asks the module what it has.
    Describe,
}

/// Why the host ended a call from outside.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum Stop {
    /// The worker asked for it.
    #[error("cancelled")]
    Cancelled,
    /// The wall-time limit was reached.
    #[error("timed out")]
    Deadline,
    /// The worker does not answer: nobody wants the outcome.
    #[error("the worker is gone")]
    WorkerGone,
}

/// What surrounds a call in its executor.
pub(crate) struct Surroundings {
    pub(crate) page: &'static SharedPage,
    pub(crate) clock: Clock,
    pub(crate) caller: Caller,
    pub(crate) exchange: Arc<Exchange>,
}

impl Caller {
    fn outbox(&self) -> Option<&Outbox> {
        match self {
            Self::Task(outbox) | Self::Actor(outbox) => Some(outbox),
            Self::Describe => None,
        }
    }
}

impl CallState {
    pub(crate) fn new(
        limits: CallLimits,
        started: Instant,
        (seq, attempt, task): (u64, u32, Arc<str>),
        around: Surroundings,
    ) -> Self {
        Self {
            limiter: Limiter::new(&limits),
            logs: Logs::new(&limits),
            limits,
            page: around.page,
            attempt,
            task,
            clock: around.clock,
            children: Children::default(),
            exchange: around.exchange,
            caller: around.caller,
            job: seq,
            seq,
            deadline: deadline(started, &limits),
            parked_us: 0,
            profile: None,
        }
    }

    /// The order `seq` begins in a store that was kept. Its memory is what it was.
    pub(crate) fn begin_order(&mut self, seq: u64, task: Arc<str>, limits: CallLimits) {
        (self.job, self.seq, self.task) = (seq, seq, task);
        self.limits = limits;
        self.logs = Logs::new(&limits);
    }

    /// A further call begins, with the whole time for itself.
    pub(crate) fn begin_call(&mut self, now: Instant) {
        self.deadline = deadline(now, &self.limits);
        self.limiter.forget_refusal();
    }

    /// Whether the worker asked for this call to stop.
    pub(crate) fn cancelled(&self) -> bool {
        self.page.cancel.load(Ordering::Relaxed) == self.seq
    }

    pub(crate) fn take_logs(&mut self) -> Logs {
        std::mem::replace(&mut self.logs, Logs::new(&self.limits))
    }

    pub(crate) fn put_logs(&mut self, logs: Logs) {
        self.logs = logs;
    }

    /// Runs at each tick of the epoch while the guest runs. Outcomes of earlier calls leave here
    /// too, so that they wait for one tick at most and not for this call.
    fn on_tick(&mut self) -> Result<UpdateDeadline, Stop> {
        if let Some(outbox) = self.caller.outbox() {
            outbox.flush().map_err(|_| Stop::WorkerGone)?;
        }
        if self.cancelled() {
            return Err(Stop::Cancelled);
        }
        if Instant::now() >= self.deadline {
            return Err(Stop::Deadline);
        }
        Ok(UpdateDeadline::Continue(1))
    }
}

fn deadline(started: Instant, limits: &CallLimits) -> Instant {
    let wall = Duration::from_millis(limits.wall_max_ms);
    // A limit beyond what the clock can hold is no limit; a year is as good.
    started.checked_add(wall).unwrap_or(started + Duration::from_hours(8_760))
}

/// A store in which `state`'s limits hold.
pub(crate) fn new_store(engine: &Engine, state: CallState) -> Store<CallState> {
    let hostcall_max = state.limits.result_max_bytes.saturating_add(HOSTCALL_SLACK_BYTES);
    let mut store = Store::new(engine, state);
    store.limiter(|state| &mut state.limiter);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|mut store: StoreContextMut<'_, CallState>| {
        profile::look(&mut store);
        Ok(store.data_mut().on_tick()?)
    });
    store.set_hostcall_fuel(usize::try_from(hostcall_max).unwrap_or(usize::MAX));
    store
}

/// Runs `job` from the making of its sandbox to its outcome. The sandbox is gone afterwards.
pub(crate) async fn run(
    engine: Engine,
    guest: Arc<Guest>,
    job: Job,
    started: Instant,
    mut around: Surroundings,
) -> JobDone {
    let started_at = around.clock.wall(started);
    let mut state = CallState::new(job.limits, started, (job.seq, job.attempt, job.task), around);
    state.profile = job.profile.then(Box::default);
    let mut store = new_store(&engine, state);
    let mut called = started;
    let returned = call(&mut store, &guest, &job.function, &job.args, &mut called).await;
    let returned_at = Instant::now();
    let outcome = match returned {
        Ok(Ok(bytes)) => match store.data().children.becomes {
            Some(child) => JobOutcome::Becomes(child),
            None => match fitting(bytes, &job.limits) {
                Ok(bytes) => JobOutcome::Success(bytes),
                Err(failure) => JobOutcome::Failure(failure),
            },
        },
        Ok(Err(failure)) => JobOutcome::Failure(Box::new(failure::of_guest(failure))),
        Err(error) => failure::of_error(&error, &mut store),
    };
    let state = store.data_mut();
    JobDone {
        seq: state.seq,
        job: state.job,
        started_at,
        start_us: u32::try_from(micros(called - started)).unwrap_or(u32::MAX),
        run_us: micros(returned_at - called).saturating_sub(state.parked_us),
        parked_us: state.parked_us,
        peak_memory_bytes: state.limiter.peak_memory_bytes(),
        cold: false,
        outcome,
        logs: state.logs.take(),
        profile: state.profile.take(),
    }
}

/// Runs a call until it is over, or until it waits for an answer.
pub(crate) fn poll<T>(call: Pin<&mut (impl Future<Output = T> + ?Sized)>) -> Option<T> {
    let mut context = Context::from_waker(Waker::noop());
    match call.poll(&mut context) {
        Poll::Ready(done) => Some(done),
        Poll::Pending => None,
    }
}

async fn call(
    store: &mut Store<CallState>,
    guest: &Guest,
    function: &str,
    args: &[Payload],
    called: &mut Instant,
) -> wasmtime::Result<Returned> {
    let made = instantiate(store, guest).await;
    *called = Instant::now();
    let instance = made?;
    invoke(store, guest, instance, function, args).await
}

/// A fresh instance of the guest.
pub(crate) async fn instantiate(
    store: &mut Store<CallState>,
    guest: &Guest,
) -> wasmtime::Result<Instance> {
    if guest.on_fiber {
        guest.pre.instantiate_async(&mut *store).await
    } else {
        // Nothing that runs here could wait, and a fiber costs 0.7 us.
        guest.pre.instantiate(&mut *store)
    }
}

/// Runs one function of an instance.
pub(crate) async fn invoke(
    store: &mut Store<CallState>,
    guest: &Guest,
    instance: Instance,
    function: &str,
    args: &[Payload],
) -> wasmtime::Result<Returned> {
    let run = instance.get_typed_func::<RunParams<'_>, RunResult>(&mut *store, &guest.run)?;
    let args: Vec<&[u8]> = args.iter().map(|arg| &**arg).collect();
    let (result,) = if guest.on_fiber {
        run.call_async(&mut *store, (function, &args)).await?
    } else {
        run.call(&mut *store, (function, &args))?
    };
    Ok(result.map(|Lifted(bytes)| bytes))
}

/// What `run` returned, without the tuple around it.
pub(crate) type Returned = Result<Payload, crate::guest::GuestFailure>;

/// The result, if it is not too large.
pub(crate) fn fitting(bytes: Payload, limits: &CallLimits) -> Result<Payload, Box<Failure>> {
    if bytes.len() as u64 <= limits.result_max_bytes {
        return Ok(bytes);
    }
    let message = format!(
        "the result has {}, more than its limit of {}",
        text::bytes(bytes.len() as u64),
        text::bytes(limits.result_max_bytes)
    );
    Err(Box::new(Failure::new(FailureKind::Output, message)))
}
