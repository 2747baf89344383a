//! The worker against executors that die, hang, lie and obey. The peers are this test binary.

mod actors;
mod parking;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

use tempfile::TempDir;
use wask_proto::{
    CallLimits, Encoding, FailureKind, ModuleId, RunId, TaskId, Value,
    worker::{
        ActorDone, Assignment, AttemptId, Finished, FromWorker, Started, ToWorker, WorkerOutcome,
    },
};
use wask_store::{MemoryObjects, Objects};

use super::{Agent, WorkerConfig, peer};

/// Long enough for a busy machine, and only ever used up by a failing test.
const PATIENCE: Duration = Duration::from_secs(30);

/// A worker and everything that it said.
struct Bench {
    worker: Option<Agent>,
    objects: Arc<MemoryObjects>,
    finished: BTreeMap<u32, Finished>,
    started: Vec<Started>,
    returned: BTreeSet<u32>,
    parked: BTreeSet<u32>,
    actors: Vec<ActorDone>,
    progress: Vec<(u32, u64, u64)>,
    greetings: u32,
    ended_at: BTreeMap<u32, Instant>,
    _dir: TempDir,
}

impl Bench {
    fn new(slots: u16) -> Self {
        let mut bench = Self::starting(slots, "ready");
        bench.until(|bench| bench.worker().slots_ready() == slots && bench.greetings == 1);
        bench
    }

    fn starting(slots: u16, how: &str) -> Self {
        let dir = TempDir::new().unwrap();
        let config = WorkerConfig {
            name: "test".into(),
            slots,
            resources: Vec::new(),
            executor_program: peer::program(dir.path(), "every_job_runs_once", how),
            cache_dir: dir.path().to_owned(),
            zero_work: false,
            prefetch_us: 1_000,
        };
        let objects = Arc::new(MemoryObjects::default());
        let worker = Agent::new(config, objects.clone()).unwrap();
        Self {
            worker: Some(worker),
            objects,
            finished: BTreeMap::new(),
            started: Vec::new(),
            returned: BTreeSet::new(),
            parked: BTreeSet::new(),
            actors: Vec::new(),
            progress: Vec::new(),
            greetings: 0,
            ended_at: BTreeMap::new(),
            _dir: dir,
        }
    }

    fn worker(&self) -> &Agent {
        self.worker.as_ref().unwrap()
    }

    fn send(&mut self, message: ToWorker) {
        let worker = self.worker.as_mut().unwrap();
        worker.take(message);
        worker.act().unwrap();
    }

