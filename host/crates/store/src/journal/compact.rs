//! Making closed segments smaller: dropping records, merging what is left, deleting old segments.
//!
//! Never touches the newest segment. A rewritten segment takes the place of one or more whole
//! ones: it is written aside and synced, renamed over the first of them, the directory synced, and
//! only then are the others removed. After a crash in between, the rewritten segment's header says
//! which files it replaces, and opening removes them.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    ops::{ControlFlow, Range},
    path::{Path, PathBuf},
};

use wask_proto::Seq;

use super::{
    Compacted, JournalError,
    frame::{self, FRAME_HEADER_BYTES, Place},
    reader::{Position, Shared, walk},
    recover::write_floor,
    segment::{
        CompactedRange, SEGMENT_HEADER_BYTES, Segment, SegmentHeader, failed, new_salt,
        segment_path, unfinished,
    },
};
use crate::disk;

/// See [`super::Journal::compact`].
pub(super) fn compact(
    dir: &Path,
    shared: &Shared,
    target_bytes: u64,
    keep: &mut dyn FnMut(Seq, &[u8]) -> bool,
) -> Result<Compacted, JournalError> {
    let before = shared.stats();
    let mut plans = Vec::new();
    for segment in closed(shared) {
        plans.push(Plan::of(segment, keep)?);
    }
    for group in groups(&plans, target_bytes) {
        let Some(group) = plans.get(group) else { continue };
        if group.len() > 1 || group.iter().any(Plan::drops) {
            replace(dir, shared, group)?;
        }
    }
    let after = shared.stats();
    Ok(Compacted {
        bytes_before: before.bytes,
        bytes_after: after.bytes,
        dropped: before.records - after.records,
    })
}

/// See [`super::Journal::delete_through`].
pub(super) fn delete_through(
    dir: &Path,
    shared: &Shared,
    through: Seq,
) -> Result<(), JournalError> {
    let old = closed(shared).iter().take_while(|segment| segment.until <= through).count();
    if old == 0 {
        return Ok(());
    }
    let Some(floor) = shared.lock().get(old).map(Segment::first) else { return Ok(()) };
    write_floor(dir, floor)?;
    let mut segments = shared.lock();
    for segment in segments.drain(..old) {
        remove(&segment.path)?;
    }
    Ok(())
}

/// What stays of one segment.
struct Plan {
    segment: Segment,
    /// For each of its records in order: whether it stays.
    kept: Vec<bool>,
    kept_records: u64,
    kept_bytes: u64,
}

impl Plan {
    fn of(
        segment: Segment,
        keep: &mut dyn FnMut(Seq, &[u8]) -> bool,
    ) -> Result<Self, JournalError> {
        let mut plan = Self { segment, kept: Vec::new(), kept_records: 0, kept_bytes: 0 };
        let (kept, records, bytes) = (&mut plan.kept, &mut plan.kept_records, &mut plan.kept_bytes);
        walk_all(&plan.segment, &mut |seq, payload| {
            let stays = keep(seq, payload);
            kept.push(stays);
            if stays {
                *records += 1;
                *bytes += (FRAME_HEADER_BYTES + payload.len()) as u64;
            }
            ControlFlow::Continue(())
        })?;
        Ok(plan)
    }

    fn drops(&self) -> bool {
        self.kept_records < self.kept.len() as u64
    }
}

fn closed(shared: &Shared) -> Vec<Segment> {
    let segments = shared.lock();
    segments.split_last().map(|(_, closed)| closed.to_vec()).unwrap_or_default()
}

fn walk_all(
    segment: &Segment,
    each: &mut dyn FnMut(Seq, &[u8]) -> ControlFlow<()>,
) -> Result<(), JournalError> {
    let path = &segment.path;
    let file = File::open(path).map_err(|source| failed("open", path, source))?;
    let _ = walk(segment, file, &mut Position::start_of(segment), each)?;
    Ok(())
}

/// Neighbours whose remains fit into one segment together.
fn groups(plans: &[Plan], target_bytes: u64) -> Vec<Range<usize>> {
    let mut groups: Vec<Range<usize>> = Vec::new();
    let mut room = 0;
    for (place, plan) in plans.iter().enumerate() {
        match groups.last_mut() {
            Some(group) if plan.kept_bytes <= room => {
                group.end = place + 1;
                room -= plan.kept_bytes;
            }
            _ => {
                groups.push(place..place + 1);
                let limit = target_bytes.saturating_sub(SEGMENT_HEADER_BYTES as u64);
                room = limit.saturating_sub(plan.kept_bytes);
            }
        }
    }
    groups
}

