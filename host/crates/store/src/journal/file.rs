//! The journal in segment files: appending.
//!
//! One write and one sync per batch. The newest segment has zeros behind its last batch: to sync
//! bytes that replace zeros takes half as long as to make a file longer. A failed sync is never tried again, since the system may
//! have dropped the pages that it could not write; only a full disk is survived.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use wask_proto::Seq;

use super::{
    Compacted, Journal, JournalError, JournalReader, JournalStats, RecordBatch, Recovered, compact,
    frame::{self, FRAME_HEADER_BYTES, Place},
    reader::{SegmentReader, Shared},
    recover,
    segment::{self, CreateError, SEGMENT_HEADER_BYTES, Segment, failed},
};
use crate::disk;

/// The write buffer keeps this much room between batches.
const BUFFER_KEPT_MAX_BYTES: usize = 4 * 1024 * 1024;

/// How many zeros are written at once for batches to come.
const RESERVE_BYTES: usize = 256 * 1024;

/// A larger batch reserves nothing: its sync takes long anyway, and it would be written twice.
const RESERVING_BATCH_MAX_BYTES: usize = 16 * 1024;

/// How a journal divides itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct JournalOptions {
    /// A segment is closed before it grows beyond this, unless a single batch is larger.
    pub segment_max_bytes: u64,
}

impl Default for JournalOptions {
    fn default() -> Self {
        Self { segment_max_bytes: 64 * 1024 * 1024 }
    }
}

/// The journal in a directory of segment files.
pub struct FileJournal {
    dir: PathBuf,
    options: JournalOptions,
    shared: Arc<Shared>,
    /// The newest segment's file.
    tail: Box<dyn TailFile>,
    /// How long that file is: beyond the segment's last batch there are zeros.
    tail_bytes: u64,
    /// Frames of the batch being written.
    frames: Vec<u8>,
    /// Why no more appends are taken.
    poisoned: Option<Arc<io::Error>>,
}

/// What appending does to a file; tests put a failing one in its place.
trait TailFile: Send {
    fn write_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()>;
    fn sync(&mut self) -> io::Result<()>;
    fn truncate(&mut self, length: u64) -> io::Result<()>;
}

impl TailFile for File {
    fn write_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.write_all_at(bytes, offset)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }
}

impl FileJournal {
    /// Opens the journal in `dir`, which is created if need be. The caller sees to it that nobody
    /// else has it open (see [`crate::DataDir`]).
    pub fn open(dir: &Path, options: JournalOptions) -> Result<(Self, Recovered), JournalError> {
        disk::create_private_dir(dir).map_err(|source| failed("create", dir, source))?;
        let (mut segments, recovered) = recover::recover(dir)?;
        let growing = segments.last().filter(|newest| newest.header.compacted.is_none());
        let tail = match growing {
            Some(newest) => File::options()
                .write(true)
                .open(&newest.path)
                .map_err(|source| failed("open", &newest.path, source))?,
            None => {
                let first = Seq(segments.last().map_or(0, |last| last.until.0) + 1);
                let previous = segments.last().map(Segment::as_previous);
                let (segment, file) = segment::create(dir, first, previous)
                    .map_err(|error| failed("create a segment in", dir, error.into_inner()))?;
                segments.push(segment);
                file
            }
        };
        let journal = Self {
            dir: dir.to_path_buf(),
            options,
            tail_bytes: segments.last().map_or(0, |newest| newest.bytes),
            shared: Arc::new(Shared::new(segments)),
            tail: Box::new(tail),
            frames: Vec::new(),
            poisoned: None,
        };
        Ok((journal, recovered))
    }

