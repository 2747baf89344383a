//! Orders for actors: in order, each with one answer, whatever becomes of executors.

use wask_proto::{
    ActorId, FailureKind, ObjectId,
    worker::{ActorCall, ActorOrder, ActorOutcome, ActorStart, InstanceAfter},
};

use super::*;

/// An order for an actor.
fn order(actor: u64, number: u64, method: &str) -> ActorOrder {
    let arg = Value::from_bytes(Encoding::Raw, format!("{number},").as_bytes());
    ActorOrder {
        actor: ActorId(actor),
        order: number,
        module: ModuleId([7; 32]),
        class: "Text".into(),
        start: None,
        call: Some(ActorCall { method: method.into(), args: vec![vec![arg]] }),
        limits: CallLimits::default(),
        result_encoding: Encoding::Raw,
        save: false,
        label: "actor/method".into(),
    }
}

/// The constructor of an actor, with an empty text.
fn new(actor: u64, number: u64) -> ActorOrder {
    let start = Some(ActorStart::New { args: Vec::new() });
    ActorOrder { start, call: None, save: true, ..order(actor, number, "") }
}

/// A call of an actor that is restored before it.
fn load(actor: u64, number: u64, state: Value, method: &str) -> ActorOrder {
    let call = |text: &[u8]| ActorCall {
        method: "push".into(),
        args: vec![vec![Value::from_bytes(Encoding::Raw, text)]],
    };
    let start = ActorStart::Load { state, replay: vec![call(b"x,"), call(b"y,")] };
    ActorOrder { start: Some(start), ..order(actor, number, method) }
}

fn text(text: &str) -> Value {
    Value::from_bytes(Encoding::Cbor, text.as_bytes())
}

/// An outcome in a word, and in the text that the call returned.
fn word(done: &ActorDone) -> String {
    match &done.outcome {
        ActorOutcome::Success(value) => {
            String::from_utf8_lossy(value.bytes().unwrap()).into_owned()
        }
        ActorOutcome::Failed(_, InstanceAfter::Kept) => "kept".into(),
        ActorOutcome::Failed(_, InstanceAfter::Gone) => "gone".into(),
        ActorOutcome::Absent => "absent".into(),
        ActorOutcome::Lost(_) => "lost".into(),
    }
}

impl Bench {
    fn order(&mut self, orders: impl IntoIterator<Item = ActorOrder>) {
        self.send(ToWorker::Actor(orders.into_iter().collect()));
    }

    /// The answers of one actor, once there are so many, as `order word`.
    fn answers(&mut self, actor: u64, count: usize) -> Vec<String> {
        let of = |bench: &Self| {
            let done = bench.actors.iter().filter(|done| done.actor == ActorId(actor));
            done.map(|done| format!("{} {}", done.order, word(done))).collect::<Vec<_>>()
        };
        self.until(|bench| of(bench).len() >= count);
        of(self)
    }

    fn forget_answers(&mut self) {
        self.actors.clear();
    }
}

/// Goal: calls of an actor happen in order, one after the other, beside those of others.
#[test]
fn calls_of_one_actor_happen_in_order() {
    let mut bench = Bench::new(2);
    for actor in 1..=20 {
        bench.order([new(actor, 100)]);
        bench.order((101..=164).map(|number| order(actor, number, "push")));
    }
    for actor in 1..=20 {
        let answers = bench.answers(actor, 65);
        let mut state = String::new();
        assert_eq!(answers[0], "100 ");
        for number in 101..=164_u64 {
            state += &format!("{number},");
            assert_eq!(answers[(number - 100) as usize], format!("{number} {state}"));
        }
    }
    let slots: BTreeSet<u16> = bench.actors.iter().map(|done| done.timing.slot).collect();
    assert_eq!(slots.len(), 2, "actors share the executors");
}

