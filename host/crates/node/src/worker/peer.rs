//! A test's executor: speaks the protocol and misbehaves on request.
//!
//! What a call does is told by its function: `echo` returns its first argument, `sleep N` runs
//! for N milliseconds and stops when asked, `deaf N` does not stop, `nap` sleeps for as many
//! milliseconds as its argument says or dies of it, `progress N` counts milliseconds, `pid` tells
//! the process, `park` waits for a result and returns it, `crowd` is evicted as soon as it waits,
//! `exit N`, `die`, `garbage`, `giant` and `endless` end in their own ways. `orphan` sends bytes ahead of
//! a message that does not want them, `missing` a message without the bytes that belong to it.
//!
//! The state of an actor is a text: its constructor's arguments, and those of each call of `push`,
//! which returns it. `fail` and `trap` fail, everything else does what the function does.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    io::{Read, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use wask_proto::{
    ActorId, Failure, FailureKind, Incoming, bulk_head,
    child::{Answer, ChildOutcome, Question},
    encode_frame,
    executor::{
        ActorJob, ActorJobDone, ActorJobOutcome, FromExecutor, InstanceStart, Job, JobDone,
        JobOutcome, MethodCall, News, Order, Payload, SharedPage, ToExecutor,
    },
    send_ahead,
};

use super::{page::Page, spawn};
use crate::clock;

/// Set in the environment of a process that is to be a peer; tells how it starts.
const VARIABLE: &str = "WASK_TEST_PEER";

/// A nap that ends the process.
pub(super) const DEADLY_NAP: u32 = u32::MAX;

/// Enough to travel ahead of a message.
const MANY_BYTES: u64 = 100_000;

/// Outcomes that are sent together at most.
const BATCH_MAX: usize = 64;

enum Item {
    Order(Box<Order>),
    GoOn,
    Forget(ActorId),
}

struct Peer {
    stream: UnixStream,
    page: Page,
    incoming: Incoming,
    items: VecDeque<Item>,
    news: Vec<News>,
    parked: BTreeSet<u64>,
    actors: BTreeMap<ActorId, Vec<u8>>,
    dropping: bool,
}

/// Writes a program that runs this test binary's test `name` as a peer.
pub(super) fn program(dir: &Path, name: &str, start: &str) -> PathBuf {
    let path = dir.join("peer.sh");
    let binary = std::env::current_exe().unwrap();
    let (_, module) = module_path!()
        .rsplit_once("::peer")
        .map_or(("", ""), |(module, _)| module.split_once("::").unwrap_or(("", module)));
    let text = format!(
        "#!/bin/sh\nexport {VARIABLE}={start}\nexec '{}' --exact {module}::tests::{name} \
         --nocapture --test-threads=1\n",
        binary.display()
    );
    std::fs::write(&path, text).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(&path, mode).unwrap();
    path
}

/// Becomes a peer, for good, if this process was started as one.
pub(super) fn serve_if_asked() {
    let Some(start) = std::env::var_os(VARIABLE) else { return };
    let (socket, page) = spawn::inherited();
    let mut peer = Peer {
        stream: socket.into(),
        page: Page::map(page).unwrap(),
        incoming: Incoming::default(),
        items: VecDeque::new(),
        news: Vec::new(),
        parked: BTreeSet::new(),
        actors: BTreeMap::new(),
        dropping: false,
    };
    match start.to_str().unwrap() {
        "unusable" => {
            peer.say(FromExecutor::Unusable { message: "no memory protection".into() });
            std::process::exit(1);
        }
        "dies" => std::process::exit(7),
        _ => peer.serve(),
    }
}

impl Peer {
    fn serve(&mut self) -> ! {
        self.say(FromExecutor::Ready);
        loop {
            match self.items.pop_front() {
                Some(Item::GoOn) => {
                    self.page.resume();
                    self.dropping = false;
                }
                Some(Item::Order(order)) => self.take(*order),
                Some(Item::Forget(actor)) => drop(self.actors.remove(&actor)),
                None => {
                    self.flush();
                    self.hear();
                }
            }
        }
    }

