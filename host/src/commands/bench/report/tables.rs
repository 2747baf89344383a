//! The tables of a report: what a client sees, and what a task costs by stage.

use super::{
    super::stages::{STAGES, Stage},
    Measured, Sample, SandboxLimit,
};
use crate::output::{Table, human_bytes, human_us};

/// What is said where there is nothing to say.
const NONE: &str = "-";

/// What a client sees, and what it takes.
pub(super) fn shapes_table(measured: &[Measured], limit: SandboxLimit) -> Table {
    let columns = [
        "SHAPE",
        ">TASKS",
        ">TIME",
        ">TASKS/S",
        ">OF LIMIT",
        ">ACCEPTED IN",
        "LATENCY p50/p95/p99",
        ">MEMORY",
        ">JOURNAL",
    ];
    let mut table = Table::new(&columns);
    for measured in measured {
        let Some(sample) = measured.median() else { continue };
        let share = || format!("{:.1} %", limit.share(sample.per_second()) * 100.0);
        let journal = sample.used.as_ref().and_then(|used| used.journal_bytes);
        let journal = journal.map(|bytes| bytes as f64 / sample.tasks.max(1) as f64);
        table.row([
            measured.name.clone(),
            sample.tasks.to_string(),
            us(sample.total.as_secs_f64() * 1e6),
            format!("{:.0}", sample.per_second()),
            or_none(sample.is_comparable.then(share)),
            or_none(sample.accept.map(|accept| us(accept.as_secs_f64() * 1e6))),
            latency(sample),
            or_none(measured.memory_bytes_per_task.map(bytes)),
            or_none(journal.map(bytes)),
        ]);
    }
    table
}

/// Where each task's processor time goes.
pub(super) fn cpu_table(measured: &[Measured]) -> Table {
    let columns = [
        "SHAPE", ">API", ">LOOP", ">JOURNAL", ">INDEX", ">HISTORY", ">OTHER", ">OUTSIDE",
        ">SANDBOX",
    ];
    let mut table = Table::new(&columns);
    for measured in measured {
        let Some(sample) = measured.median() else { continue };
        table.row([measured.name.clone()].into_iter().chain(costs(sample)));
    }
    table
}

fn costs(sample: &Sample) -> Vec<String> {
    let Some(used) = &sample.used else { return vec![NONE.to_owned(); STAGES.len() + 1] };
    let shown = |us: f64| format!("{us:.1}");
    let mut cells: Vec<String> = Vec::new();
    for stage in STAGES {
        if stage == Stage::Sandbox {
            cells.push(shown(used.cpu.outside_us_per_task(sample.tasks)));
        }
        cells.push(shown(used.cpu.us_per_task(stage, sample.tasks)));
    }
    cells
}

fn latency(sample: &Sample) -> String {
    let quantiles = [0.5, 0.95, 0.99].map(|fraction| sample.latency_us(fraction).map(us));
    let quantiles: Vec<String> = quantiles.into_iter().flatten().collect();
    or_none((!quantiles.is_empty()).then(|| quantiles.join(" / ")))
}

fn us(value: f64) -> String {
    human_us(value.round() as u64)
}

fn bytes(value: f64) -> String {
    human_bytes(value.round() as u64)
}

fn or_none(text: Option<String>) -> String {
    text.unwrap_or_else(|| NONE.to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Goal: what is not known is shown as such, and rows are as wide as the head.
    #[test]
    fn unknown_figures_are_dashes() {
        let sample = Sample::of(10, Duration::from_millis(1));
        assert_eq!(latency(&sample), NONE);
        assert_eq!(costs(&sample), [NONE; 8]);
        let limit = SandboxLimit { processes: 1, calls_per_s: 20_000.0 };
        let measured = [Measured::new("map".to_owned(), vec![sample.not_comparable()])];
        let text = shapes_table(&measured, limit).render(false);
        let row = text.lines().nth(1).unwrap();
        assert_eq!(row.split_whitespace().filter(|cell| *cell == NONE).count(), 5, "{text}");
    }
}
