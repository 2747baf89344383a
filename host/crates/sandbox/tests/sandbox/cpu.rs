//! Guests that do not stop: each is ended at its deadline, or as soon as somebody asks.

use std::time::{Duration, Instant};

use wask_proto::{FailureKind, executor::JobOutcome};

use crate::{
    harness::{Aftermath, Call, Workshop, guest},
    raw::{self, Raw},
};

/// Deadlines are noticed within two ticks; the rest is room for a busy machine.
const NOTICE: Duration = Duration::from_millis(500);

/// Runs a call that must time out after 50 ms, and a harmless one after it.
fn times_out(wasm: &[u8], function: &'static str) {
    let workshop = Workshop::new();
    let harmless = workshop.module(&raw::run(""));
    let module = workshop.module(wasm);
    let mut executor = workshop.executor();
    let aftermath = Aftermath::before(&mut executor, Call::new(harmless, "f"));
    let started = Instant::now();
    let call = Call::new(module, function).arg(1).timeout_ms(50);
    let failure = executor.failure(&call, FailureKind::Timeout);
    assert!(started.elapsed() < NOTICE, "noticed after {:?}", started.elapsed());
    assert_eq!(failure.message, "the call ran longer than its timeout of 50 ms");
    aftermath.check(&mut executor);
}

/// `spin`: an infinite loop in Rust.
#[test]
fn an_infinite_loop_ends_at_its_deadline() {
    let workshop = Workshop::new();
    let module = workshop.module(&guest("hostile"));
    let mut executor = workshop.executor();
    let aftermath = Aftermath::before(&mut executor, Call::new(module, "inc").arg(1));
    let call = Call::new(module, "spin").timeout_ms(50);
    let failure = executor.failure(&call, FailureKind::Timeout);
    assert!(failure.trace.iter().any(|frame| frame.contains("hostile")), "{:?}", failure.trace);
    aftermath.check(&mut executor);
}

#[test]
fn a_loop_inside_allocation_ends_at_its_deadline() {
    // Arguments are passed through the guest's allocator, so it runs before `run` does.
    times_out(&Raw { realloc: "(loop $l (br $l))", ..Raw::default() }.wasm(), "f");
}

#[test]
fn a_loop_after_the_return_ends_at_its_deadline() {
    let items = r#"(func (export "cabi_post_wask:task/guest@0.1.0#run") (param i32)
        (loop $l (br $l)))"#;
    times_out(&Raw { items, ..Raw::default() }.wasm(), "f");
}

#[test]
fn a_loop_of_large_fills_ends_at_its_deadline() {
    let run = "(loop $l
        (memory.fill (i32.const 8192) (i32.const 1) (i32.const 16000000)) (br $l))";
    times_out(&Raw { memory: "256", run, ..Raw::default() }.wasm(), "f");
}

/// `progress_flood`: host calls without end.
#[test]
fn a_flood_of_progress_ends_at_its_deadline() {
    let workshop = Workshop::new();
    let module = workshop.module(&guest("hostile"));
    let mut executor = workshop.executor();
    let aftermath = Aftermath::before(&mut executor, Call::new(module, "inc").arg(1));
    let call = Call::new(module, "progress_flood").timeout_ms(50);
    executor.failure(&call, FailureKind::Timeout);
    aftermath.check(&mut executor);
}

/// `spin` again: a cancel on the page stops it long before its deadline.
#[test]
fn a_cancelled_call_stops_within_50_ms() {
    use std::sync::atomic::Ordering::Release;
    let workshop = Workshop::new();
    let module = workshop.module(&guest("hostile"));
    let mut executor = workshop.executor();
    let aftermath = Aftermath::before(&mut executor, Call::new(module, "inc").arg(1));
    let mut fastest = Duration::MAX;
    for _ in 0..5 {
        let seq = executor.send(&[Call::new(module, "spin")])[0];
        executor.until("the call to begin", |page| page.last_claimed() == seq);
        let asked = Instant::now();
        executor.page.cancel.store(seq, Release);
        assert!(matches!(executor.next().outcome, JobOutcome::Cancelled));
        fastest = fastest.min(asked.elapsed());
    }
    assert!(fastest < Duration::from_millis(50), "noticed after {fastest:?} at best");
    aftermath.check(&mut executor);
}

#[test]
fn a_loop_in_the_start_function_or_in_describe_refuses_the_module() {
    let workshop = Workshop::new();
    let start =
        Raw { items: "(func $forever (loop $l (br $l))) (start $forever)", ..Raw::default() };
    let describe = Raw { describe: "(loop $l (br $l))", ..Raw::default() };
    for wasm in [start.wasm(), describe.wasm()] {
        let refusal = workshop.refusal(&wasm);
        assert!(refusal.contains("`describe` failed (timeout)"), "{refusal}");
    }
    workshop.module(&raw::run(""));
}
