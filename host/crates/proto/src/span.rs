//! Spans: what attempts took, in blocks of columns, as the dashboard reads them
//! (`docs/dashboard-data.md`).

/// Spans of a sealed block.
pub const BLOCK_SPANS: usize = 65_536;

/// The lane of what had no slot.
pub const NO_LANE: u16 = u16::MAX;

const MAGIC: [u8; 4] = *b"WSPN";
const VERSION: u16 = 1;
const HEADER_BYTES: usize = 32;
const HAS_RUNS: u16 = 1;

/// How an attempt ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum SpanState {
    /// It succeeded.
    Succeeded = 0,
    /// It failed, and its task with it.
    Failed = 1,
    /// It failed, and its task was tried again.
    Retried = 2,
    /// It was stopped.
    Cancelled = 3,
    /// The result was known, so that nothing ran.
    Known = 4,
}

/// What an attempt took. Times are microseconds; a task's first 16 seconds are exact.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Span {
    /// When it began, after the block's base.
    pub start: f64,
    /// From its begin to its end.
    pub dur: f32,
    /// How long it was ready before it began.
    pub queue: f32,
    /// Of that, bringing its inputs.
    pub fetch: f32,
    /// The first part of `dur`: making the sandbox.
    pub startup: f32,
    /// A part of `dur`: without a slot, waiting for tasks of its own.
    pub parked: f32,
    /// After its end: storing the result.
    pub store: f32,
    /// The most linear memory it held, in bytes.
    pub peak: f32,
    /// Bytes of its result.
    pub output: f32,
    /// The task's place in its run.
    pub task: u32,
    /// Number of the function in the block's dictionary.
    pub function: u16,
    /// Number of the lane in the block's dictionary, or [`NO_LANE`].
    pub lane: u16,
    /// Number of the attempt.
    pub attempt: u16,
    /// How it ended.
    pub state: SpanState,
    /// [`Span::COLD`] and [`Span::PARKED`].
    pub flags: u8,
    /// Number of the run in the feed's dictionary; only blocks of several runs carry it.
    pub run: u32,
}

/// Encodes spans as a block. `first` is the number of the first one, `base_us` what starts count
/// from.
pub fn encode_block<'s>(
    spans: impl ExactSizeIterator<Item = &'s Span> + Clone,
    (first, base_us): (u64, u64),
    with_runs: bool,
) -> Vec<u8> {
    const ROW_BYTES: usize = 56;
    let count = spans.len();
    let mut block = Block(Vec::with_capacity(HEADER_BYTES + count * ROW_BYTES + 128));
    block.0.extend_from_slice(&MAGIC);
    block.0.extend_from_slice(&VERSION.to_le_bytes());
    block.0.extend_from_slice(&(if with_runs { HAS_RUNS } else { 0 }).to_le_bytes());
    block.0.extend_from_slice(&first.to_le_bytes());
    block.0.extend_from_slice(&base_us.to_le_bytes());
    block.0.extend_from_slice(&(count as u32).to_le_bytes());
    block.0.extend_from_slice(&[0; 4]);
    block.column(spans.clone().map(|span| span.start.to_le_bytes()));
    block.column(spans.clone().map(|span| span.dur.to_le_bytes()));
    block.column(spans.clone().map(|span| span.queue.to_le_bytes()));
    block.column(spans.clone().map(|span| span.fetch.to_le_bytes()));
    block.column(spans.clone().map(|span| span.startup.to_le_bytes()));
    block.column(spans.clone().map(|span| span.parked.to_le_bytes()));
    block.column(spans.clone().map(|span| span.store.to_le_bytes()));
    block.column(spans.clone().map(|span| span.peak.to_le_bytes()));
    block.column(spans.clone().map(|span| span.output.to_le_bytes()));
    block.column(spans.clone().map(|span| span.task.to_le_bytes()));
    block.column(spans.clone().map(|span| span.function.to_le_bytes()));
    block.column(spans.clone().map(|span| span.lane.to_le_bytes()));
    block.column(spans.clone().map(|span| span.attempt.to_le_bytes()));
    block.column(spans.clone().map(|span| [span.state as u8]));
    block.column(spans.clone().map(|span| [span.flags]));
    if with_runs {
        block.column(spans.map(|span| span.run.to_le_bytes()));
    }
    block.0
}

