//! Opening: which segments count, whether one is missing, and what the last crash has torn.
//!
//! Only the end of the newest segment is ever repaired, and only when nothing durable can be lost
//! by it. Everything else that is wrong is refused with file and offset.

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use wask_proto::Seq;

use super::{
    JournalError,
    frame::{FrameFault, FrameReader, holds_later_batch},
    segment::{SEGMENT_HEADER_BYTES, Segment, SegmentHeader, corrupt, failed, first_of},
};
use crate::disk;

/// What opening a journal has found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Recovered {
    /// Number of records in the journal.
    pub records: u64,
    /// Bytes of a batch that a crash had left incomplete, and which are gone now.
    pub truncated_bytes: u64,
}

/// The segments of a directory in order, the newest one repaired if a crash has torn it. Also
/// finishes a compaction or deletion that a crash has interrupted.
pub(super) fn recover(dir: &Path) -> Result<(Vec<Segment>, Recovered), JournalError> {
    let floor = read_floor(dir)?;
    let mut segments = without_replaced(load(dir)?, floor)?;
    check_chain(dir, &segments, floor)?;
    settle_closed(&mut segments);
    let mut recovered = Recovered::default();
    if let Some(newest) = segments.last_mut().filter(|newest| newest.header.compacted.is_none()) {
        recovered.truncated_bytes = repair_tail(newest)?;
    }
    recovered.records = segments.iter().map(|segment| segment.records).sum();
    Ok((segments, recovered))
}

/// Remembers durably that records before `floor` are deleted on purpose.
pub(super) fn write_floor(dir: &Path, floor: Seq) -> Result<(), JournalError> {
    let path = floor_path(dir);
    let temporary = dir.join("floor.new");
    let write = || -> io::Result<()> {
        disk::remove_if_there(&temporary)?;
        let mut file = disk::create_private_file(&temporary)?;
        writeln!(file, "{}", floor.0)?;
        file.sync_all()?;
        std::fs::rename(&temporary, &path)?;
        disk::sync_dir(dir)
    };
    write().map_err(|source| failed("write", &path, source))
}

fn floor_path(dir: &Path) -> PathBuf {
    dir.join("floor")
}

fn read_floor(dir: &Path) -> Result<Seq, JournalError> {
    let path = floor_path(dir);
    match std::fs::read_to_string(&path) {
        Ok(text) => {
            text.trim().parse().map(Seq).map_err(|_| corrupt(&path, 0, "not a record's number"))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Seq(1)),
        Err(source) => Err(failed("read", &path, source)),
    }
}

/// All segments by their numbers. Removes files that were never finished.
fn load(dir: &Path) -> Result<Vec<Segment>, JournalError> {
    let entries = std::fs::read_dir(dir).map_err(|source| failed("read", dir, source))?;
    let mut segments = Vec::new();
    for entry in entries {
        let path = entry.map_err(|source| failed("read", dir, source))?.path();
        if path.extension().is_some_and(|extension| extension == "new") {
            disk::remove_if_there(&path).map_err(|source| failed("remove", &path, source))?;
        } else if first_of(&path).is_some() {
            segments.push(load_one(path)?);
        }
    }
    segments.sort_by_key(Segment::first);
    Ok(segments)
}

fn load_one(path: PathBuf) -> Result<Segment, JournalError> {
    let file = File::open(&path).map_err(|source| failed("open", &path, source))?;
    let header = SegmentHeader::read(&path, &file)?;
    let bytes = file.metadata().map_err(|source| failed("read", &path, source))?.len();
    Ok(Segment { path, header, bytes, until: Seq(header.first.0.saturating_sub(1)), records: 0 })
}

/// Removes segments that a rewritten one covers, and those that lie before `floor`.
fn without_replaced(found: Vec<Segment>, floor: Seq) -> Result<Vec<Segment>, JournalError> {
    let mut segments: Vec<Segment> = Vec::with_capacity(found.len());
    let mut superfluous = Vec::new();
    for segment in found {
        let covered = segments.last().and_then(|last| last.header.compacted);
        if covered.is_some_and(|range| segment.first() <= range.until) {
            superfluous.push(segment.path);
        } else {
            segments.push(segment);
        }
    }
    while let [oldest, second, ..] = segments.as_slice() {
        if oldest.first() >= floor || second.first() > floor {
            break;
        }
        superfluous.push(segments.remove(0).path);
    }
    for path in superfluous {
        tracing::info!(file = %path.display(), "removing a journal segment that was replaced");
        disk::remove_if_there(&path).map_err(|source| failed("remove", &path, source))?;
    }
    Ok(segments)
}