/// Goal: the state comes with the answers of those orders that ask for it, errors included.
#[test]
fn states_come_when_they_are_asked_for() {
    let mut bench = Bench::new(1);
    bench.order([new(1, 1), order(1, 2, "push")]);
    bench.order([ActorOrder { save: true, ..order(1, 3, "fail") }, order(1, 4, "push")]);
    assert_eq!(bench.answers(1, 4), ["1 ", "2 2,", "3 kept", "4 2,4,"]);
    let state = |done: &ActorDone| done.state.as_ref().map(|state| state.bytes().unwrap().to_vec());
    let states: Vec<_> = bench.actors.iter().map(state).collect();
    assert_eq!(states, [Some(Vec::new()), None, Some(b"2,".to_vec()), None]);
    assert!(
        bench.actors.iter().all(|done| done.state.iter().all(|s| s.encoding == Encoding::Cbor))
    );
}

/// Goal: without an instance nothing runs until an order makes one; that replaces what was there.
#[test]
fn without_an_instance_nothing_runs() {
    let mut bench = Bench::new(1);
    bench.order([order(1, 1, "push"), new(1, 2), order(1, 3, "trap"), order(1, 4, "push")]);
    bench.order([order(1, 5, "push"), load(1, 6, text("s,"), "push"), order(1, 7, "push")]);
    bench.order([load(1, 8, text("t,"), "push")]);
    let expected = ["1 absent", "2 ", "3 gone", "4 absent", "5 absent", "6 s,x,y,6,"];
    assert_eq!(bench.answers(1, 8)[..6], expected);
    assert_eq!(bench.answers(1, 8)[6..], ["7 s,x,y,6,7,", "8 t,x,y,8,"]);
}

/// Goal: a state that cannot be restored or read is a loss of that order alone.
#[test]
fn what_cannot_be_restored_is_lost() {
    let mut bench = Bench::new(1);
    let gone = |size| Value::stored(Encoding::Cbor, ObjectId([9; 32]), size);
    bench.order([load(1, 1, text("broken"), "push"), order(1, 2, "push")]);
    bench.order([load(1, 3, gone(10), "push"), order(1, 4, "push")]);
    bench.order([load(1, 5, gone(2_000_000), "push"), order(1, 6, "push")]);
    let expected = ["1 lost", "2 absent", "3 lost", "4 absent", "5 lost", "6 absent"];
    assert_eq!(bench.answers(1, 6), expected);
}

/// Goal: arguments and states in the object store are read, large ones without holding up others,
/// and the order stays.
#[test]
fn stored_values_are_read() {
    let mut bench = Bench::new(1);
    let stored = |bench: &Bench, bytes: &[u8]| {
        let object = bench.objects.put(bytes).unwrap();
        Value::stored(Encoding::Cbor, object, bytes.len() as u64)
    };
    let (state, large) = (stored(&bench, b"s,"), stored(&bench, &[b'l'; 2_000_000]));
    let mut push_large = order(1, 3, "push");
    push_large.call.as_mut().unwrap().args = vec![vec![large.clone()]];
    bench.order([load(1, 1, state, "push"), order(1, 2, "push"), push_large, order(1, 4, "push")]);
    bench.order([load(1, 5, large, "push"), order(1, 6, "push")]);
    let answers = bench.answers(1, 6);
    assert_eq!(answers[..2], ["1 s,x,y,1,", "2 s,x,y,1,2,"]);
    assert!(answers[3].starts_with("4 s,x,y,1,2,lll") && answers[3].ends_with("lll4,"));
    assert!(answers[5].starts_with("6 lll") && answers[5].ends_with("lllx,y,5,6,"));
    let mut missing = order(1, 7, "push");
    missing.call.as_mut().unwrap().args =
        vec![vec![Value::stored(Encoding::Cbor, ObjectId([9; 32]), 1)]];
    bench.order([missing, order(1, 8, "push")]);
    assert_eq!(bench.answers(1, 8)[6..], ["7 gone", "8 absent"]);
    let ActorOutcome::Failed(failure, _) = &bench.actors[6].outcome else { panic!("no failure") };
    assert_eq!(failure.kind, FailureKind::Invalid);
}

