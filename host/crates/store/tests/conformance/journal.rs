//! What every journal promises, in files and in memory.

use std::{
    ops::ControlFlow,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use wask_proto::{Record, RunId, Seq};
use wask_store::{FileJournal, Journal, JournalError, JournalOptions, MemoryJournal, RecordBatch};

use crate::support::{Random, Records, append, batch_of, open, read_from};

/// Runs a test over an empty journal of every kind.
fn over_all(test: impl Fn(Box<dyn Journal>)) {
    test(Box::new(MemoryJournal::new()));
    let dir = tempfile::tempdir().unwrap();
    test(Box::new(open(dir.path()).unwrap().0));
}

#[test]
fn records_come_back_decoded_in_order_and_from_any_place() {
    over_all(|mut journal| {
        let records: Vec<_> = (1..=50)
            .map(|n| Record::RunDeleted { run: RunId(n), at: wask_proto::Timestamp(n) })
            .collect();
        for chunk in records.chunks(7) {
            let mut batch = RecordBatch::default();
            chunk.iter().for_each(|record| batch.push(record).unwrap());
            journal.append(Seq(journal.last().0 + 1), &batch).unwrap();
        }
        assert_eq!(journal.last(), Seq(50));
        assert_eq!(journal.stats().records, 50);
        for from in [0, 1, 8, 33, 50] {
            let found = read_from(&*journal, from).unwrap();
            let expected: Records = (from.max(1)..=50)
                .zip(&records[(from.max(1) - 1) as usize..])
                .map(|(seq, record)| {
                    let mut bytes = Vec::new();
                    record.encode(&mut bytes).unwrap();
                    (seq, bytes)
                })
                .collect();
            assert_eq!(found, expected, "from {from}");
        }
        assert!(read_from(&*journal, 51).unwrap().is_empty());
    });
}

#[test]
fn an_empty_journal_has_no_last_record_and_an_empty_batch_changes_nothing() {
    over_all(|mut journal| {
        assert_eq!((journal.last(), journal.reader().first()), (Seq(0), Seq(1)));
        assert!(read_from(&*journal, 1).unwrap().is_empty());
        journal.append(Seq(1), &RecordBatch::default()).unwrap();
        assert_eq!(journal.last(), Seq(0));
    });
}

#[test]
fn a_number_that_does_not_follow_is_refused_and_harms_nothing() {
    over_all(|mut journal| {
        append(&mut *journal, &["a", "b"]);
        for wrong in [0, 1, 2, 4] {
            let refused = journal.append(Seq(wrong), &batch_of(&["x"])).unwrap_err();
            assert!(
                matches!(refused, JournalError::OutOfOrder { expected: Seq(3), given } if given == Seq(wrong))
            );
        }
        append(&mut *journal, &["c"]);
        assert_eq!(read_from(&*journal, 1).unwrap().len(), 3);
    });
}

#[test]
fn a_reader_stops_when_told_and_goes_on_where_it_stopped_or_further_back() {
    over_all(|mut journal| {
        (0..40).for_each(|n: u8| append(&mut *journal, &[[n; 30]]));
        let mut reader = journal.reader();
        let mut seen = Vec::new();
        let mut read = |from: u64, count: usize| {
            seen.clear();
            reader
                .read(Seq(from), &mut |seq, _| {
                    seen.push(seq.0);
                    if seen.len() == count {
                        ControlFlow::Break(())
                    } else {
                        ControlFlow::Continue(())
                    }
                })
                .unwrap();
            seen.clone()
        };
        assert_eq!(read(1, 15), (1..=15).collect::<Vec<_>>());
        assert_eq!(read(16, 3), [16, 17, 18]);
        assert_eq!(read(30, 2), [30, 31]);
        assert_eq!(read(2, 2), [2, 3]);
        assert_eq!(read(3, 99), (3..=40).collect::<Vec<_>>());
        append(&mut *journal, &["new"]);
        assert_eq!(read(41, 99), [41]);
    });
}

#[test]
fn a_reader_beside_an_appending_and_compacting_thread_sees_no_gap() {
    const RECORDS: u64 = 3_000;
    over_all(|mut journal| {
        let mut reader = journal.reader();
        let (done, begun) = (AtomicBool::new(false), AtomicBool::new(false));
        let reads = std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut random = Random::new(11);
                while journal.last().0 < RECORDS {
                    let next = journal.last().0 + 1;
                    let count = (1 + random.below(9)).min(RECORDS + 1 - next);
                    let payloads: Vec<_> =
                        (next..next + count).map(|seq| seq.to_string().repeat(3)).collect();
                    append(&mut *journal, &payloads);
                    // The second half waits until reading has begun, so that both overlap.
                    while next > RECORDS / 2 && !begun.load(Ordering::Acquire) {
                        std::thread::yield_now();
                    }
                    if random.below(40) == 0 {
                        journal.compact(&mut |_, _| true).unwrap();
                    }
                }
                done.store(true, Ordering::Release);
            });
            let (mut last, mut reads) = (0, 0);
            while last < RECORDS {
                let finished = done.load(Ordering::Acquire);
                let before = last;
                reader
                    .read(Seq(last + 1), &mut |seq, bytes| {
                        assert_eq!(seq.0, last + 1, "a gap");
                        assert_eq!(bytes, seq.0.to_string().repeat(3).as_bytes());
                        last = seq.0;
                        ControlFlow::Continue(())
                    })
                    .unwrap();
                reads += u32::from(last > before);
                begun.store(last > 0, Ordering::Release);
                assert!(last == RECORDS || !finished, "records up to {last} only");
            }
            reads
        });
        assert!(reads > 1, "reading and appending never overlapped");
    });
}

