//! Nothing of one call reaches another, and nothing but its arguments decides what a call
//! returns.

use ciborium::Value;
use wask_proto::executor::JobOutcome;

use crate::{
    harness::{Call, Workshop, guest},
    raw::Raw,
};

const MIB: u64 = 1024 * 1024;

/// `write_pattern` and `find_pattern`: the same module, so the same place in the pool.
#[test]
fn a_pattern_written_by_one_call_is_not_seen_by_the_next() {
    let workshop = Workshop::new();
    let module = workshop.module(&guest("hostile"));
    let mut executor = workshop.executor();
    // Less and more than what stays resident between calls, and nothing but the arena.
    for bytes in [64 * 1024, 2 * MIB, 32 * MIB] {
        for _ in 0..3 {
            executor.result(&Call::new(module, "write_pattern").arg(bytes));
            let found = executor.result(&Call::new(module, "find_pattern").arg(bytes));
            assert_eq!(found, Value::from(0), "after {bytes} bytes");
        }
    }
}

/// Guests of many modules write all over their memories, tables and globals; guests of the same
/// and of other modules then find everything as it was at the beginning. There are more modules
/// than warm places in the pool, so places change hands.
#[test]
fn a_pattern_is_not_seen_by_guests_of_other_modules_in_the_same_place() {
    // Traps with `unreachable` if anything above the heap's start is set, then sets it.
    let run = "
        (local $at i32)
        (local.set $at (i32.const 8192))
        (loop $l
          (if (i64.ne (i64.load (local.get $at)) (i64.const 0)) (then unreachable))
          (i64.store (local.get $at) (i64.const 0x5ec2e75ec2e75ec2))
          (local.set $at (i32.add (local.get $at) (i32.const 8)))
          (br_if $l (i32.lt_u (local.get $at) (i32.const 6553600))))
        (if (global.get $used) (then unreachable))
        (global.set $used (i32.const 1))
        (if (i32.eqz (ref.is_null (table.get $table (i32.const 7)))) (then unreachable))
        (table.set $table (i32.const 7) (ref.func $run))";
    let workshop = Workshop::new();
    let modules: Vec<_> = (0..24)
        .map(|n| {
            let items = format!(
                "(global $used (mut i32) (i32.const 0)) (table $table 8 funcref)
                 (elem declare func $run) (global i32 (i32.const {n}))"
            );
            workshop.module(&Raw { memory: "100", items: &items, run, ..Raw::default() }.wasm())
        })
        .collect();
    let mut executor = workshop.executor();
    for round in 0..3 {
        for (at, module) in modules.iter().enumerate() {
            let done = executor.run(&Call::new(*module, "f"));
            let clean = matches!(done.outcome, JobOutcome::Success(_));
            assert!(clean, "module {at} in round {round}: {:?}", done.outcome);
        }
    }
}

/// `float_bits` and `inc`: the same input gives the same bytes, in another executor too, and NaNs
/// have one form.
#[test]
fn the_same_input_twice_gives_the_same_bytes() {
    let workshop = Workshop::new();
    let module = workshop.module(&guest("hostile"));
    let calls = [Call::new(module, "float_bits").arg(1.5), Call::new(module, "inc").arg(41)];
    let results = || {
        let mut executor = workshop.executor();
        let calls = [&calls[..], &calls[..]].concat();
        calls.iter().map(|call| executor.result(call)).collect::<Vec<_>>()
    };
    let (first, second) = (results(), results());
    assert_eq!(first, second);
    assert_eq!(first[..2], first[2..]);
    let bits = first[0].as_array().unwrap();
    let canonical = Value::from(f64::NAN.to_bits());
    assert!(bits.iter().all(|bits| *bits == canonical), "{bits:?}");
}

/// `asks`: what a guest may know about its call is its own.
#[test]
fn a_guest_knows_its_own_task_and_attempt() {
    let workshop = Workshop::new();
    let module = workshop.module(&guest("hostile"));
    let mut executor = workshop.executor();
    let told = executor.result(&Call::new(module, "asks"));
    assert_eq!(told, Value::from("0123456789abcdef/key 3 false"));
}