    fn take(&mut self, order: Order) {
        let seq = order.seq();
        if self.dropping || !self.page.try_claim(seq) {
            self.dropping = true;
            return;
        }
        let began = Instant::now();
        let started_at = clock::now();
        self.page.progress_done.store(0, Ordering::Relaxed);
        self.page.progress_total.store(0, Ordering::Relaxed);
        self.page.running_since.store(started_at.0, Ordering::Release);
        let done = |outcome, job| {
            News::Done(JobDone {
                seq,
                job,
                started_at,
                start_us: 0,
                run_us: u64::try_from(began.elapsed().as_micros()).unwrap(),
                parked_us: 0,
                peak_memory_bytes: 64 * 1024,
                cold: false,
                outcome,
                logs: Vec::new(),
                profile: None,
            })
        };
        let news = match order {
            Order::Call(job) if matches!(&*job.function, "park" | "crowd") => {
                let question = Question::Results(vec![0]);
                self.news.push(News::Parked { seq, job: seq, busy_us: 1, question });
                if &*job.function == "park" {
                    self.parked.insert(seq);
                    None
                } else {
                    Some(News::Evicted { job: seq })
                }
            }
            Order::Call(job) => Some(done(self.run_job(&job), job.seq)),
            Order::Resume { job, answer, .. } => {
                let Answer::Results(ends) = answer else { panic!("no peer asks") };
                Some(match ends.into_iter().next() {
                    Some((0, ChildOutcome::Cbor(bytes))) if self.parked.remove(&job) => {
                        done(JobOutcome::Success(bytes.into()), job)
                    }
                    _ => News::Absent { seq },
                })
            }
            Order::Actor(job) => Some(News::ActorDone(Box::new(ActorJobDone {
                seq,
                started_at,
                outcome: self.run_for_actor(*job),
                start_us: 0,
                run_us: u64::try_from(began.elapsed().as_micros()).unwrap(),
                peak_memory_bytes: 64 * 1024,
                logs: Vec::new(),
            }))),
        };
        self.page.running_since.store(0, Ordering::Release);
        self.news.extend(news);
        if self.news.len() >= BATCH_MAX || began.elapsed() > Duration::from_millis(1) {
            self.flush();
        }
    }

    fn run_job(&mut self, job: &Job) -> JobOutcome {
        self.run(job.seq, &job.function, &job.args)
    }

    fn run_for_actor(&mut self, job: ActorJob) -> ActorJobOutcome {
        let ActorJob { seq, actor, start, call, save, .. } = job;
        let mut state = match start {
            Some(InstanceStart::New(args)) => args.iter().flat_map(|arg| arg.to_vec()).collect(),
            Some(InstanceStart::Load { state, .. }) if *state == *b"broken" => {
                self.actors.remove(&actor);
                return ActorJobOutcome::Lost("its state is broken".into());
            }
            Some(InstanceStart::Load { state, replay }) => {
                let replayed = replay.into_iter().flat_map(|call| call.args);
                [state.to_vec(), replayed.flat_map(|arg| arg.to_vec()).collect()].concat()
            }
            None => match self.actors.remove(&actor) {
                Some(state) => state,
                None => return ActorJobOutcome::Absent,
            },
        };
        self.actors.remove(&actor);
        let failure = || Box::new(Failure::new(FailureKind::App, "as asked"));
        let result = match call {
            None => Ok(Vec::new().into()),
            Some(MethodCall { function, args }) => match &*function {
                "trap" => return ActorJobOutcome::Gone(failure()),
                "fail" => Err(failure()),
                "push" => {
                    state.extend(args.iter().flat_map(|arg| arg.to_vec()));
                    Ok(state.clone().into())
                }
                _ => match self.run(seq, &function, &args) {
                    JobOutcome::Success(bytes) => Ok(bytes),
                    _ => return ActorJobOutcome::Lost("it was stopped".into()),
                },
            },
        };
        self.actors.insert(actor, state.clone());
        let state = save.then(|| state.into());
        ActorJobOutcome::Kept { result, state }
    }

