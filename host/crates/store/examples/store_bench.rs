//! Measures what the store costs on this machine: `cargo run --release --example store_bench [DIR]`.
//!
//! Prints percentiles; decides nothing.

use std::{
    error::Error,
    hint::black_box,
    ops::ControlFlow,
    path::Path,
    time::{Duration, Instant},
};

use wask_proto::{Encoding, MemoKey, ObjectId, Record, RunId, Seq, StoredValue, Timestamp, Timing};
use wask_store::{
    DataDir, FileJournal, FileObjects, Index, IndexChange, IndexOptions, Journal, JournalOptions,
    MemoName, ObjectRecord, Objects, RecordBatch,
};

/// Small enough for a few of them to be closed, which is what compaction works on.
const SEGMENTS: JournalOptions = JournalOptions { segment_max_bytes: 8 * 1024 * 1024 };

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> Outcome {
    let root = match std::env::args_os().nth(1) {
        Some(path) => tempfile::tempdir_in(path)?,
        None => tempfile::tempdir()?,
    };
    let dir = DataDir::open(root.path())?;
    journal(&dir.journal())?;
    objects(&dir)?;
    index(&dir.index())?;
    println!("resident at the end: {}", resident());
    Ok(())
}

fn journal(path: &Path) -> Outcome {
    let (mut journal, _) = FileJournal::open(path, SEGMENTS)?;
    for (count, rounds) in [(1, 1_000), (100, 500), (10_000, 50)] {
        let mut batch = RecordBatch::default();
        let encoding = Instant::now();
        for task in 0..count {
            batch.push(&success(task))?;
        }
        let encoding = encoding.elapsed();
        let bytes = batch.byte_len();
        let times = measure(rounds, || Ok(journal.append(Seq(journal.last().0 + 1), &batch)?))?;
        report(&format!("journal: append {count} records ({bytes} B) + sync"), times);
        println!("    encoding them: {encoding:?}");
    }
    let start = Instant::now();
    let mut bytes = 0;
    journal.reader().read(Seq(1), &mut |_, record| {
        bytes += record.len();
        ControlFlow::Continue(())
    })?;
    println!(
        "journal: read and check {} records, {bytes} B: {:?}",
        journal.last().0,
        start.elapsed()
    );
    drop(journal);
    let start = Instant::now();
    let (mut journal, recovered) = FileJournal::open(path, SEGMENTS)?;
    println!("journal: open with {} records: {:?}", recovered.records, start.elapsed());
    let start = Instant::now();
    let compacted = journal.compact(&mut |seq, _| seq.0.is_multiple_of(10))?;
    println!("journal: compact {compacted:?}: {:?}", start.elapsed());
    Ok(())
}

fn objects(dir: &DataDir) -> Outcome {
    let objects = FileObjects::open(dir)?;
    let mut number = 0_u64;
    let mut fresh = |length: usize| {
        number += 1;
        let mut bytes = vec![7; length];
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        bytes
    };
    let times = measure(200, || Ok(objects.put(&fresh(64 * 1024)).map(|_| ())?))?;
    report("objects: put 64 KiB", times);
    let times = measure(200, || Ok(objects.spill(&fresh(64 * 1024)).map(|_| ())?))?;
    report("objects: spill 64 KiB", times);
    let values: Vec<_> = (0..100).map(|_| fresh(64 * 1024)).collect();
    let values: Vec<_> = values.iter().map(Vec::as_slice).collect();
    let start = Instant::now();
    let ids = objects.put_many(&values)?;
    println!("objects: put_many 100 x 64 KiB: {:?}", start.elapsed());
    let times = measure(100, || {
        black_box(objects.get(&ids[0])?);
        Ok(())
    })?;
    report("objects: get 64 KiB again", times);
    Ok(())
}

fn index(path: &Path) -> Outcome {
    let (index, _) = Index::open(path, IndexOptions::default())?;
    println!("resident with the index open: {}", resident());
    for round in 0..5_u64 {
        let (applying, flushing) = apply(&index, round)?;
        println!("index: apply 10 000 memo + 10 000 objects: {applying:?}, flush {flushing:?}");
        println!("    {}", resident());
    }
    let mut number = 0_u64;
    let times = measure(10_000, || {
        number += 1;
        black_box(index.object(&ObjectId(hash(number)))?);
        Ok(())
    })?;
    report("index: look up an object", times);
    println!("index: {:?}", index.stats()?);
    drop(index);
    let start = Instant::now();
    let (_index, state) = Index::open(path, IndexOptions::default())?;
    println!("index: open again ({state:?}): {:?}", start.elapsed());
    Ok(())
}

fn apply(index: &Index, round: u64) -> Outcome<(Duration, Duration)> {
    let changes: Vec<_> = (round * 10_000..(round + 1) * 10_000)
        .flat_map(|number| {
            let value = StoredValue::Inline(Encoding::Cbor, vec![1; 20]);
            let inline = Some(vec![1; 20]);
            let object = ObjectRecord { media_type: "application/cbor".into(), size: 20, inline };
            [
                IndexChange::PutMemo(MemoName::from(&MemoKey(hash(number))), value),
                IndexChange::PutObject(ObjectId(hash(number)), object),
            ]
        })
        .collect();
    let start = Instant::now();
    index.apply(Seq(round + 1), &changes)?;
    let applying = start.elapsed();
    index.flush()?;
    Ok((applying, start.elapsed() - applying))
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

fn hash(number: u64) -> [u8; 32] {
    ObjectId::of(&number.to_le_bytes()).0
}

fn measure(rounds: usize, mut step: impl FnMut() -> Outcome) -> Outcome<Vec<Duration>> {
    let mut times = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        let start = Instant::now();
        step()?;
        times.push(start.elapsed());
    }
    times.sort();
    Ok(times)
}

fn report(what: &str, times: Vec<Duration>) {
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    println!("{what}: p50 {:?}, p99 {:?}, max {:?}", at(50), at(99), at(100));
}

fn resident() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find(|line| line.starts_with("VmRSS")).unwrap_or("unknown").to_owned()
}
