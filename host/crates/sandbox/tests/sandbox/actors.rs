//! Instances that stay between calls: what each order leaves behind, and what happens to those
//! that misbehave, are one too many, or are not needed any more.

use std::sync::Arc;

use wask_proto::{
    ActorId, CallLimits, Failure, FailureKind, ModuleId,
    executor::{
        ActorJob, ActorJobDone, ActorJobOutcome, InstanceStart, MethodCall, News, Order, ToExecutor,
    },
};

use crate::harness::{Call, Executor, SLACK_BYTES, Workshop, guest};

const MIB: u64 = 1024 * 1024;

/// An executor with the guest `actors`, and orders for its class.
struct Stage {
    _workshop: Workshop,
    module: ModuleId,
    executor: Executor,
}

/// What came of an order.
#[derive(Debug)]
struct Done {
    result: Result<Vec<u8>, Failure>,
    state: Option<Vec<u8>>,
    logs: Vec<String>,
}

fn cbor(value: impl Into<ciborium::Value>) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(&value.into(), &mut bytes).unwrap();
    bytes
}

fn call(method: &str, args: &[u64]) -> MethodCall {
    let args = args.iter().map(|arg| cbor(*arg).into()).collect();
    MethodCall { function: format!("Rogue.{method}").into(), args }
}

impl Stage {
    fn new() -> Self {
        let workshop = Workshop::new();
        let module = workshop.module(&guest("actors"));
        let executor = workshop.executor();
        Self { _workshop: workshop, module, executor }
    }

    fn order(
        &self,
        actor: u64,
        start: Option<InstanceStart>,
        call: Option<MethodCall>,
    ) -> ActorJob {
        ActorJob {
            seq: 0,
            actor: ActorId(actor),
            module: self.module,
            class: "Rogue".into(),
            start,
            call,
            limits: CallLimits { memory_max_bytes: 64 * MIB, ..CallLimits::default() },
            save: false,
            task: Arc::from("actor/method"),
        }
    }

    fn carry_out(&mut self, job: ActorJob) -> ActorJobDone {
        let seq = self.executor.order(job);
        match self.executor.next_news() {
            News::ActorDone(done) if done.seq == seq => *done,
            other => panic!("unexpected: {other:?}"),
        }
    }

    /// The end of an order after which the instance is kept.
    fn kept(&mut self, job: ActorJob) -> Done {
        let done = self.carry_out(job);
        let ActorJobOutcome::Kept { result, state } = done.outcome else { panic!("{done:?}") };
        Done {
            result: result.map(|bytes| bytes.to_vec()).map_err(|failure| *failure),
            state: state.map(|state| state.to_vec()),
            logs: done.logs.into_iter().map(|line| line.message).collect(),
        }
    }

    /// The failure of an order that leaves nothing behind.
    fn gone(&mut self, job: ActorJob) -> Failure {
        let actor = job.actor;
        let done = self.carry_out(job);
        let ActorJobOutcome::Gone(failure) = done.outcome else { panic!("{done:?}") };
        self.is_absent(actor.0);
        *failure
    }

    fn is_absent(&mut self, actor: u64) {
        let done = self.carry_out(self.order(actor, None, Some(call("values", &[]))));
        assert!(matches!(done.outcome, ActorJobOutcome::Absent), "{done:?}");
    }

    /// Makes an actor; its state.
    fn make(&mut self, actor: u64, first: u64) -> Vec<u8> {
        let start = InstanceStart::New(vec![cbor(first).into()]);
        let made = self.order(actor, Some(start), None);
        let done = self.kept(ActorJob { save: true, ..made });
        assert_eq!(done.logs, ["made"]);
        done.state.unwrap()
    }

    fn call(&mut self, actor: u64, method: &str, args: &[u64]) -> Result<Vec<u8>, Failure> {
        self.kept(self.order(actor, None, Some(call(method, args)))).result
    }

    #[track_caller]
    fn has_values(&mut self, actor: u64, values: &[u64]) {
        let values: Vec<ciborium::Value> = values.iter().map(|n| (*n).into()).collect();
        assert_eq!(self.call(actor, "values", &[]).unwrap(), cbor(values));
    }
}

impl Executor {
    fn order(&mut self, job: ActorJob) -> u64 {
        let seq = self.next_seq();
        self.tell(ToExecutor::Run(vec![Order::Actor(Box::new(ActorJob { seq, ..job }))]));
        seq
    }
}

