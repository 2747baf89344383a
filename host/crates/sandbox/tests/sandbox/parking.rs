//! Calls that submit others and wait for them: parked, resumed, dropped, evicted.

use std::time::Duration;

use wask_proto::{
    Failure, FailureKind,
    child::{Answer, ChildCall, ChildOutcome, Piece, Question},
    executor::{JobOutcome, News, ToExecutor},
};

use crate::{
    harness::{Call, Executor, Workshop, guest},
    raw::Raw,
};

fn family() -> (Workshop, Executor, impl Fn(&'static str) -> Call) {
    let workshop = Workshop::new();
    let module = workshop.module(&guest("family"));
    let executor = workshop.executor();
    (workshop, executor, move |function| Call::new(module, function))
}

fn number(value: i64) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(&value, &mut bytes).unwrap();
    bytes
}

fn results(values: &[(u32, i64)]) -> Answer {
    let outcome = |(child, value): &(u32, i64)| (*child, ChildOutcome::Cbor(number(*value)));
    Answer::Results(values.iter().map(outcome).collect())
}

impl Executor {
    fn submitted(&mut self, job: u64) -> Vec<ChildCall> {
        match self.next_news() {
            News::Submitted { job: of, calls } if of == job => calls,
            other => panic!("{job} should have submitted calls: {other:?}"),
        }
    }

    fn parked(&mut self, job: u64) -> Vec<u32> {
        match self.next_news() {
            News::Parked { job: of, question: Question::Results(asked), .. } if of == job => asked,
            other => panic!("{job} should be parked: {other:?}"),
        }
    }

    /// Begins a call of `nest`, which submits one call and waits for it.
    fn nest(&mut self, call: &Call) -> u64 {
        let job = self.send(std::slice::from_ref(call))[0];
        assert_eq!(self.submitted(job).len(), 1);
        assert_eq!(self.parked(job), [0]);
        job
    }
}

#[test]
fn a_waiting_call_is_parked_and_goes_on_where_it_was() {
    let (_workshop, mut executor, call) = family();
    let job = executor.nest(&call("nest").arg(5));
    assert_eq!(executor.result(&call("add").arg(1).arg(2)), 3.into(), "its place is free");
    let seq = executor.resume(job, results(&[(0, 4)]));
    let done = executor.next();
    assert_eq!((done.seq, done.job), (seq, job));
    assert!(matches!(done.outcome, JobOutcome::Success(bytes) if *bytes == *number(5)));
}

#[test]
fn calls_say_what_they_call_with_which_arguments() {
    let (_workshop, mut executor, call) = family();
    let job = executor.send(&[call("chain").arg(1)])[0];
    let calls = executor.submitted(job);
    assert!(calls.iter().all(|call| &*call.call == "add"));
    let literal = |value| vec![Piece::Literal(number(value))];
    assert_eq!(calls[0].args, [literal(0), literal(0)]);
    assert_eq!(calls[1].args, [vec![Piece::Child(0)], literal(1)]);
    assert_eq!(executor.parked(job), [1]);
    executor.resume(job, results(&[(1, 1), (0, 0)]));
    assert!(matches!(executor.next().outcome, JobOutcome::Success(_)));
}

#[test]
fn failures_of_calls_reach_the_one_that_asked() {
    let (_workshop, mut executor, call) = family();
    let job = executor.send(&[call("forgive")])[0];
    executor.submitted(job);
    executor.parked(job);
    let failure = Failure {
        cause: Some("the disk is full".into()),
        ..Failure::new(FailureKind::App, "told to fail")
    };
    let failed = ChildOutcome::Failed(Box::new(failure));
    executor.resume(job, Answer::Results(vec![(0, failed)]));
    let JobOutcome::Success(bytes) = executor.next().outcome else { panic!("it forgives") };
    let text: String = ciborium::from_reader(&*bytes).unwrap();
    assert_eq!(text, "told to fail; the disk is full");
}

#[test]
fn a_call_can_hand_over_without_waiting() {
    let (_workshop, mut executor, call) = family();
    let job = executor.send(&[call("hand_over_to_failure")])[0];
    executor.submitted(job);
    assert!(matches!(executor.next().outcome, JobOutcome::Becomes(0)));
}

