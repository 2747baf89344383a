//! Guests that say too much: results, errors and logs have budgets.

use wask_proto::{FailureKind, executor::JobOutcome};

use crate::{
    harness::{Aftermath, Call, Executor, Workshop, guest},
    raw::{self, Raw},
};

const KIB: u64 = 1024;

/// An executor with the guest `hostile`, and what must be true of it at the end.
fn hostile() -> (Workshop, Executor, Aftermath, impl Fn(&'static str) -> Call) {
    let workshop = Workshop::new();
    let module = workshop.module(&guest("hostile"));
    let mut executor = workshop.executor();
    let aftermath = Aftermath::before(&mut executor, Call::new(module, "inc").arg(1));
    (workshop, executor, aftermath, move |function| Call::new(module, function))
}

fn result_max(call: Call, bytes: u64) -> Call {
    call.limits(|limits| limits.result_max_bytes = bytes)
}

/// `giant_result`: up to the limit it is a result, beyond it a failure, just beyond it one that
/// tells the size.
#[test]
fn a_giant_result_is_an_output_failure() {
    let (_workshop, mut executor, aftermath, call) = hostile();
    let sized = |bytes: u64| result_max(call("giant_result").arg(bytes), 1024 * KIB);
    match executor.run(&sized(1024 * KIB)).outcome {
        JobOutcome::Success(bytes) => assert_eq!(bytes.len() as u64, 1024 * KIB),
        other => panic!("{other:?}"),
    }
    let failure = executor.failure(&sized(1024 * KIB + 512), FailureKind::Output);
    assert_eq!(failure.message, "the result has 1.0 MiB, more than its limit of 1 MiB");
    let failure = executor.failure(&sized(50 * 1024 * KIB), FailureKind::Output);
    assert!(failure.message.contains("more than its limit of 1 MiB"), "{}", failure.message);
    aftermath.check(&mut executor);
}

/// `giant_error`: a long message is cut, one beyond all bounds is a failure of its own.
#[test]
fn a_giant_error_message_is_cut_or_an_output_failure() {
    let (_workshop, mut executor, aftermath, call) = hostile();
    let sized = |bytes: u64| result_max(call("giant_error").arg(bytes), 1024 * KIB);
    let failure = executor.failure(&sized(512 * KIB), FailureKind::App);
    assert!(failure.message.len() <= 16 * 1024);
    assert!(failure.message.starts_with("eeee") && failure.message.ends_with('…'));
    executor.failure(&sized(50 * 1024 * KIB), FailureKind::Output);
    aftermath.check(&mut executor);
}

#[test]
fn causes_that_share_one_large_text_count_each_time() {
    // 100,000 causes that all point at the same 60 KiB would be 6 GB on the host's side.
    let run = "
        (local $at i32)
        (i32.store8 (i32.const 2048) (i32.const 1))
        (i32.store (i32.const 2052) (i32.const 0))
        (i32.store (i32.const 2056) (i32.const 0))
        (local.set $at (i32.const 131072))
        (loop $l
          (i32.store (local.get $at) (i32.const 65536))
          (i32.store (i32.add (local.get $at) (i32.const 4)) (i32.const 61440))
          (local.set $at (i32.add (local.get $at) (i32.const 8)))
          (br_if $l (i32.lt_u (local.get $at) (i32.const 931072))))
        (i32.store (i32.const 2064) (i32.const 131072))
        (i32.store (i32.const 2068) (i32.const 100000))";
    let workshop = Workshop::new();
    let harmless = workshop.module(&raw::run(""));
    let module = workshop.module(&Raw { memory: "20", run, ..Raw::default() }.wasm());
    let mut executor = workshop.executor();
    let aftermath = Aftermath::before(&mut executor, Call::new(harmless, "f"));
    executor.failure(&Call::new(module, "f"), FailureKind::Output);
    aftermath.check(&mut executor);
}

/// `fails`: an error keeps its message and its causes apart.
#[test]
fn an_error_of_the_function_keeps_its_causes() {
    let (_workshop, mut executor, _, call) = hostile();
    let failure = executor.failure(&call("fails").arg("cannot save"), FailureKind::App);
    assert_eq!(failure.message, "cannot save");
    assert_eq!(failure.cause.as_deref(), Some("cannot write: the disk is full"));
}

/// `log_flood`: lines and bytes are bounded apart from each other, and what was logged until then
/// is kept.
#[test]
fn a_log_flood_is_an_output_failure() {
    let (_workshop, mut executor, aftermath, call) = hostile();
    let flood = |lines: u64, bytes: u64| call("log_flood").arg(lines).arg(bytes);
    let done = executor.run(&flood(1_000, 10));
    assert!(matches!(done.outcome, JobOutcome::Success(_)));
    assert_eq!(done.logs.len(), 1_000);

    for (call, words, kept) in [
        (flood(1_000_000, 1), "more than 1000 lines", 1_000),
        (flood(100, 100 * KIB), "more than 1 MiB", 10),
        (flood(1, 50 * 1024 * KIB), "more than 1 MiB", 0),
    ] {
        let done = executor.run(&call);
        let JobOutcome::Failure(failure) = done.outcome else { panic!("{:?}", done.outcome) };
        assert_eq!(failure.kind, FailureKind::Output);
        assert!(failure.message.contains(words), "{}", failure.message);
        assert_eq!(done.logs.len(), kept);
    }
    aftermath.check(&mut executor);
}

/// `log_line`: a guest cannot steer the terminal that shows its log.
#[test]
fn log_lines_are_escaped() {
    let (_workshop, mut executor, _, call) = hostile();
    let done = executor.run(&call("log_line").arg("a\u{1b}]0;title\u{7}\nb é"));
    assert_eq!(done.logs[0].message, "a\\u{1b}]0;title\\u{7}\\nb é");
    assert_eq!(done.logs[0].level, 1);
    assert!(done.logs[0].at >= done.started_at);
}

/// What a guest says about its arguments is `invalid`, not an error of the function.
#[test]
fn arguments_that_do_not_fit_are_invalid() {
    let (_workshop, mut executor, aftermath, call) = hostile();
    let failure = executor.failure(&call("inc").arg("one"), FailureKind::Invalid);
    assert!(failure.message.contains('x'), "names the parameter: {}", failure.message);
    executor.failure(&call("inc"), FailureKind::Invalid);
    let failure = executor.failure(&call("no_such_function"), FailureKind::Invalid);
    assert!(failure.message.contains("no_such_function"), "{}", failure.message);
    aftermath.check(&mut executor);
}
