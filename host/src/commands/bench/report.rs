//! What was measured, as tables for people and as one JSON value.

mod tables;

use serde_json::{Map, Value, json};

use self::tables::{cpu_table, shapes_table};
use super::{
    limit::SandboxLimit,
    machine::Machine,
    process::Memory,
    sample::{Measured, Sample},
    server::OwnServer,
};
use crate::{cli::BenchArgs, client::Client, output::Output};

/// What a task may cost outside of its sandbox.
const OUTSIDE_GOAL_US: f64 = 15.0;

/// Everything that was measured.
#[derive(Clone, Debug)]
pub(super) struct Report {
    server: String,
    machine: Machine,
    limit: SandboxLimit,
    repeat: u32,
    memory_idle: Option<Memory>,
    memory_most: Option<Memory>,
    /// By shape.
    pub(super) measured: Vec<Measured>,
}

impl Report {
    /// A report on this machine, still empty.
    pub(super) fn new(limit: SandboxLimit, machine: Machine, args: &BenchArgs) -> Self {
        Self {
            server: String::new(),
            machine,
            limit,
            repeat: args.repeat,
            memory_idle: None,
            memory_most: None,
            measured: Vec::new(),
        }
    }

    /// Notes the server that is measured next, before it has done anything.
    pub(super) fn server_was(&mut self, client: &Client, own: Option<&OwnServer>) {
        self.server = match own {
            Some(own) if own.is_durable() => "a server for each shape, journal on disk".to_owned(),
            Some(_) => "a server for each shape, without a journal".to_owned(),
            None => client.server().to_owned(),
        };
        if self.memory_idle.is_none() {
            self.memory_idle = own.and_then(OwnServer::memory);
        }
    }

    /// Notes what memory a server took after its load.
    pub(super) fn memory_was(&mut self, own: Option<&OwnServer>) {
        let most = self.memory_most.as_ref().map_or(0, |memory| memory.server_bytes);
        if let Some(memory) = own.and_then(OwnServer::memory).filter(|it| it.server_bytes > most) {
            self.memory_most = Some(memory);
        }
    }

    /// Prints it for people or for programs.
    pub(super) fn print(&self, output: Output) -> anyhow::Result<()> {
        if output.json {
            return output.value(&self.json());
        }
        let Self { machine, server, repeat, .. } = self;
        let SandboxLimit { processes, calls_per_s } = self.limit;
        output.line(format!("{machine}, {processes} slots, median of {repeat}; {server}"))?;
        output.line(format!(
            "bare sandboxes, {processes} processes: {calls_per_s:.0} calls/s, the limit that % \
             refers to\n"
        ))?;
        output.table(&shapes_table(&self.measured, self.limit))?;
        if self.measured.iter().any(|it| it.median().is_some_and(|it| it.used.is_some())) {
            output.line("\nprocessor time of each task by stage, in us")?;
            output.table(&cpu_table(&self.measured))?;
        }
        for measured in &self.measured {
            if let Some(rate) = measured.median().and_then(Sample::gigabytes_per_s) {
                output.line(format!("{} moved {rate:.2} GB/s", measured.name))?;
            }
        }
        for (when, memory) in [("idle", &self.memory_idle), ("at most", &self.memory_most)] {
            if let Some(memory) = memory {
                output.line(format!("memory {when}: {memory}"))?;
            }
        }
        if let Some(sentence) = self.sentence() {
            output.line(format!("\n{sentence}"))?;
        }
        Ok(())
    }

    /// What a task of the shape that stands for throughput costs.
    fn sentence(&self) -> Option<String> {
        let of = |name| self.measured.iter().find(|measured| measured.name == name);
        let measured = of("map").or_else(|| of("zero-work"))?;
        let sample = measured.median()?;
        let cpu = &sample.used.as_ref()?.cpu;
        let outside = cpu.outside_us_per_task(sample.tasks);
        let inside = cpu.sandbox_us_per_task(sample.tasks);
        let verdict = if outside <= OUTSIDE_GOAL_US { "reached" } else { "missed" };
        Some(format!(
            "A task of `{}` costs {outside:.1} us of processor time outside its sandbox and \
             {inside:.1} us inside, at {:.0} tasks/s; the goal of {OUTSIDE_GOAL_US} us outside is \
             {verdict}.",
            measured.name,
            sample.per_second(),
        ))
    }

    fn json(&self) -> Value {
        let of_shape = |measured: &Measured| {
            let sample = measured.median()?;
            Some((measured.name.clone(), self.shape_json(measured, sample)))
        };
        let shapes: Map<String, Value> = self.measured.iter().filter_map(of_shape).collect();
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "server": self.server,
            "machine": self.machine.json(),
            "slots": self.limit.processes,
            "sandbox_calls_per_s": self.limit.calls_per_s.round(),
            "shapes": shapes,
            "memory": {
                "idle": self.memory_idle.as_ref().map(Memory::json),
                "most": self.memory_most.as_ref().map(Memory::json),
            },
        })
    }

    fn shape_json(&self, measured: &Measured, sample: &Sample) -> Value {
        let per_task = |bytes: u64| bytes as f64 / sample.tasks.max(1) as f64;
        let used = sample.used.as_ref();
        let share = sample.is_comparable.then(|| self.limit.share(sample.per_second()));
        json!({
            "tasks": sample.tasks,
            "seconds": sample.total.as_secs_f64(),
            "seconds_of_all_repeats": measured.all_seconds(),
            "tasks_per_s": sample.per_second(),
            "us_per_task": sample.us_per_task(),
            "share_of_sandbox_limit": share,
            "gigabytes_per_s": sample.gigabytes_per_s(),
            "accept_seconds": sample.accept.map(|accept| accept.as_secs_f64()),
            "latency_us": sample.latency_us(0.5).map(|p50| json!({
                "p50": p50, "p95": sample.latency_us(0.95), "p99": sample.latency_us(0.99) })),
            "cpu_us_per_task": used.map(|used| used.cpu.json(sample.tasks)),
            "memory_bytes_per_task": measured.memory_bytes_per_task,
            "journal_bytes_per_task": used.and_then(|used| used.journal_bytes).map(per_task),
        })
    }
}
