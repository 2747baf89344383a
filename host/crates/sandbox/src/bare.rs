//! What sandboxes alone can do on a machine: calls in a loop, each in a fresh sandbox, on the
//! path that an executor takes, but without messages, worker or server. The yardstick of
//! `wask bench`; never used by a server.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use wask_proto::{
    CallLimits, Failure, ModuleId,
    executor::{Job, JobOutcome, SharedPage},
};
use wasmtime::{
    Engine, Store,
    component::{Component, Linker},
};

use crate::{
    call::{self, Caller, Surroundings},
    clock::Clock,
    engine::{self, EngineError},
    failure,
    guest::{self, Guest, RunParams, RunResult},
    ticker::Ticker,
};

/// Calls between two looks at the clock.
const BATCH: u64 = 256;

/// Calls cannot be measured.
#[derive(Debug, thiserror::Error)]
pub enum BareError {
    /// There is no engine on this machine.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The component is no guest that can be called.
    #[error("the component cannot be called: {0}")]
    Component(String),
    /// The guest's function came to no result.
    #[error("the call failed: {}", .0.message)]
    Call(Box<Failure>),
    /// The call was stopped, although nobody asked for it.
    #[error("the call was stopped")]
    Stopped,
    /// There is no thread for the ticker.
    #[error("cannot start a thread")]
    Thread(#[from] std::io::Error),
}

/// Calls per second of `function` with one encoded argument, each in a fresh sandbox, on this
/// thread, measured for about `time`. A tenth of it goes to warming up.
///
/// # Errors
/// Fails if the component cannot be compiled or a call comes to no result.
pub fn fresh_calls_per_s(
    component: &[u8],
    function: &str,
    arg: &[u8],
    time: Duration,
) -> Result<f64, BareError> {
    let bare = Bare::new(component, function, arg)?;
    calls_per_s(time, || bare.call())
}

/// The same, by wasmtime alone: no limits, no clock, no outcome, a store that carries nothing. What
/// is left is what wasmtime and the kernel take on this machine.
///
/// # Errors
/// Fails if the component cannot be compiled, imports something or comes to no result.
pub fn wasmtime_calls_per_s(
    component: &[u8],
    function: &str,
    arg: &[u8],
    time: Duration,
) -> Result<f64, BareError> {
    let unusable = |error: wasmtime::Error| BareError::Component(format!("{error:#}"));
    let engine = engine::executor_engine()?;
    let compiled = Component::new(&engine, component).map_err(unusable)?;
    let pre = Linker::<()>::new(&engine).instantiate_pre(&compiled).map_err(unusable)?;
    let interface = compiled.get_export_index(None, guest::GUEST_INTERFACE);
    let run = compiled.get_export_index(interface.as_ref(), "run");
    let run = run.ok_or_else(|| BareError::Component("it does not export `run`".into()))?;
    calls_per_s(time, || {
        let mut store = Store::new(&engine, ());
        store.set_epoch_deadline(1);
        let instance = pre.instantiate(&mut store).map_err(unusable)?;
        let run = instance.get_typed_func::<RunParams<'_>, RunResult>(&mut store, &run);
        let (returned,) =
            run.and_then(|run| run.call(&mut store, (function, &[arg]))).map_err(unusable)?;
        returned.map(drop).map_err(|failure| BareError::Call(Box::new(failure::of_guest(failure))))
    })
}

/// Calls for a tenth of `time`, and then for `time`, which alone counts.
fn calls_per_s(
    time: Duration,
    mut call: impl FnMut() -> Result<(), BareError>,
) -> Result<f64, BareError> {
    let mut per_s = 0.0;
    for time in [time / 10, time] {
        let begun = Instant::now();
        let mut calls = 0_u64;
        while begun.elapsed() < time {
            (0..BATCH).try_for_each(|_| call())?;
            calls += BATCH;
        }
        per_s = calls as f64 / begun.elapsed().as_secs_f64();
    }
    Ok(per_s)
}

struct Bare {
    engine: Engine,
    guest: Arc<Guest>,
    page: &'static SharedPage,
    clock: Clock,
    template: Job,
    _ticker: Ticker,
}

impl Bare {
    fn new(component: &[u8], function: &str, arg: &[u8]) -> Result<Self, BareError> {
        let unusable = |error: wasmtime::Error| BareError::Component(format!("{error:#}"));
        let engine = engine::executor_engine()?;
        let compiled = Component::new(&engine, component).map_err(unusable)?;
        let linker = guest::linker(&engine).map_err(unusable)?;
        let guest = Guest::new(&linker, &compiled);
        let ticker = Ticker::start(engine.clone())?;
        ticker.work();
        Ok(Self {
            guest: Arc::new(guest.map_err(|error| BareError::Component(error.to_string()))?),
            engine,
            // A page lives as long as its executor's process, and so does this one.
            page: Box::leak(Box::default()),
            clock: Clock::new(),
            template: Job {
                keep: false,
                previous: None,
                seq: 1,
                module: ModuleId::of(component),
                function: function.into(),
                args: vec![arg.to_vec().into()],
                limits: CallLimits::default(),
                attempt: 1,
                task: "bench".into(),
                profile: false,
            },
            _ticker: ticker,
        })
    }

    fn call(&self) -> Result<(), BareError> {
        let exchange = Arc::default();
        let (page, clock, caller) = (self.page, self.clock, Caller::Describe);
        let around = Surroundings { page, clock, caller, exchange };
        let (engine, guest) = (self.engine.clone(), Arc::clone(&self.guest));
        let job = self.template.clone();
        let mut future = Box::pin(call::run(engine, guest, job, Instant::now(), around));
        // Outside of a task a guest cannot ask for anything, and so never waits.
        let done = call::poll(future.as_mut()).ok_or(BareError::Stopped)?;
        match done.outcome {
            JobOutcome::Success(_) => Ok(()),
            JobOutcome::Failure(failure) => Err(BareError::Call(failure)),
            JobOutcome::Becomes(_) | JobOutcome::Cancelled => Err(BareError::Stopped),
        }
    }
}