#[test]
fn time_that_a_call_is_parked_does_not_count() {
    let (_workshop, mut executor, call) = family();
    let job = executor.nest(&call("nest").arg(1).timeout_ms(150));
    std::thread::sleep(Duration::from_millis(250));
    executor.resume(job, results(&[(0, 0)]));
    let done = executor.next();
    assert!(matches!(done.outcome, JobOutcome::Success(_)), "{done:?}");
    assert!(done.parked_us >= 250_000 && done.run_us < 150_000, "{done:?}");
}

#[test]
fn when_too_many_wait_the_oldest_give_way_and_memory_stays_bounded() {
    let (_workshop, mut executor, call) = family();
    let before = executor.resident_bytes();
    let jobs: Vec<u64> = (0..512).map(|_| executor.nest(&call("nest").arg(1))).collect();
    let each = (executor.resident_bytes() - before) / 512;
    assert!(each < 256 * 1024, "a parked call takes {each} bytes");
    let more = executor.send(&[call("add").arg(1).arg(2)])[0];
    assert!(matches!(executor.next_news(), News::Evicted { job } if job == jobs[0]));
    assert_eq!(executor.next().seq, more);
    let seq = executor.resume(jobs[0], results(&[(0, 0)]));
    assert!(matches!(executor.next_news(), News::Absent { seq: of } if of == seq));
    for job in &jobs[1..] {
        executor.resume(*job, results(&[(0, 0)]));
        assert!(matches!(executor.next().outcome, JobOutcome::Success(_)));
    }
    // The pool keeps the pages that its places have used, and uses them again.
    let after = executor.resident_bytes();
    assert!(after < before + 512 * 128 * 1024, "{before} bytes before, {after} after");
}

#[test]
fn a_dropped_call_is_gone() {
    let (_workshop, mut executor, call) = family();
    let job = executor.nest(&call("nest").arg(1));
    executor.tell(ToExecutor::Drop { job });
    let seq = executor.resume(job, results(&[(0, 0)]));
    assert!(matches!(executor.next_news(), News::Absent { seq: of } if of == seq));
}

#[test]
fn a_resumed_call_can_be_cancelled_and_has_its_limits() {
    let (_workshop, mut executor, call) = family();
    let spin = call("wait_then_work").arg(1).arg(1_000_000);
    let answer = || results(&[(0, 1), (1, 2), (2, 3)]);
    let job = executor.send(std::slice::from_ref(&spin))[0];
    assert_eq!(executor.submitted(job).len(), 3);
    executor.parked(job);
    let seq = executor.resume(job, answer());
    executor.page.cancel.store(seq, std::sync::atomic::Ordering::Release);
    assert!(matches!(executor.next().outcome, JobOutcome::Cancelled));
    let job = executor.send(&[spin.timeout_ms(100)])[0];
    executor.submitted(job);
    executor.parked(job);
    executor.resume(job, answer());
    let JobOutcome::Failure(failure) = executor.next().outcome else { panic!("no failure") };
    assert_eq!(failure.kind, FailureKind::Timeout);
}

/// A guest that speaks of calls that it never submitted.
#[test]
fn a_call_that_was_never_submitted_is_a_trap() {
    let imports = r#"(import "wask:task/host@0.1.0" "hand-over" (func $over (param i32)))"#;
    let wasm = Raw { imports, run: "(call $over (i32.const 7))", ..Raw::default() }.wasm();
    let workshop = Workshop::new();
    let module = workshop.module(&wasm);
    let failure = workshop.executor().failure(&Call::new(module, "f"), FailureKind::Trap);
    let words = "speaks of its call 7, but has submitted only 0";
    assert!(failure.message.contains(words), "{}", failure.message);
}

/// `describe` runs outside of any task.
#[test]
fn describe_cannot_submit() {
    let import = r#"(import "wask:task/host@0.1.0" "submit"
        (func $submit (param i32 i32 i32 i32) (result i32)))"#;
    let submit = "(drop (call $submit (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))";
    let wasm = Raw { imports: import, describe: submit, ..Raw::default() }.wasm();
    let refusal = Workshop::new().refusal(&wasm);
    assert!(refusal.contains("only a running task can"), "{refusal}");
}
