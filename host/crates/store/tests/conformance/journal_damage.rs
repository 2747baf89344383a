//! Journals in files after crashes and damage: a torn end is cut off, anything else is refused.

use std::{
    fs,
    path::{Path, PathBuf},
};

use wask_proto::Seq;
use wask_store::{FileJournal, Journal, JournalError, JournalOptions};

use crate::support::{Random, Records, append, names, open, read_from};

const ONE_SEGMENT: JournalOptions = JournalOptions { segment_max_bytes: 1 << 20 };

/// A closed journal in one segment, with the length of the file and the records after each batch.
struct Written {
    name: String,
    bytes: Vec<u8>,
    batches: Vec<(usize, Records)>,
}

fn write_batches(sizes: &[usize]) -> Written {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = FileJournal::open(dir.path(), ONE_SEGMENT).unwrap();
    let mut random = Random::new(5);
    let name = names(dir.path()).pop().unwrap();
    let path = dir.path().join(&name);
    let mut batches = vec![(journal.stats().bytes as usize, Records::new())];
    for size in sizes {
        let payloads: Vec<_> = (0..*size)
            .map(|_| {
                let length = random.below(40) as usize;
                random.bytes(length)
            })
            .collect();
        append(&mut journal, &payloads);
        let records = read_from(&journal, 1).unwrap();
        batches.push((journal.stats().bytes as usize, records));
    }
    // A journal that is closed leaves no zeros for batches to come.
    let end = journal.stats().bytes;
    drop(journal);
    let bytes = fs::read(&path).unwrap();
    assert_eq!(bytes.len() as u64, end);
    Written { name, bytes, batches }
}

/// How many of these bytes are there to be cut off: zeros at the end count as room for more.
fn torn_bytes(rest: &[u8]) -> u64 {
    rest.iter().rposition(|byte| *byte != 0).map_or(0, |last| last as u64 + 1)
}

impl Written {
    /// Opens a copy with other bytes.
    fn open_as(&self, dir: &Path, bytes: &[u8]) -> Result<(FileJournal, u64), JournalError> {
        fs::write(dir.join(&self.name), bytes).unwrap();
        let (journal, recovered) = FileJournal::open(dir, ONE_SEGMENT)?;
        assert_eq!(recovered.records, journal.stats().records);
        Ok((journal, recovered.truncated_bytes))
    }

    /// The records of all batches that end at or before `length`.
    fn whole_batches(&self, length: usize) -> &(usize, Records) {
        self.batches.iter().rev().find(|(end, _)| *end <= length).unwrap()
    }
}

#[test]
fn a_file_cut_at_any_byte_opens_with_all_whole_batches_and_takes_more() {
    let written = write_batches(&[1, 1, 3, 1, 2, 4]);
    let dir = tempfile::tempdir().unwrap();
    for cut in written.batches[0].0..=written.bytes.len() {
        let (end, expected) = written.whole_batches(cut);
        // A crash leaves the room for batches to come behind what it has torn.
        let mut bytes = written.bytes[..cut].to_vec();
        bytes.resize(cut + cut % 3 * 100, 0);
        let (mut journal, truncated) = written.open_as(dir.path(), &bytes).unwrap();
        assert_eq!(truncated, torn_bytes(&bytes[*end..]), "cut at {cut}");
        assert_eq!(&read_from(&journal, 1).unwrap(), expected, "cut at {cut}");
        append(&mut journal, &["after the crash"]);
        drop(journal);
        let (journal, recovered) = FileJournal::open(dir.path(), ONE_SEGMENT).unwrap();
        assert_eq!(recovered.truncated_bytes, 0);
        assert_eq!(journal.last(), Seq(expected.len() as u64 + 1));
    }
}

#[test]
fn pages_of_the_last_batch_that_never_reached_the_disk_make_it_vanish_as_a_whole() {
    let written = write_batches(&[2, 1, 6]);
    let [.., (start, expected), (end, _)] = written.batches.as_slice() else { unreachable!() };
    let dir = tempfile::tempdir().unwrap();
    for from in *start..*end {
        for to in [from + 1, from + 20, *end] {
            let mut bytes = written.bytes.clone();
            let lost = from..to.min(*end);
            if bytes[lost.clone()].iter().all(|byte| *byte == 0) {
                continue;
            }
            bytes[lost].fill(0);
            let (journal, truncated) = written.open_as(dir.path(), &bytes).unwrap();
            assert_eq!(truncated, torn_bytes(&bytes[*start..]), "zeros in {from}..{to}");
            assert_eq!(&read_from(&journal, 1).unwrap(), expected);
        }
    }
}

