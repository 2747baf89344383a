//! What the index promises, in sled and in memory, and how it survives what sled does not.

use std::{fs, path::Path};

use wask_proto::{Encoding, INLINE_VALUE_MAX_BYTES, MemoKey, ObjectId, Seq, StoredValue};
use wask_store::{
    Index, IndexChange, IndexError, IndexOptions, IndexState, MEDIA_TYPE_MAX_BYTES, MemoName,
    ObjectRecord,
};

use crate::support::{Random, names};

const SMALL_CACHE: IndexOptions = IndexOptions { cache_max_bytes: 1024 * 1024 };

fn open(dir: &Path) -> (Index, IndexState) {
    Index::open(dir, SMALL_CACHE).unwrap()
}

fn over_all(test: impl Fn(&Index)) {
    test(&Index::open_temporary());
    let dir = tempfile::tempdir().unwrap();
    test(&open(dir.path()).0);
}

fn record(media_type: &str, inline: Option<Vec<u8>>) -> ObjectRecord {
    let size = inline.as_ref().map_or(1 << 40, |bytes| bytes.len() as u64);
    ObjectRecord { media_type: media_type.into(), size, inline }
}

fn hash(number: u64) -> [u8; 32] {
    ObjectId::of(&number.to_le_bytes()).0
}

fn memo(number: u64) -> MemoName {
    MemoName::from(&MemoKey(hash(number)))
}

#[test]
fn what_was_put_is_found_and_what_was_deleted_is_not() {
    over_all(|index| {
        let id = ObjectId(hash(1));
        assert_eq!(index.object(&id).unwrap(), None);
        for object in [
            record("application/cbor", Some(vec![1, 2, 3])),
            record("", Some(vec![])),
            record("text/plain", None),
            record(&"x".repeat(MEDIA_TYPE_MAX_BYTES), Some(vec![7; INLINE_VALUE_MAX_BYTES])),
        ] {
            index.apply(Seq(1), &[IndexChange::PutObject(id, object.clone())]).unwrap();
            assert_eq!(index.object(&id).unwrap(), Some(object));
        }
        index.flush().unwrap();
        index.apply(Seq(3), &[IndexChange::DeleteObject(id)]).unwrap();
        assert_eq!(index.object(&id).unwrap(), None);
    });
}

#[test]
fn an_entry_that_sled_could_not_keep_safely_is_refused_with_its_whole_batch() {
    over_all(|index| {
        let (id, key) = (ObjectId(hash(1)), memo(1));
        let good = IndexChange::PutObject(id, record("text/plain", None));
        let large = vec![0; INLINE_VALUE_MAX_BYTES + 1];
        let media_type = "x".repeat(MEDIA_TYPE_MAX_BYTES + 1);
        for bad in [
            IndexChange::PutObject(id, record("text/plain", Some(large.clone()))),
            IndexChange::PutObject(id, record(&media_type, None)),
            IndexChange::PutMemo(key, StoredValue::Inline(Encoding::Raw, large)),
        ] {
            let refused = index.apply(Seq(1), &[good.clone(), bad]).unwrap_err();
            assert!(matches!(refused, IndexError::TooLarge { .. }));
        }
        let transient = StoredValue::Transient(Encoding::Raw, 5);
        let refused = index.apply(Seq(1), &[good, IndexChange::PutMemo(key, transient)]);
        assert!(matches!(refused, Err(IndexError::Transient)));
        assert_eq!(index.object(&id).unwrap(), None, "a part of a refused batch was applied");
    });
}

#[test]
fn reopened_it_says_what_it_covers_and_still_has_it() {
    let dir = tempfile::tempdir().unwrap();
    let (index, state) = open(dir.path());
    assert_eq!(state, IndexState::Rebuilt, "it was absent");
    drop(index);
    let (index, state) = open(dir.path());
    assert_eq!(state, IndexState::Rebuilt, "it covers nothing yet");
    let (id, object) = (ObjectId(hash(9)), record("text/plain", None));
    index.apply(Seq(41), &[]).unwrap();
    index.apply(Seq(42), &[IndexChange::PutObject(id, object.clone())]).unwrap();
    index.flush().unwrap();
    drop(index);
    let (index, state) = open(dir.path());
    assert_eq!(state, IndexState::Ready { covered: Seq(42) });
    assert_eq!(index.object(&id).unwrap(), Some(object));
    assert_eq!(index.stats().unwrap().set_aside, 0);
    assert!(index.stats().unwrap().disk_bytes > 0);
}

