//! `/metrics`: figures for Prometheus, made when they are asked for.

use std::fmt;

use axum::{Router, extract::State, http::header, response::IntoResponse as _, routing::get};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric, text::encode},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
    registry::Registry,
};
use wask_node::view::{Stats, sync::SyncKind};
use wask_proto::{RunState, TaskState};

use crate::{
    codes,
    problem::{Answer, Problem},
    state::ApiState,
};

const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(crate) fn routes() -> Router<ApiState> {
    Router::new().route("/metrics", get(metrics))
}

async fn metrics(State(state): State<ApiState>) -> Answer {
    let snapshot = Snapshot { stats: state.node().stats().await, requests: state.requests() };
    let text = snapshot.text().map_err(|error| Problem::new(codes::INTERNAL, error.to_string()))?;
    Ok(([(header::CONTENT_TYPE, MEDIA_TYPE)], text).into_response())
}

#[derive(Debug)]
struct Snapshot {
    stats: Stats,
    requests: [u64; 5],
}

type Labelled<'l> = (&'l [(&'static str, &'l str)], u64);

impl Snapshot {
    fn text(self) -> Result<String, fmt::Error> {
        let mut registry = Registry::with_prefix("wask");
        registry.register_collector(Box::new(self));
        let mut text = String::new();
        encode(&mut text, &registry)?;
        Ok(text)
    }

    fn tasks_and_runs(&self, out: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let tasks: Vec<_> = TaskState::ALL
            .map(|state| ([("state", state.name())], u64::from(self.stats.tasks.get(state))))
            .into();
        gauges(out, "tasks", "Tasks of all runs by state", &labelled(&tasks))?;
        let states =
            [RunState::Running, RunState::Succeeded, RunState::Failed, RunState::Cancelled];
        let runs: Vec<_> =
            states.iter().zip(self.stats.runs).map(|(s, n)| ([("state", s.name())], n)).collect();
        gauges(out, "runs", "Runs by state", &labelled(&runs))?;
        let attempts: Vec<_> =
            self.stats.attempts.iter().map(|(word, n)| ([("outcome", *word)], *n)).collect();
        counters(out, "attempts", "Attempts that ended, by outcome", &labelled(&attempts))?;
        let classes = ["1xx", "2xx", "3xx", "4xx", "5xx"];
        let requests: Vec<_> =
            classes.iter().zip(self.requests).map(|(c, n)| ([("status", *c)], n)).collect();
        counters(out, "http_requests", "Answered HTTP requests by status", &labelled(&requests))
    }

    fn coordination(&self, out: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let sync = &self.stats.sync;
        let by_kind = |counts: [u64; 6]| -> Vec<_> {
            let kinds = SyncKind::ALL.iter().zip(counts);
            kinds.map(|(kind, count)| ([("kind", kind.word())], count)).collect()
        };
        let (things, waiters) = (by_kind(sync.things), by_kind(sync.waiters));
        gauges(
            out,
            "sync_things",
            "Queues, variables, events set, locks held, semaphores and topics",
            &labelled(&things),
        )?;
        gauges(out, "sync_waiters", "Calls that wait for one of them", &labelled(&waiters))?;
        gauges(out, "sync_bytes", "Bytes of their values and names", &[(&[], sync.bytes)])
    }

    fn actors(&self, out: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let actors = &self.stats.actors;
        for (name, help, value) in [
            ("actors", "Actors", actors.actors),
            ("actors_kept", "Actors of which a worker keeps an instance", actors.kept),
            ("actor_calls_waiting", "Calls of actors without an answer", actors.waiting),
        ] {
            gauges(out, name, help, &[(&[], value)])?;
        }
        let calls = [("succeeded", actors.succeeded), ("failed", actors.failed)];
        let calls = calls.map(|(word, count)| ([("outcome", word)], count));
        counters(out, "actor_calls", "Calls of actors that ended, by outcome", &labelled(&calls))?;
        let help = "Instances of actors that were made again from what was saved";
        counters(out, "actors_restored", help, &[(&[], actors.restored)])
    }