    /// Gives the worker its turns for so long.
    fn pass(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.turn(end - Instant::now());
        }
    }

    fn turn(&mut self, patience: Duration) {
        let worker = self.worker.as_mut().unwrap();
        let due = worker.deadline().map(|at| at.saturating_duration_since(Instant::now()));
        worker.turn(Some(due.map_or(patience, |due| due.min(patience)))).unwrap();
        for message in worker.take_news() {
            self.note(message);
        }
    }

    fn assign(&mut self, tasks: impl IntoIterator<Item = (u32, &'static str)>) {
        let tasks = tasks.into_iter().map(|(index, function)| task(index, function)).collect();
        self.send(ToWorker::Assign(tasks));
    }

    /// Has every function that is used here known as a short one.
    fn teach(&mut self, function: &'static str) {
        self.assign([(u32::MAX, function)]);
        self.until(|bench| bench.finished.contains_key(&u32::MAX));
        self.finished.clear();
    }

    fn teach_naps(&mut self) {
        self.assign_naps([(u32::MAX, 0)]);
        self.until(|bench| bench.finished.contains_key(&u32::MAX));
        self.finished.clear();
    }

    /// The process behind the only slot.
    fn process(&mut self) -> Vec<u8> {
        self.assign([(u32::MAX, "pid")]);
        self.until(|bench| bench.finished.contains_key(&u32::MAX));
        match self.finished.remove(&u32::MAX).map(|finished| finished.outcome) {
            Some(WorkerOutcome::Success(value)) => value.bytes().unwrap().to_vec(),
            other => panic!("{other:?}"),
        }
    }

    /// Calls of one function that take so many milliseconds.
    fn assign_naps(&mut self, naps: impl IntoIterator<Item = (u32, u32)>) {
        let nap = |(index, ms): (u32, u32)| {
            let arg = Value::from_bytes(Encoding::Raw, &ms.to_le_bytes());
            Assignment { args: vec![vec![arg]], ..task(index, "nap") }
        };
        self.send(ToWorker::Assign(naps.into_iter().map(nap).collect()));
    }

    fn until(&mut self, reached: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !reached(self) {
            assert!(Instant::now() < deadline, "waited in vain; {:?}", self.finished);
            self.turn(Duration::from_millis(5));
        }
    }

    fn note(&mut self, message: FromWorker) {
        match message {
            FromWorker::Hello { slots, .. } => {
                assert!(slots > 0);
                self.greetings += 1;
            }
            FromWorker::Started(started) => self.started.extend(started),
            FromWorker::Finished(finished) => {
                for finished in finished {
                    let index = finished.id.task.index;
                    self.ended_at.insert(index, Instant::now());
                    let twice = self.finished.insert(index, finished);
                    assert!(twice.is_none(), "attempt {index} ended twice");
                }
            }
            FromWorker::Submitted(_) => panic!("no peer submits calls"),
            FromWorker::Parked(parked) => {
                self.parked.extend(parked.iter().map(|parked| parked.id.task.index));
            }
            FromWorker::Returned(ids) => {
                self.returned.extend(ids.iter().map(|id| id.task.index));
            }
            FromWorker::Progress(progress) => {
                let by_index =
                    |(id, done, total): (AttemptId, u64, u64)| (id.task.index, done, total);
                self.progress.extend(progress.into_iter().map(by_index));
            }
            FromWorker::Actor(done) => self.actors.extend(done),
        }
    }

    fn outcome(&self, index: u32) -> &WorkerOutcome {
        &self.finished[&index].outcome
    }

    fn has_started(&self, index: u32) -> bool {
        self.started.iter().any(|started| started.id == id(index))
    }

    fn all_succeeded(&self, indices: impl IntoIterator<Item = u32>) -> bool {
        indices.into_iter().all(|index| {
            self.finished
                .get(&index)
                .is_some_and(|done| matches!(done.outcome, WorkerOutcome::Success(_)))
        })
    }
}

fn id(index: u32) -> AttemptId {
    AttemptId { task: TaskId { run: RunId(1), index }, attempt: 1 }
}

fn task(index: u32, function: &str) -> Assignment {
    Assignment {
        previous: Vec::new(),
        followers: Vec::new(),
        id: id(index),
        module: ModuleId([7; 32]),
        function: function.into(),
        args: vec![vec![Value::from_bytes(Encoding::Raw, &index.to_le_bytes())]],
        limits: CallLimits::default(),
        result_encoding: Encoding::Raw,
        label: "run/key".into(),
        profile: false,
    }
}

/// Every attempt ends exactly once, with its own result, in some slot. Doubles as the peer.
#[test]
fn every_job_runs_once() {
    peer::serve_if_asked();
    let mut bench = Bench::new(2);
    let count = 20_000;
    bench.assign((0..count).map(|index| (index, "echo")));
    bench.until(|bench| bench.finished.len() == count as usize);
    for (index, finished) in &bench.finished {
        let WorkerOutcome::Success(value) = &finished.outcome else { panic!("{finished:?}") };
        assert_eq!(value.bytes().unwrap(), index.to_le_bytes());
        assert!(finished.timing.started_at <= finished.timing.finished_at);
    }
    let slots: BTreeSet<_> = bench.finished.values().map(|done| done.timing.slot).collect();
    assert_eq!(slots.len(), 2, "both executors work");
    assert!(bench.returned.is_empty());
}