/// Goal: the death of an executor is a loss of the order that ran; those behind it and those of
/// other actors there did not run, and one that makes an instance runs elsewhere.
#[test]
fn a_death_is_charged_to_what_ran() {
    let mut bench = Bench::new(1);
    bench.order([new(1, 1), new(2, 1), order(2, 2, "push")]);
    bench.answers(1, 1);
    bench.answers(2, 2);
    bench.forget_answers();
    bench.order([order(1, 2, "die"), order(1, 3, "push"), load(1, 4, text("s,"), "push")]);
    bench.order([order(2, 3, "push"), load(2, 4, text("t,"), "push")]);
    assert_eq!(bench.answers(1, 3), ["2 lost", "3 absent", "4 s,x,y,4,"]);
    assert_eq!(bench.answers(2, 2), ["3 absent", "4 t,x,y,4,"]);
}

/// Goal: what an executor did not report before it died is not known to have happened; the first
/// order without an answer is charged, so that a deadly one cannot come back for ever.
#[test]
fn a_death_is_charged_once_to_the_first_without_an_answer() {
    let mut bench = Bench::new(1);
    bench.order([new(1, 1), order(1, 2, "push")]);
    bench.answers(1, 2);
    bench.forget_answers();
    bench.order([order(1, 3, "push"), order(1, 4, "die"), order(1, 5, "push")]);
    let answers = bench.answers(1, 3);
    let reported = ["3 2,3,", "4 lost", "5 absent"];
    assert!(answers == ["3 lost", "4 absent", "5 absent"] || answers == reported, "{answers:?}");
}

/// Goal: an order that did not stop at its limit is killed with its executor, and has failed.
#[test]
fn the_wall_limit_of_an_order_holds_even_if_the_executor_does_not_keep_it() {
    let mut bench = Bench::new(1);
    let mut endless = order(1, 2, "deaf 60000");
    endless.limits.wall_max_ms = 50;
    bench.order([new(1, 1), endless, order(1, 3, "push")]);
    assert_eq!(bench.answers(1, 3), ["1 ", "2 gone", "3 absent"]);
    let ActorOutcome::Failed(failure, _) = &bench.actors[1].outcome else { panic!("no failure") };
    assert_eq!(failure.kind, FailureKind::Timeout);
}

/// Goal: a long call of an actor holds up neither tasks nor other actors.
#[test]
fn a_long_call_blocks_nobody() {
    let mut bench = Bench::new(2);
    bench.teach("echo");
    bench.order([new(1, 1), new(2, 1), order(2, 2, "push")]);
    bench.answers(2, 2);
    bench.order([order(1, 2, "deaf 400")]);
    bench.assign((1..200).map(|index| (index, "echo")));
    bench.order((3..50).map(|number| order(2, number, "push")));
    bench.until(|bench| bench.finished.len() == 199);
    assert_eq!(bench.answers(2, 49).len(), 49);
    assert!(!bench.actors.iter().any(|done| done.actor == ActorId(1) && done.order == 2));
    assert_eq!(bench.answers(1, 2), ["1 ", "2 2,"]);
}

/// Goal: an actor whose instance is behind a long task is answered that it is absent, and its
/// next instance is made where there is room.
#[test]
fn an_actor_leaves_an_executor_that_is_busy_for_long() {
    let mut bench = Bench::new(2);
    bench.order([new(1, 1)]);
    bench.answers(1, 1);
    let slot = bench.actors[0].timing.slot;
    bench.assign([(0, "sleep 20000"), (1, "sleep 20000")]);
    bench.until(|bench| bench.has_started(0) && bench.has_started(1));
    bench.order([order(1, 2, "push")]);
    let elsewhere = bench.started.iter().find(|started| started.slot != slot).unwrap().id;
    bench.send(ToWorker::Cancel(vec![elsewhere]));
    assert_eq!(bench.answers(1, 2), ["1 ", "2 absent"]);
    bench.order([load(1, 3, text("s,"), "push")]);
    assert_eq!(bench.answers(1, 3)[2], "3 s,x,y,3,");
    assert_ne!(bench.actors[2].timing.slot, slot);
}

/// Goal: with all executors busy for long, calls wait, and go before what can run anywhere.
#[test]
fn calls_wait_for_their_executor_and_go_first() {
    let mut bench = Bench::new(1);
    bench.order([new(1, 1)]);
    bench.answers(1, 1);
    bench.assign([(0, "sleep 20000")]);
    bench.until(|bench| bench.has_started(0));
    bench.assign([(1, "echo")]);
    bench.order([order(1, 2, "push"), load(1, 3, text("s,"), "push")]);
    bench.send(ToWorker::Cancel(vec![id(0)]));
    assert_eq!(bench.answers(1, 3), ["1 ", "2 2,", "3 s,x,y,3,"]);
    bench.until(|bench| bench.finished.len() == 2);
    assert!(bench.actors[1].timing.started_at <= bench.finished[&1].timing.started_at);
}

