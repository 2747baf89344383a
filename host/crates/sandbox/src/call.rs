//! One call of a guest's function: a fresh store, a fresh instance, the call, its outcome.
//!
//! A call is a future, because every guest runs on a fiber of its own. Nothing here knows where
//! calls come from or where outcomes go.

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use wask_proto::{
    CallLimits, Failure, FailureKind,
    executor::{Job, JobArg, JobDone, JobOutcome, SharedPage},
};
use wasmtime::{Engine, Store, StoreContextMut, UpdateDeadline};

use crate::{
    clock::{Clock, micros},
    failure,
    guest::{Guest, RunParams, RunResult},
    limiter::Limiter,
    logs::Logs,
    outbox::Outbox,
    text,
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
    logs: Logs,
    seq: u64,
    deadline: Instant,
    outbox: Option<Arc<Outbox>>,
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
    pub(crate) outbox: Option<Arc<Outbox>>,
}

impl CallState {
    pub(crate) fn new(
        limits: CallLimits,
        started: Instant,
        (seq, attempt, task): (u64, u32, Arc<str>),
        around: Surroundings,
    ) -> Self {
        let wall = Duration::from_millis(limits.wall_max_ms);
        // A limit beyond what the clock can hold is no limit; a year is as good.
        let deadline = started.checked_add(wall).unwrap_or(started + Duration::from_hours(8_760));
        Self {
            limiter: Limiter::new(&limits),
            logs: Logs::new(&limits),
            limits,
            page: around.page,
            attempt,
            task,
            clock: around.clock,
            seq,
            deadline,
            outbox: around.outbox,
        }
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
        if let Some(outbox) = &self.outbox {
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

/// A store in which `state`'s limits hold.
pub(crate) fn new_store(engine: &Engine, state: CallState) -> Store<CallState> {
    let hostcall_max = state.limits.result_max_bytes.saturating_add(HOSTCALL_SLACK_BYTES);
    let mut store = Store::new(engine, state);
    store.limiter(|state| &mut state.limiter);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|mut store: StoreContextMut<'_, CallState>| {
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
    let state = CallState::new(job.limits, started, (job.seq, job.attempt, job.task), around);
    let mut store = new_store(&engine, state);
    let mut called = started;
    let returned = call(&mut store, &guest, &job.function, &job.args, &mut called).await;
    let returned_at = Instant::now();
    let outcome = match returned {
        Ok(Ok(bytes)) => success(bytes, &job.limits),
        Ok(Err(failure)) => JobOutcome::Failure(Box::new(failure::of_guest(failure))),
        Err(error) => failure::of_error(&error, &mut store),
    };
    let state = store.data_mut();
    JobDone {
        seq: job.seq,
        started_at,
        start_us: u32::try_from(micros(called - started)).unwrap_or(u32::MAX),
        run_us: micros(returned_at - called),
        peak_memory_bytes: state.limiter.peak_memory_bytes(),
        outcome,
        logs: state.logs.take(),
    }
}

async fn call(
    store: &mut Store<CallState>,
    guest: &Guest,
    function: &str,
    args: &[JobArg],
    called: &mut Instant,
) -> wasmtime::Result<Returned> {
    // Not on a fiber: nothing that runs here could wait, and a second fiber costs 0.7 us.
    let made = guest.pre.instantiate(&mut *store);
    *called = Instant::now();
    let instance = made?;
    let run = instance.get_typed_func::<RunParams<'_>, RunResult>(&mut *store, &guest.run)?;
    let args: Vec<&[u8]> = args.iter().map(|arg| arg.0.as_slice()).collect();
    let (result,) = run.call_async(&mut *store, (function, &args)).await?;
    Ok(result)
}

/// What `run` returned, without the tuple around it.
type Returned = Result<Vec<u8>, crate::guest::GuestFailure>;

fn success(bytes: Vec<u8>, limits: &CallLimits) -> JobOutcome {
    if bytes.len() as u64 <= limits.result_max_bytes {
        return JobOutcome::Success(bytes);
    }
    let message = format!(
        "the result has {}, more than its limit of {}",
        text::bytes(bytes.len() as u64),
        text::bytes(limits.result_max_bytes)
    );
    JobOutcome::Failure(Box::new(Failure::new(FailureKind::Output, message)))
}