    fn server(&self, out: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let stats = &self.stats;
        for (name, help, value) in [
            ("slots", "Slots of all workers", stats.slots),
            ("attempts_assigned", "Attempts given to workers and not reported", stats.assigned),
            ("memo_entries", "Results of pure calls that are remembered", stats.memo_entries),
            ("values_memory_bytes", "Results held in memory", stats.values_memory_bytes),
            ("values_spilled_bytes", "Results spilled to disk", stats.values_spilled_bytes),
            ("journal_last_sequence", "Number of the last journal record", stats.journal_last),
            (
                "journal_durable_sequence",
                "Number of the last durable record",
                stats.journal_durable,
            ),
            ("disk_full", "1 while submits are refused for lack of space", stats.disk_full.into()),
        ] {
            gauges(out, name, help, &[(&[], value)])?;
        }
        for (name, help, value) in [
            ("memo_hits", "Successes that needed no execution", stats.memo_hits),
            (
                "nondeterminism",
                "Executions that gave other bytes than before",
                stats.nondeterminism,
            ),
            (
                "tasks_fused",
                "Tasks that went to a worker along with the one before them",
                stats.tasks_fused,
            ),
            ("journal_commits", "Journal commits", stats.journal_commits),
            ("index_rebuilt", "Rebuilds of the index at start", stats.index_rebuilt),
            ("loop_busy_microseconds", "Time the server loop was busy", stats.loop_busy_us),
        ] {
            counters(out, name, help, &[(&[], value)])?;
        }
        Ok(())
    }
}

impl Collector for Snapshot {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.tasks_and_runs(&mut encoder)?;
        self.coordination(&mut encoder)?;
        self.actors(&mut encoder)?;
        self.server(&mut encoder)
    }
}

fn labelled<'l>(values: &'l [([(&'static str, &'l str); 1], u64)]) -> Vec<Labelled<'l>> {
    values.iter().map(|(labels, value)| (labels.as_slice(), *value)).collect()
}

fn gauges(
    out: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    values: &[Labelled<'_>],
) -> fmt::Result {
    let gauge = |value: u64| ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
    write(out, (name, help, MetricType::Gauge), values, gauge)
}

fn counters(
    out: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    values: &[Labelled<'_>],
) -> fmt::Result {
    write(out, (name, help, MetricType::Counter), values, ConstCounter::new)
}

fn write<M: EncodeMetric>(
    out: &mut DescriptorEncoder<'_>,
    (name, help, kind): (&str, &str, MetricType),
    values: &[Labelled<'_>],
    metric: impl Fn(u64) -> M,
) -> fmt::Result {
    let mut encoder = out.encode_descriptor(name, help, None, kind)?;
    for (labels, value) in values {
        let metric = metric(*value);
        if labels.is_empty() {
            // A metric without labels is the whole family.
            return metric.encode(encoder);
        }
        metric.encode(encoder.encode_family(labels)?)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_as_the_format_wants() {
        let stats = Stats { memo_hits: 3, attempts: vec![("success", 7)], ..Stats::default() };
        let text = Snapshot { stats, requests: [0, 5, 0, 1, 0] }.text().unwrap();
        for line in [
            "# TYPE wask_tasks gauge",
            "wask_tasks{state=\"no-worker\"} 0",
            "wask_attempts_total{outcome=\"success\"} 7",
            "wask_http_requests_total{status=\"2xx\"} 5",
            "wask_memo_hits_total 3",
            "wask_disk_full 0",
            "wask_sync_things{kind=\"queue\"} 0",
            "wask_sync_waiters{kind=\"topic\"} 0",
            "wask_sync_bytes 0",
            "wask_actors 0",
            "wask_actor_calls_total{outcome=\"failed\"} 0",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }
}
