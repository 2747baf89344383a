//! Compaction and deletion in files: what stays, what goes, and every point at which a crash may
//! interrupt them.

use std::{fs, path::Path};

use wask_proto::Seq;
use wask_store::{Journal, JournalError};

use crate::support::{Random, Records, append, copy_files, names, open, read_from};

fn write_many(dir: &Path, records: u32) -> Records {
    let (mut journal, _) = open(dir).unwrap();
    let mut random = Random::new(23);
    while journal.last().0 < u64::from(records) {
        let length = 20 + random.below(60) as usize;
        let payloads = [random.bytes(length), random.bytes(length)];
        append(&mut journal, &payloads);
    }
    read_from(&journal, 1).unwrap()
}

#[test]
fn compaction_merges_what_is_left_and_the_numbers_stay() {
    let dir = tempfile::tempdir().unwrap();
    let before = write_many(dir.path(), 200);
    let (mut journal, _) = open(dir.path()).unwrap();
    let segments = journal.stats().segments;
    let compacted = journal.compact(&mut |seq, _| seq.0.is_multiple_of(5)).unwrap();
    assert!(compacted.bytes_after < compacted.bytes_before / 2);
    assert!(journal.stats().segments < segments / 2);
    assert_eq!(names(dir.path()).len(), journal.stats().segments, "a file was left behind");
    let after = read_from(&journal, 1).unwrap();
    assert_eq!(after.len() as u64, 200 - compacted.dropped);
    assert!(after.iter().all(|(seq, bytes)| before.get(seq) == Some(bytes)));
    assert_eq!(journal.reader().first(), Seq(1));

    append(&mut journal, &["next"]);
    assert_eq!(journal.last(), Seq(201));
    let again = journal.compact(&mut |_, _| true).unwrap();
    assert_eq!((again.bytes_before, again.dropped), (again.bytes_after, 0), "nothing to do");
    drop(journal);
    let (journal, recovered) = open(dir.path()).unwrap();
    assert_eq!(recovered.records, after.len() as u64 + 1);
    assert_eq!(read_from(&journal, 1).unwrap().len(), after.len() + 1);
}

#[test]
fn a_journal_whose_closed_segments_lost_every_record_still_knows_its_place() {
    let dir = tempfile::tempdir().unwrap();
    write_many(dir.path(), 100);
    let (mut journal, _) = open(dir.path()).unwrap();
    journal.compact(&mut |_, _| false).unwrap();
    assert_eq!((journal.stats().segments, journal.reader().first()), (2, Seq(1)));
    drop(journal);
    let (mut journal, _) = open(dir.path()).unwrap();
    append(&mut journal, &["next"]);
    assert_eq!(journal.last(), Seq(101));
}

#[test]
fn a_crash_at_any_point_of_a_compaction_loses_nothing_that_was_kept() {
    let (before, after) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let records = write_many(before.path(), 200);
    copy_files(before.path(), after.path());
    let keep = |seq: u64| seq % 4 == 1;
    let (mut journal, _) = open(after.path()).unwrap();
    journal.compact(&mut |seq, _| keep(seq.0)).unwrap();
    let compacted = read_from(&journal, 1).unwrap();
    drop(journal);

    let crash = tempfile::tempdir().unwrap();
    copy_files(before.path(), crash.path());
    let check = |point: &str| {
        let copy = tempfile::tempdir().unwrap();
        copy_files(crash.path(), copy.path());
        let (journal, _) = open(copy.path()).unwrap();
        let found = read_from(&journal, 1).unwrap();
        assert!(found.iter().all(|(seq, bytes)| records.get(seq) == Some(bytes)), "{point}");
        assert!(compacted.keys().all(|seq| found.contains_key(seq)), "{point}");
        assert_eq!(names(copy.path()).len(), journal.stats().segments, "{point}");
        found
    };
    assert_eq!(check("before"), records);
    let mut points = 0;
    let (new_names, old_names) = (names(after.path()), names(before.path()));
    for (place, name) in new_names.iter().enumerate() {
        let rewritten = fs::read(after.path().join(name)).unwrap();
        if fs::read(before.path().join(name)).unwrap() == rewritten {
            continue;
        }
        let unfinished = crash.path().join(format!("{name}.new"));
        for length in [0, 10, rewritten.len() / 2, rewritten.len()] {
            fs::write(&unfinished, &rewritten[..length]).unwrap();
            check("writing aside");
        }
        fs::rename(&unfinished, crash.path().join(name)).unwrap();
        check("renamed");
        let next = new_names.get(place + 1);
        let replaced = |old: &&String| *old > name && next.is_none_or(|next| *old < next);
        let replaced: Vec<_> = old_names.iter().filter(replaced).collect();
        // Removals may reach the disk in any order.
        for old in replaced.iter().rev() {
            fs::remove_file(crash.path().join(old)).unwrap();
            check("removing");
            points += 1;
        }
    }
    assert!(points > 5, "only {points} files were replaced");
    assert_eq!(check("after"), compacted);
}

#[test]
fn deleted_segments_stay_deleted_and_are_not_taken_for_missing() {
    let dir = tempfile::tempdir().unwrap();
    let records = write_many(dir.path(), 100);
    let (mut journal, _) = open(dir.path()).unwrap();
    journal.delete_through(Seq(60)).unwrap();
    let first = journal.reader().first().0;
    assert!(first > 40 && first <= 61, "{first}");
    drop(journal);
    let (mut journal, _) = open(dir.path()).unwrap();
    assert_eq!(journal.reader().first().0, first);
    let left: Records = records.range(first..).map(|(s, b)| (*s, b.clone())).collect();
    assert_eq!(read_from(&journal, 1).unwrap(), left);

    journal.delete_through(Seq(u64::MAX)).unwrap();
    assert_eq!(journal.stats().segments, 1, "the newest segment always stays");
    append(&mut journal, &["next"]);
    assert_eq!(journal.last(), Seq(101));
}

#[test]
fn a_deletion_that_a_crash_has_interrupted_is_finished_and_a_further_loss_refused() {
    let (before, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_many(before.path(), 100);
    copy_files(before.path(), dir.path());
    let (mut journal, _) = open(dir.path()).unwrap();
    journal.delete_through(Seq(60)).unwrap();
    let first = journal.reader().first();
    drop(journal);
    let left = names(dir.path());
    // The crash came after the second of several removals.
    for name in names(before.path()).iter().skip(2).filter(|name| !left.contains(name)) {
        fs::copy(before.path().join(name), dir.path().join(name)).unwrap();
    }
    let (journal, _) = open(dir.path()).unwrap();
    assert_eq!(journal.reader().first(), first);
    assert_eq!(names(dir.path()), left);
    drop(journal);

    let oldest = left.iter().find(|name| name.ends_with(".wal")).unwrap();
    fs::remove_file(dir.path().join(oldest)).unwrap();
    let refused = open(dir.path()).err().unwrap();
    assert!(matches!(refused, JournalError::Missing { expected, .. } if expected == first));
}
