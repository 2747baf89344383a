//! The executor's loop: read orders, claim each, carry it out, tell. One call runs at a time; one
//! that waits for something is parked, and the next order has its turn.
//!
//! A panic in here ends the process, and the worker counts it as a lost executor: what a guest
//! provoked once may have left anything behind.

use std::{
    io,
    pin::Pin,
    process::ExitCode,
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

use rustix::event::Timespec;
use wask_proto::{
    Failure, FailureKind, Timestamp,
    executor::{
        ActorJob, ActorJobOutcome, FromExecutor, InstanceStart, Job, JobDone, JobOutcome,
        MethodCall, News, Order, Payload, SharedPage, ToExecutor,
    },
};
use wasmtime::Engine;

use crate::{
    actor_call::{self, ActorInstance, Means},
    actors::KeptActors,
    args::ExecutorArgs,
    cache::Cache,
    call::{self, Caller, Surroundings},
    clock::{Clock, micros},
    engine,
    exchange::{Asked, Exchange},
    fds, guest, huge_pages,
    inbox::Inbox,
    instances::Guests,
    outbox::Outbox,
    parked::ParkedCalls,
    process,
    text::TEXT_MAX_BYTES,
    ticker::Ticker,
};

/// From here on the allocator may keep what a value leaves behind.
const MUCH_BYTES: usize = 1024 * 1024;

/// How long no job must have come before that is handed back to the system.
const QUIET: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };

/// What a call comes to where no work is done.
const CBOR_NULL: [u8; 1] = [0xf6];

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
            outbox.send(FromExecutor::Unusable { message: message.clone() })?;
            return Err(io::Error::other(message));
        }
    };
    outbox.send(FromExecutor::Ready)?;
    loop {
        while let Some(message) = inbox.buffered()? {
            executor.handle(message)?;
        }
        outbox.flush()?;
        executor.rest();
        if executor.moved_much && !inbox.has_within(QUIET)? {
            executor.give_memory_back();
        }
        if !inbox.fill()? {
            return Ok(());
        }
        executor.ticker.work();
    }
}

/// A call with a sandbox of its own, on a fiber if it may wait.
struct Task {
    job: u64,
    future: Pin<Box<dyn Future<Output = JobDone>>>,
    exchange: Arc<Exchange>,
    /// When it began to wait; while it has not, when it began.
    parked_at: Instant,
    /// Whether its module had to be loaded for it.
    cold: bool,
}

