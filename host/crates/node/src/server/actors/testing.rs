//! The environment of the unit tests: commands and time go in, a worker that only pretends carries
//! orders out, answers are read as a client would. At its end, folding all records anew must give
//! the same state.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
};

use tokio::sync::oneshot::{self, error::TryRecvError};
use wask_proto::{
    ActorId, ActorRecord, CallLimits, Encoding, Failure, FailureKind, ModuleId, ObjectId,
    Timestamp, Timing, Value, WorkerId,
    worker::{ActorCall, ActorDone, ActorOrder, ActorOutcome, ActorStart, InstanceAfter},
};

use super::{ActorLimits, Actors, Answered, Args, Ended, NewActor, NewCall, Output, Persistence};
use crate::{refusal::Refusal, server::command::Ack, view::actors::ActorClass};

/// Actors of their own, with all records that they have written, and a worker.
pub(super) struct TestEnv {
    pub(super) actors: Actors,
    pub(super) now: Timestamp,
    pub(super) records: Vec<ActorRecord>,
    pub(super) forgotten: Vec<ActorId>,
    pub(super) worker: PretendedWorker,
    /// How often each file is needed.
    pub(super) files: BTreeMap<ObjectId, u32>,
    /// Answers that wait for the journal.
    pub(super) answers: Vec<Ack>,
}

/// Carries orders out in order, with instances whose state is the list of the calls so far.
#[derive(Default)]
pub(super) struct PretendedWorker {
    pub(super) orders: VecDeque<ActorOrder>,
    pub(super) instances: HashMap<ActorId, Vec<u8>>,
    /// States that were too large to be written down in place.
    pub(super) objects: HashMap<ObjectId, Vec<u8>>,
}

/// What happens to the instance before or under an order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Mishap {
    None,
    /// It made room for others.
    Evicted,
    /// Its executor died under it.
    Lost,
}

/// An answer that comes now or later.
pub(super) struct Told<T>(oneshot::Receiver<Result<T, Refusal>>);

impl<T> Told<T> {
    /// The answer, if it has come.
    pub(super) fn now(&mut self) -> Option<Result<T, Refusal>> {
        match self.0.try_recv() {
            Ok(answer) => Some(answer),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Closed) => panic!("there is no answer, and never will be"),
        }
    }

    /// The answer, which must be none that was refused.
    #[track_caller]
    pub(super) fn ok(mut self) -> T {
        self.now().expect("an answer").unwrap_or_else(|refusal| panic!("refused: {refusal}"))
    }

    /// The answer, which must be a refusal.
    #[track_caller]
    pub(super) fn refused(mut self) -> Refusal {
        match self.now().expect("an answer") {
            Ok(_) => panic!("this was not refused"),
            Err(refusal) => refusal,
        }
    }
}

impl Told<Answered> {
    /// Why the call failed.
    #[track_caller]
    pub(super) fn failure(self) -> Arc<Failure> {
        self.ok().expect_err("a failure")
    }

    /// The result's bytes.
    #[track_caller]
    pub(super) fn bytes(self) -> Vec<u8> {
        self.ok().expect("a result").bytes().expect("bytes").to_vec()
    }
}

pub(super) const LIMITS: ActorLimits =
    ActorLimits { actors_max: 100, calls_max: 1_000, waiting_max_bytes: 1 << 20 };

pub(super) const A: ActorId = ActorId(1);

const WORKER: WorkerId = WorkerId(1);

impl TestEnv {
    pub(super) fn new() -> Self {
        Self::with_limits(LIMITS)
    }

    pub(super) fn with_limits(limits: ActorLimits) -> Self {
        let mut env = Self {
            actors: Actors::new(limits),
            now: Timestamp(1_000_000),
            records: Vec::new(),
            forgotten: Vec::new(),
            worker: PretendedWorker::default(),
            files: BTreeMap::new(),
            answers: Vec::new(),
        };
        env.actors.worker_joined(WORKER, env.now);
        env
    }

