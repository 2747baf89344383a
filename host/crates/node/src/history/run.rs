//! The log of one run: complete blocks that never change, and the spans after them.

use std::{path::Path, sync::Arc};

use wask_proto::{BLOCK_SPANS, RunId, Span, Timestamp, encode_block};

use super::{
    SpanPage,
    dictionary::{Dictionary, Lane, Lookup},
    entry::Attempt,
};

/// The log of a run.
#[derive(Debug)]
pub(super) struct RunLog {
    id: RunId,
    pub(super) name: Option<Arc<str>>,
    pub(super) base: Timestamp,
    pub(super) functions: Vec<Function>,
    pub(super) lookup: Lookup,
    sealed: Vec<Sealed>,
    open: Vec<Span>,
}

/// A function that a run calls.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) call: Arc<str>,
    /// Its number in the log of all runs.
    pub(super) number: u16,
    /// Its place among the durations.
    pub(super) durations: usize,
}

/// A complete block.
#[derive(Clone, Debug)]
pub(super) enum Sealed {
    /// In memory.
    Bytes(Arc<[u8]>),
    /// In a file.
    File(Arc<Path>),
}

/// Where spans from some number on are.
pub(super) enum Tail {
    /// Here.
    Open(SpanPage),
    /// In a complete block that begins with exactly that number.
    Sealed(Sealed, u64),
}

impl Sealed {
    /// The bytes.
    pub(super) fn read(&self) -> std::io::Result<Arc<[u8]>> {
        match self {
            Self::Bytes(bytes) => Ok(Arc::clone(bytes)),
            Self::File(path) => Ok(std::fs::read(path)?.into()),
        }
    }
}

impl RunLog {
    pub(super) fn new(id: RunId, name: Option<Arc<str>>, base: Timestamp, lanes: &[Lane]) -> Self {
        Self {
            id,
            name,
            base,
            functions: Vec::new(),
            lookup: Lookup::with_lanes(lanes),
            sealed: Vec::new(),
            open: Vec::new(),
        }
    }

    /// Adds an attempt. `dir` is where blocks are kept, if in files.
    pub(super) fn push(&mut self, attempt: &Attempt, dir: Option<&Path>) {
        let function = u16::try_from(attempt.function).unwrap_or(u16::MAX);
        let lane = self.lookup.lane(&attempt.timing);
        self.open.push(attempt.span(self.base, function, lane));
        if self.open.len() == BLOCK_SPANS {
            self.seal(dir);
        }
    }

    pub(super) fn total(&self) -> u64 {
        self.first_open() + self.open.len() as u64
    }

    pub(super) fn sealed(&self, block: u64) -> Option<Sealed> {
        self.sealed.get(usize::try_from(block).ok()?).cloned()
    }

    pub(super) fn sealed_count(&self) -> u64 {
        self.sealed.len() as u64
    }

    pub(super) fn names(&self) -> Dictionary {
        Dictionary {
            functions: self.functions.iter().map(|f| Arc::clone(&f.call)).collect(),
            lanes: self.lookup.names.lanes.clone(),
        }
    }

    /// Spans from a number on. Those of complete blocks come as whole blocks: whoever asks from
    /// the middle of one gets it from its beginning.
    pub(super) fn from(&self, from: u64) -> Tail {
        if let Some(sealed) = self.sealed(from / BLOCK_SPANS as u64) {
            return Tail::Sealed(sealed, from - from % BLOCK_SPANS as u64);
        }
        let first = from.clamp(self.first_open(), self.total());
        let skipped = usize::try_from(first - self.first_open()).unwrap_or(usize::MAX);
        let spans = self.open.get(skipped..).unwrap_or_default();
        let block =
            (!spans.is_empty()).then(|| encode_block(spans.iter(), (first, self.base.0), false));
        Tail::Open(SpanPage { first, next: self.total(), block, runs: Vec::new() })
    }

    fn first_open(&self) -> u64 {
        self.sealed.len() as u64 * BLOCK_SPANS as u64
    }

    fn seal(&mut self, dir: Option<&Path>) {
        let block = encode_block(self.open.iter(), (self.first_open(), self.base.0), false);
        let written = dir.and_then(|dir| self.write(dir, &block));
        self.sealed.push(written.unwrap_or_else(|| Sealed::Bytes(block.into())));
        self.open = Vec::new();
    }

    /// Writes a block to a file. Where that fails it stays in memory: the journal has it, too.
    fn write(&self, dir: &Path, block: &[u8]) -> Option<Sealed> {
        let dir = dir.join(self.id.to_string());
        let path = dir.join(format!("{}.spans", self.sealed.len()));
        let written = std::fs::create_dir_all(&dir).and_then(|()| std::fs::write(&path, block));
        match written {
            Ok(()) => Some(Sealed::File(path.into())),
            Err(error) => {
                tracing::warn!(%error, path = %path.display(), "a block of history stays in memory");
                None
            }
        }
    }
}