/// Goal: the state stays from call to call, also past an error, and tasks in between change nothing.
#[test]
fn an_instance_stays_between_its_calls() {
    let mut stage = Stage::new();
    stage.make(1, 10);
    stage.make(2, 20);
    for n in 0..100 {
        stage.call(1, "push", &[n]).unwrap();
    }
    let failure = stage.call(1, "push_and_fail", &[7]).unwrap_err();
    assert_eq!(failure.kind, FailureKind::App);
    stage.executor.result(&Call::new(stage.module, "nothing"));
    let values: Vec<u64> = [10].into_iter().chain(0..100).chain([7]).collect();
    stage.has_values(1, &values);
    stage.has_values(2, &[20]);
}

/// Goal: a saved state and the calls since give the same state in another executor; what was
/// logged then is not logged again, and errors of then are passed over.
#[test]
fn a_state_is_saved_and_loaded() {
    let (mut stage, mut other) = (Stage::new(), Stage::new());
    stage.make(1, 1);
    let push = stage.order(1, None, Some(call("push_and_fail", &[2])));
    let done = stage.kept(ActorJob { save: true, ..push });
    assert!(done.result.is_err());
    let say = MethodCall { function: "Rogue.say".into(), args: vec![cbor("again").into()] };
    let replay = vec![call("push", &[3]), say.clone(), call("push_and_fail", &[4])];
    let start = InstanceStart::Load { state: done.state.unwrap().into(), replay };
    let order = other.order(1, Some(start), Some(say));
    assert_eq!(other.kept(order).logs, ["again"], "once, by the call itself");
    other.has_values(1, &[1, 2, 3, 4]);
}

/// Goal: an order that makes an instance replaces the one that is there.
#[test]
fn a_new_instance_takes_the_place_of_the_old_one() {
    let mut stage = Stage::new();
    let state = stage.make(1, 1);
    stage.call(1, "push", &[2]).unwrap();
    let start = InstanceStart::Load { state: state.into(), replay: Vec::new() };
    let order = stage.order(1, Some(start), Some(call("push", &[3])));
    stage.kept(order).result.unwrap();
    stage.has_values(1, &[1, 3]);
}

/// Goal: whatever a guest does that it must not ends its instance and no other, with a failure that
/// says what it was, and the executor is as before.
#[test]
fn misdeeds_end_the_instance() {
    let mut stage = Stage::new();
    stage.make(9, 9);
    let before = stage.executor.resident_bytes();
    for (method, args, kind, words) in [
        ("push_and_panic", &[1][..], FailureKind::Trap, "1 was pushed, and this is the end"),
        ("hold", &[1_000 * MIB], FailureKind::Memory, "the memory limit of 64 MiB"),
        ("giant", &[MIB], FailureKind::Output, "more than its limit"),
        ("submit", &[], FailureKind::Trap, "an actor cannot submit calls: let a task do that"),
        ("push_and_spin", &[1], FailureKind::Timeout, "its timeout of 300 ms"),
    ] {
        stage.make(1, 1);
        let mut order = stage.order(1, None, Some(call(method, args)));
        order.limits.wall_max_ms = 300;
        order.limits.result_max_bytes = 64 * 1024;
        let failure = stage.gone(order);
        assert_eq!(failure.kind, kind, "{failure:?}");
        assert!(failure.message.contains(words), "{}", failure.message);
    }
    stage.has_values(9, &[9]);
    assert!(stage.executor.resident_bytes() <= before + SLACK_BYTES);
}

/// Goal: a constructor that fails leaves nothing, and so does a state that cannot be saved.
#[test]
fn what_cannot_begin_or_be_saved_is_gone() {
    let mut stage = Stage::new();
    let order = stage.order(1, Some(InstanceStart::New(vec![cbor(13).into()])), None);
    assert_eq!(stage.gone(ActorJob { save: true, ..order }).message, "13 brings bad luck");
    stage.make(1, 1);
    let order = stage.order(1, None, Some(call("turn_sour", &[])));
    let failure = stage.gone(ActorJob { save: true, ..order });
    assert!(failure.message.contains("the state is sour"), "{}", failure.message);
}

