//! The bound of memoised results: what is forgotten, and what must not be.

use std::{collections::HashMap, path::Path};

use wask_proto::{Encoding, MemoKey, ObjectId, Seq, StoredValue};
use wask_store::{Index, IndexChange, IndexOptions};

use crate::support::Random;

const MAX_ENTRIES: u64 = 40;
const OPTIONS: IndexOptions =
    IndexOptions { cache_max_bytes: 1024 * 1024, memo_max_entries: MAX_ENTRIES };

fn key(number: u64) -> MemoKey {
    MemoKey(ObjectId::of(&number.to_le_bytes()).0)
}

fn value(number: u64) -> StoredValue {
    StoredValue::Inline(Encoding::Cbor, number.to_le_bytes().to_vec())
}

fn put(number: u64) -> IndexChange {
    IndexChange::PutMemo(key(number), value(number))
}

fn open(dir: &Path) -> Index {
    Index::open(dir, OPTIONS).unwrap().0
}

fn over_all(test: impl Fn(&Index)) {
    test(&Index::open_temporary(OPTIONS).unwrap());
    let dir = tempfile::tempdir().unwrap();
    test(&open(dir.path()));
}

/// Goal: however many results come, no more than the limit stay, and these are the latest.
#[test]
fn the_number_of_entries_is_bounded() {
    over_all(|index| {
        for round in 0..50_u64 {
            let changes: Vec<_> = (round * 30..(round + 1) * 30).map(put).collect();
            index.apply(Seq(round), &changes).unwrap();
            assert!(index.stats().unwrap().memo_entries <= MAX_ENTRIES);
            let last = round * 30 + 29;
            for recent in last.saturating_sub(MAX_ENTRIES / 2 - 1)..=last {
                assert_eq!(index.memo(&key(recent)).unwrap(), Some(value(recent)));
            }
            let past = last.checked_sub(MAX_ENTRIES).map(|past| index.memo(&key(past)).unwrap());
            assert_eq!(past.flatten(), None);
        }
    });
}

/// Goal: objects are no part of it; none of them goes because results come.
#[test]
fn objects_stay_when_results_go() {
    over_all(|index| {
        let id = ObjectId([9; 32]);
        let record =
            wask_store::ObjectRecord { media_type: "x".into(), size: 1, inline: Some(vec![1]) };
        index.apply(Seq(1), &[IndexChange::PutObject(id, record.clone())]).unwrap();
        let changes: Vec<_> = (0..1_000).map(put).collect();
        index.apply(Seq(2), &changes).unwrap();
        assert_eq!(index.object(&id).unwrap(), Some(record));
        assert_eq!(index.memo(&key(0)).unwrap(), None);
    });
}

/// Goal: random puts, deletions and restarts: the bound holds, what was deleted is not found, what
/// is found is what was put last, and what was put recently is found.
#[test]
fn a_model_agrees() {
    let dir = tempfile::tempdir().unwrap();
    let (mut random, mut index) = (Random::new(11), open(dir.path()));
    // What each call was put with last, and when; deleted ones are not in it.
    let mut model = HashMap::<u64, (u64, u64)>::new();
    let (mut found, mut forgotten) = (0, 0);
    for step in 1..4_000_u64 {
        let number = random.below(150);
        let change = if random.below(8) == 0 {
            model.remove(&number);
            IndexChange::DeleteMemo(key(number))
        } else {
            model.insert(number, (step, step));
            IndexChange::PutMemo(key(number), value(step))
        };
        index.apply(Seq(step), &[change]).unwrap();
        if step % 500 == 0 {
            index.flush().unwrap();
            drop(index);
            index = open(dir.path());
        }
        assert!(index.stats().unwrap().memo_entries <= MAX_ENTRIES);
        let asked = random.below(150);
        match (index.memo(&key(asked)).unwrap(), model.get(&asked)) {
            (Some(is), Some((last, _))) => {
                found += 1;
                assert_eq!(is, value(*last));
            }
            (None, Some((_, put_at))) => {
                forgotten += 1;
                assert!(step - put_at >= MAX_ENTRIES / 2, "a recent result was forgotten");
            }
            (is, None) => assert_eq!(is, None, "a deleted result was found"),
        }
    }
    assert!(found > 500 && forgotten > 500, "{found} found, {forgotten} forgotten");
}

/// Goal: both halves come back after a restart, and the older one goes when it is its turn.
#[test]
fn both_generations_come_back() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    let changes: Vec<_> = (0..30).map(put).collect();
    index.apply(Seq(1), &changes).unwrap();
    index.flush().unwrap();
    drop(index);
    let index = open(dir.path());
    assert_eq!(index.stats().unwrap().memo_entries, 30);
    assert!((0..30).all(|number| index.memo(&key(number)).unwrap() == Some(value(number))));
    let changes: Vec<_> = (100..111).map(put).collect();
    index.apply(Seq(2), &changes).unwrap();
    let there = |number: u64| index.memo(&key(number)).unwrap().is_some();
    assert!((0..20).all(|number| !there(number)), "the older half is gone");
    assert!((20..30).chain(100..111).all(there), "the younger half is there");
}
