//! What several of the tests need: random numbers with a printed seed, and reading a whole journal.

use std::{collections::BTreeMap, fs, ops::ControlFlow, path::Path};

use wask_proto::Seq;
use wask_store::{FileJournal, Journal, JournalError, JournalOptions, RecordBatch, Recovered};

/// Numbers of a journal's records and their bytes.
pub(crate) type Records = BTreeMap<u64, Vec<u8>>;

/// SplitMix64: small, and the same on every machine.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        println!("seed {seed}");
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    pub(crate) fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next() as u8).collect()
    }
}

pub(crate) const SMALL_SEGMENTS: JournalOptions = JournalOptions { segment_max_bytes: 600 };

pub(crate) fn open(dir: &Path) -> Result<(FileJournal, Recovered), JournalError> {
    FileJournal::open(dir, SMALL_SEGMENTS)
}

pub(crate) fn batch_of<T: AsRef<[u8]>>(payloads: &[T]) -> RecordBatch {
    let mut batch = RecordBatch::default();
    payloads.iter().for_each(|payload| batch.push_encoded(payload.as_ref()).unwrap());
    batch
}

/// Appends one batch behind what is there.
pub(crate) fn append<T: AsRef<[u8]>>(journal: &mut dyn Journal, payloads: &[T]) {
    journal.append(Seq(journal.last().0 + 1), &batch_of(payloads)).unwrap();
}

/// All records from `from` on; fails when they are not in order.
pub(crate) fn read_from(journal: &dyn Journal, from: u64) -> Result<Records, JournalError> {
    let mut found = Records::new();
    journal.reader().read(Seq(from), &mut |seq, bytes| {
        assert!(found.last_key_value().is_none_or(|(last, _)| *last < seq.0), "out of order");
        found.insert(seq.0, bytes.to_vec());
        ControlFlow::Continue(())
    })?;
    Ok(found)
}

pub(crate) fn copy_files(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// The names of a directory's files in order.
pub(crate) fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
