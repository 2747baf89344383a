//! Guests that want more memory than they may have, in every way that there is.

use wask_proto::FailureKind;

use crate::{
    harness::{Aftermath, Call, SLACK_BYTES, Workshop, guest},
    raw::{self, Raw},
};

const MIB: u64 = 1024 * 1024;

/// Runs `call` of the guest `hostile`, which must fail for its memory; the message.
fn runs_out(function: &'static str, change: impl FnOnce(Call) -> Call) -> String {
    let workshop = Workshop::new();
    let module = workshop.module(&guest("hostile"));
    let mut executor = workshop.executor();
    let aftermath = Aftermath::before(&mut executor, Call::new(module, "inc").arg(1));
    let failure = executor.failure(&change(Call::new(module, function)), FailureKind::Memory);
    aftermath.check(&mut executor);
    failure.message
}

/// `grow_slowly`: page by page to the limit.
#[test]
fn memory_grown_slowly_past_the_limit_is_a_memory_failure() {
    let message = runs_out("grow_slowly", |call| call.memory(32 * MIB));
    assert!(message.starts_with("the memory limit of 32 MiB was reached: the guest held "));
}

/// `grow_at_once`: one request far beyond the limit.
#[test]
fn memory_grown_at_once_past_the_limit_is_a_memory_failure() {
    let message = runs_out("grow_at_once", |call| call.arg(1_000 * MIB).memory(64 * MIB));
    assert!(message.contains("limit of 64 MiB"), "{message}");
    assert!(message.contains("asked for 1000") && message.ends_with(" MiB more"), "{message}");
}

/// `asks_politely`: a refusal that the guest handles is not a failure.
#[test]
fn a_refused_growth_that_the_guest_survives_is_a_success() {
    let workshop = Workshop::new();
    let module = workshop.module(&guest("hostile"));
    let mut executor = workshop.executor();
    let call = Call::new(module, "asks_politely").arg(1_000 * MIB).memory(64 * MIB);
    assert_eq!(executor.result(&call), ciborium::Value::from(false));
    // An error after it is the function's own.
    let call = Call::new(module, "fails").arg("x").memory(64 * MIB);
    executor.failure(&call, FailureKind::App);
}

/// `hold`: 128 MiB used and returned are not held by the executor afterwards.
#[test]
fn used_memory_goes_back_and_its_peak_is_told() {
    let workshop = Workshop::new();
    let module = workshop.module(&guest("hostile"));
    let mut executor = workshop.executor();
    let aftermath = Aftermath::before(&mut executor, Call::new(module, "inc").arg(1));
    for _ in 0..3 {
        let done = executor.run(&Call::new(module, "hold").arg(128 * MIB));
        let peak = done.peak_memory_bytes;
        assert!((128 * MIB..130 * MIB).contains(&peak), "{peak}");
    }
    aftermath.check(&mut executor);
    let small = executor.run(&Call::new(module, "inc").arg(1)).peak_memory_bytes;
    assert!(small < 3 * MIB, "{small}");
}

#[test]
fn a_minimum_above_the_limit_is_a_memory_failure() {
    let workshop = Workshop::new();
    let harmless = workshop.module(&raw::run(""));
    let module = workshop.module(&Raw { memory: "512", ..Raw::default() }.wasm());
    let mut executor = workshop.executor();
    let aftermath = Aftermath::before(&mut executor, Call::new(harmless, "f"));
    let call = Call::new(module, "f").memory(16 * MIB);
    let failure = executor.failure(&call, FailureKind::Memory);
    assert_eq!(
        failure.message,
        "the memory limit of 16 MiB was reached: the guest held 0 bytes and asked for 32 MiB more"
    );
    executor.result(&Call::new(module, "f").memory(32 * MIB));
    aftermath.check(&mut executor);
}

#[test]
fn several_memories_count_together() {
    let workshop = Workshop::new();
    let two = Raw { memory: "200", items: "(memory $second 200)", ..Raw::default() };
    let module = workshop.module(&two.wasm());
    let mut executor = workshop.executor();
    let done = executor.run(&Call::new(module, "f").memory(25 * MIB));
    assert_eq!(done.peak_memory_bytes, 25 * MIB);
    executor.failure(&Call::new(module, "f").memory(24 * MIB), FailureKind::Memory);
}

#[test]
fn a_minimum_above_what_any_module_may_have_refuses_the_module() {
    let workshop = Workshop::new();
    let refusal = workshop.refusal(&Raw { memory: "60000", ..Raw::default() }.wasm());
    assert!(refusal.contains("`describe` failed (memory)"), "{refusal}");
    assert!(refusal.contains("memory limit of 64 MiB"), "{refusal}");
}

#[test]
fn a_table_grown_past_the_limit_is_a_memory_failure() {
    let workshop = Workshop::new();
    let harmless = workshop.module(&raw::run(""));
    let grow = |step: u32| {
        let run = format!(
            "(loop $l (br_if $l (i32.ge_s
               (table.grow $t (ref.null func) (i32.const {step})) (i32.const 0))))
             unreachable"
        );
        Raw { items: "(table $t 1 funcref)", run: &run, ..Raw::default() }.wasm()
    };
    for step in [1, 100, 1_000_000_000] {
        let module = workshop.module(&grow(step));
        let mut executor = workshop.executor();
        let aftermath = Aftermath::before(&mut executor, Call::new(harmless, "f"));
        let failure = executor.failure(&Call::new(module, "f"), FailureKind::Memory);
        let expected = "the table limit of 100000 elements was reached: the guest held ";
        assert!(failure.message.starts_with(expected), "{}", failure.message);
        assert!(failure.message.ends_with(&format!("asked for {step} more")));
        aftermath.check(&mut executor);
    }
}

#[test]
fn a_table_larger_than_the_limit_refuses_the_module() {
    let workshop = Workshop::new();
    let table = Raw { items: "(table 4000000000 funcref)", ..Raw::default() };
    let refusal = workshop.refusal(&table.wasm());
    assert!(refusal.contains("table limit of 100000 elements"), "{refusal}");
}

/// `hold` of 16 MiB, many times: an executor does not grow with the number of calls.
#[test]
fn an_executor_does_not_grow_over_many_calls() {
    let workshop = Workshop::new();
    let module = workshop.module(&guest("hostile"));
    let mut executor = workshop.executor();
    let small = Call::new(module, "inc").arg(1);
    let large = Call::new(module, "hold").arg(16 * MIB);
    executor.result(&large);
    executor.result(&small);
    let before = executor.resident_bytes();
    for _ in 0..30 {
        executor.result(&large);
        executor.send(&vec![small.clone(); 100]);
        (0..100).for_each(|_| drop(executor.next()));
    }
    assert!(executor.resident_bytes() <= before + SLACK_BYTES);
}