/// What arguments are made of: pieces side by side, stored ones small and large, one that is gone.
#[test]
fn arguments_are_put_together_from_their_pieces() {
    let mut bench = Bench::new(1);
    let large = vec![5; 3_000_000];
    let stored = |bytes: &[u8]| {
        let object = bench.objects.put(bytes).unwrap();
        Value::stored(Encoding::Raw, object, bytes.len() as u64)
    };
    let pieces = vec![Value::from_bytes(Encoding::Raw, b"ab"), stored(b"cd"), stored(&large)];
    let gone = Value::stored(Encoding::Raw, wask_proto::ObjectId([9; 32]), 2_000_000);
    let tasks = vec![
        Assignment { args: vec![pieces], ..task(1, "echo") },
        Assignment { args: vec![vec![stored(b"xyz")]], ..task(2, "echo") },
        Assignment { args: vec![vec![gone]], ..task(3, "echo") },
    ];
    bench.send(ToWorker::Assign(tasks));
    bench.until(|bench| bench.finished.len() == 3);
    let bytes = |index| match bench.outcome(index) {
        WorkerOutcome::Success(value) => value.bytes().unwrap().to_vec(),
        other => panic!("{other:?}"),
    };
    assert_eq!(bytes(1), [b"abcd".as_slice(), &large].concat());
    assert_eq!(bytes(2), b"xyz");
    let WorkerOutcome::Failure(failure) = bench.outcome(3) else { panic!("no failure") };
    assert_eq!(failure.kind, FailureKind::Invalid);
    assert!(failure.message.contains("is gone"), "{}", failure.message);
}

/// A long attempt is announced once, and quick ones pass it in the other slot.
#[test]
fn a_long_job_blocks_nobody() {
    let mut bench = Bench::new(2);
    bench.teach("echo");
    bench.assign([(1, "deaf 400")]);
    bench.assign((2..200).map(|index| (index, "echo")));
    bench.until(|bench| bench.finished.len() == 199);
    let others = (2..200).map(|index| bench.ended_at[&index]).max().unwrap();
    assert!(others < bench.ended_at[&1], "the others were done first");
    assert_eq!(bench.started.iter().filter(|started| started.id == id(1)).count(), 1);
}

/// Jobs behind one of a quick function that turns out to be long are taken back and run in the
/// other slot.
#[test]
fn jobs_behind_a_long_one_are_taken_back() {
    let mut bench = Bench::new(2);
    bench.teach_naps();
    bench.assign_naps([(0, 500), (1, 500)].into_iter().chain((2..102).map(|index| (index, 0))));
    bench.until(|bench| bench.has_started(0) && bench.has_started(1));
    assert!(bench.finished.is_empty(), "all slots are taken, and everything else waits");
    bench.send(ToWorker::Cancel(vec![id(0)]));
    bench.until(|bench| bench.finished.len() == 102);
    assert!(bench.all_succeeded(1..102));
    let others = (2..102).map(|index| bench.ended_at[&index]).max().unwrap();
    assert!(others < bench.ended_at[&1], "the others were done before the second long one");
}

/// A cancel reaches jobs in the pipeline, only those it names, and costs no executor.
#[test]
fn cancel_reaches_into_a_pipeline() {
    let mut bench = Bench::new(1);
    bench.teach_naps();
    let process = bench.process();
    for round in 0..30 {
        bench.assign_naps((0..100).map(|index| (index, if index == 0 { 20_000 } else { 0 })));
        // At one time or another the jobs wait in the worker, in the pipeline, or were taken back.
        bench.pass(Duration::from_micros(round * 150));
        bench.send(ToWorker::Cancel(vec![id(50), id(99), id(0)]));
        bench.until(|bench| bench.finished.len() == 100);
        for index in 0..100 {
            let cancelled = matches!(bench.outcome(index), WorkerOutcome::Cancelled);
            assert_eq!(cancelled, [0, 50, 99].contains(&index), "{index} in round {round}");
        }
        bench.finished.clear();
    }
    assert_eq!(bench.process(), process, "the executor did as it was told");
}

