//! The journal in memory, for servers that keep nothing and for tests.
//!
//! Durable for as long as the process lives, and limited in size like a disk.

use std::{
    ops::ControlFlow,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use wask_proto::Seq;

use super::{Compacted, Journal, JournalError, JournalReader, JournalStats, RecordBatch};

/// A journal in memory.
#[derive(Debug)]
pub struct MemoryJournal {
    state: Arc<Mutex<State>>,
    max_bytes: u64,
}

#[derive(Debug, Default)]
struct State {
    chunks: Vec<Arc<Chunk>>,
    last: Seq,
    bytes: u64,
}

/// The records of one append, with their numbers.
#[derive(Debug, Default)]
struct Chunk {
    seqs: Vec<Seq>,
    records: RecordBatch,
    /// The last number that it covers.
    until: Seq,
    /// The first number that it covers.
    first: Seq,
}

impl Chunk {
    fn iter(&self) -> impl Iterator<Item = (Seq, &[u8])> {
        self.seqs.iter().copied().zip(self.records.iter())
    }

    fn bytes(&self) -> u64 {
        (self.records.byte_len() + self.records.len() * size_of::<(Seq, usize)>()) as u64
    }
}

impl Default for MemoryJournal {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryJournal {
    /// The limit of [`MemoryJournal::new`].
    pub const DEFAULT_MAX_BYTES: u64 = 1024 * 1024 * 1024;

    /// An empty journal with the default limit.
    pub fn new() -> Self {
        Self::with_limit(Self::DEFAULT_MAX_BYTES)
    }

    /// An empty journal that is full when it holds `max_bytes`.
    pub fn with_limit(max_bytes: u64) -> Self {
        Self { state: Arc::default(), max_bytes }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl Journal for MemoryJournal {
    fn append(&mut self, first: Seq, batch: &RecordBatch) -> Result<(), JournalError> {
        let mut state = self.lock();
        let expected = Seq(state.last.0 + 1);
        if first != expected {
            return Err(JournalError::OutOfOrder { expected, given: first });
        }
        if batch.is_empty() {
            return Ok(());
        }
        let until = Seq(state.last.0 + batch.len() as u64);
        let seqs = (first.0..=until.0).map(Seq).collect();
        let chunk = Chunk { seqs, records: batch.clone(), until, first };
        if state.bytes + chunk.bytes() > self.max_bytes {
            let source = std::io::ErrorKind::StorageFull.into();
            return Err(JournalError::Full { file: "memory".into(), source });
        }
        state.bytes += chunk.bytes();
        state.last = until;
        state.chunks.push(Arc::new(chunk));
        Ok(())
    }

    fn last(&self) -> Seq {
        self.lock().last
    }

    fn reader(&self) -> Box<dyn JournalReader> {
        Box::new(MemoryReader { state: Arc::clone(&self.state) })
    }

    fn delete_through(&mut self, through: Seq) -> Result<(), JournalError> {
        let mut state = self.lock();
        let newest = state.chunks.len().saturating_sub(1);
        let old = state.chunks.iter().take(newest).take_while(|c| c.until <= through).count();
        state.chunks.drain(..old);
        state.bytes = state.chunks.iter().map(|chunk| chunk.bytes()).sum();
        Ok(())
    }

    fn compact(
        &mut self,
        keep: &mut dyn FnMut(Seq, &[u8]) -> bool,
    ) -> Result<Compacted, JournalError> {
        let before = self.stats();
        let mut chunks = self.lock().chunks.clone();
        let newest = chunks.pop();
        if let Some(oldest) = chunks.first() {
            let mut rewritten = Chunk { first: oldest.first, ..Chunk::default() };
            for chunk in &chunks {
                rewritten.until = chunk.until;
                for (seq, bytes) in chunk.iter().filter(|(seq, bytes)| keep(*seq, bytes)) {
                    // Whatever fitted into a batch before fits into this one.
                    if rewritten.records.push_encoded(bytes).is_ok() {
                        rewritten.seqs.push(seq);
                    }
                }
            }
            chunks = vec![Arc::new(rewritten)];
        }
        chunks.extend(newest);
        {
            let mut state = self.lock();
            state.bytes = chunks.iter().map(|chunk| chunk.bytes()).sum();
            state.chunks = chunks;
        }
        let after = self.stats();
        Ok(Compacted {
            bytes_before: before.bytes,
            bytes_after: after.bytes,
            dropped: before.records - after.records,
        })
    }

    fn stats(&self) -> JournalStats {
        let state = self.lock();
        JournalStats {
            bytes: state.bytes,
            records: state.chunks.iter().map(|chunk| chunk.records.len() as u64).sum(),
            segments: state.chunks.len(),
        }
    }
}

struct MemoryReader {
    state: Arc<Mutex<State>>,
}

impl JournalReader for MemoryReader {
    fn read(
        &mut self,
        from: Seq,
        each: &mut dyn FnMut(Seq, &[u8]) -> ControlFlow<()>,
    ) -> Result<(), JournalError> {
        let chunks: Vec<_> = {
            let state = lock(&self.state);
            let place = state.chunks.partition_point(|chunk| chunk.until < from);
            state.chunks.iter().skip(place).cloned().collect()
        };
        for chunk in chunks {
            for (seq, bytes) in chunk.iter().filter(|(seq, _)| *seq >= from) {
                if each(seq, bytes).is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn first(&self) -> Seq {
        lock(&self.state).chunks.first().map_or(Seq(1), |chunk| chunk.first)
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
