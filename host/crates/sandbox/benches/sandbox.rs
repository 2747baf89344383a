//! What one call costs inside an executor: `inc` of a guest, a fresh sandbox each time, over the
//! real socket; and what an executor costs to start.
//!
//! `cargo bench -p wask-sandbox --bench sandbox`; the guests are read from `target/guests`.
#![expect(missing_docs, reason = "criterion makes a public function of each group")]
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a bench may stop")]

#[path = "../../node/src/compiler.rs"]
#[expect(unreachable_pub, reason = "it is public where it lives")]
mod compiler;
#[path = "../tests/sandbox/harness.rs"]
#[expect(dead_code, reason = "a bench uses little of it")]
mod harness;
#[path = "../tests/sandbox/spawn.rs"]
mod spawn;

use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use harness::{Call, Executor, Workshop, guest};
use wask_sandbox::{fresh_calls_per_s, wasmtime_calls_per_s};

/// Calls in one message.
const BATCH: usize = 200;
/// Messages on their way, so that the executor never waits for the next.
const AHEAD: usize = 3;

/// `numbers` has the allocator of the SDK, `hostile` one that grows its memory at once.
const GUESTS: [&str; 2] = ["numbers", "hostile"];

fn calls(criterion: &mut Criterion) {
    let workshop = Workshop::new();
    for name in GUESTS {
        let call = Call::new(workshop.module(&guest(name)), "inc").arg(41);
        let mut executor = workshop.executor();
        let mut group = criterion.benchmark_group(format!("fresh call, {name}"));
        group.sample_size(20).measurement_time(Duration::from_secs(2));
        group.throughput(Throughput::Elements(1));
        group.bench_function("wall time, many on their way", |bencher| {
            bencher.iter_custom(|calls| pipelined(&mut executor, &call, calls).0);
        });
        group.bench_function("processor time of the executor", |bencher| {
            bencher.iter_custom(|calls| pipelined(&mut executor, &call, calls).1);
        });
        group.bench_function("wall time, one at a time", |bencher| {
            bencher.iter(|| executor.run(&call));
        });
        group.finish();
    }
}

/// What is left of a call without messages, and what wasmtime alone takes for it: the floor.
fn alone(criterion: &mut Criterion) {
    let component = guest("numbers");
    let (time, argument) = (Duration::from_millis(300), [0x18, 41]);
    let mut group = criterion.benchmark_group("fresh call alone, numbers");
    group.sample_size(10).warm_up_time(Duration::from_millis(1));
    group.throughput(Throughput::Elements(1));
    group.bench_function("as an executor makes it", |bencher| {
        bencher.iter_custom(|calls| {
            let per_s = fresh_calls_per_s(&component, "inc", &argument, time).unwrap();
            Duration::from_secs_f64(calls as f64 / per_s)
        });
    });
    group.bench_function("wasmtime alone", |bencher| {
        bencher.iter_custom(|calls| {
            let per_s = wasmtime_calls_per_s(&component, "inc", &argument, time).unwrap();
            Duration::from_secs_f64(calls as f64 / per_s)
        });
    });
    group.finish();
}

fn start(criterion: &mut Criterion) {
    let workshop = Workshop::new();
    let call = Call::new(workshop.module(&guest("numbers")), "inc").arg(41);
    let mut group = criterion.benchmark_group("executor");
    group.sample_size(20).measurement_time(Duration::from_secs(2));
    group.bench_function("start, and the first call", |bencher| {
        bencher.iter(|| {
            let mut executor = workshop.executor();
            executor.run(&call);
            executor
        });
    });
    group.finish();
}

/// Wall time, and processor time of the executor, for so many calls. At least a few messages are
/// sent, so that some are always on their way; times are scaled to the calls asked for.
fn pipelined(executor: &mut Executor, call: &Call, calls: u64) -> (Duration, Duration) {
    let batch = vec![call.clone(); BATCH];
    let batches = (calls as usize).div_ceil(BATCH).max(AHEAD);
    let cpu = cpu_time(executor);
    let started = Instant::now();
    (0..AHEAD).for_each(|_| drop(executor.send(&batch)));
    for at in 0..batches {
        (0..BATCH).for_each(|_| drop(executor.next()));
        if at + AHEAD < batches {
            executor.send(&batch);
        }
    }
    let scale = calls as f64 / (batches * BATCH) as f64;
    let wall = started.elapsed().mul_f64(scale);
    (wall, (cpu_time(executor) - cpu).mul_f64(scale))
}

/// Processor time of the executor so far.
fn cpu_time(executor: &Executor) -> Duration {
    let text = std::fs::read_to_string(format!("/proc/{}/schedstat", executor.pid())).unwrap();
    Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap())
}

criterion_group!(benches, alone, calls, start);
criterion_main!(benches);
