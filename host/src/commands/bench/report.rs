//! What was measured, as a table for people and as one JSON value.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::machine::{Machine, Memory};
use crate::output::{Output, Table, human_bytes, human_us};

/// One measurement of one workload.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    tasks: u64,
    total: Duration,
    accept: Option<Duration>,
    /// Whether the tasks ran within the time, so that it can be compared with bare sandboxes.
    ran: bool,
    /// Sorted.
    latencies: Vec<Duration>,
    /// What the server's memory grew by.
    pub(super) server_bytes_per_task: Option<f64>,
}

impl Sample {
    /// So many tasks in that time.
    pub(super) fn of(tasks: u64, total: Duration) -> Self {
        Self {
            tasks,
            total,
            accept: None,
            ran: true,
            latencies: Vec::new(),
            server_bytes_per_task: None,
        }
    }

    /// So many tasks accepted in that time.
    pub(super) fn of_accepting(tasks: u64, accept: Duration) -> Self {
        Self { ran: false, ..Self::of(tasks, accept).with_accept(accept) }
    }

    /// With the time until the graph was accepted.
    pub(super) fn with_accept(self, accept: Duration) -> Self {
        Self { accept: Some(accept), ..self }
    }

    /// With the times of single calls.
    pub(super) fn with_latencies(self, mut latencies: Vec<Duration>) -> Self {
        latencies.sort_unstable();
        Self { latencies, ..self }
    }

    fn per_second(&self) -> f64 {
        self.tasks as f64 / self.total.as_secs_f64().max(1e-9)
    }

    fn us_per_task(&self) -> f64 {
        self.total.as_secs_f64() * 1e6 / self.tasks.max(1) as f64
    }

    /// The latency that a fraction of all calls did not exceed.
    fn latency_us(&self, fraction: f64) -> Option<f64> {
        let last = self.latencies.len().checked_sub(1)?;
        let index = (last as f64 * fraction).round() as usize;
        self.latencies.get(index).map(|latency| latency.as_secs_f64() * 1e6)
    }
}

/// All measurements of one workload.
#[derive(Clone, Debug)]
pub(super) struct Measured {
    shape: &'static str,
    /// By time, quickest first.
    samples: Vec<Sample>,
}

impl Measured {
    /// The measurements of a shape.
    pub(super) fn new(shape: &'static str, mut samples: Vec<Sample>) -> Self {
        samples.sort_by_key(|sample| sample.total);
        Self { shape, samples }
    }

    fn median(&self) -> Option<&Sample> {
        self.samples.get(self.samples.len() / 2)
    }
}

/// Everything that was measured.
#[derive(Clone, Debug)]
pub(super) struct Report {
    /// Which server.
    pub(super) server: String,
    /// Whether its journal was on disk, if that is known.
    pub(super) durable: Option<bool>,
    /// Where.
    pub(super) machine: Machine,
    /// Slots of the server; threads of the bare sandboxes.
    pub(super) slots: usize,
    /// Fresh sandboxes per second, all threads together, without any server.
    pub(super) sandbox_calls_per_s: f64,
    /// By shape.
    pub(super) measured: Vec<Measured>,
    /// Memory before any load.
    pub(super) memory_idle: Option<Memory>,
    /// Memory after all load.
    pub(super) memory: Option<Memory>,
}

