//! The yardstick of benchmarks: bare calls in a loop.

use std::time::Duration;

use wask_sandbox::{BareError, fresh_calls_per_s};

use crate::harness::guest;

/// 41, as CBOR.
const ARGUMENT: [u8; 2] = [0x18, 41];

/// Goal: calls are counted, and a call that fails ends the measurement with its failure.
#[test]
fn bare_calls_are_measured() {
    let numbers = guest("numbers");
    let time = Duration::from_millis(300);
    let per_s = fresh_calls_per_s(&numbers, "inc", &ARGUMENT, time).expect("a figure");
    assert!(per_s > 100.0, "{per_s} calls per second");
    println!("{per_s:.0} calls per second");

    let failed = fresh_calls_per_s(&numbers, "no_such_function", &ARGUMENT, time);
    assert!(matches!(failed, Err(BareError::Call(_))), "{failed:?}");
    let failed = fresh_calls_per_s(b"\0asm", "inc", &ARGUMENT, time);
    assert!(matches!(failed, Err(BareError::Component(_))), "{failed:?}");
}