/// Refuses a journal from which a segment is missing, or a closed one that has changed its length.
fn check_chain(dir: &Path, segments: &[Segment], floor: Seq) -> Result<(), JournalError> {
    let missing =
        |expected, file: &Path| JournalError::Missing { expected, file: file.to_path_buf() };
    match segments.first() {
        None if floor > Seq(1) => return Err(missing(floor, dir)),
        Some(oldest) if oldest.first() > floor => return Err(missing(floor, &oldest.path)),
        _ => {}
    }
    for pair in segments.windows(2) {
        let [before, after] = pair else { continue };
        if let Some(range) = before.header.compacted {
            if after.first().0 != range.until.0 + 1 {
                return Err(missing(Seq(range.until.0 + 1), &after.path));
            }
            continue;
        }
        match after.header.previous {
            Some(previous) if previous.first != before.first() => {
                return Err(missing(previous.first, &after.path));
            }
            Some(previous) if previous.bytes != before.bytes => {
                let offset = previous.bytes.min(before.bytes);
                return Err(corrupt(&before.path, offset, "its length has changed"));
            }
            Some(_) => {}
            None => return Err(corrupt(&after.path, 40, "it does not name the segment before it")),
        }
    }
    Ok(())
}

/// Fills in what all segments but the newest cover, which their neighbours tell.
fn settle_closed(segments: &mut [Segment]) {
    let mut next: Option<Seq> = None;
    for segment in segments.iter_mut().rev() {
        if let Some(range) = segment.header.compacted {
            (segment.until, segment.records) = (range.until, range.records);
        } else if let Some(next) = next {
            segment.until = Seq(next.0.saturating_sub(1));
            segment.records = next.0.saturating_sub(segment.first().0);
        }
        next = Some(segment.first());
    }
}

/// Reads the newest segment, cuts off what is behind its last complete batch, and says how many
/// bytes of an incomplete one that were. Zeros had been reserved for batches to come.
fn repair_tail(segment: &mut Segment) -> Result<u64, JournalError> {
    let path = segment.path.clone();
    let file = File::options()
        .read(true)
        .write(true)
        .open(&path)
        .map_err(|source| failed("open", &path, source))?;
    let length = segment.bytes;
    scan_batches(segment, &file)?;
    if segment.bytes >= length {
        return Ok(0);
    }
    let rest = read_from(&file, segment.bytes).map_err(|e| failed("read", &path, e))?;
    let torn = rest.iter().rposition(|byte| *byte != 0).map_or(0, |last| last as u64 + 1);
    if torn > 0 {
        tracing::warn!(
            file = %path.display(), offset = segment.bytes, bytes = torn,
            "cutting off a batch that was never completely written"
        );
    }
    file.set_len(segment.bytes)
        .and_then(|()| file.sync_all())
        .map_err(|source| failed("repair", &path, source))?;
    Ok(torn)
}

/// Sets what the segment holds up to the end of its last complete batch.
fn scan_batches(segment: &mut Segment, mut file: &File) -> Result<(), JournalError> {
    let path = segment.path.clone();
    let (salt, length) = (segment.header.salt, segment.bytes);
    let start = SEGMENT_HEADER_BYTES as u64;
    file.seek(SeekFrom::Start(start)).map_err(|source| failed("read", &path, source))?;
    let mut frames = FrameReader::new(BufReader::new(file), salt, start, length);
    let mut expected = segment.first();
    segment.bytes = start;
    loop {
        let offset = frames.offset();
        match frames.next() {
            Ok(None) => break,
            Ok(Some(frame)) if frame.seq != expected => {
                return Err(corrupt(&path, offset, "a record is out of order"));
            }
            Ok(Some(frame)) => {
                expected = Seq(frame.seq.0 + 1);
                if frame.place.ends_batch {
                    segment.bytes = frame.end;
                    segment.until = frame.seq;
                }
            }
            Err(FrameFault::Io(source)) => return Err(failed("read", &path, source)),
            Err(FrameFault::Bad { offset }) => {
                let rest = read_from(file, offset).map_err(|e| failed("read", &path, e))?;
                if holds_later_batch(&rest, salt, expected) {
                    let problem = "a record is damaged, and intact ones follow it";
                    return Err(corrupt(&path, offset, problem));
                }
                break;
            }
        }
    }
    segment.records = segment.until.0 + 1 - segment.first().0;
    Ok(())
}

fn read_from(mut file: &File, offset: u64) -> io::Result<Vec<u8>> {
    let mut rest = Vec::new();
    file.seek(SeekFrom::Start(offset))?;
    file.read_to_end(&mut rest)?;
    Ok(rest)
}