impl Task {
    /// Runs until the call is over, or waits for something.
    fn go_on(&mut self) -> Result<JobDone, Asked> {
        loop {
            if let Some(done) = call::poll(self.future.as_mut()) {
                return Ok(JobDone { cold: self.cold, ..done });
            }
            match self.exchange.take_asked() {
                Some(asked) => return Err(asked),
                None => std::thread::yield_now(),
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
    parked: ParkedCalls<Task>,
    actors: KeptActors<ActorInstance>,
    /// The result of the call before, where the next order needs it, with the number of its order.
    previous: Option<(u64, Payload)>,
    /// A call has moved so much that the allocator may hold memory that nobody needs.
    moved_much: bool,
    /// Orders were taken back; those before the next `GoOn` are no longer ours.
    revoked: bool,
    /// Calls of tasks are answered without a sandbox.
    zero_work: bool,
}

impl Executor {
    fn start(
        args: &ExecutorArgs,
        page: &'static SharedPage,
        outbox: Arc<Outbox>,
    ) -> wasmtime::Result<Self> {
        process::confine_executor()?;
        let engine = engine::executor_engine()?;
        // A system without huge pages, or without a list of mappings, does without.
        let _ = huge_pages::advise();
        let cache = Cache::open(&args.cache_dir, engine::compatibility(&engine))?;
        let linker = guest::linker(&engine)?;
        Ok(Self {
            guests: Guests::new(engine.clone(), linker, cache),
            ticker: Ticker::start(engine.clone())?,
            engine,
            page,
            outbox,
            clock: Clock::new(),
            parked: ParkedCalls::new(),
            actors: KeptActors::new(),
            previous: None,
            moved_much: false,
            revoked: false,
            zero_work: args.zero_work,
        })
    }

    fn handle(&mut self, message: ToExecutor) -> io::Result<()> {
        match message {
            ToExecutor::Run(orders) => self.carry_out_all(orders),
            ToExecutor::GoOn => {
                self.page.resume();
                self.revoked = false;
                Ok(())
            }
            ToExecutor::Drop { job } => {
                self.parked.remove(job);
                Ok(())
            }
            ToExecutor::ForgetActor { actor } => {
                self.actors.take(actor);
                Ok(())
            }
        }
    }

    /// No job is left.
    fn rest(&mut self) {
        self.ticker.rest();
    }

    /// No job has come for a while.
    fn give_memory_back(&mut self) {
        self.moved_much = false;
        self.previous = None;
        process::give_memory_back();
    }

    fn carry_out_all(&mut self, orders: Vec<Order>) -> io::Result<()> {
        for order in orders {
            if self.revoked || !self.claim(order.seq()) {
                self.revoked = true;
                return Ok(());
            }
            let news = self.carry_out(order)?;
            self.page.running_since.store(0, Ordering::Release);
            self.outbox.push(news, Instant::now())?;
        }
        Ok(())
    }

    fn claim(&self, seq: u64) -> bool {
        self.page.progress_done.store(0, Ordering::Relaxed);
        self.page.progress_total.store(0, Ordering::Relaxed);
        self.page.try_claim(seq)
    }

    fn carry_out(&mut self, order: Order) -> io::Result<News> {
        let began = Instant::now();
        let began_at = self.clock.wall(began);
        self.page.running_since.store(began_at.0, Ordering::Release);
        let seq = order.seq();
        let previous = self.previous.take();
        let mut keep = false;
        let task = match order {
            Order::Call(job) if self.page.cancel.load(Ordering::Acquire) == seq => {
                return Ok(News::Done(not_run(&job, began_at, JobOutcome::Cancelled)));
            }
            Order::Call(job) if self.zero_work => {
                let null = JobOutcome::Success(CBOR_NULL.to_vec().into());
                return Ok(News::Done(not_run(&job, began_at, null)));
            }
            Order::Call(mut job) => {
                if !put_in(previous, &mut job) {
                    return Ok(News::Absent { seq });
                }
                keep = job.keep;
                self.moved_much |= job.args.iter().any(|arg| arg.len() >= MUCH_BYTES);
                let loads = self.guests.loads();
                match self.guests.get(job.module) {
                    Ok(guest) => {
                        self.make_room()?;
                        let cold = self.guests.loads() != loads;
                        Task { cold, ..self.task(guest, job, began) }
                    }
                    Err(failure) => {
                        return Ok(News::Done(not_run(&job, began_at, refused(failure))));
                    }
                }
            }
            Order::Resume { job, answer, .. } => {
                let Some(task) = self.parked.remove(job) else { return Ok(News::Absent { seq }) };
                task.exchange.answer(seq, answer, task.parked_at, began);
                task
            }
            Order::Actor(job) => return Ok(self.carry_out_for_actor(*job, (began, began_at))),
        };
        let news = self.go_on(task, seq, began);
        if let News::Done(JobDone { outcome: JobOutcome::Success(bytes), .. }) = &news
            && keep
        {
            self.previous = Some((seq, bytes.clone()));
        }
        Ok(news)
    }

    fn go_on(&mut self, mut task: Task, seq: u64, began: Instant) -> News {
        match task.go_on() {
            Ok(done) => {
                self.moved_much |= is_much(&done.outcome);
                News::Done(done)
            }
            Err(Asked { question, memory_bytes, repeatable }) => {
                task.parked_at = Instant::now();
                let (job, busy_us) = (task.job, micros(task.parked_at - began));
                self.parked.insert(job, task, memory_bytes, repeatable);
                News::Parked { seq, job, busy_us, question }
            }
        }
    }

    /// Lets parked calls go that hold too much for another one to begin.
    fn make_room(&mut self) -> io::Result<()> {
        while let Some(job) = self.parked.evict() {
            self.outbox.push(News::Evicted { job }, Instant::now())?;
        }
        Ok(())
    }

    fn carry_out_for_actor(&mut self, job: ActorJob, began: (Instant, Timestamp)) -> News {
        let (actor, kept) = (job.actor, self.actors.take(job.actor));
        let bytes = job.start.as_ref().map_or(0, InstanceStart::bytes)
            + job.call.as_ref().map_or(0, MethodCall::bytes);
        self.moved_much |= bytes >= MUCH_BYTES;
        let means = job.start.is_some().then(|| Means {
            engine: self.engine.clone(),
            guest: self.guests.get(job.module),
            around: Surroundings {
                page: self.page,
                clock: self.clock,
                caller: Caller::Actor(Arc::clone(&self.outbox)),
                exchange: Arc::default(),
            },
        });
        let (left, done) = actor_call::carry_out(job, kept, means, began);
        if let Some(instance) = left {
            let memory_bytes = instance.memory_bytes();
            self.actors.keep(actor, instance, memory_bytes);
        }
        self.moved_much |= is_much_of_actor(&done.outcome);
        News::ActorDone(Box::new(done))
    }

    fn task(&self, guest: Arc<guest::Guest>, job: Job, began: Instant) -> Task {
        let exchange = Arc::<Exchange>::default();
        let around = Surroundings {
            page: self.page,
            clock: self.clock,
            caller: Caller::Task(Arc::clone(&self.outbox)),
            exchange: Arc::clone(&exchange),
        };
        let number = job.seq;
        let future = Box::pin(call::run(self.engine.clone(), guest, job, began, around));
        Task { job: number, future, exchange, parked_at: began, cold: false }
    }
}

/// Puts the result of the call before into a job that needs it. Tells whether the job has all that
/// it needs.
fn put_in(result: Option<(u64, Payload)>, job: &mut Job) -> bool {
    let Some(needed) = &job.previous else { return true };
    let Some((_, result)) = result.filter(|(seq, _)| *seq == needed.seq) else { return false };
    needed.places.iter().rev().all(|(arg, offset)| {
        let arg = job.args.get_mut(*arg as usize);
        let at = usize::try_from(*offset).ok();
        let Some((arg, at)) = arg.zip(at).filter(|(arg, at)| *at <= arg.len()) else {
            return false;
        };
        *arg = match arg.split_at(at) {
            ([], []) => result.clone(),
            (before, after) => [before, &result, after].concat().into(),
        };
        true
    })
}

/// Whether the guest has handed over much, or so much that it was refused.
fn is_much(outcome: &JobOutcome) -> bool {
    match outcome {
        JobOutcome::Success(bytes) => bytes.len() >= MUCH_BYTES,
        JobOutcome::Failure(failure) => is_much_told(failure),
        JobOutcome::Becomes(_) | JobOutcome::Cancelled => false,
    }
}

/// The same of an actor's guest.
fn is_much_of_actor(outcome: &ActorJobOutcome) -> bool {
    match outcome {
        ActorJobOutcome::Kept { result, state } => {
            let bytes = result.iter().chain(state).map(|bytes| bytes.len());
            bytes.sum::<usize>() >= MUCH_BYTES
        }
        ActorJobOutcome::Gone(failure) => is_much_told(failure),
        ActorJobOutcome::Absent | ActorJobOutcome::Lost(_) => false,
    }
}

fn is_much_told(failure: &Failure) -> bool {
    failure.kind == FailureKind::Output || failure.message.len() >= TEXT_MAX_BYTES / 2
}

fn refused(failure: Failure) -> JobOutcome {
    JobOutcome::Failure(Box::new(failure))
}

fn not_run(job: &Job, started_at: Timestamp, outcome: JobOutcome) -> JobDone {
    JobDone {
        seq: job.seq,
        job: job.seq,
        started_at,
        start_us: 0,
        run_us: 0,
        parked_us: 0,
        peak_memory_bytes: 0,
        cold: false,
        outcome,
        logs: Vec::new(),
        profile: None,
    }
}