impl Report {
    /// The report for programs.
    pub(super) fn json(&self) -> Value {
        let shapes: Map<String, Value> = self
            .measured
            .iter()
            .filter_map(|m| Some((m.shape.to_owned(), self.shape_json(m)?)))
            .collect();
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "server": self.server,
            "durable": self.durable,
            "machine": self.machine.json(),
            "slots": self.slots,
            "sandbox_calls_per_s": self.sandbox_calls_per_s.round(),
            "shapes": shapes,
            "memory": {
                "idle": self.memory_idle.as_ref().map(Memory::json),
                "after": self.memory.as_ref().map(Memory::json),
            },
        })
    }

    /// The report for people.
    pub(super) fn print(&self, output: Output) -> anyhow::Result<()> {
        output.line(format!("{}, {} slots", self.machine, self.slots))?;
        let durable = match self.durable {
            Some(true) => "journal on disk",
            Some(false) => "no journal",
            None => "not started by this bench",
        };
        output.line(format!("server {} ({durable})\n", self.server))?;
        output.table(&self.table())?;
        let limit = self.sandbox_calls_per_s;
        output.line(format!("\nbare sandboxes: {limit:.0} calls/s, the limit that % refers to"))?;
        for (when, memory) in [("idle", &self.memory_idle), ("after load", &self.memory)] {
            if let Some(memory) = memory {
                output.line(format!("memory {when}: {memory}"))?;
            }
        }
        Ok(())
    }

    fn table(&self) -> Table {
        let columns = [
            "SHAPE",
            ">TASKS",
            ">TIME",
            ">TASKS/S",
            ">OF LIMIT",
            ">PER TASK",
            ">ACCEPTED IN",
            "LATENCY p50/p95/p99",
            "MEMORY",
        ];
        let mut table = Table::new(&columns);
        for measured in &self.measured {
            let Some(sample) = measured.median() else { continue };
            let us = |value: f64| human_us(value.round() as u64);
            let accept = sample.accept.map(|accept| us(accept.as_secs_f64() * 1e6));
            let latency = [0.5, 0.95, 0.99].map(|fraction| sample.latency_us(fraction).map(us));
            let latency: Vec<String> = latency.into_iter().flatten().collect();
            let memory = sample
                .server_bytes_per_task
                .map(|bytes| format!("{} per task", human_bytes(bytes.round() as u64)));
            let share = self.share_of_limit(sample).map(|share| format!("{:.1} %", share * 100.0));
            table.row([
                measured.shape.to_owned(),
                sample.tasks.to_string(),
                us(sample.total.as_secs_f64() * 1e6),
                format!("{:.0}", sample.per_second()),
                share.unwrap_or_else(|| "-".to_owned()),
                format!("{:.1} us", sample.us_per_task()),
                accept.unwrap_or_else(|| "-".to_owned()),
                if latency.is_empty() { "-".to_owned() } else { latency.join(" / ") },
                memory.unwrap_or_else(|| "-".to_owned()),
            ]);
        }
        table
    }

    fn share_of_limit(&self, sample: &Sample) -> Option<f64> {
        sample.ran.then(|| sample.per_second() / self.sandbox_calls_per_s.max(1.0))
    }

    fn shape_json(&self, measured: &Measured) -> Option<Value> {
        let sample = measured.median()?;
        let all: Vec<f64> = measured.samples.iter().map(|s| s.total.as_secs_f64()).collect();
        Some(json!({
            "tasks": sample.tasks,
            "seconds": sample.total.as_secs_f64(),
            "seconds_of_all_repeats": all,
            "tasks_per_s": sample.per_second(),
            "us_per_task": sample.us_per_task(),
            "share_of_sandbox_limit": self.share_of_limit(sample),
            "accept_seconds": sample.accept.map(|accept| accept.as_secs_f64()),
            "latency_us": sample.latency_us(0.5).map(|p50| json!({
                "p50": p50, "p95": sample.latency_us(0.95), "p99": sample.latency_us(0.99) })),
            "server_bytes_per_task": sample.server_bytes_per_task,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: the reported figures are the median measurement's.
    #[test]
    fn medians_and_quantiles() {
        let sample = |ms| Sample::of(1_000, Duration::from_millis(ms));
        let measured = Measured::new("map", vec![sample(30), sample(10), sample(20)]);
        let median = measured.median().unwrap();
        assert_eq!(median.total, Duration::from_millis(20));
        assert!((median.per_second() - 50_000.0).abs() < 1e-6);
        assert!((median.us_per_task() - 20.0).abs() < 1e-9);
        let calls = sample(1).with_latencies((0..=100).rev().map(Duration::from_micros).collect());
        assert!((calls.latency_us(0.99).unwrap() - 99.0).abs() < 1e-6);
        assert!(sample(1).latency_us(0.5).is_none());
    }
}