#[test]
fn a_full_journal_in_memory_is_left_as_it_was() {
    let mut journal = MemoryJournal::with_limit(1_000);
    append(&mut journal, &[[0; 400]]);
    let refused = journal.append(Seq(2), &batch_of(&[[0; 700]])).unwrap_err();
    assert!(matches!(refused, JournalError::Full { .. }) && refused.heals());
    append(&mut journal, &[[0; 100]]);
    assert_eq!(journal.last(), Seq(2));
}

#[test]
fn a_batch_larger_than_a_segment_and_empty_records_are_stored() {
    over_all(|mut journal| {
        append(&mut *journal, &[vec![1; 10_000], vec![], vec![2; 5_000]]);
        append(&mut *journal, &[[3; 10]]);
        let found = read_from(&*journal, 1).unwrap();
        assert_eq!(found.values().map(Vec::len).collect::<Vec<_>>(), [10_000, 0, 5_000, 10]);
    });
}

/// A journal under test beside the plainest model of it.
struct Checked<'a> {
    journal: Box<dyn Journal>,
    reopen: Option<&'a Path>,
    model: Records,
    random: Random,
}

impl Checked<'_> {
    fn step(&mut self) {
        match self.random.below(20) {
            0..12 => self.append(),
            12..15 => self.reopen(),
            15..17 => self.compact(),
            17 => self.delete(),
            _ => self.read(),
        }
    }

    fn append(&mut self) {
        let count = 1 + self.random.below(6);
        let first = self.journal.last().0 + 1;
        let payloads: Vec<_> = (0..count)
            .map(|_| {
                let length = self.random.below(120) as usize;
                self.random.bytes(length)
            })
            .collect();
        append(&mut *self.journal, &payloads);
        self.model.extend((first..).zip(payloads));
    }

    fn reopen(&mut self) {
        let Some(dir) = self.reopen else { return };
        let (before, stats) = (self.journal.last(), self.journal.stats());
        self.journal = Box::new(MemoryJournal::new());
        let (journal, recovered) = open(dir).unwrap();
        assert_eq!((journal.last(), journal.stats()), (before, stats));
        assert_eq!((recovered.records, recovered.truncated_bytes), (stats.records, 0));
        self.journal = Box::new(journal);
    }

    fn compact(&mut self) {
        let (keep_one_in, mut shown, mut gone) = (1 + self.random.below(4), Vec::new(), Vec::new());
        let compacted = self
            .journal
            .compact(&mut |seq, bytes| {
                shown.push((seq.0, bytes.to_vec()));
                let keep = seq.0 % keep_one_in == 0;
                if !keep {
                    gone.push(seq.0);
                }
                keep
            })
            .unwrap();
        let expected: Vec<_> =
            self.model.iter().take(shown.len()).map(|(seq, bytes)| (*seq, bytes.clone())).collect();
        assert_eq!(shown, expected);
        assert_eq!(compacted.dropped, gone.len() as u64);
        assert_eq!(compacted.bytes_after, self.journal.stats().bytes);
        gone.iter().for_each(|seq| assert!(self.model.remove(seq).is_some()));
    }

    fn delete(&mut self) {
        let through = self.random.below(self.journal.last().0 + 1) / 2;
        self.journal.delete_through(Seq(through)).unwrap();
        let first = self.journal.reader().first().0;
        let deleted: Vec<_> = self.model.range(..first).map(|(seq, _)| *seq).collect();
        assert!(deleted.iter().all(|seq| *seq <= through), "more was deleted than asked for");
        deleted.iter().for_each(|seq| drop(self.model.remove(seq)));
    }

    fn read(&mut self) {
        let from = self.random.below(self.journal.last().0 + 2);
        let expected: Records = self.model.range(from..).map(|(s, b)| (*s, b.clone())).collect();
        assert_eq!(read_from(&*self.journal, from).unwrap(), expected);
        assert_eq!(self.journal.stats().records, self.model.len() as u64);
    }
}

#[test]
fn random_use_agrees_with_a_plain_map() {
    for seed in 0..12 {
        let dir = tempfile::tempdir().unwrap();
        let file: Box<dyn Journal> = Box::new(open(dir.path()).unwrap().0);
        let memory: Box<dyn Journal> = Box::new(MemoryJournal::new());
        for (journal, reopen) in [(file, Some(dir.path())), (memory, None)] {
            let random = Random::new(seed);
            let mut checked = Checked { journal, reopen, model: Records::new(), random };
            (0..150).for_each(|_| checked.step());
            checked.read();
        }
    }
}

#[test]
fn the_default_segment_is_64_mib_and_a_journal_opens_with_another_size() {
    assert_eq!(JournalOptions::default().segment_max_bytes, 64 << 20);
    let dir = tempfile::tempdir().unwrap();
    (0..30).for_each(|n: u8| append(&mut open(dir.path()).unwrap().0, &[[n; 100]]));
    let (journal, recovered) = FileJournal::open(dir.path(), JournalOptions::default()).unwrap();
    assert_eq!((recovered.records, read_from(&journal, 1).unwrap().len()), (30, 30));
}