#[test]
fn no_number_of_entries_of_the_largest_size_makes_sled_write_a_blob() {
    let dir = tempfile::tempdir().unwrap();
    let (index, _) = open(dir.path());
    let media_type = "x".repeat(MEDIA_TYPE_MAX_BYTES);
    let mut random = Random::new(3);
    for round in 0..30_u64 {
        let changes: Vec<_> = (0..100)
            .flat_map(|number| {
                // Some are written again, so that nodes merge and split under large values.
                let name = hash(number * 7 + round % 5 * 1_000);
                let of_call = memo(number * 7 + round % 5 * 1_000);
                let bytes = random.bytes(INLINE_VALUE_MAX_BYTES);
                let object = record(&media_type, Some(bytes.clone()));
                [
                    IndexChange::PutObject(ObjectId(name), object),
                    IndexChange::PutMemo(of_call, StoredValue::Inline(Encoding::Raw, bytes)),
                ]
            })
            .collect();
        index.apply(Seq(round), &changes).unwrap();
        index.flush().unwrap();
    }
    assert_eq!(names(&dir.path().join("blobs")), [""; 0]);
    assert!(index.stats().unwrap().disk_bytes > 4 << 20, "too little was written to tell");
    drop(index);
    assert_eq!(open(dir.path()).1, IndexState::Ready { covered: Seq(29) });
    assert_eq!(names(&dir.path().join("blobs")), [""; 0]);
}

/// An index with something in it, closed.
fn fill(dir: &Path) {
    let (index, _) = open(dir);
    let changes: Vec<_> = (0..2_000)
        .map(|number| {
            IndexChange::PutObject(ObjectId(hash(number)), record("x", Some(vec![1; 200])))
        })
        .collect();
    index.apply(Seq(7), &changes).unwrap();
    index.flush().unwrap();
}

/// What happens to an index's files.
type Damage<'a> = &'a dyn Fn(&Path);

fn overwrite(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap();
}

#[test]
fn whatever_has_happened_to_its_files_it_opens_and_says_that_it_is_empty() {
    let garbage = Random::new(4).bytes(2 << 20);
    let damages: [(&str, Damage<'_>); 3] = [
        ("garbage", &|dir| {
            for name in names(dir).iter().filter(|name| *name != "blobs") {
                overwrite(&dir.join(name), &garbage);
            }
        }),
        ("garbage in the configuration", &|dir| overwrite(&dir.join("conf"), &garbage[..40])),
        ("a directory in the file's place", &|dir| {
            fs::remove_file(dir.join("conf")).unwrap();
            fs::create_dir(dir.join("conf")).unwrap();
        }),
    ];
    for (name, damage) in damages {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("index");
        fill(&dir);
        damage(&dir);
        let (index, state) = open(&dir);
        assert_eq!(state, IndexState::Rebuilt, "{name}");
        assert_eq!(index.stats().unwrap().set_aside, 1, "{name}");
        assert_eq!(index.object(&ObjectId(hash(0))).unwrap(), None, "{name}");
        assert_eq!(names(root.path()), ["index", "index.broken-1"], "{name}");
        index.apply(Seq(8), &[]).unwrap();
        index.flush().unwrap();
        drop(index);
        assert_eq!(open(&dir).1, IndexState::Ready { covered: Seq(8) }, "{name}");
    }
}

#[test]
fn at_most_two_that_were_set_aside_are_kept() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("index");
    for _ in 0..4 {
        fill(&dir);
        overwrite(&dir.join("rebuild-at-next-start"), b"");
        assert_eq!(open(&dir).1, IndexState::Rebuilt);
    }
    assert_eq!(names(root.path()), ["index", "index.broken-3", "index.broken-4"]);
}

#[test]
fn a_snapshot_that_a_kill_left_half_written_does_no_harm() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path());
    let half = dir.path().join("snap.FFFFFFFFFFFFFFFF.generating");
    overwrite(&half, b"half a snapshot");
    let (index, state) = open(dir.path());
    assert_eq!(state, IndexState::Ready { covered: Seq(7) });
    assert_eq!(index.stats().unwrap().set_aside, 0);
    assert!(!half.exists());
}

#[test]
fn an_index_in_use_is_neither_opened_nor_set_aside() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("index");
    let (index, _) = open(&dir);
    assert!(matches!(Index::open(&dir, SMALL_CACHE).err().unwrap(), IndexError::Locked { .. }));
    drop(index);
    open(&dir);
    assert_eq!(names(root.path()), ["index"]);
}
