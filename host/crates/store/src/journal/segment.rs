//! One segment file: its name, its header, its creation.
//!
//! A segment begins with a header that names what it covers and which segment came before it, so
//! that a missing or shortened one is noticed without reading all frames. A segment appears under
//! its name only when its header is durable (`.new`, sync, rename, directory sync).

use std::{
    collections::hash_map::RandomState,
    fs::File,
    hash::{BuildHasher, Hasher},
    io::{self, Write},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use wask_proto::Seq;

use super::JournalError;
use crate::disk;

/// Bytes in front of the first frame.
pub(super) const SEGMENT_HEADER_BYTES: usize = 68;
const CHECKED_BYTES: usize = SEGMENT_HEADER_BYTES - 4;
const MAGIC: [u8; 8] = *b"waskjrnl";
const VERSION: u32 = 1;
const FLAG_COMPACTED: u32 = 1;

/// The file name of a segment: the first number that it covers.
pub(super) fn segment_path(dir: &Path, first: Seq) -> PathBuf {
    dir.join(format!("{:020}.wal", first.0))
}

/// The name under which a segment grows until it is complete.
pub(super) fn unfinished(path: &Path) -> PathBuf {
    path.with_extension("wal.new")
}

/// The first number of a segment, from its file name.
pub(super) fn first_of(path: &Path) -> Option<Seq> {
    let name = path.file_name()?.to_str()?.strip_suffix(".wal")?;
    (name.len() == 20).then(|| name.parse().ok().map(Seq)).flatten()
}

/// What the beginning of a segment says about it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct SegmentHeader {
    /// The first number that it covers.
    pub(super) first: Seq,
    /// Set when it was rewritten: its numbers may have gaps.
    pub(super) compacted: Option<CompactedRange>,
    /// The segment that was the newest when this one, or the first of those it replaced, began.
    pub(super) previous: Option<Previous>,
    /// Seeds the checksums of its frames.
    pub(super) salt: u64,
}

/// What a rewritten segment replaces.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct CompactedRange {
    /// The last number that it covers, whether the record is still there or not.
    pub(super) until: Seq,
    /// The number of records in it.
    pub(super) records: u64,
}

/// The segment before another one, as it was when it was closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Previous {
    pub(super) first: Seq,
    pub(super) bytes: u64,
}

impl SegmentHeader {
    pub(super) fn encode(&self) -> [u8; SEGMENT_HEADER_BYTES] {
        let range = self.compacted.unwrap_or(CompactedRange { until: Seq(0), records: 0 });
        let previous = self.previous.unwrap_or(Previous { first: Seq(0), bytes: 0 });
        let flags = if self.compacted.is_some() { FLAG_COMPACTED } else { 0 };
        let mut bytes = [0; SEGMENT_HEADER_BYTES];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[12..16].copy_from_slice(&flags.to_le_bytes());
        let numbers = [
            self.first.0,
            range.until.0,
            range.records,
            previous.first.0,
            previous.bytes,
            self.salt,
        ];
        for (field, number) in bytes[16..CHECKED_BYTES].chunks_exact_mut(8).zip(numbers) {
            field.copy_from_slice(&number.to_le_bytes());
        }
        let checksum = crc32c::crc32c(&bytes[..CHECKED_BYTES]);
        bytes[CHECKED_BYTES..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// Reads and checks the header of the segment at `path`.
    pub(super) fn read(path: &Path, file: &File) -> Result<Self, JournalError> {
        let mut bytes = [0; SEGMENT_HEADER_BYTES];
        file.read_exact_at(&mut bytes, 0).map_err(|source| match source.kind() {
            io::ErrorKind::UnexpectedEof => corrupt(path, 0, "the segment's header is cut off"),
            _ => failed("read", path, source),
        })?;
        let number =
            |at: usize| bytes[at..].first_chunk().map_or(0, |field| u64::from_le_bytes(*field));
        let half = |at: usize| bytes[at..].first_chunk().map_or(0, |f| u32::from_le_bytes(*f));
        if bytes[..8] != MAGIC || half(CHECKED_BYTES) != crc32c::crc32c(&bytes[..CHECKED_BYTES]) {
            return Err(corrupt(path, 0, "the segment's header is damaged"));
        }
        let version = half(8);
        if version != VERSION {
            let file = path.to_path_buf();
            return Err(JournalError::Version { file, version, supported: VERSION });
        }
        let range = CompactedRange { until: Seq(number(24)), records: number(32) };
        let previous = Previous { first: Seq(number(40)), bytes: number(48) };
        let header = Self {
            first: Seq(number(16)),
            compacted: (half(12) & FLAG_COMPACTED != 0).then_some(range),
            previous: (previous.first != Seq(0)).then_some(previous),
            salt: number(56),
        };
        if first_of(path) != Some(header.first) {
            return Err(corrupt(path, 16, "the segment's name and header differ"));
        }
        Ok(header)
    }
}

/// A segment as the open journal knows it. Everything in it is durable.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub(super) path: PathBuf,
    pub(super) header: SegmentHeader,
    /// Length up to the end of the last complete batch.
    pub(super) bytes: u64,
    /// The last number that it covers; one less than the first while it is empty.
    pub(super) until: Seq,
    /// Number of records in it.
    pub(super) records: u64,
}

impl Segment {
    pub(super) fn first(&self) -> Seq {
        self.header.first
    }