/// A cancel reaches what waits, what is in a pipeline, and what runs; all within 100 ms.
#[test]
fn cancel_stops_waiting_and_running_attempts() {
    let mut bench = Bench::new(2);
    bench.assign([(0, "sleep 20000"), (1, "deaf 20000"), (2, "echo"), (3, "echo")]);
    bench.until(|bench| bench.has_started(0) && bench.has_started(1));
    let asked = Instant::now();
    bench.send(ToWorker::Cancel((0..3).map(id).collect()));
    bench.until(|bench| (0..4).all(|index| bench.finished.contains_key(&index)));
    for index in 0..3 {
        assert!(matches!(bench.outcome(index), WorkerOutcome::Cancelled), "{index}");
        let took = bench.ended_at[&index] - asked;
        assert!(took < Duration::from_millis(200), "{index} took {took:?}");
    }
    assert!(bench.all_succeeded([3]), "what was not cancelled runs");
    bench.until(|bench| bench.worker().slots_ready() == 2);
    bench.assign([(9, "echo"), (10, "echo")]);
    bench.until(|bench| bench.all_succeeded([9, 10]));
}

/// Only what an executor ran when it died is lost; what was behind it runs in another one.
#[test]
fn a_dying_executor_costs_only_the_attempt_in_it() {
    let mut bench = Bench::new(1);
    bench.teach("echo");
    bench.assign((0..30).map(|index| (index, "echo")));
    bench.assign([(30, "die"), (31, "exit 3")]);
    bench.assign((40..60).map(|index| (index, "echo")));
    bench.until(|bench| bench.finished.len() == 52);
    assert!(bench.all_succeeded((0..30).chain(40..60)));
    let lost = |index| match bench.outcome(index) {
        WorkerOutcome::Lost(how) => how.clone(),
        other => panic!("{index}: {other:?}"),
    };
    assert!(lost(30).contains("signal 6"), "{}", lost(30));
    assert!(lost(31).contains("exit code 3"), "{}", lost(31));
}

/// The same with a full pipeline: what was before and behind the deadly job runs, once.
#[test]
fn a_full_pipeline_survives_the_death_of_its_executor() {
    let mut bench = Bench::new(1);
    bench.teach_naps();
    let deadly = [30, 60, 61, 99];
    let ms = |index| if deadly.contains(&index) { peer::DEADLY_NAP } else { 0 };
    bench.assign_naps((0..200).map(|index| (index, ms(index))));
    bench.until(|bench| bench.finished.len() == 200);
    for index in 0..200 {
        let lost = matches!(bench.outcome(index), WorkerOutcome::Lost(_));
        assert_eq!(lost, deadly.contains(&index), "{index}");
    }
}

/// An executor that sends what is no message is replaced, and what follows runs.
#[test]
fn an_executor_that_lies_is_replaced() {
    let mut bench = Bench::new(1);
    let lies = ["garbage", "giant", "endless", "orphan", "missing"];
    for (index, function) in (0..).zip(lies) {
        bench.assign([(index, function), (10 + index, "echo")]);
        bench.until(|bench| bench.finished.contains_key(&(10 + index)));
        let outcome = bench.outcome(index);
        let WorkerOutcome::Lost(how) = outcome else { panic!("{outcome:?}") };
        assert!(how.contains("killed because it"), "{how}");
        assert!(bench.all_succeeded([10 + index]));
    }
}

/// An executor that does not enforce the wall limit is killed by the worker.
#[test]
fn the_wall_limit_holds_even_if_the_executor_does_not_keep_it() {
    let mut bench = Bench::new(1);
    let mut endless = task(0, "deaf 60000");
    endless.limits.wall_max_ms = 50;
    bench.send(ToWorker::Assign(vec![endless, task(1, "echo")]));
    bench.until(|bench| bench.finished.len() == 2);
    let WorkerOutcome::Failure(failure) = bench.outcome(0) else { panic!("no failure") };
    assert_eq!(failure.kind, FailureKind::Timeout);
    assert!(bench.finished[&0].timing.run_us < 5_000_000);
    assert!(bench.all_succeeded([1]));
}

