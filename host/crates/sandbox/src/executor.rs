//! The executor's loop: read jobs, claim each, run it, answer. One job at a time, in order.
//!
//! A panic in here ends the process, and the worker counts it as a lost executor: what a guest
//! provoked once may have left anything behind.

use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    process::ExitCode,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll, Waker},
    time::Instant,
};

use wask_proto::{
    Failure, FailureKind,
    executor::{FromExecutor, Job, JobDone, JobOutcome, SharedPage, ToExecutor},
};
use wasmtime::Engine;

use crate::{
    args::ExecutorArgs,
    cache::Cache,
    call::{self, Surroundings},
    clock::Clock,
    engine, fds, guest,
    inbox::Inbox,
    instances::Guests,
    outbox::Outbox,
    process,
    text::TEXT_MAX_BYTES,
    ticker::Ticker,
};

/// From here on the allocator may keep what a value leaves behind.
const MUCH_BYTES: usize = 1024 * 1024;

/// Runs an executor until its worker closes the socket.
pub fn executor_main(args: &ExecutorArgs) -> ExitCode {
    let inherited = match fds::inherit() {
        Ok(inherited) => inherited,
        Err(error) => return fault(&format!("needs descriptors 3 and 4: {error}")),
    };
    match serve(args, inherited) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fault(&error.to_string()),
    }
}

fn fault(message: &str) -> ExitCode {
    eprintln!("wask executor: {message}");
    ExitCode::FAILURE
}

fn serve(args: &ExecutorArgs, inherited: fds::Inherited) -> io::Result<()> {
    let mut inbox = Inbox::new(inherited.socket.try_clone()?);
    let outbox = Arc::new(Outbox::new(inherited.socket));
    let mut executor = match Executor::start(args, inherited.page, Arc::clone(&outbox)) {
        Ok(executor) => executor,
        Err(error) => {
            let message = format!("{error:#}");
            outbox.send(&FromExecutor::Unusable { message: message.clone() })?;
            return Err(io::Error::other(message));
        }
    };
    outbox.send(&FromExecutor::Ready)?;
    loop {
        while let Some(message) = inbox.buffered()? {
            executor.handle(message)?;
        }
        outbox.flush()?;
        executor.rest();
        if !inbox.fill()? {
            return Ok(());
        }
        executor.ticker.work();
    }
}

/// A call with a sandbox of its own, on a fiber.
struct Task {
    future: Pin<Box<dyn Future<Output = JobDone>>>,
}

impl Task {
    /// Runs until the call is over. No host function waits for anything, so the future is ready
    /// whenever the guest has come to its end.
    fn finish(mut self) -> JobDone {
        let mut context = Context::from_waker(Waker::noop());
        loop {
            match self.future.as_mut().poll(&mut context) {
                Poll::Ready(done) => return done,
                Poll::Pending => std::thread::yield_now(),
            }
        }
    }
}

struct Executor {
    engine: Engine,
    guests: Guests,
    page: &'static SharedPage,
    outbox: Arc<Outbox>,
    ticker: Ticker,
    clock: Clock,
    /// A call has moved so much that the allocator may hold memory that nobody needs.
    moved_much: bool,
    /// Jobs were taken back; those before the next `Resume` are no longer ours.
    revoked: bool,
}

impl Executor {
    fn start(
        args: &ExecutorArgs,
        page: &'static SharedPage,
        outbox: Arc<Outbox>,
    ) -> wasmtime::Result<Self> {
        process::confine_executor()?;
        let engine = engine::executor_engine()?;
        let cache = Cache::open(&args.cache_dir, engine::compatibility(&engine))?;
        let linker = guest::linker(&engine)?;
        Ok(Self {
            guests: Guests::new(engine.clone(), linker, cache),
            ticker: Ticker::start(engine.clone())?,
            engine,
            page,
            outbox,
            clock: Clock::new(),
            moved_much: false,
            revoked: false,
        })
    }

    fn handle(&mut self, message: ToExecutor) -> io::Result<()> {
        match message {
            ToExecutor::Run(jobs) => self.run_all(jobs.into()),
            ToExecutor::Resume => {
                self.page.resume();
                self.revoked = false;
                Ok(())
            }
        }
    }

    /// No job is left.
    fn rest(&mut self) {
        self.ticker.rest();
        if std::mem::take(&mut self.moved_much) {
            process::give_memory_back();
        }
    }

    fn run_all(&mut self, mut jobs: VecDeque<Job>) -> io::Result<()> {
        while let Some(job) = jobs.pop_front() {
            if self.revoked || !self.claim(job.seq) {
                self.revoked = true;
                return Ok(());
            }
            self.moved_much |= job.args.iter().any(|arg| arg.0.len() >= MUCH_BYTES);
            let done = self.run(job);
            self.moved_much |= is_much(&done.outcome);
            self.page.running_since.store(0, Ordering::Release);
            self.outbox.push(done, Instant::now())?;
        }
        Ok(())
    }

    fn claim(&self, seq: u64) -> bool {
        self.page.progress_done.store(0, Ordering::Relaxed);
        self.page.progress_total.store(0, Ordering::Relaxed);
        self.page.try_claim(seq)
    }

    fn run(&mut self, job: Job) -> JobDone {
        let started = Instant::now();
        let started_at = self.clock.wall(started);
        self.page.running_since.store(started_at.0, Ordering::Release);
        if self.page.cancel.load(Ordering::Acquire) == job.seq {
            return not_run(&job, started_at, JobOutcome::Cancelled);
        }
        match self.guests.get(job.module) {
            Ok(guest) => self.task(guest, job, started).finish(),
            Err(failure) => not_run(&job, started_at, refused(failure)),
        }
    }

    fn task(&self, guest: Arc<guest::Guest>, job: Job, started: Instant) -> Task {
        let around = Surroundings {
            page: self.page,
            clock: self.clock,
            outbox: Some(Arc::clone(&self.outbox)),
        };
        Task { future: Box::pin(call::run(self.engine.clone(), guest, job, started, around)) }
    }
}

/// Whether the guest has handed over much, or so much that it was refused.
fn is_much(outcome: &JobOutcome) -> bool {
    match outcome {
        JobOutcome::Success(bytes) => bytes.len() >= MUCH_BYTES,
        JobOutcome::Failure(failure) => {
            failure.kind == FailureKind::Output || failure.message.len() >= TEXT_MAX_BYTES / 2
        }
        JobOutcome::Cancelled => false,
    }
}

fn refused(failure: Failure) -> JobOutcome {
    JobOutcome::Failure(Box::new(failure))
}

fn not_run(job: &Job, started_at: wask_proto::Timestamp, outcome: JobOutcome) -> JobDone {
    JobDone {
        seq: job.seq,
        started_at,
        start_us: 0,
        run_us: 0,
        peak_memory_bytes: 0,
        outcome,
        logs: Vec::new(),
    }
}