    /// Closes the newest segment and begins another one.
    fn roll(&mut self, newest: &Segment) -> Result<Segment, JournalError> {
        let first = Seq(newest.until.0 + 1);
        // The next segment says how long this one is.
        self.cut(newest.bytes).map_err(|source| self.poison("truncate", &newest.path, source))?;
        match segment::create(&self.dir, first, Some(newest.as_previous())) {
            Ok((segment, file)) => {
                self.shared.lock().push(segment.clone());
                (self.tail, self.tail_bytes) = (Box::new(file), segment.bytes);
                Ok(segment)
            }
            Err(CreateError::Unchanged(source)) if disk::is_full(&source) => {
                Err(failed("create a segment in", &self.dir, source))
            }
            Err(error) => Err(self.poison("create a segment in", &newest.path, error.into_inner())),
        }
    }

    fn encode(&mut self, first: Seq, batch: &RecordBatch, salt: u64) {
        self.frames.clear();
        self.frames.reserve(framed_bytes(batch));
        let last = batch.len() - 1;
        for ((number, payload), seq) in batch.iter().enumerate().zip(first.0..) {
            let place = Place { starts_batch: number == 0, ends_batch: number == last };
            frame::encode(&mut self.frames, salt, Seq(seq), place, payload);
        }
    }

    /// Writes the encoded frames to the end of `newest` and makes them durable.
    fn write_frames(&mut self, newest: &Segment) -> Result<(), JournalError> {
        let path = &newest.path;
        if let Err(source) = self.tail.write_at(&self.frames, newest.bytes) {
            if !disk::is_full(&source) {
                return Err(self.poison("write", path, source));
            }
            // What fitted is cut off again, durably, so that the segment ends with a whole batch
            // even if it is closed next.
            self.tail_bytes = u64::MAX;
            return match self.cut(newest.bytes) {
                Ok(()) => Err(failed("write", path, source)),
                Err(error) => Err(self.poison("truncate", path, error)),
            };
        }
        self.reserve(newest.bytes + self.frames.len() as u64)
            .map_err(|source| self.poison("truncate", path, source))?;
        self.tail.sync().map_err(|source| self.poison("sync", path, source))
    }

    /// Puts zeros behind the last batch, which ends at `end`, when there are none left.
    fn reserve(&mut self, end: u64) -> io::Result<()> {
        if end <= self.tail_bytes {
            return Ok(());
        }
        self.tail_bytes = end;
        if self.frames.len() <= RESERVING_BATCH_MAX_BYTES {
            match self.tail.write_at(&[0; RESERVE_BYTES], end) {
                Ok(()) => self.tail_bytes = end + RESERVE_BYTES as u64,
                // The batch is written. The next one will tell if there is no space for it.
                Err(_) => self.tail.truncate(end)?,
            }
        }
        Ok(())
    }

    /// Durably ends the newest segment's file behind its last batch.
    fn cut(&mut self, end: u64) -> io::Result<()> {
        if self.tail_bytes > end {
            self.tail.truncate(end)?;
            self.tail.sync()?;
            self.tail_bytes = end;
        }
        Ok(())
    }

    fn poison(&mut self, action: &'static str, path: &Path, source: io::Error) -> JournalError {
        let error = JournalError::Io { action, file: path.to_path_buf(), source };
        self.poison_if_broken(&error);
        error
    }

    fn poison_if_broken(&mut self, error: &JournalError) {
        if let JournalError::Io { source, .. } = error {
            self.poisoned = Some(Arc::new(io::Error::new(source.kind(), source.to_string())));
        }
    }

    fn check_sound(&self) -> Result<(), JournalError> {
        match &self.poisoned {
            Some(source) => Err(JournalError::Poisoned { source: Arc::clone(source) }),
            None => Ok(()),
        }
    }

    /// The newest segment with room for `batch`.
    fn segment_for(&mut self, batch: &RecordBatch) -> Result<Segment, JournalError> {
        let newest = self.shared.lock().last().cloned();
        let Some(newest) = newest else {
            let (expected, file) = (Seq(1), self.dir.clone());
            return Err(JournalError::Missing { expected, file });
        };
        let grown = newest.bytes + framed_bytes(batch) as u64;
        let empty = newest.bytes == SEGMENT_HEADER_BYTES as u64;
        if grown > self.options.segment_max_bytes && !empty {
            return self.roll(&newest);
        }
        Ok(newest)
    }
}

