//! What encoding costs: records of the journal, frames between processes, CBOR.
//!
//! `cargo bench -p wask-proto --bench codec`
#![expect(missing_docs, reason = "criterion makes a public function of each group")]
#![expect(clippy::unwrap_used, reason = "a bench may stop")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use wask_proto::{
    CallLimits, Encoding, ModuleId, Record, RunId, StoredValue, Timestamp, Timing,
    cbor::{check_one_item, write},
    decode_frame, encode_frame,
    executor::{Job, Order, ToExecutor},
};

/// Levels that a value may have.
const DEPTH: usize = 64;

fn records(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("records");
    group.throughput(Throughput::Elements(1));
    let record = success();
    let mut out = Vec::new();
    group.bench_function("encode a success", |bencher| {
        bencher.iter(|| {
            out.clear();
            black_box(&record).encode(&mut out).unwrap();
        });
    });
    out.clear();
    record.encode(&mut out).unwrap();
    group.bench_function("decode a success", |bencher| {
        bencher.iter(|| Record::decode(black_box(&out)).unwrap());
    });
    group.finish();
}

fn frames(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("frames");
    for jobs in [1, 64] {
        group.throughput(Throughput::Elements(jobs));
        let message = ToExecutor::Run((0..jobs).map(|seq| Order::Call(job(seq))).collect());
        let mut out = Vec::new();
        group.bench_function(format!("encode {jobs} jobs"), |bencher| {
            bencher.iter(|| {
                out.clear();
                encode_frame(black_box(&message), &mut out).unwrap();
            });
        });
        out.clear();
        encode_frame(&message, &mut out).unwrap();
        group.bench_function(format!("decode {jobs} jobs"), |bencher| {
            bencher.iter(|| decode_frame::<ToExecutor>(black_box(&out)).unwrap());
        });
    }
    group.finish();
}

fn cbor(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("cbor");
    let mut out = Vec::new();
    group.throughput(Throughput::Elements(1_000));
    group.bench_function("write 1 000 integers", |bencher| {
        bencher.iter(|| {
            out.clear();
            write::head(&mut out, 4, 1_000);
            (0..1_000).for_each(|n| write::integer(&mut out, black_box(n) * 1_000));
        });
    });
    group.throughput(Throughput::Bytes(out.len() as u64));
    group.bench_function("check 1 000 integers", |bencher| {
        bencher.iter(|| check_one_item(black_box(&out), DEPTH).unwrap());
    });
    let mut bytes = Vec::new();
    write::bytes(&mut bytes, &vec![7; 1024 * 1024]);
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("check a byte string of 1 MiB", |bencher| {
        bencher.iter(|| check_one_item(black_box(&bytes), DEPTH).unwrap());
    });
    group.finish();
}

fn success() -> Record {
    Record::TaskSucceeded {
        run: RunId(0x1234_5678_9abc_def0),
        task: 1_000,
        attempt: 1,
        queued_at: Timestamp(1_790_000_000_000_000),
        timing: Timing { started_at: Timestamp(1_790_000_000_000_100), ..Timing::default() },
        cached: false,
        value: StoredValue::Inline(Encoding::Cbor, vec![0x1a, 0, 1, 2, 3]),
    }
}

fn job(seq: u64) -> Job {
    Job {
        keep: false,
        previous: None,
        seq,
        module: ModuleId([7; 32]),
        function: "inc".into(),
        args: vec![vec![0x1a, 0, 1, 2, 3].into()],
        limits: CallLimits::default(),
        attempt: 1,
        task: "0123456789abcdef/inc[1000]".into(),
        profile: false,
    }
}

criterion_group!(benches, records, frames, cbor);
criterion_main!(benches);
