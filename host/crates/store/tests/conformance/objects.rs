//! What every object store promises, and what the one in files does about damage and restarts.

use std::{fs, path::Path};

use wask_proto::ObjectId;
use wask_store::{DataDir, FileObjects, MemoryObjects, ObjectError, Objects};

use crate::support::Random;

fn open(path: &Path) -> FileObjects {
    FileObjects::open(&DataDir::open(path).unwrap()).unwrap()
}

fn over_all(test: impl Fn(&dyn Objects)) {
    test(&MemoryObjects::new());
    test(&open(tempfile::tempdir().unwrap().path()));
    let dir = tempfile::tempdir().unwrap();
    test(&open(dir.path()));
}

fn listed(objects: &dyn Objects) -> Vec<(ObjectId, u64)> {
    let mut found = Vec::new();
    objects.list(&mut |id, size| found.push((id, size))).unwrap();
    found.sort();
    found
}

#[test]
fn bytes_come_back_whole_in_parts_and_by_size_until_they_are_deleted() {
    over_all(|objects| {
        let mut random = Random::new(1);
        for length in [0, 1, 4_097, 300_000] {
            let bytes = random.bytes(length);
            let id = objects.put(&bytes).unwrap();
            assert_eq!(id, ObjectId::of(&bytes));
            assert_eq!(objects.put(&bytes).unwrap(), id);
            assert_eq!(objects.get(&id).unwrap().as_ref(), Some(&bytes));
            assert_eq!(objects.size(&id).unwrap(), Some(length as u64));
            let half = length as u64 / 2;
            for (range, expected) in [
                (0..half, &bytes[..length / 2]),
                (half..u64::MAX, &bytes[length / 2..]),
                (length as u64 + 1..u64::MAX, &[][..]),
            ] {
                assert_eq!(objects.get_range(&id, range).unwrap().unwrap(), expected);
            }
            assert_eq!(listed(objects), [(id, length as u64)]);
            assert!(objects.delete(&id).unwrap());
            assert!(!objects.delete(&id).unwrap());
            assert_eq!(objects.get(&id).unwrap(), None);
            assert_eq!(objects.get_range(&id, 0..9).unwrap(), None);
            assert_eq!((objects.size(&id).unwrap(), objects.path(&id)), (None, None));
            objects.put(&bytes).unwrap();
            assert_eq!(objects.get(&id).unwrap(), Some(bytes), "stored again after deletion");
            objects.delete(&id).unwrap();
        }
    });
}

#[test]
fn many_are_stored_at_once_and_duplicates_once() {
    over_all(|objects| {
        let mut random = Random::new(2);
        let mut values: Vec<_> = (0..60).map(|_| random.bytes(5_000)).collect();
        values.push(values[3].clone());
        let slices: Vec<_> = values.iter().map(Vec::as_slice).collect();
        let ids = objects.put_many(&slices).unwrap();
        assert_eq!(ids.len(), 61);
        assert_eq!(listed(objects).len(), 60);
        for (id, bytes) in ids.iter().zip(&values) {
            assert_eq!(objects.get(id).unwrap().as_ref(), Some(bytes));
        }
    });
}

#[test]
fn a_spilled_object_is_read_like_any_other_but_not_listed_until_it_is_put() {
    over_all(|objects| {
        let id = objects.spill(b"intermediate").unwrap();
        assert_eq!(objects.spill(b"intermediate").unwrap(), id);
        assert_eq!(objects.get(&id).unwrap().unwrap(), b"intermediate");
        assert_eq!(objects.get_range(&id, 5..8).unwrap().unwrap(), b"med");
        assert_eq!((objects.size(&id).unwrap(), listed(objects)), (Some(12), vec![]));
        objects.put(b"intermediate").unwrap();
        assert_eq!(listed(objects), [(id, 12)]);
        objects.spill(b"intermediate").unwrap();
        assert!(objects.delete(&id).unwrap());
        assert_eq!(objects.get(&id).unwrap(), None);
    });
}

#[test]
fn threads_that_store_the_same_bytes_all_succeed() {
    over_all(|objects| {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for number in 0..20_u32 {
                        let bytes = number.to_le_bytes().repeat(2_000);
                        let id = objects.put(&bytes).unwrap();
                        assert_eq!(objects.get(&id).unwrap().unwrap(), bytes);
                    }
                });
            }
        });
        assert_eq!(listed(objects).len(), 20);
    });
}

#[test]
fn a_restart_keeps_durable_objects_and_drops_spilled_and_half_written_ones() {
    let dir = tempfile::tempdir().unwrap();
    let objects = open(dir.path());
    let durable = objects.put(b"durable").unwrap();
    let spilled = objects.spill(b"spilled").unwrap();
    let half = dir.path().join("tmp/object-7");
    fs::write(&half, b"half").unwrap();
    assert!(objects.path(&spilled).is_some());
    drop(objects);

    let objects = open(dir.path());
    assert_eq!(objects.get(&durable).unwrap().unwrap(), b"durable");
    assert_eq!(objects.get(&spilled).unwrap(), None);
    assert!(!half.exists());
    assert_eq!(fs::read_dir(dir.path().join("spill")).unwrap().count(), 0);
    assert_eq!(fs::read_dir(dir.path().join("tmp")).unwrap().count(), 0);
}

/// How a damaged object is met first.
type Meeting = fn(&FileObjects, &ObjectId) -> Result<Option<Vec<u8>>, ObjectError>;

#[test]
fn a_damaged_object_is_set_aside_at_the_first_read_and_can_be_stored_again() {
    let meetings: [Meeting; 2] =
        [|objects, id| objects.get(id), |objects, id| objects.get_range(id, 0..4)];
    for meet in meetings {
        let dir = tempfile::tempdir().unwrap();
        let id = open(dir.path()).put(b"precious bytes").unwrap();
        let objects = open(dir.path());
        let path = objects.path(&id).unwrap();
        fs::write(&path, b"precious bites").unwrap();

        match meet(&objects, &id).unwrap_err() {
            ObjectError::Corrupt { id: named, quarantined } => {
                assert_eq!(named, id);
                assert_eq!(fs::read(quarantined).unwrap(), b"precious bites");
            }
            other => unreachable!("{other}"),
        }
        assert_eq!(meet(&objects, &id).unwrap(), None);
        assert_eq!(listed(&objects), []);
        objects.put(b"precious bytes").unwrap();
        assert_eq!(objects.get(&id).unwrap().unwrap(), b"precious bytes");
    }
}

#[test]
fn storing_over_a_damaged_file_of_an_earlier_process_replaces_it() {
    let dir = tempfile::tempdir().unwrap();
    let id = open(dir.path()).put(b"precious bytes").unwrap();
    let objects = open(dir.path());
    fs::write(objects.path(&id).unwrap(), b"").unwrap();
    objects.put(b"precious bytes").unwrap();
    assert_eq!(objects.get(&id).unwrap().unwrap(), b"precious bytes");
    assert_eq!(fs::read_dir(dir.path().join("quarantine")).unwrap().count(), 1);
}

#[test]
fn a_full_store_in_memory_refuses_and_takes_more_when_there_is_room() {
    let objects = MemoryObjects::with_limit(100);
    let id = objects.put(&[1; 60]).unwrap();
    let refused = objects.put(&[2; 60]).unwrap_err();
    assert!(matches!(refused, ObjectError::Full { .. }) && refused.heals());
    assert!(matches!(objects.spill(&[2; 60]), Err(ObjectError::Full { .. })));
    objects.delete(&id).unwrap();
    objects.put(&[2; 60]).unwrap();
}