/// Goal: however many calls of actors wait, attempts get their share of the executor.
#[test]
fn calls_do_not_starve_attempts() {
    let mut bench = Bench::new(1);
    for actor in 1..=4 {
        bench.order([new(actor, 1)]);
        bench.order((2..=64).map(|number| order(actor, number, "sleep 2")));
    }
    bench.answers(4, 2);
    bench.assign((0..20).map(|index| (index, "echo")));
    bench.until(|bench| bench.finished.len() == 20);
    assert!(bench.actors.len() < 4 * 64, "the calls were over before");
    (1..=4).for_each(|actor| drop(bench.answers(actor, 64)));
}

/// Goal: a forgotten actor is not answered; what it does stops, and its executor lives on.
#[test]
fn a_forgotten_actor_stops() {
    let mut bench = Bench::new(1);
    let process = bench.process();
    bench.order([new(1, 1), new(2, 1)]);
    bench.answers(2, 1);
    bench.order([order(1, 2, "sleep 20000"), order(1, 3, "push"), order(2, 2, "push")]);
    bench.send(ToWorker::ForgetActor(vec![ActorId(1), ActorId(77)]));
    assert_eq!(bench.answers(2, 2)[1], "2 2,");
    assert_eq!(bench.answers(1, 1), ["1 "], "nothing after it is answered");
    assert_eq!(bench.process(), process, "the executor did as it was told");
}

/// Goal: draining finishes what runs, and answers the rest that nothing has run, in order.
#[test]
fn drain_answers_every_order() {
    let mut bench = Bench::new(1);
    bench.order([new(1, 1)]);
    bench.answers(1, 1);
    bench.order([order(1, 2, "sleep 600"), order(1, 3, "push"), load(1, 4, text("s,"), "push")]);
    bench.assign([(0, "echo")]);
    // Nothing tells when an order begins; this is long after it.
    bench.pass(Duration::from_millis(100));
    bench.send(ToWorker::Drain);
    bench.order([new(2, 1)]);
    for message in bench.worker.take().unwrap().finish().unwrap() {
        bench.note(message);
    }
    assert_eq!(bench.answers(1, 4), ["1 ", "2 ", "3 absent", "4 absent"]);
    assert_eq!(bench.answers(2, 1), ["1 absent"]);
}

/// Goal: while executors die at random, every order has one answer, in order, and what is answered
/// with success has seen all that was answered before it since its instance was made.
#[test]
fn answers_stay_in_order_while_executors_die() {
    let mut bench = Bench::new(2);
    let count = 600;
    for number in 1..=count {
        for actor in 1..=4 {
            let deadly = (number + actor * 13) % 97 == 0;
            let method = if deadly { "die" } else { "push" };
            let starts = number == 1 || number % 10 == actor;
            bench.order([match starts {
                true => load(actor, number, text(""), method),
                false => order(actor, number, method),
            }]);
        }
    }
    for actor in 1..=4 {
        let answers = bench.answers(actor, count as usize);
        let numbers = answers.iter().map(|answer| answer.split(' ').next().unwrap().to_owned());
        assert!(numbers.eq((1..=count).map(|number| number.to_string())));
        let of = |word: &str| answers.iter().filter(|answer| answer.ends_with(word)).count();
        assert!(of("lost") > 0, "nothing died");
        let mut seen = None;
        for (number, answer) in (1..).zip(&answers) {
            let (_, text) = answer.split_once(' ').unwrap();
            if number == 1 || number % 10 == actor {
                seen = Some("x,y,".to_owned());
                assert_ne!(text, "absent", "{number} makes an instance");
            }
            match text {
                "lost" | "absent" => seen = None,
                text => {
                    let mut expected = seen.expect("an instance");
                    expected += &format!("{number},");
                    assert_eq!(text, expected);
                    seen = Some(expected);
                }
            }
        }
    }
}