    /// Asks for an actor.
    pub(super) fn make(&mut self, id: ActorId) -> Told<Ended> {
        let (reply, answer) = oneshot::channel();
        let class =
            ActorClass { module: ModuleId([7; 32]), module_name: "m".into(), class: "List".into() };
        let (args, limits) = (args(&[]), CallLimits::default());
        self.actors.make(NewActor { id, class, name: None, args, limits, reply }, self.now);
        self.take_output();
        Told(answer)
    }

    /// An actor, made.
    pub(super) fn made(&mut self, id: ActorId) {
        let told = self.make(id);
        self.work();
        assert!(told.ok().is_ok());
    }

    /// Asks for a call with these bytes as its argument.
    pub(super) fn call(&mut self, id: ActorId, method: &str, argument: &[u8]) -> Told<Answered> {
        self.call_with(id, method, args(argument), Persistence::Replay)
    }

    pub(super) fn call_with(
        &mut self,
        actor: ActorId,
        method: &str,
        args: Args,
        persistence: Persistence,
    ) -> Told<Answered> {
        let (reply, answer) = oneshot::channel();
        let call = NewCall {
            actor,
            method: method.into(),
            args,
            limits: CallLimits::default(),
            result_encoding: Encoding::Cbor,
            persistence,
            reply,
        };
        self.actors.call(call, self.now);
        self.take_output();
        Told(answer)
    }

    pub(super) fn delete(&mut self, id: ActorId) -> Told<()> {
        let (reply, answer) = oneshot::channel();
        self.actors.delete(id, reply, self.now);
        self.take_output();
        self.deliver();
        Told(answer)
    }

    /// Carries out what was ordered, answers included.
    pub(super) fn work(&mut self) {
        while self.step(Mishap::None) {}
        self.deliver();
    }

    /// Carries one order out and has it reported; tells whether there was one.
    pub(super) fn step(&mut self, mishap: Mishap) -> bool {
        let Some(done) = self.worker.step(mishap) else { return false };
        self.report(done);
        true
    }

    pub(super) fn report(&mut self, done: ActorDone) {
        self.now = self.now.plus_ms(1);
        self.actors.done(done, self.now);
        self.take_output();
    }

    /// Gives all answers, as if everything were durable.
    pub(super) fn deliver(&mut self) {
        self.answers.drain(..).for_each(|answer| answer());
    }

    pub(super) fn take_output(&mut self) {
        let Output { records, answers, orders, forgotten, held, freed } = self.actors.take_output();
        self.records.extend(records);
        self.answers.extend(answers);
        self.worker.orders.extend(orders.into_iter().map(|(_, order)| order));
        self.forgotten.extend(forgotten.into_iter().map(|(_, id)| id));
        held.iter().for_each(|value| *self.files.entry(value.object_id()).or_default() += 1);
        for value in &freed {
            let count = self.files.get_mut(&value.object_id()).expect("a file that is held");
            *count -= 1;
        }
        self.files.retain(|_, count| *count > 0);
    }

    /// The server ends at once and starts again with these records.
    pub(super) fn restart(&mut self, records: Vec<ActorRecord>) {
        self.actors = fold(&records);
        self.files.clear();
        self.take_output();
        self.records = records;
        self.answers.clear();
        self.worker.orders.clear();
        self.worker.instances.clear();
        self.actors.worker_joined(WORKER, self.now);
        self.take_output();
    }

    /// The calls that make up an actor's state, as a restored instance sees them.
    pub(super) fn state(&mut self, id: ActorId) -> Vec<u8> {
        let actor = self.actors.table.get(&id).expect("an actor");
        self.worker.started(&actor.kept.start())
    }
}