/// Goal: what cannot be brought to its state is lost, and says why.
#[test]
fn what_cannot_be_restored_is_lost() {
    let mut stage = Stage::new();
    let good = stage.make(1, 1);
    let load = |state: &[u8], replay| InstanceStart::Load { state: state.to_vec().into(), replay };
    for (start, words) in [
        (load(b"rubbish", Vec::new()), "its state cannot be restored"),
        (load(&good, vec![call("push_and_panic", &[5])]), "5 was pushed, and this is the end"),
        (load(&good, vec![call("push_and_spin", &[5])]), "timeout of 300 ms"),
    ] {
        let mut order = stage.order(1, Some(start), Some(call("values", &[])));
        order.limits.wall_max_ms = 300;
        let done = stage.carry_out(order);
        let ActorJobOutcome::Lost(why) = &done.outcome else { panic!("{done:?}") };
        assert!(why.contains(words), "{why}");
        stage.is_absent(1);
    }
    let missing = stage.order(2, Some(load(&good, Vec::new())), Some(call("values", &[])));
    let done = stage.carry_out(ActorJob { module: ModuleId([1; 32]), ..missing });
    assert!(matches!(done.outcome, ActorJobOutcome::Lost(_)), "{done:?}");
}

/// Goal: each call has the whole time and the whole budget for logs, whatever those before used.
#[test]
fn limits_of_time_and_logs_are_those_of_each_call() {
    let mut stage = Stage::new();
    let state = stage.make(1, 1);
    let slow = || call("work", &[60, 1]);
    let start =
        InstanceStart::Load { state: state.into(), replay: (0..30).map(|_| slow()).collect() };
    let mut order = stage.order(1, Some(start), Some(slow()));
    order.limits.wall_max_ms = 1_000;
    let begun = std::time::Instant::now();
    stage.kept(order).result.unwrap();
    assert!(begun.elapsed().as_millis() > 1_000, "together they take longer than one may");
    for _ in 0..5 {
        let say = MethodCall { function: "Rogue.say".into(), args: vec![cbor("a line").into()] };
        let mut order = stage.order(1, None, Some(say));
        order.limits.log_max_lines = 1;
        assert_eq!(stage.kept(order).logs, ["a line"]);
    }
}

/// Goal: a growth that was refused and survived is not what a later trap is blamed on.
#[test]
fn a_survived_refusal_explains_nothing_later() {
    let mut stage = Stage::new();
    stage.make(1, 1);
    stage.call(1, "hold", &[40 * MIB]).unwrap();
    stage.call(1, "fill", &[12 * MIB]).unwrap();
    // The allocator asks for a quarter more first, which is too much, and then for what it needs.
    stage.call(1, "giant", &[MIB]).unwrap();
    let order = stage.order(1, None, Some(call("push_and_panic", &[1])));
    assert_eq!(stage.gone(order).kind, FailureKind::Trap);
}

/// Goal: an executor keeps so many instances; the one that was idle longest goes first, and with
/// those that come and go, or are forgotten, its memory does not grow.
#[test]
fn idle_instances_give_way_and_memory_stays_bounded() {
    let mut stage = Stage::new();
    let make = |stage: &mut Stage, actor| drop(stage.make(actor, actor + 100));
    (0..64).for_each(|actor| make(&mut stage, actor));
    let full = stage.executor.resident_bytes();
    stage.has_values(0, &[100]);
    make(&mut stage, 64);
    stage.has_values(0, &[100]);
    stage.is_absent(1);
    (100..1_100).for_each(|actor| make(&mut stage, actor));
    let now = stage.executor.resident_bytes();
    assert!(now <= full + SLACK_BYTES, "{full} bytes with 64 instances, {now} after 1 000 more");
    (1_036..1_100).for_each(|actor| {
        stage.has_values(actor, &[actor + 100]);
        stage.executor.tell(ToExecutor::ForgetActor { actor: ActorId(actor) });
        stage.is_absent(actor);
    });
}

/// Goal: instances that hold much are fewer.
#[test]
fn large_instances_give_way_to_each_other() {
    let mut stage = Stage::new();
    for actor in 0..12 {
        stage.make(actor, 1);
        stage.call(actor, "hold", &[40 * MIB]).unwrap();
    }
    let resident = stage.executor.resident_bytes();
    assert!(resident < 400 * MIB, "{resident} bytes for instances that may hold 256 MiB together");
    stage.is_absent(0);
    stage.has_values(11, &[1]);
}

/// Goal: a call that is to stop does, and its instance is gone.
#[test]
fn a_call_can_be_stopped() {
    let mut stage = Stage::new();
    stage.make(1, 1);
    let seq = {
        let order = stage.order(1, None, Some(call("push_and_spin", &[1])));
        stage.executor.order(order)
    };
    stage.executor.page.cancel.store(seq, std::sync::atomic::Ordering::Release);
    let News::ActorDone(done) = stage.executor.next_news() else { panic!("no end") };
    assert!(matches!(done.outcome, ActorJobOutcome::Gone(_)), "{done:?}");
    stage.is_absent(1);
}
