//! The log of memoised results: what comes back, in which order, and what goes with its generation.

use std::path::Path;

use wask_proto::{Encoding, INLINE_VALUE_MAX_BYTES, MemoKey, ObjectId, Seq, StoredValue};
use wask_store::{Index, IndexChange, IndexOptions, MemoName, ObjectRecord, Remembered};

use crate::support::Random;

const OPTIONS: IndexOptions = IndexOptions { cache_max_bytes: 1024 * 1024 };

fn name(number: u64) -> MemoName {
    MemoName::from(&MemoKey(ObjectId::of(&number.to_le_bytes()).0))
}

fn value(number: u64) -> StoredValue {
    StoredValue::Inline(Encoding::Cbor, number.to_le_bytes().to_vec())
}

fn put(number: u64) -> IndexChange {
    IndexChange::PutMemo(name(number), value(number))
}

fn open(dir: &Path) -> Index {
    Index::open(dir, OPTIONS).unwrap().0
}

fn remembered(index: &Index) -> Vec<Remembered> {
    let mut all = Vec::new();
    index.read_memo(|remembered| all.push(remembered)).unwrap();
    all
}

/// What reading back has to give for these changes.
fn expected(changes: &[IndexChange]) -> Vec<Remembered> {
    let mut generations = vec![Vec::new()];
    for change in changes {
        match change {
            IndexChange::BeginMemoGeneration => generations.push(Vec::new()),
            IndexChange::PutMemo(name, value) => {
                let calls = generations.last_mut().unwrap();
                calls.push(Remembered::Call(*name, Some(value.clone())));
            }
            IndexChange::DeleteMemo(name) => {
                generations.last_mut().unwrap().push(Remembered::Call(*name, None));
            }
            IndexChange::PutObject(..) | IndexChange::DeleteObject(_) => {}
        }
    }
    let young = generations.pop().unwrap();
    let old = generations.pop().unwrap_or_default();
    old.into_iter().chain([Remembered::Generation]).chain(young).collect()
}

/// Goal: random changes of all kinds and sizes, in batches, with restarts: the last two generations
/// come back, change by change.
#[test]
fn the_last_two_generations_come_back_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let (mut random, mut index) = (Random::new(11), open(dir.path()));
    let (mut all, mut generations) = (Vec::new(), 0);
    for step in 0..300_u64 {
        let changes: Vec<_> = (0..random.below(60))
            .map(|_| match random.below(40) {
                0..4 => IndexChange::DeleteMemo(name(random.below(500))),
                4 if step % 20 == 0 => IndexChange::BeginMemoGeneration,
                5 => {
                    let bytes = random.below(INLINE_VALUE_MAX_BYTES as u64 + 1) as usize;
                    let large = StoredValue::Inline(Encoding::Raw, random.bytes(bytes));
                    IndexChange::PutMemo(name(random.below(500)), large)
                }
                _ => put(random.below(500)),
            })
            .collect();
        generations +=
            changes.iter().filter(|c| matches!(c, IndexChange::BeginMemoGeneration)).count();
        index.apply(Seq(step), &changes).unwrap();
        all.extend(changes);
        if step % 30 == 29 {
            assert_eq!(remembered(&index), expected(&all));
            index.flush().unwrap();
            drop(index);
            index = open(dir.path());
            assert_eq!(remembered(&index), expected(&all));
        }
    }
    assert!(generations > 5, "too few generations were begun to tell");
}

/// Goal: what older generations took is given back: the index does not grow with their number.
#[test]
fn forgotten_generations_take_no_space() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    let mut sizes = Vec::new();
    for generation in 0..60_u64 {
        for batch in 0..10 {
            let first = (generation * 10 + batch) * 1_000;
            let changes: Vec<_> = (first..first + 1_000).map(put).collect();
            index.apply(Seq(generation), &changes).unwrap();
        }
        index.apply(Seq(generation), &[IndexChange::BeginMemoGeneration]).unwrap();
        index.flush().unwrap();
        sizes.push(index.stats().unwrap().disk_bytes);
    }
    let (early, late) = (sizes[9], sizes[59]);
    assert!(late < early * 3, "60 generations take {late} bytes, 10 took {early}");
}

/// Goal: an index in memory has no later start, and keeps none.
#[test]
fn in_memory_there_is_nothing_to_read_back() {
    let index = Index::open_temporary();
    index.apply(Seq(1), &[put(1), IndexChange::BeginMemoGeneration, put(2)]).unwrap();
    assert_eq!(remembered(&index), []);
}

/// Goal: objects are no part of it; none of them goes because results do.
#[test]
fn objects_stay_when_results_go() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    let id = ObjectId([9; 32]);
    let record = ObjectRecord { media_type: "x".into(), size: 1, inline: Some(vec![1]) };
    index.apply(Seq(1), &[IndexChange::PutObject(id, record.clone())]).unwrap();
    for _ in 0..3 {
        index.apply(Seq(2), &[put(1), IndexChange::BeginMemoGeneration]).unwrap();
    }
    assert_eq!(index.object(&id).unwrap(), Some(record));
}
