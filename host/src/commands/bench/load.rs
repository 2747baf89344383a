//! What every workload does to a server: submit, wait, fetch results, look at the clock and at
//! what the server used. The workloads themselves are in `shapes`.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    modules::BenchModules,
    sample::{Sample, Used},
    server::{OwnServer, Usage},
};
use crate::{
    client::{Client, Path},
    commands::push,
    dto::Run,
};

/// The name under which the module with arithmetic is uploaded.
const MODULE: &str = "wask-bench";

/// The name under which the module with chosen lengths and sizes is.
pub(super) const LAB: &str = "wask-bench-lab";

/// How long the server may hold back an answer.
pub(super) const WAIT: &str = "60s";

/// Results that are asked for at once.
const PAGE: u32 = 50_000;

/// How long a run may take.
const RUN_MAX: Duration = Duration::from_secs(3_600);

/// Runs of more tasks are not asked for each task's latency.
const LATENCIES_MAX: u64 = 200_000;

/// Generates load on one server over one connection.
pub(super) struct Load<'a> {
    pub(super) client: &'a Client,
    pub(super) modules: &'a BenchModules,
    own: Option<&'a OwnServer>,
    next: i64,
}

/// The begin of a measurement.
pub(super) struct Timer {
    usage: Option<Usage>,
    pub(super) begun: Instant,
}

#[derive(Deserialize)]
struct Gathered {
    results: Vec<GatheredItem>,
}

#[derive(Deserialize)]
struct GatheredItem {
    value: Option<i64>,
}

#[derive(Deserialize)]
struct Accepted {
    id: String,
}

impl<'a> Load<'a> {
    /// Load for that server, which gets the module with `inc`, `add` and `sum`. What it uses is
    /// known if it is our own.
    pub(super) fn new(
        client: &'a Client,
        modules: &'a BenchModules,
        own: Option<&'a OwnServer>,
    ) -> anyhow::Result<Self> {
        push::upload(client, &modules.numbers()?, MODULE)?;
        // Each second begins a stretch of a million arguments; sums of a million of them fit an
        // i64, and all of them are exact in any JSON reader.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let next = i64::try_from(now % 1_000_000).unwrap_or(0).saturating_add(1) * 1_000_000;
        Ok(Self { client, modules, own, next })
    }

    /// Uploads the module with chosen lengths and sizes.
    pub(super) fn upload_lab(&self) -> anyhow::Result<()> {
        push::upload(self.client, &self.modules.lab()?, LAB)?;
        Ok(())
    }

    /// Looks at the server and starts the clock.
    pub(super) fn begin(&self) -> Timer {
        let usage = self.own.and_then(OwnServer::usage);
        Timer { usage, begun: Instant::now() }
    }

    /// Stops the clock and looks at the server again.
    pub(super) fn end(&self, timer: &Timer, tasks: u64) -> Sample {
        let total = timer.begun.elapsed();
        let after = timer.usage.as_ref().and(self.own).and_then(OwnServer::usage);
        let used = timer.usage.as_ref().zip(after.as_ref());
        let used = used.map(|(before, after)| Used::between(before, after));
        Sample::of(tasks, total).with_used(used)
    }

    /// The first of `count` arguments that were never used.
    pub(super) fn fresh(&mut self, count: u32) -> i64 {
        let base = self.next;
        self.next += i64::from(count) + 1;
        base
    }

    /// How graphs name a function of the module with arithmetic.
    pub(super) fn call(&self, function: &str) -> String {
        format!("{MODULE}/{function}")
    }

    /// The path that calls one of its functions and waits.
    pub(super) fn call_path(&self, function: &str) -> Path {
        Path::of(&["call", MODULE, function]).with("wait", WAIT)
    }

    /// Submits a graph; the run's id.
    pub(super) fn submit(&self, graph: &Value) -> anyhow::Result<String> {
        let accepted: Accepted = self.client.post(&Path::of(&["runs"]), graph)?.json()?;
        Ok(accepted.id)
    }

    /// Waits until a run has succeeded.
    pub(super) fn await_run(&self, run: &str) -> anyhow::Result<Run> {
        let path = Path::of(&["runs", run]).with("wait", WAIT);
        let deadline = Instant::now() + RUN_MAX;
        loop {
            let seen: Run = self.client.get_json(&path)?;
            if seen.is_finished() {
                ensure!(seen.state == "succeeded", "the run {} {}", run, seen.state);
                return Ok(seen);
            }
            ensure!(Instant::now() < deadline, "the run {run} does not end");
        }
    }