    /// How the next segment remembers this one.
    pub(super) fn as_previous(&self) -> Previous {
        Previous { first: self.first(), bytes: self.bytes }
    }
}

/// Creates an empty segment that covers the numbers from `first` on.
pub(super) fn create(
    dir: &Path,
    first: Seq,
    previous: Option<Previous>,
) -> Result<(Segment, File), CreateError> {
    let path = segment_path(dir, first);
    let header = SegmentHeader { first, compacted: None, previous, salt: new_salt() };
    let temporary = unfinished(&path);
    let file = write_header(&temporary, &header)
        .inspect_err(|_| drop(disk::remove_if_there(&temporary)))
        .map_err(CreateError::Unchanged)?;
    std::fs::rename(&temporary, &path).map_err(CreateError::Unknown)?;
    disk::sync_dir(dir).map_err(CreateError::Unknown)?;
    let bytes = SEGMENT_HEADER_BYTES as u64;
    Ok((Segment { path, header, bytes, until: Seq(first.0.saturating_sub(1)), records: 0 }, file))
}

/// Why a segment could not be created.
#[derive(Debug)]
pub(super) enum CreateError {
    /// The directory is as it was.
    Unchanged(io::Error),
    /// The segment may or may not be there.
    Unknown(io::Error),
}

impl CreateError {
    pub(super) fn into_inner(self) -> io::Error {
        match self {
            Self::Unchanged(error) | Self::Unknown(error) => error,
        }
    }
}

/// A number that nobody outside can know.
pub(super) fn new_salt() -> u64 {
    // The standard library's hash keys come from the system's random numbers.
    RandomState::new().build_hasher().finish()
}

pub(super) fn corrupt(path: &Path, offset: u64, problem: &'static str) -> JournalError {
    JournalError::Corrupt { file: path.to_path_buf(), offset, problem }
}

/// The error for a failed step on a file: a full disk is told apart from a broken one.
pub(super) fn failed(action: &'static str, path: &Path, source: io::Error) -> JournalError {
    let file = path.to_path_buf();
    if disk::is_full(&source) {
        JournalError::Full { file, source }
    } else {
        JournalError::Io { action, file, source }
    }
}

fn write_header(path: &Path, header: &SegmentHeader) -> io::Result<File> {
    disk::remove_if_there(path)?;
    let mut file = disk::create_private_file(path)?;
    file.write_all(&header.encode())?;
    file.sync_all()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_survives_a_round_trip_and_no_flipped_bit_goes_unseen() {
        let dir = tempfile::tempdir().unwrap();
        let path = segment_path(dir.path(), Seq(42));
        let header = SegmentHeader {
            first: Seq(42),
            compacted: Some(CompactedRange { until: Seq(99), records: 3 }),
            previous: Some(Previous { first: Seq(1), bytes: 4711 }),
            salt: new_salt(),
        };
        let good = header.encode();
        let read = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            SegmentHeader::read(&path, &File::open(&path).unwrap())
        };
        assert_eq!(read(&good).unwrap(), header);
        for bit in 0..good.len() * 8 {
            let mut bad = good;
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(matches!(read(&bad), Err(JournalError::Corrupt { .. })), "bit {bit}");
        }
        assert!(matches!(read(&good[..60]), Err(JournalError::Corrupt { .. })));
    }

    #[test]
    fn only_twenty_digits_name_a_segment() {
        assert_eq!(first_of(&segment_path(Path::new("/j"), Seq(7))), Some(Seq(7)));
        assert_eq!(first_of(Path::new("/j/7.wal")), None);
        assert_eq!(first_of(&unfinished(&segment_path(Path::new("/j"), Seq(7)))), None);
    }
}