    fn run(&mut self, seq: u64, function: &str, args: &[Payload]) -> JobOutcome {
        let (what, number) = function.split_once(' ').unwrap_or((function, "0"));
        let number: u64 = number.parse().unwrap();
        match what {
            "sleep" => return self.sleep(seq, number),
            "nap" => {
                let ms = args.first().and_then(|arg| arg.first_chunk()).copied();
                match u32::from_le_bytes(ms.unwrap_or_default()) {
                    DEADLY_NAP => std::process::exit(5),
                    ms => return self.sleep(seq, ms.into()),
                }
            }
            "pid" => return JobOutcome::Success(std::process::id().to_le_bytes().to_vec().into()),
            "deaf" => std::thread::sleep(Duration::from_millis(number)),
            "progress" => {
                for ms in 1..=number {
                    self.page.progress_total.store(number, Ordering::Relaxed);
                    self.page.progress_done.store(ms, Ordering::Relaxed);
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
            "exit" => std::process::exit(i32::try_from(number).unwrap()),
            "die" => std::process::abort(),
            "garbage" => self.stream.write_all(&[4, 0, 0, 0, 250, 250, 250, 250]).unwrap(),
            "orphan" => {
                self.stream.write_all(&bulk_head(MANY_BYTES)).unwrap();
                self.stream.write_all(&[1; MANY_BYTES as usize]).unwrap();
            }
            "missing" => return JobOutcome::Success(Payload::Ahead(MANY_BYTES)),
            "endless" => self.stream.write_all(&bulk_head(u64::MAX)).unwrap(),
            "giant" => self.stream.write_all(&u32::MAX.to_le_bytes()).unwrap(),
            _ => {}
        }
        JobOutcome::Success(args.first().cloned().unwrap_or_else(|| Vec::new().into()))
    }

    fn sleep(&self, seq: u64, ms: u64) -> JobOutcome {
        let until = Instant::now() + Duration::from_millis(ms);
        while Instant::now() < until {
            if self.page.cancel.load(Ordering::Acquire) == seq {
                return JobOutcome::Cancelled;
            }
            std::thread::sleep(Duration::from_micros(500));
        }
        JobOutcome::Success(Vec::new().into())
    }

    fn flush(&mut self) {
        if !self.news.is_empty() {
            let news = std::mem::take(&mut self.news);
            self.say(FromExecutor::News(news));
        }
    }

    fn say(&mut self, mut message: FromExecutor) {
        let mut bytes = Vec::new();
        send_ahead(&mut message, |bulk| {
            bytes.extend(bulk_head(bulk.len() as u64));
            bytes.extend_from_slice(&bulk);
        });
        encode_frame(&message, &mut bytes).unwrap();
        self.stream.write_all(&bytes).unwrap();
    }

    fn hear(&mut self) {
        let count = self.stream.read(self.incoming.room()).unwrap();
        if count == 0 {
            std::process::exit(0);
        }
        self.incoming.advance(count);
        while let Some(message) = self.incoming.next(u64::MAX).unwrap() {
            match message {
                ToExecutor::Run(orders) => {
                    self.items.extend(orders.into_iter().map(|order| Item::Order(order.into())));
                }
                ToExecutor::GoOn => self.items.push_back(Item::GoOn),
                ToExecutor::Drop { job } => assert!(self.parked.remove(&job)),
                ToExecutor::ForgetActor { actor } => self.items.push_back(Item::Forget(actor)),
            }
        }
        assert!(self.page.claim.load(Ordering::Relaxed) & !SharedPage::REVOKED < 1 << 60);
    }
}