/// Reads a block that [`encode_block`] made: the number of the first span, what starts count from,
/// the spans. `None` if it is none.
pub fn decode_block(bytes: &[u8]) -> Option<(u64, u64, Vec<Span>)> {
    let mut columns = Columns { bytes, at: HEADER_BYTES };
    if bytes.get(..4)? != MAGIC || bytes.get(4..6)? != VERSION.to_le_bytes() {
        return None;
    }
    let with_runs = u16::from_le_bytes(bytes.get(6..8)?.try_into().ok()?) & HAS_RUNS != 0;
    let first = u64::from_le_bytes(bytes.get(8..16)?.try_into().ok()?);
    let base_us = u64::from_le_bytes(bytes.get(16..24)?.try_into().ok()?);
    let count = u32::from_le_bytes(bytes.get(24..28)?.try_into().ok()?) as usize;
    let start = columns.next::<8>(count)?;
    let floats: [&[[u8; 4]]; 8] = {
        let mut next = || columns.next::<4>(count);
        [next()?, next()?, next()?, next()?, next()?, next()?, next()?, next()?]
    };
    let task = columns.next::<4>(count)?;
    let [function, lane, attempt] =
        [columns.next::<2>(count)?, columns.next::<2>(count)?, columns.next::<2>(count)?];
    let [state, flags] = [columns.next::<1>(count)?, columns.next::<1>(count)?];
    let runs = if with_runs { Some(columns.next::<4>(count)?) } else { None };
    let span = |at: usize| {
        let float = |column: usize| Some(f32::from_le_bytes(*floats.get(column)?.get(at)?));
        Some(Span {
            start: f64::from_le_bytes(*start.get(at)?),
            dur: float(0)?,
            queue: float(1)?,
            fetch: float(2)?,
            startup: float(3)?,
            parked: float(4)?,
            store: float(5)?,
            peak: float(6)?,
            output: float(7)?,
            task: u32::from_le_bytes(*task.get(at)?),
            function: u16::from_le_bytes(*function.get(at)?),
            lane: u16::from_le_bytes(*lane.get(at)?),
            attempt: u16::from_le_bytes(*attempt.get(at)?),
            state: SpanState::of(state.get(at)?[0])?,
            flags: flags.get(at)?[0],
            run: runs.and_then(|runs| runs.get(at)).map_or(0, |run| u32::from_le_bytes(*run)),
        })
    };
    Some((first, base_us, (0..count).map(span).collect::<Option<_>>()?))
}

/// A block that is being read.
struct Columns<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Columns<'b> {
    fn next<const N: usize>(&mut self, count: usize) -> Option<&'b [[u8; N]]> {
        let end = self.at.checked_add(count.checked_mul(N)?)?;
        let (values, _) = self.bytes.get(self.at..end)?.as_chunks();
        self.at = end.next_multiple_of(8);
        Some(values)
    }
}

impl SpanState {
    /// All, by their numbers.
    const ALL: [Self; 5] =
        [Self::Succeeded, Self::Failed, Self::Retried, Self::Cancelled, Self::Known];

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Retried => "retried",
            Self::Cancelled => "cancelled",
            Self::Known => "known",
        }
    }

    fn of(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }
}

impl Span {
    /// The executor had to load the module.
    pub const COLD: u8 = 1;
    /// It was parked in between.
    pub const PARKED: u8 = 2;
}

/// A block that is being written.
struct Block(Vec<u8>);

impl Block {
    /// A column, padded so that the next one is aligned.
    fn column<const N: usize>(&mut self, values: impl Iterator<Item = [u8; N]>) {
        values.for_each(|value| self.0.extend_from_slice(&value));
        self.0.resize(self.0.len().next_multiple_of(8), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOLDEN: &str =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../../web-dashboard/tests/golden/");

    /// A member of a flat JSON row of the golden files.
    fn member<T: std::str::FromStr>(row: &str, name: &str) -> Option<T> {
        let (_, after) = row.split_once(&format!("\"{name}\":"))?;
        after.split([',', '}', '\n']).next()?.trim().parse().ok()
    }

    fn span(row: &str) -> Span {
        let float = |name| member::<f32>(row, name).unwrap();
        Span {
            start: member(row, "start").unwrap(),
            dur: float("dur"),
            queue: float("queue"),
            fetch: float("fetch"),
            startup: float("startup"),
            parked: float("parked"),
            store: float("store"),
            peak: float("peak"),
            output: float("output"),
            task: member(row, "task").unwrap(),
            function: member(row, "function").unwrap(),
            lane: member(row, "lane").unwrap(),
            attempt: member(row, "attempt").unwrap(),
            state: SpanState::of(member(row, "state").unwrap()).unwrap(),
            flags: member(row, "flags").unwrap(),
            run: member(row, "run").unwrap_or(0),
        }
    }

    /// Goal: what is written here is, byte for byte, what the dashboard's own tests read.
    #[test]
    fn blocks_are_the_golden_files() {
        for (name, with_runs) in [("spans-v1", false), ("spans-v1-runs", true)] {
            let text = std::fs::read_to_string(format!("{GOLDEN}{name}.json")).unwrap();
            let bytes = std::fs::read(format!("{GOLDEN}{name}.bin")).unwrap();
            let (head, rows) = text.split_once("\"rows\"").unwrap();
            let spans: Vec<Span> = rows.split('{').skip(1).map(span).collect();
            assert!(spans.len() >= 5, "{name}");
            let place = (member(head, "first").unwrap(), member(head, "base_us").unwrap());
            assert_eq!(encode_block(spans.iter(), place, with_runs), bytes, "{name}");
            assert_eq!(decode_block(&bytes), Some((place.0, place.1, spans)), "{name}");
            assert_eq!(decode_block(&bytes[..bytes.len() / 2]), None, "{name}");
        }
    }

    /// Goal: an empty block is a header, and every column begins at a multiple of 8 bytes.
    #[test]
    fn columns_are_aligned() {
        assert_eq!(encode_block([].iter(), (7, 9), true).len(), HEADER_BYTES);
        let text = std::fs::read_to_string(format!("{GOLDEN}spans-v1.json")).unwrap();
        let one = span(text.split('{').nth(2).unwrap());
        for count in 1..10 {
            let spans = vec![one; count];
            let padded = |bytes: usize| (count * bytes).next_multiple_of(8);
            let expected = HEADER_BYTES + padded(8) + 9 * padded(4) + 3 * padded(2) + 2 * padded(1);
            assert_eq!(encode_block(spans.iter(), (0, 0), false).len(), expected);
        }
    }
}
