//! Reading: the list of segments that journal and readers share, and the walk through them.
//!
//! A reader never looks beyond what the journal has published as durable, so it needs no care for
//! half-written frames: whatever does not check is damage.

use std::{
    fs::File,
    io::{BufReader, Seek, SeekFrom},
    ops::ControlFlow,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use wask_proto::Seq;

use super::{
    JournalError, JournalReader, JournalStats,
    frame::{FrameFault, FrameReader},
    segment::{SEGMENT_HEADER_BYTES, Segment, corrupt, failed},
};

const READ_BUFFER_BYTES: usize = 256 * 1024;

/// The durable segments in order; the last one is the one that grows.
#[derive(Debug)]
pub(super) struct Shared {
    segments: Mutex<Vec<Segment>>,
}

impl Shared {
    pub(super) fn new(segments: Vec<Segment>) -> Self {
        Self { segments: Mutex::new(segments) }
    }

    /// The list. Files are renamed and removed only while it is held, so that a reader always
    /// finds the file that the list speaks of.
    pub(super) fn lock(&self) -> MutexGuard<'_, Vec<Segment>> {
        self.segments.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn last(&self) -> Seq {
        self.lock().last().map_or(Seq(0), |segment| segment.until)
    }

    fn first(&self) -> Seq {
        self.lock().first().map_or(Seq(1), Segment::first)
    }

    pub(super) fn stats(&self) -> JournalStats {
        let segments = self.lock();
        JournalStats {
            bytes: segments.iter().map(|segment| segment.bytes).sum(),
            records: segments.iter().map(|segment| segment.records).sum(),
            segments: segments.len(),
        }
    }

    /// The segment that covers `seq`, or else the next one, opened.
    fn open_at(&self, seq: Seq) -> Result<Option<(Segment, File)>, JournalError> {
        let segments = self.lock();
        let place = segments.partition_point(|segment| segment.until < seq);
        let Some(segment) = segments.get(place) else { return Ok(None) };
        let file =
            File::open(&segment.path).map_err(|source| failed("open", &segment.path, source))?;
        Ok(Some((segment.clone(), file)))
    }
}

/// A place between two frames of a segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Position {
    /// The number that comes next, or where there are gaps, the least that may.
    pub(super) next: Seq,
    /// Where its frame begins.
    pub(super) offset: u64,
}

impl Position {
    pub(super) fn start_of(segment: &Segment) -> Self {
        Self { next: segment.first(), offset: SEGMENT_HEADER_BYTES as u64 }
    }
}

/// Calls `each` for the frames of a segment from `position` on; moves `position` along. Checks
/// checksums, the order of the numbers and that the segment holds what it should.
pub(super) fn walk(
    segment: &Segment,
    mut file: File,
    position: &mut Position,
    each: &mut dyn FnMut(Seq, &[u8]) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, JournalError> {
    let path = &segment.path;
    file.seek(SeekFrom::Start(position.offset)).map_err(|source| failed("read", path, source))?;
    let input = BufReader::with_capacity(READ_BUFFER_BYTES, file);
    let salt = segment.header.salt;
    let mut frames = FrameReader::new(input, salt, position.offset, segment.bytes);
    loop {
        let frame = match frames.next() {
            Ok(Some(frame)) => frame,
            Ok(None) => break,
            Err(FrameFault::Io(source)) => return Err(failed("read", path, source)),
            Err(FrameFault::Bad { offset }) => {
                return Err(corrupt(path, offset, "a record does not match its checksum"));
            }
        };
        let gap_allowed = segment.header.compacted.is_some() && frame.seq <= segment.until;
        if frame.seq != position.next && !(gap_allowed && frame.seq > position.next) {
            return Err(corrupt(path, position.offset, "a record is out of order"));
        }
        *position = Position { next: Seq(frame.seq.0 + 1), offset: frames.offset() };
        if each(frame.seq, frames.payload()).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    if segment.header.compacted.is_none() && position.next.0 != segment.until.0 + 1 {
        return Err(corrupt(path, segment.bytes, "records are missing at the segment's end"));
    }
    Ok(ControlFlow::Continue(()))
}

/// Reads the segments of a [`super::FileJournal`].
pub(super) struct SegmentReader {
    shared: Arc<Shared>,
    /// Where the last read stopped, and the salt of that segment, which identifies it.
    resume: Option<(u64, Position)>,
}

impl SegmentReader {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, resume: None }
    }

    fn position_in(&self, segment: &Segment, wanted: Seq) -> Position {
        match self.resume {
            Some((salt, position)) if salt == segment.header.salt && position.next <= wanted => {
                position
            }
            _ => Position::start_of(segment),
        }
    }
}

impl JournalReader for SegmentReader {
    fn read(
        &mut self,
        from: Seq,
        each: &mut dyn FnMut(Seq, &[u8]) -> ControlFlow<()>,
    ) -> Result<(), JournalError> {
        let end = self.shared.last();
        let mut wanted = from;
        while wanted <= end {
            let Some((segment, file)) = self.shared.open_at(wanted)? else { break };
            let mut position = self.position_in(&segment, wanted);
            let mut each_wanted = |seq, bytes: &[u8]| match seq < wanted {
                true => ControlFlow::Continue(()),
                false => each(seq, bytes),
            };
            let flow = walk(&segment, file, &mut position, &mut each_wanted)?;
            self.resume = Some((segment.header.salt, position));
            if flow.is_break() {
                break;
            }
            wanted = Seq(segment.until.0 + 1);
        }
        Ok(())
    }

    fn first(&self) -> Seq {
        self.shared.first()
    }
}