    /// All results of an array.
    pub(super) fn gather(
        &self,
        run: &str,
        key: &str,
        tasks: u32,
    ) -> anyhow::Result<Vec<Option<i64>>> {
        if tasks <= PAGE {
            return self.gathered(run, &json!({ "tasks": key }), tasks as usize);
        }
        let mut values = Vec::with_capacity(tasks as usize);
        for first in (0..tasks).step_by(PAGE as usize) {
            let names = first..(first + PAGE).min(tasks);
            let names: Vec<String> = names.map(|index| format!("{key}[{index}]")).collect();
            values.extend(self.gather_keys(run, &names)?);
        }
        Ok(values)
    }

    /// The results of these tasks.
    pub(super) fn gather_keys(
        &self,
        run: &str,
        keys: &[String],
    ) -> anyhow::Result<Vec<Option<i64>>> {
        self.gathered(run, &json!({ "keys": keys }), keys.len())
    }

    fn gathered(&self, run: &str, body: &Value, count: usize) -> anyhow::Result<Vec<Option<i64>>> {
        let path = Path::of(&["runs", run, "gather"]).with("wait", WAIT);
        let gathered: Gathered = self.client.post(&path, body)?.json()?;
        let got = gathered.results.len();
        ensure!(got == count, "got {got} results instead of {count}");
        Ok(gathered.results.into_iter().map(|item| item.value).collect())
    }

    /// Adds how long each task of a run took from being ready to its end, then deletes the run, so
    /// that the next one meets the same server.
    pub(super) fn finish(&self, sample: Sample, run: &str) -> anyhow::Result<Sample> {
        let latencies = match sample.tasks {
            0..=LATENCIES_MAX => self.latencies(run)?,
            _ => Vec::new(),
        };
        self.forget(run)?;
        Ok(sample.with_latencies(latencies))
    }

    /// Deletes a finished run.
    pub(super) fn forget(&self, run: &str) -> anyhow::Result<()> {
        self.client.delete(&Path::of(&["runs", run]))?;
        Ok(())
    }

    fn latencies(&self, run: &str) -> anyhow::Result<Vec<Duration>> {
        let reply = self.client.get(&Path::of(&["runs", run, "tasks.csv"]))?;
        latencies_of(&String::from_utf8_lossy(&reply.body))
    }
}

/// From the begin of the queue to the end, for each line of a table of tasks.
fn latencies_of(csv: &str) -> anyhow::Result<Vec<Duration>> {
    let mut lines = csv.lines();
    let head = lines.next().context("the table of tasks is empty")?;
    // Keys come first and may hold commas; so columns are counted from the end.
    let width = head.split(',').count();
    let place = |name: &str| {
        let place = head.split(',').position(|column| column == name);
        place.map(|place| width - 1 - place).with_context(|| format!("tasks have no `{name}`"))
    };
    let (queued, finished) = (place("queued_at")?, place("finished_at")?);
    let time_of = |line: &str, place| {
        let text = line.rsplit(',').nth(place)?;
        humantime::parse_rfc3339(text).ok()
    };
    let latency = |line| time_of(line, finished)?.duration_since(time_of(line, queued)?).ok();
    Ok(lines.filter_map(latency).collect())
}

/// The map over `count` integers from `base` on.
pub(super) fn range(base: i64, count: u32) -> Value {
    json!({ "range": [base, base + i64::from(count)] })
}

/// That every value is the one that the place in `wanted` says.
pub(super) fn check(
    values: &[Option<i64>],
    wanted: impl IntoIterator<Item = i64>,
) -> anyhow::Result<()> {
    for (place, (value, want)) in values.iter().zip(wanted).enumerate() {
        ensure!(*value == Some(want), "result {place} is {value:?} instead of {want}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: latencies are read by the names of columns, whatever a key holds; tasks without times
    /// are left out.
    #[test]
    fn latencies_of_a_table() {
        let csv = "key,queued_at,started_at,finished_at,run_us\r\n\
                   \"a,b\",2026-01-01T00:00:00.000010Z,,2026-01-01T00:00:00.000040Z,5\r\n\
                   c,2026-01-01T00:00:00.000010Z,,,5\r\n";
        assert_eq!(latencies_of(csv).unwrap(), [Duration::from_micros(30)]);
        assert!(latencies_of("key,run_us\r\n").is_err());
    }
}