/// What has begun goes on, what has not is handed back, and nothing is both.
#[test]
fn reclaim_hands_back_what_has_not_begun() {
    let mut bench = Bench::new(1);
    bench.assign([(0, "sleep 300"), (1, "echo"), (2, "echo")]);
    bench.until(|bench| bench.has_started(0));
    bench.send(ToWorker::Reclaim(vec![id(0), id(1), id(77)]));
    bench.until(|bench| bench.finished.len() == 2);
    assert!(bench.all_succeeded([0, 2]));
    assert_eq!(bench.returned, BTreeSet::from([1]));
}

/// Under constant taking back every attempt still ends exactly once or is handed back.
#[test]
fn taking_back_from_busy_executors_loses_and_doubles_nothing() {
    let mut bench = Bench::new(1);
    bench.teach("echo");
    let process = bench.process();
    let count = 20_000;
    for from in (0..count).step_by(100) {
        bench.assign((from..from + 100).map(|index| (index, "echo")));
        let ids = (from..from + 100).step_by(3).map(id).collect();
        bench.send(ToWorker::Reclaim(ids));
        bench.pass(Duration::from_micros(200));
    }
    bench.until(|bench| bench.finished.len() + bench.returned.len() == count as usize);
    assert!(bench.returned.iter().all(|index| !bench.finished.contains_key(index)));
    assert!(!bench.returned.is_empty(), "nothing was ever taken back");
    assert_eq!(bench.process(), process, "the executor did as it was told");
}

/// Draining hands back what waits and finishes what runs.
#[test]
fn drain_finishes_what_runs() {
    let mut bench = Bench::new(2);
    bench.assign([(0, "sleep 200"), (1, "sleep 200"), (2, "echo"), (3, "echo")]);
    bench.until(|bench| bench.has_started(0) && bench.has_started(1));
    bench.send(ToWorker::Drain);
    bench.assign([(4, "echo")]);
    for message in bench.worker.take().unwrap().finish().unwrap() {
        bench.note(message);
    }
    assert!(bench.all_succeeded([0, 1]));
    assert_eq!(bench.returned, BTreeSet::from([2, 3, 4]));
}

/// Dropping the worker kills executors in the midst of their work.
#[test]
fn dropping_the_worker_ends_everything() {
    let mut bench = Bench::new(2);
    bench.assign([(0, "deaf 60000"), (1, "deaf 60000")]);
    bench.until(|bench| bench.has_started(0) && bench.has_started(1));
    let asked = Instant::now();
    drop(bench.worker.take());
    assert!(asked.elapsed() < Duration::from_secs(10));
}

/// The progress of a long attempt is told while it runs.
#[test]
fn progress_is_told_while_an_attempt_runs() {
    let mut bench = Bench::new(1);
    bench.assign([(0, "progress 450")]);
    bench.until(|bench| bench.finished.contains_key(&0));
    assert!(bench.progress.len() >= 2, "{:?}", bench.progress);
    assert!(bench.progress.is_sorted());
    assert!(bench.progress.iter().all(|(index, _, total)| (*index, *total) == (0, 450)));
}

/// An executor that cannot work is told about, and tried again, and the worker stays silent.
#[test]
fn an_unusable_executor_is_trouble_and_no_worker() {
    for (how, trouble) in [("unusable", "no memory protection"), ("dies", "exit code 7")] {
        let mut bench = Bench::starting(1, how);
        bench.until(|bench| bench.worker().trouble().is_some_and(|said| said.contains(trouble)));
        assert_eq!(bench.worker().slots_ready(), 0);
        assert_eq!(bench.greetings, 0);
    }
}
