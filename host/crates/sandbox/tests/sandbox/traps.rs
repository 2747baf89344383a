//! Guests that trap: each failure says what happened and where, in words fit to show.

use wask_proto::{Failure, FailureKind};

use crate::{
    harness::{Aftermath, Call, Executor, Workshop, guest},
    raw,
};

/// Runs a function of the guest `hostile` that must trap.
fn traps(function: &'static str, change: impl FnOnce(Call) -> Call) -> Failure {
    let workshop = Workshop::new();
    let module = workshop.module(&guest("hostile"));
    let mut executor = workshop.executor();
    let aftermath = Aftermath::before(&mut executor, Call::new(module, "inc").arg(1));
    let failure = executor.failure(&change(Call::new(module, function)), FailureKind::Trap);
    aftermath.check(&mut executor);
    failure
}

/// Runs a hand-written guest that must trap; the message.
fn traps_raw(run: &str) -> String {
    traps_raw_in(run, Workshop::executor)
}

fn traps_raw_in(run: &str, executor: impl FnOnce(&Workshop) -> Executor) -> String {
    let workshop = Workshop::new();
    let harmless = workshop.module(&raw::run(""));
    let module = workshop.module(&raw::run(run));
    let mut executor = executor(&workshop);
    let aftermath = Aftermath::before(&mut executor, Call::new(harmless, "f"));
    let failure = executor.failure(&Call::new(module, "f"), FailureKind::Trap);
    aftermath.check(&mut executor);
    failure.message
}

/// `panics`: message and place reach the failure, escaped.
#[test]
fn a_panic_tells_its_message_and_place() {
    let failure = traps("panics", |call| call.arg("no \u{1b}[31mred\n"));
    assert!(failure.message.starts_with("panicked at "), "{}", failure.message);
    assert!(failure.message.contains("src/lib.rs:"), "{}", failure.message);
    assert!(failure.message.ends_with(": no \\u{1b}[31mred\\n"), "{}", failure.message);
    assert!(failure.trace.iter().any(|frame| frame.contains("panic")), "{:?}", failure.trace);
    assert!(failure.trace.len() <= 20);
}

/// `panics`, then `inc` in the same place: an old message does not reach a new failure.
#[test]
fn a_panic_message_is_not_told_twice() {
    let workshop = Workshop::new();
    let module = workshop.module(&guest("hostile"));
    let mut executor = workshop.executor();
    executor.failure(&Call::new(module, "panics").arg("the first"), FailureKind::Trap);
    let failure = executor.failure(&Call::new(module, "hit_unreachable"), FailureKind::Trap);
    assert_eq!(failure.message, "the guest executed an `unreachable` instruction");
}

/// `hit_unreachable`.
#[test]
fn unreachable_is_a_trap() {
    let failure = traps("hit_unreachable", |call| call);
    assert_eq!(failure.message, "the guest executed an `unreachable` instruction");
    assert!(failure.trace.iter().any(|frame| frame.contains("hit_unreachable")));
}

/// `out_of_bounds`.
#[test]
fn an_access_out_of_bounds_is_a_trap() {
    let failure = traps("out_of_bounds", |call| call);
    assert_eq!(failure.message, "out of bounds memory access");
}

/// `recurse`: deep recursion ends on the guest's own stack.
#[test]
fn deep_recursion_is_a_stack_overflow() {
    let failure = traps("recurse", |call| call.arg(1));
    assert_eq!(
        failure.message,
        "stack overflow: calls nest deeper than the guest's stack of 1 MiB"
    );
}

/// Recursion that uses no memory of the guest's, and so nothing but the host's stack.
const RECURSION: &str =
    "(drop (call $run (local.get 0) (local.get 1) (local.get 2) (local.get 3)))";

#[test]
fn recursion_without_a_stack_in_memory_is_a_stack_overflow_too() {
    let message = traps_raw(RECURSION);
    assert!(message.starts_with("stack overflow"), "{message}");
}

/// Goal: a process with a small stack runs guests all the same, whether it may ask for more or not.
#[test]
fn recursion_is_a_stack_overflow_where_processes_have_small_stacks() {
    for ulimit in ["-S -s 1024", "-s 1024"] {
        let message = traps_raw_in(RECURSION, |workshop| workshop.limited_executor(ulimit));
        assert!(message.starts_with("stack overflow"), "{ulimit}: {message}");
    }
}

#[test]
fn a_result_that_points_nowhere_is_a_trap() {
    for run in [
        "(return (i32.const -16))",
        "(return (i32.const 2049))",
        "(i32.store (i32.const 2052) (i32.const 65000))
         (i32.store (i32.const 2056) (i32.const 1000))",
        "(i32.store8 (i32.const 2048) (i32.const 7))",
    ] {
        let message = traps_raw(run);
        assert!(message.starts_with("the guest misbehaved: "), "{message}");
    }
}

#[test]
fn an_error_message_that_is_no_text_is_a_trap() {
    let message = traps_raw(
        "(i32.store8 (i32.const 2048) (i32.const 1))
         (i32.store8 (i32.const 2052) (i32.const 1))
         (i32.store (i32.const 2056) (i32.const 3000))
         (i32.store (i32.const 2060) (i32.const 1))
         (i32.store8 (i32.const 3000) (i32.const 0xff))",
    );
    assert!(message.contains("utf-8"), "{message}");
}