impl PretendedWorker {
    /// Carries out the next order.
    pub(super) fn step(&mut self, mishap: Mishap) -> Option<ActorDone> {
        let order = self.orders.pop_front()?;
        let id = order.actor;
        if mishap == Mishap::Evicted {
            self.instances.remove(&id);
        }
        if let Some(start) = &order.start {
            let state = self.started(start);
            self.instances.insert(id, state);
        }
        if !self.instances.contains_key(&id) {
            return Some(done(&order, ActorOutcome::Absent, None));
        }
        if mishap == Mishap::Lost {
            self.instances.remove(&id);
            return Some(done(&order, ActorOutcome::Lost("killed".to_owned()), None));
        }
        let outcome = match &order.call {
            None => ActorOutcome::Success(Value::null()),
            Some(call) => self.called(id, call),
        };
        let state = self.instances.get(&id).filter(|_| order.save).cloned();
        let state = state.map(|state| self.saved(&state));
        Some(done(&order, outcome, state))
    }

    fn called(&mut self, id: ActorId, call: &ActorCall) -> ActorOutcome {
        let state = self.instances.get_mut(&id).expect("an instance");
        let failure = |kind| Box::new(Failure::new(kind, "as asked"));
        if &*call.method == "List.trap" {
            self.instances.remove(&id);
            return ActorOutcome::Failed(failure(FailureKind::Trap), InstanceAfter::Gone);
        }
        append(state, call);
        if &*call.method == "List.fail" {
            return ActorOutcome::Failed(failure(FailureKind::App), InstanceAfter::Kept);
        }
        let argument = argument_of(call);
        ActorOutcome::Success(Value::from_bytes(Encoding::Cbor, &argument))
    }

    fn started(&self, start: &ActorStart) -> Vec<u8> {
        let ActorStart::Load { state, replay } = start else { return Vec::new() };
        let stored = || self.objects.get(&state.object_id()).expect("the saved state").clone();
        let mut state = state.bytes().map_or_else(stored, <[u8]>::to_vec);
        replay.iter().for_each(|call| append(&mut state, call));
        state
    }

    /// A state as the loop hands it on: in a file if it is large.
    fn saved(&mut self, state: &[u8]) -> Value {
        if state.len() <= wask_proto::INLINE_VALUE_MAX_BYTES {
            return Value::from_bytes(Encoding::Cbor, state);
        }
        let id = ObjectId::of(state);
        self.objects.insert(id, state.to_vec());
        Value::stored(Encoding::Cbor, id, state.len() as u64)
    }
}

pub(super) fn done(order: &ActorOrder, outcome: ActorOutcome, state: Option<Value>) -> ActorDone {
    let (actor, order) = (order.actor, order.order);
    ActorDone { actor, order, outcome, state, timing: Timing::default(), logs: Vec::new() }
}

pub(super) fn args(argument: &[u8]) -> Args {
    Args::new(vec![vec![Value::from_bytes(Encoding::Cbor, argument)]])
}

/// What records lead to.
pub(super) fn fold(records: &[ActorRecord]) -> Actors {
    let mut actors = Actors::new(LIMITS);
    records.iter().for_each(|record| actors.apply(record));
    actors
}

fn append(state: &mut Vec<u8>, call: &ActorCall) {
    state.extend(argument_of(call));
}

fn argument_of(call: &ActorCall) -> Vec<u8> {
    let bytes = call.args.iter().flatten().filter_map(Value::bytes);
    bytes.flatten().copied().collect()
}

impl Drop for TestEnv {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        self.deliver();
        let needed: Vec<ActorRecord> =
            self.records.iter().filter(|record| self.actors.needs(record)).cloned().collect();
        assert_eq!(needed.len() as u64, self.actors.records(), "what is needed is counted");
        for records in [&self.records, &needed] {
            let folded = fold(records);
            assert_eq!(folded.table.len(), self.actors.table.len(), "records give the actors");
            for (id, actor) in &self.actors.table {
                let same = folded.table.get(id).expect("the same actor");
                assert_eq!(same.kept, actor.kept, "records give the state");
                assert_eq!((&same.class, same.created_at), (&actor.class, actor.created_at));
            }
        }
        let waiting: u64 = self.actors.waiting_bytes;
        let idle = self.actors.is_idle() && self.actors.stats().waiting == 0;
        assert!(!idle || waiting == 0, "{waiting} bytes wait, and no call");
    }
}
