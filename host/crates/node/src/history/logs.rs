//! All logs, and the one place where entries are folded in.

use std::{collections::HashMap, path::PathBuf, sync::Arc};

use wask_proto::{ModuleId, RunId, SpanState};

use super::{
    SpanIndex, SpanPage,
    all::{Latest, RunName},
    dictionary::Lane,
    entry::{Attempt, Entry},
    run::{Function, RunLog, Sealed, Tail},
};
use crate::{clock, histogram::Histogram};

/// How long a function took.
#[derive(Clone, Debug)]
pub struct Durations {
    /// The function.
    pub function: Arc<str>,
    /// Attempts that ended, those with known results left out.
    pub count: u64,
    /// Of these, how many failed.
    pub failed: u64,
    /// Microseconds inside the guest: median, 95th and 99th percentile (within 7 %), maximum.
    pub run_us: (u64, u64, u64, u64),
    /// Counts of successes, each with the microseconds that are too many for it.
    pub histogram: Vec<(u64, u64)>,
}

/// All logs.
#[derive(Debug)]
pub(super) struct Logs {
    dir: Option<PathBuf>,
    /// Slots that are known from the start.
    lanes: Vec<Lane>,
    runs: HashMap<RunId, RunLog>,
    latest: Latest,
    durations: Vec<Taken>,
    by_function: HashMap<(ModuleId, Arc<str>), usize>,
}

/// What a function took so far.
#[derive(Debug)]
struct Taken {
    count: u64,
    failed: u64,
    run_us: Histogram,
}

impl Logs {
    /// Empty logs. What an earlier life left in `dir` goes.
    pub(super) fn new(dir: Option<PathBuf>, lanes: Vec<Lane>) -> std::io::Result<Self> {
        if let Some(dir) = &dir {
            // It holds nothing that the journal does not have.
            std::fs::remove_dir_all(dir)?;
            std::fs::create_dir(dir)?;
        }
        Ok(Self {
            dir,
            runs: HashMap::new(),
            latest: Latest::new(clock::now(), &lanes),
            lanes,
            durations: Vec::new(),
            by_function: HashMap::new(),
        })
    }

    pub(super) fn fold(&mut self, entry: Entry) {
        match entry {
            Entry::Run { run, name, created_at } => {
                self.runs.insert(run, RunLog::new(run, name, created_at, &self.lanes));
            }
            Entry::Function { run, call, module, function } => {
                let durations = self.taken(module, function);
                let number = self.latest.function(&call);
                if let Some(log) = self.runs.get_mut(&run) {
                    log.functions.push(Function { call, number, durations });
                }
            }
            Entry::Attempt(run, attempt) => self.push(run, &attempt),
            Entry::Deleted(run) => {
                self.latest.delete(run);
                let was_sealed = self.runs.remove(&run).is_some_and(|log| log.sealed_count() > 0);
                if let Some(dir) = self.dir.as_ref().filter(|_| was_sealed)
                    && let Err(error) = std::fs::remove_dir_all(dir.join(run.to_string()))
                {
                    tracing::debug!(%error, "the history of a run was not in files");
                }
            }
        }
    }

    pub(super) fn index(&self, run: RunId) -> Option<SpanIndex> {
        let log = self.runs.get(&run)?;
        Some(SpanIndex {
            total: log.total(),
            sealed: log.sealed_count(),
            base_us: log.base.0,
            names: log.names(),
        })
    }

    pub(super) fn sealed(&self, run: RunId, block: u64) -> Option<Sealed> {
        self.runs.get(&run)?.sealed(block)
    }

    pub(super) fn spans(&self, run: RunId, from: u64) -> Option<Tail> {
        Some(self.runs.get(&run)?.from(from))
    }

    pub(super) fn latest(&self, from: u64) -> SpanPage {
        self.latest.from(from)
    }

    /// Numbers of runs in the feed of all runs, with their names.
    pub(super) fn numbers(&mut self, runs: &[RunId]) -> Vec<(u32, RunName)> {
        let number = |&run: &RunId| {
            let name = self.runs.get(&run)?.name.clone();
            let number = self.latest.number(run, name.as_ref());
            Some((number, RunName { id: run, name }))
        };
        runs.iter().filter_map(number).collect()
    }

    pub(super) fn latest_index(&self) -> SpanIndex {
        self.latest.index()
    }

    pub(super) fn durations(&self, module: ModuleId) -> Vec<Durations> {
        let of_module = self.by_function.iter().filter(|((of, _), _)| *of == module);
        let mut durations: Vec<Durations> = of_module
            .filter_map(|((_, function), &place)| {
                let taken = self.durations.get(place)?;
                let quantile = |q| taken.run_us.quantile(q);
                Some(Durations {
                    function: Arc::clone(function),
                    count: taken.count,
                    failed: taken.failed,
                    run_us: (quantile(0.5), quantile(0.95), quantile(0.99), taken.run_us.max_us()),
                    histogram: taken.run_us.by_powers(),
                })
            })
            .collect();
        durations.sort_by(|a, b| a.function.cmp(&b.function));
        durations
    }

    fn push(&mut self, run: RunId, attempt: &Attempt) {
        let Some(log) = self.runs.get_mut(&run) else { return };
        log.push(attempt, self.dir.as_deref());
        let function = log.functions.get(attempt.function as usize);
        let number = function.map_or(u16::MAX, |function| function.number);
        self.latest.push(run, log.name.as_ref(), number, attempt);
        let taken = function.and_then(|function| self.durations.get_mut(function.durations));
        if let Some(taken) = taken.filter(|_| attempt.state != SpanState::Known) {
            taken.count += 1;
            match attempt.state {
                SpanState::Succeeded => taken.run_us.add(attempt.timing.run_us),
                SpanState::Failed | SpanState::Retried => taken.failed += 1,
                SpanState::Cancelled | SpanState::Known => {}
            }
        }
    }

    fn taken(&mut self, module: ModuleId, function: Arc<str>) -> usize {
        *self.by_function.entry((module, function)).or_insert_with(|| {
            self.durations.push(Taken { count: 0, failed: 0, run_us: Histogram::default() });
            self.durations.len() - 1
        })
    }
}