impl Drop for FileJournal {
    /// A journal that was closed has no zeros; one that was not loses them when it is opened.
    fn drop(&mut self) {
        let end = self.shared.lock().last().map_or(0, |newest| newest.bytes);
        if self.poisoned.is_none() && self.tail_bytes > end {
            let _ = self.tail.truncate(end);
        }
    }
}

impl Journal for FileJournal {
    fn append(&mut self, first: Seq, batch: &RecordBatch) -> Result<(), JournalError> {
        self.check_sound()?;
        let expected = Seq(self.last().0 + 1);
        if first != expected {
            return Err(JournalError::OutOfOrder { expected, given: first });
        }
        if batch.is_empty() {
            return Ok(());
        }
        let newest = self.segment_for(batch)?;
        self.encode(first, batch, newest.header.salt);
        self.write_frames(&newest)?;
        if let Some(newest) = self.shared.lock().last_mut() {
            newest.bytes += self.frames.len() as u64;
            newest.until = Seq(newest.until.0 + batch.len() as u64);
            newest.records += batch.len() as u64;
        }
        self.frames.clear();
        self.frames.shrink_to(BUFFER_KEPT_MAX_BYTES);
        Ok(())
    }

    fn last(&self) -> Seq {
        self.shared.last()
    }

    fn reader(&self) -> Box<dyn JournalReader> {
        Box::new(SegmentReader::new(Arc::clone(&self.shared)))
    }

    fn delete_through(&mut self, through: Seq) -> Result<(), JournalError> {
        self.check_sound()?;
        let deleted = compact::delete_through(&self.dir, &self.shared, through);
        deleted.inspect_err(|error| self.poison_if_broken(error))
    }

    fn compact(
        &mut self,
        keep: &mut dyn FnMut(Seq, &[u8]) -> bool,
    ) -> Result<Compacted, JournalError> {
        self.check_sound()?;
        let target_bytes = self.options.segment_max_bytes;
        let compacted = compact::compact(&self.dir, &self.shared, target_bytes, keep);
        compacted.inspect_err(|error| self.poison_if_broken(error))
    }

    fn stats(&self) -> JournalStats {
        self.shared.stats()
    }
}

fn framed_bytes(batch: &RecordBatch) -> usize {
    batch.byte_len() + batch.len() * FRAME_HEADER_BYTES
}

#[cfg(test)]
mod tests {
    use std::{ops::ControlFlow, sync::Mutex};

    use super::*;

    /// Which steps fail, and how; `left` bytes are written before a write fails.
    #[derive(Default)]
    struct Faults {
        write: Option<io::ErrorKind>,
        left: usize,
        /// Larger writes find no space.
        largest: Option<usize>,
        sync: Option<io::ErrorKind>,
        truncate: Option<io::ErrorKind>,
        injected: usize,
    }

    struct FaultyFile {
        file: File,
        faults: Arc<Mutex<Faults>>,
    }

    impl TailFile for FaultyFile {
        fn write_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
            let mut faults = self.faults.lock().unwrap();
            let too_large = faults.largest.filter(|largest| bytes.len() > *largest);
            let kind = too_large.map(|_| io::ErrorKind::StorageFull);
            let Some(kind) = faults.write.or(kind) else {
                return TailFile::write_at(&mut self.file, bytes, offset);
            };
            faults.injected += 1;
            let fitting = bytes.len().min(faults.left);
            self.file.write_all_at(&bytes[..fitting], offset)?;
            Err(kind.into())
        }

        fn sync(&mut self) -> io::Result<()> {
            let mut faults = self.faults.lock().unwrap();
            let Some(kind) = faults.sync.take() else { return self.file.sync_data() };
            faults.injected += 1;
            Err(kind.into())
        }

