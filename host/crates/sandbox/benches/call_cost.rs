//! What one call costs inside an executor: `inc` of the guest `numbers`, a fresh sandbox each
//! time, in batches over the real socket. Prints wall time of the pair of processes and processor
//! time of the executor alone, each per call.
//!
//! `cargo bench -p wask-sandbox [-- CALLS]`; the guest is read from `target/guests`.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a bench may stop")]

#[path = "../../node/src/compiler.rs"]
#[expect(unreachable_pub, reason = "it is public where it lives")]
mod compiler;
#[path = "../tests/sandbox/harness.rs"]
#[expect(dead_code, reason = "a bench uses little of it")]
mod harness;
#[path = "../tests/sandbox/spawn.rs"]
mod spawn;

use std::time::Instant;

use harness::{Call, Executor, Workshop, guest};

/// Calls in one message.
const BATCH: usize = 200;
/// Messages on their way, so that the executor never waits for the next.
const AHEAD: usize = 3;

fn main() {
    let calls = std::env::args().skip(1).find_map(|arg| arg.parse().ok()).unwrap_or(100_000);
    let workshop = Workshop::new();
    for (name, function) in [("numbers", "inc"), ("hostile", "inc")] {
        let module = workshop.module(&guest(name));
        let call = Call::new(module, function).arg(41);
        let mut executor = workshop.executor();
        measure(&mut executor, &call, calls / 10);
        let (wall_us, cpu_us) = measure(&mut executor, &call, calls);
        println!("{name}/{function}: {wall_us:.2} us wall, {cpu_us:.2} us executor, per call");
        let single_us = single(&mut executor, &call, calls / 20);
        println!("{name}/{function}: {single_us:.1} us from job to outcome, one at a time");
        println!("resident: {} KiB", executor.resident_bytes() / 1024);
    }
}

fn measure(executor: &mut Executor, call: &Call, calls: usize) -> (f64, f64) {
    let batch = vec![call.clone(); BATCH];
    let batches = calls.div_ceil(BATCH).max(AHEAD);
    let cpu = cpu_seconds(executor);
    let started = Instant::now();
    (0..AHEAD).for_each(|_| drop(executor.send(&batch)));
    for at in 0..batches {
        (0..BATCH).for_each(|_| drop(executor.next()));
        if at + AHEAD < batches {
            executor.send(&batch);
        }
    }
    let count = (batches * BATCH) as f64;
    let wall = started.elapsed().as_secs_f64();
    (wall * 1e6 / count, (cpu_seconds(executor) - cpu) * 1e6 / count)
}

fn single(executor: &mut Executor, call: &Call, calls: usize) -> f64 {
    let started = Instant::now();
    (0..calls).for_each(|_| drop(executor.run(call)));
    started.elapsed().as_secs_f64() * 1e6 / calls as f64
}

/// Processor time of the executor so far.
fn cpu_seconds(executor: &Executor) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{}/schedstat", executor.pid())).unwrap();
    text.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
}