#[test]
fn a_flipped_byte_is_refused_with_file_and_offset_unless_it_is_in_the_last_batch() {
    let written = write_batches(&[1, 1, 1, 1, 1]);
    let dir = tempfile::tempdir().unwrap();
    let [.., (last_start, before_last), _] = written.batches.as_slice() else { unreachable!() };
    for at in written.batches[0].0..written.bytes.len() {
        let mut bytes = written.bytes.clone();
        bytes[at] ^= 0x40;
        let opened = written.open_as(dir.path(), &bytes);
        let (frame, _) = written.whole_batches(at);
        if at >= *last_start {
            assert_eq!(&read_from(&opened.unwrap().0, 1).unwrap(), before_last);
            continue;
        }
        match opened.err().unwrap() {
            JournalError::Corrupt { file, offset, .. } => {
                assert_eq!((file, offset), (dir.path().join(&written.name), *frame as u64));
            }
            other => unreachable!("byte {at}: {other}"),
        }
        assert_eq!(fs::read(dir.path().join(&written.name)).unwrap(), bytes, "it was changed");
    }
}

#[test]
fn a_damaged_header_and_a_newer_format_are_refused() {
    let written = write_batches(&[1]);
    let dir = tempfile::tempdir().unwrap();
    for at in 0..written.batches[0].0 {
        let mut bytes = written.bytes.clone();
        bytes[at] ^= 1;
        let refused = written.open_as(dir.path(), &bytes).err().unwrap();
        assert!(matches!(refused, JournalError::Corrupt { offset: 0, .. }), "byte {at}");
    }
}

/// A closed journal of several segments.
fn write_segments(dir: &Path) -> (Vec<PathBuf>, Records) {
    let (mut journal, _) = open(dir).unwrap();
    (0..40).for_each(|n: u8| append(&mut journal, &[[n; 50], [n; 50]]));
    let segments: Vec<_> = names(dir).iter().map(|name| dir.join(name)).collect();
    assert!(segments.len() > 5);
    (segments, read_from(&journal, 1).unwrap())
}

#[test]
fn each_missing_segment_but_the_newest_is_noticed_at_opening() {
    let dir = tempfile::tempdir().unwrap();
    let (segments, records) = write_segments(dir.path());
    for missing in &segments[..segments.len() - 1] {
        let kept = fs::read(missing).unwrap();
        fs::remove_file(missing).unwrap();
        let refused = open(dir.path()).err().unwrap();
        let first: u64 = missing.file_stem().unwrap().to_str().unwrap().parse().unwrap();
        assert!(
            matches!(refused, JournalError::Missing { expected, .. } if expected == Seq(first))
        );
        fs::write(missing, kept).unwrap();
    }
    assert_eq!(read_from(&open(dir.path()).unwrap().0, 1).unwrap(), records);
}

#[test]
fn a_closed_segment_is_never_repaired() {
    let dir = tempfile::tempdir().unwrap();
    let (segments, _) = write_segments(dir.path());
    let victim = &segments[2];
    let good = fs::read(victim).unwrap();

    fs::write(victim, &good[..good.len() - 5]).unwrap();
    let refused = open(dir.path()).err().unwrap();
    assert!(matches!(refused, JournalError::Corrupt { file, .. } if file == *victim));

    let mut flipped = good.clone();
    let at = good.len() - 5;
    flipped[at] ^= 1;
    fs::write(victim, &flipped).unwrap();
    let (journal, _) = open(dir.path()).unwrap();
    match read_from(&journal, 1).unwrap_err() {
        JournalError::Corrupt { file, offset, .. } => {
            assert_eq!(file, *victim);
            assert!(offset < at as u64 && offset > at as u64 - 80);
        }
        other => unreachable!("{other}"),
    }
    assert_eq!(fs::read(victim).unwrap(), flipped);
}

#[test]
fn segments_that_trade_names_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (segments, _) = write_segments(dir.path());
    let (a, b) = (fs::read(&segments[1]).unwrap(), fs::read(&segments[2]).unwrap());
    fs::write(&segments[1], b).unwrap();
    fs::write(&segments[2], a).unwrap();
    assert!(matches!(open(dir.path()).err().unwrap(), JournalError::Corrupt { .. }));
}