/// Puts one rewritten segment in the place of those in `group`.
fn replace(dir: &Path, shared: &Shared, group: &[Plan]) -> Result<(), JournalError> {
    let [oldest, rest @ ..] = group else { return Ok(()) };
    let newest = rest.last().unwrap_or(oldest);
    let records = group.iter().map(|plan| plan.kept_records).sum();
    let (first, until) = (oldest.segment.first(), newest.segment.until);
    let header = SegmentHeader {
        first,
        compacted: Some(CompactedRange { until, records }),
        previous: oldest.segment.header.previous,
        salt: new_salt(),
    };
    let path = segment_path(dir, first);
    let temporary = unfinished(&path);
    let bytes = rewrite(&temporary, header, group)
        .inspect_err(|_| drop(disk::remove_if_there(&temporary)))?;
    let rewritten = Segment { path, header, bytes, until, records };
    swap(dir, shared, &temporary, rewritten)?;
    for plan in rest {
        remove(&plan.segment.path)?;
    }
    Ok(())
}

/// Writes what stays into a new file, syncs it and returns its length.
fn rewrite(path: &Path, header: SegmentHeader, group: &[Plan]) -> Result<u64, JournalError> {
    let wrong = |source| failed("write", path, source);
    disk::remove_if_there(path).map_err(wrong)?;
    let file = disk::create_private_file(path).map_err(wrong)?;
    let mut out = BufWriter::with_capacity(256 * 1024, file);
    out.write_all(&header.encode()).map_err(wrong)?;
    let mut bytes = SEGMENT_HEADER_BYTES as u64;
    for plan in group {
        bytes += copy_kept(plan, header.salt, &mut out)
            .map_err(|error| error.or_io(|source| failed("write", path, source)))?;
    }
    let file = out.into_inner().map_err(|error| wrong(error.into_error()))?;
    file.sync_all().map_err(wrong)?;
    Ok(bytes)
}

/// Either side of a copy may fail.
enum CopyError {
    Reading(JournalError),
    Writing(io::Error),
}

impl CopyError {
    fn or_io(self, writing: impl FnOnce(io::Error) -> JournalError) -> JournalError {
        match self {
            Self::Reading(error) => error,
            Self::Writing(error) => writing(error),
        }
    }
}

fn copy_kept(plan: &Plan, salt: u64, out: &mut impl Write) -> Result<u64, CopyError> {
    let mut kept = plan.kept.iter();
    let mut framed = Vec::new();
    let mut bytes = 0;
    let mut result = Ok(());
    walk_all(&plan.segment, &mut |seq, payload| {
        if kept.next() == Some(&true) {
            framed.clear();
            frame::encode(&mut framed, salt, seq, Place::ALONE, payload);
            bytes += framed.len() as u64;
            result = out.write_all(&framed);
        }
        if result.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })
    .map_err(CopyError::Reading)?;
    result.map_err(CopyError::Writing)?;
    Ok(bytes)
}

/// Renames the rewritten file over the first one that it replaces, on the disk and in the list.
fn swap(
    dir: &Path,
    shared: &Shared,
    temporary: &Path,
    rewritten: Segment,
) -> Result<(), JournalError> {
    {
        let mut segments = shared.lock();
        std::fs::rename(temporary, &rewritten.path)
            .map_err(|source| broken("rename", temporary.to_path_buf(), source))?;
        let covers =
            |other: &Segment| (rewritten.first()..=rewritten.until).contains(&other.first());
        let place = segments.iter().position(covers).unwrap_or(0);
        segments.retain(|other| !covers(other));
        segments.insert(place, rewritten);
    }
    disk::sync_dir(dir).map_err(|source| broken("sync", dir.to_path_buf(), source))
}

fn remove(path: &Path) -> Result<(), JournalError> {
    disk::remove_if_there(path).map_err(|source| broken("remove", path.to_path_buf(), source))?;
    Ok(())
}

/// An error after which the directory's state is unknown, whatever its kind.
fn broken(action: &'static str, file: PathBuf, source: io::Error) -> JournalError {
    JournalError::Io { action, file, source }
}
