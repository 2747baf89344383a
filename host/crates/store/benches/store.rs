//! What the store costs on this machine's disk: the journal, the objects, the index.
//!
//! `cargo bench -p wask-store --bench store`
#![expect(missing_docs, reason = "criterion makes a public function of each group")]
#![expect(clippy::unwrap_used, reason = "a bench may stop")]

use std::{hint::black_box, ops::ControlFlow, time::Duration};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use wask_proto::{Encoding, MemoKey, ObjectId, Record, RunId, Seq, StoredValue, Timestamp, Timing};
use wask_store::{
    DataDir, FileJournal, FileObjects, Index, IndexChange, IndexOptions, Journal, JournalOptions,
    MemoName, ObjectRecord, Objects, RecordBatch,
};

/// Changes that are applied to the index at once.
const CHANGES: u64 = 1_000;

const OBJECT_BYTES: usize = 64 * 1024;

fn journal(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("journal");
    group.sample_size(20).measurement_time(Duration::from_secs(2));
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = FileJournal::open(dir.path(), JournalOptions::default()).unwrap();
    for count in [1, 100, 10_000] {
        let batch = batch(count);
        group.throughput(Throughput::Elements(u64::from(count)));
        group.bench_function(format!("append {count} and sync"), |bencher| {
            bencher.iter(|| journal.append(Seq(journal.last().0 + 1), &batch).unwrap());
        });
    }
    group.throughput(Throughput::Elements(10_000));
    group.bench_function("encode a batch of 10 000", |bencher| bencher.iter(|| batch(10_000)));
    group.bench_function("read 10 000", |bencher| {
        let mut reader = journal.reader();
        bencher.iter(|| {
            let mut left = 10_000;
            let mut count = |_, _: &[u8]| {
                left -= 1;
                if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            };
            reader.read(Seq(1), &mut count).unwrap();
        });
    });
    group.finish();
}

fn objects(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("objects");
    group.sample_size(20).measurement_time(Duration::from_secs(2));
    group.throughput(Throughput::Bytes(OBJECT_BYTES as u64));
    let root = tempfile::tempdir().unwrap();
    let objects = FileObjects::open(&DataDir::open(root.path()).unwrap()).unwrap();
    let mut number = 0_u64;
    let mut fresh = || {
        number += 1;
        let mut bytes = vec![7; OBJECT_BYTES];
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        bytes
    };
    let kept = objects.put(&fresh()).unwrap();
    group.bench_function("put 64 KiB and sync", |bencher| {
        bencher.iter_batched(&mut fresh, |it| objects.put(&it).unwrap(), BatchSize::SmallInput);
    });
    group.bench_function("spill 64 KiB", |bencher| {
        bencher.iter_batched(&mut fresh, |it| objects.spill(&it).unwrap(), BatchSize::SmallInput);
    });
    group.bench_function("get 64 KiB", |bencher| {
        bencher.iter(|| black_box(objects.get(&kept).unwrap()));
    });
    group.finish();
}

fn index(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("index");
    group.sample_size(10).measurement_time(Duration::from_secs(2));
    let dir = tempfile::tempdir().unwrap();
    let (index, _) = Index::open(dir.path(), IndexOptions::default()).unwrap();
    let mut round = 0;
    group.throughput(Throughput::Elements(CHANGES));
    group.bench_function("remember 1 000 calls", |bencher| {
        let fresh = || {
            round += 1;
            (round, (round * CHANGES..(round + 1) * CHANGES).map(remembered).collect::<Vec<_>>())
        };
        bencher.iter_batched(
            fresh,
            |(round, changes)| index.apply(Seq(round), &changes).unwrap(),
            BatchSize::PerIteration,
        );
    });
    let objects: Vec<_> = (0..CHANGES).map(object).collect();
    index.apply(Seq(round + 1), &objects).unwrap();
    let mut number = 0;
    group.throughput(Throughput::Elements(1));
    group.bench_function("look up an object", |bencher| {
        bencher.iter(|| {
            number = (number + 1) % CHANGES;
            black_box(index.object(&ObjectId(hash(number))).unwrap())
        });
    });
    group.finish();
}

fn batch(count: u32) -> RecordBatch {
    let mut batch = RecordBatch::default();
    (0..count).for_each(|task| batch.push(&success(task)).unwrap());
    batch
}

fn success(task: u32) -> Record {
    Record::TaskSucceeded {
        run: RunId(0x1234_5678_9abc_def0),
        task,
        attempt: 1,
        queued_at: Timestamp(1_790_000_000_000_000),
        timing: Timing { started_at: Timestamp(1_790_000_000_000_100), ..Timing::default() },
        cached: false,
        value: StoredValue::Inline(Encoding::Cbor, vec![0x1a, 0, 1, 2, 3]),
    }
}

fn remembered(number: u64) -> IndexChange {
    let value = StoredValue::Inline(Encoding::Cbor, vec![1; 20]);
    IndexChange::PutMemo(MemoName::from(&MemoKey(hash(number))), value)
}

fn object(number: u64) -> IndexChange {
    let inline = Some(vec![1; 20]);
    let record = ObjectRecord { media_type: "application/cbor".into(), size: 20, inline };
    IndexChange::PutObject(ObjectId(hash(number)), record)
}

fn hash(number: u64) -> [u8; 32] {
    ObjectId::of(&number.to_le_bytes()).0
}

criterion_group!(benches, journal, objects, index);
criterion_main!(benches);