        fn truncate(&mut self, length: u64) -> io::Result<()> {
            let mut faults = self.faults.lock().unwrap();
            let Some(kind) = faults.truncate else { return self.file.set_len(length) };
            faults.injected += 1;
            Err(kind.into())
        }
    }

    fn faulty(dir: &Path) -> (FileJournal, Arc<Mutex<Faults>>) {
        let (mut journal, _) = FileJournal::open(dir, JournalOptions::default()).unwrap();
        let path = journal.shared.lock().last().unwrap().path.clone();
        let faults = Arc::default();
        let file = File::options().write(true).open(path).unwrap();
        journal.tail = Box::new(FaultyFile { file, faults: Arc::clone(&faults) });
        (journal, faults)
    }

    fn batch(texts: &[&str]) -> RecordBatch {
        let mut batch = RecordBatch::default();
        texts.iter().for_each(|text| batch.push_encoded(text.as_bytes()).unwrap());
        batch
    }

    fn contents(journal: &FileJournal) -> Vec<String> {
        let mut found = Vec::new();
        let mut each = |_, bytes: &[u8]| {
            found.push(String::from_utf8(bytes.to_vec()).unwrap());
            ControlFlow::Continue(())
        };
        journal.reader().read(Seq(1), &mut each).unwrap();
        found
    }

    #[test]
    fn after_a_failed_sync_nothing_is_appended_any_more_even_when_syncing_works_again() {
        let dir = tempfile::tempdir().unwrap();
        let (mut journal, faults) = faulty(dir.path());
        journal.append(Seq(1), &batch(&["a"])).unwrap();
        faults.lock().unwrap().sync = Some(io::ErrorKind::Other);
        let failed = journal.append(Seq(2), &batch(&["b"])).unwrap_err();
        assert!(matches!(failed, JournalError::Io { action: "sync", .. }));
        let refused = journal.append(Seq(2), &batch(&["b"])).unwrap_err();
        assert!(matches!(refused, JournalError::Poisoned { .. }) && !refused.heals());
        assert_eq!(journal.last(), Seq(1));
        assert_eq!(contents(&journal), ["a"], "what was not synced is never shown");
        assert_eq!(faults.lock().unwrap().injected, 1);
    }

    #[test]
    fn a_full_disk_changes_nothing_and_appending_goes_on_when_there_is_space() {
        let dir = tempfile::tempdir().unwrap();
        let (mut journal, faults) = faulty(dir.path());
        journal.append(Seq(1), &batch(&["a"])).unwrap();
        *faults.lock().unwrap() =
            Faults { write: Some(io::ErrorKind::StorageFull), left: 26, ..Faults::default() };
        let failed = journal.append(Seq(2), &batch(&["b", "c"])).unwrap_err();
        assert!(matches!(failed, JournalError::Full { .. }) && failed.heals());
        let length = std::fs::metadata(segment::segment_path(dir.path(), Seq(1))).unwrap().len();
        assert_eq!(length, journal.stats().bytes, "the part that fitted is cut off");

        faults.lock().unwrap().write = None;
        journal.append(Seq(2), &batch(&["d"])).unwrap();
        drop(journal);
        let (journal, recovered) =
            FileJournal::open(dir.path(), JournalOptions::default()).unwrap();
        assert_eq!(recovered, Recovered { records: 2, truncated_bytes: 0 });
        assert_eq!(contents(&journal), ["a", "d"]);
        assert_eq!(faults.lock().unwrap().injected, 1);
    }

    #[test]
    fn a_full_disk_that_cannot_be_cut_back_poisons_and_opening_again_heals() {
        let dir = tempfile::tempdir().unwrap();
        let (mut journal, faults) = faulty(dir.path());
        journal.append(Seq(1), &batch(&["a"])).unwrap();
        *faults.lock().unwrap() = Faults {
            write: Some(io::ErrorKind::StorageFull),
            truncate: Some(io::ErrorKind::Other),
            left: 26,
            ..Faults::default()
        };
        assert!(!journal.append(Seq(2), &batch(&["b", "c"])).unwrap_err().heals());
        assert!(matches!(
            journal.append(Seq(2), &batch(&["b"])),
            Err(JournalError::Poisoned { .. })
        ));
        assert_eq!(faults.lock().unwrap().injected, 2);
        drop(journal);
        let (journal, recovered) =
            FileJournal::open(dir.path(), JournalOptions::default()).unwrap();
        assert_eq!(recovered, Recovered { records: 1, truncated_bytes: 26 });
        assert_eq!(contents(&journal), ["a"]);
    }

    /// Goal: after a crash the zeros behind the last batch are neither records nor damage, and what
    /// was written over some of them counts as the rest of a batch.
    #[test]
    fn zeros_behind_the_last_batch_are_no_damage() {
        let dir = tempfile::tempdir().unwrap();
        let path = segment::segment_path(dir.path(), Seq(1));
        for round in 0..3_u64 {
            let (mut journal, recovered) =
                FileJournal::open(dir.path(), JournalOptions::default()).unwrap();
            let truncated_bytes = if round == 2 { 26 } else { 0 };
            assert_eq!(recovered, Recovered { records: round * 2, truncated_bytes });
            journal.append(Seq(round * 2 + 1), &batch(&["a"])).unwrap();
            journal.append(Seq(round * 2 + 2), &batch(&["b"])).unwrap();
            let reserved = std::fs::metadata(&path).unwrap().len();
            assert!(
                reserved >= journal.stats().bytes + RESERVE_BYTES as u64 / 2,
                "none were written"
            );
            if round == 1 {
                journal.tail.write_at(&[7; 26], journal.stats().bytes).unwrap();
            }
            // As a crash would.
            journal.poisoned = Some(Arc::new(io::Error::other("a crash")));
            drop(journal);
            assert_eq!(std::fs::metadata(&path).unwrap().len(), reserved);
        }
        let (journal, _) = FileJournal::open(dir.path(), JournalOptions::default()).unwrap();
        assert_eq!(contents(&journal), ["a", "b", "a", "b", "a", "b"]);
        assert_eq!(std::fs::metadata(&path).unwrap().len(), journal.stats().bytes);
    }

    #[test]
    fn a_disk_too_full_for_zeros_takes_the_batch() {
        let dir = tempfile::tempdir().unwrap();
        let (mut journal, faults) = faulty(dir.path());
        faults.lock().unwrap().largest = Some(100);
        journal.append(Seq(1), &batch(&["a"])).unwrap();
        assert!(faults.lock().unwrap().injected > 0);
        let length = std::fs::metadata(segment::segment_path(dir.path(), Seq(1))).unwrap().len();
        assert_eq!(length, journal.stats().bytes);
        faults.lock().unwrap().largest = None;
        journal.append(Seq(2), &batch(&["b"])).unwrap();
        assert_eq!(contents(&journal), ["a", "b"]);
    }

    #[test]
    fn a_write_that_fails_for_any_other_reason_poisons() {
        let dir = tempfile::tempdir().unwrap();
        let (mut journal, faults) = faulty(dir.path());
        faults.lock().unwrap().write = Some(io::ErrorKind::Other);
        assert!(matches!(
            journal.append(Seq(1), &batch(&["a"])),
            Err(JournalError::Io { action: "write", .. })
        ));
        assert!(matches!(
            journal.append(Seq(1), &batch(&["a"])),
            Err(JournalError::Poisoned { .. })
        ));
        assert!(matches!(journal.compact(&mut |_, _| true), Err(JournalError::Poisoned { .. })));
        assert_eq!(faults.lock().unwrap().injected, 1);
    }
}
