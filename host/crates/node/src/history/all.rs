//! The latest spans of all runs, the oldest of which go.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use wask_proto::{BLOCK_SPANS, RunId, Span, Timestamp, encode_block};

use super::{
    SpanIndex, SpanPage,
    dictionary::{Lane, Lookup},
    entry::Attempt,
};

/// A run, as the feed of all runs names it.
#[derive(Clone, Debug)]
pub struct RunName {
    /// Its id.
    pub id: RunId,
    /// Its name.
    pub name: Option<Arc<str>>,
}

/// The latest spans of all runs.
#[derive(Debug)]
pub(super) struct Latest {
    base: Timestamp,
    lookup: Lookup,
    spans: VecDeque<Span>,
    /// Spans that went.
    gone: u64,
    /// Runs by number, as far as spans of theirs are kept.
    names: HashMap<u32, (RunName, u32)>,
    numbers: HashMap<RunId, u32>,
    next_number: u32,
}

impl Latest {
    pub(super) fn new(base: Timestamp, lanes: &[Lane]) -> Self {
        Self {
            base,
            lookup: Lookup::with_lanes(lanes),
            spans: VecDeque::new(),
            gone: 0,
            names: HashMap::new(),
            numbers: HashMap::new(),
            next_number: 0,
        }
    }

    pub(super) fn push(
        &mut self,
        run: RunId,
        name: Option<&Arc<str>>,
        function: u16,
        attempt: &Attempt,
    ) {
        let lane = self.lookup.lane(&attempt.timing);
        let number = self.number(run, name);
        if let Some((_, spans)) = self.names.get_mut(&number) {
            *spans += 1;
        }
        self.spans.push_back(Span { run: number, ..attempt.span(self.base, function, lane) });
        if self.spans.len() > BLOCK_SPANS
            && let Some(oldest) = self.spans.pop_front()
        {
            self.gone += 1;
            self.forget(oldest.run);
        }
    }

    /// The number of a function.
    pub(super) fn function(&mut self, call: &Arc<str>) -> u16 {
        self.lookup.function(call)
    }

    pub(super) fn index(&self) -> SpanIndex {
        SpanIndex {
            total: self.total(),
            sealed: 0,
            base_us: self.base.0,
            names: self.lookup.names.clone(),
        }
    }

    pub(super) fn from(&self, from: u64) -> SpanPage {
        let first = from.clamp(self.gone, self.total());
        let spans = self.spans.iter().skip(usize::try_from(first - self.gone).unwrap_or(0));
        let block =
            (spans.len() > 0).then(|| encode_block(spans.clone(), (first, self.base.0), true));
        let mut runs: Vec<u32> = spans.map(|span| span.run).collect();
        runs.sort_unstable();
        runs.dedup();
        let named = |run: u32| self.names.get(&run).map(|(name, _)| (run, name.clone()));
        let runs = runs.into_iter().filter_map(named).collect();
        SpanPage { first, next: self.total(), block, runs }
    }

    /// The number of a run, which may have no span here yet.
    pub(super) fn number(&mut self, run: RunId, name: Option<&Arc<str>>) -> u32 {
        *self.numbers.entry(run).or_insert_with(|| {
            self.next_number = self.next_number.wrapping_add(1);
            let name = RunName { id: run, name: name.cloned() };
            self.names.insert(self.next_number, (name, 0));
            self.next_number
        })
    }

    /// A run is gone. Its spans keep its number as long as they are here.
    pub(super) fn delete(&mut self, run: RunId) {
        let number = self.numbers.get(&run).copied();
        if let Some(number) = number.filter(|number| self.spans_of(*number) == 0) {
            self.numbers.remove(&run);
            self.names.remove(&number);
        }
    }

    fn spans_of(&self, number: u32) -> u32 {
        self.names.get(&number).map_or(0, |(_, spans)| *spans)
    }

    fn forget(&mut self, number: u32) {
        let Some((name, spans)) = self.names.get_mut(&number) else { return };
        *spans -= 1;
        if *spans == 0 {
            self.numbers.remove(&name.id);
            self.names.remove(&number);
        }
    }

    fn total(&self) -> u64 {
        self.gone + self.spans.len() as u64
    }
}
