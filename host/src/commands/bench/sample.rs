//! What was measured of one workload: one sample for each time that it ran.

use std::time::Duration;

use super::{server::Usage, stages::StageTimes};

/// What a sample used of the machine.
#[derive(Clone, Debug)]
pub(super) struct Used {
    /// Processor time of the server.
    pub(super) cpu: StageTimes,
    /// What the server's memory grew by.
    pub(super) memory_bytes: u64,
    /// What the journal grew by.
    pub(super) journal_bytes: Option<u64>,
}

impl Used {
    /// What lies between two looks at a server.
    pub(super) fn between(before: &Usage, after: &Usage) -> Self {
        let journal = before.journal_bytes.zip(after.journal_bytes);
        Self {
            cpu: after.cpu.since(&before.cpu),
            memory_bytes: after.memory_bytes.saturating_sub(before.memory_bytes),
            journal_bytes: journal.map(|(before, after)| after.saturating_sub(before)),
        }
    }
}

/// One measurement of one workload.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    /// How many tasks it had.
    pub(super) tasks: u64,
    /// From the submit to the last result.
    pub(super) total: Duration,
    /// From the submit to its answer.
    pub(super) accept: Option<Duration>,
    /// Whether all tasks are calls that cost as much as a bare sandbox's.
    pub(super) is_comparable: bool,
    /// Bytes that were handed on, where that is what counts.
    pub(super) moved_bytes: Option<u64>,
    /// Sorted.
    latencies: Vec<Duration>,
    /// What was used of the machine, if the server is ours and the system tells.
    pub(super) used: Option<Used>,
}

impl Sample {
    /// So many tasks in that time.
    pub(super) fn of(tasks: u64, total: Duration) -> Self {
        Self {
            tasks,
            total,
            accept: None,
            is_comparable: true,
            moved_bytes: None,
            latencies: Vec::new(),
            used: None,
        }
    }

    /// With the time until the graph was accepted.
    pub(super) fn with_accept(self, accept: Duration) -> Self {
        Self { accept: Some(accept), ..self }
    }

    /// The same work, with the time until it was accepted as the time that counts.
    pub(super) fn of_accepting(self, accept: Duration) -> Self {
        Self { total: accept, ..self.with_accept(accept) }
    }

    /// With what was used meanwhile.
    pub(super) fn with_used(self, used: Option<Used>) -> Self {
        Self { used, ..self }
    }

    /// With the times of single calls or tasks.
    pub(super) fn with_latencies(self, mut latencies: Vec<Duration>) -> Self {
        latencies.sort_unstable();
        Self { latencies, ..self }
    }

    /// Of other calls than those that are measured bare.
    pub(super) fn not_comparable(self) -> Self {
        Self { is_comparable: false, ..self }
    }

    /// Of calls that handed so many bytes on.
    pub(super) fn moving(self, bytes: u64) -> Self {
        Self { moved_bytes: Some(bytes), ..self }
    }

    /// Gigabytes (10^9) that were handed on in a second.
    pub(super) fn gigabytes_per_s(&self) -> Option<f64> {
        let bytes = self.moved_bytes? as f64;
        Some(bytes / 1e9 / self.total.as_secs_f64().max(1e-9))
    }

    /// Tasks per second.
    pub(super) fn per_second(&self) -> f64 {
        self.tasks as f64 / self.total.as_secs_f64().max(1e-9)
    }

    /// Wall time for each task.
    pub(super) fn us_per_task(&self) -> f64 {
        self.total.as_secs_f64() * 1e6 / self.tasks.max(1) as f64
    }

    /// The latency that a fraction of all calls did not exceed.
    pub(super) fn latency_us(&self, fraction: f64) -> Option<f64> {
        let last = self.latencies.len().checked_sub(1)?;
        let index = (last as f64 * fraction).round() as usize;
        self.latencies.get(index).map(|latency| latency.as_secs_f64() * 1e6)
    }
}

/// All measurements of one workload.
#[derive(Clone, Debug)]
pub(super) struct Measured {
    /// Of which.
    pub(super) name: String,
    /// What the first one added to the memory, for each task. Later ones find memory that the
    /// allocator kept.
    pub(super) memory_bytes_per_task: Option<f64>,
    /// By time, quickest first.
    samples: Vec<Sample>,
}

impl Measured {
    /// The measurements of a workload, in the order in which they were taken.
    pub(super) fn new(name: String, mut samples: Vec<Sample>) -> Self {
        let first = samples.first().and_then(|first| {
            let bytes = first.used.as_ref()?.memory_bytes;
            Some(bytes as f64 / first.tasks.max(1) as f64)
        });
        samples.sort_by_key(|sample| sample.total);
        Self { name, memory_bytes_per_task: first, samples }
    }

    /// The one that stands for all.
    pub(super) fn median(&self) -> Option<&Sample> {
        self.samples.get(self.samples.len() / 2)
    }

    /// Seconds of each.
    pub(super) fn all_seconds(&self) -> Vec<f64> {
        self.samples.iter().map(|sample| sample.total.as_secs_f64()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: the reported figures are the median measurement's, but memory is the first one's.
    #[test]
    fn medians_and_quantiles() {
        let sample = |ms, memory_bytes| Sample {
            used: Some(Used { cpu: StageTimes::default(), memory_bytes, journal_bytes: None }),
            ..Sample::of(1_000, Duration::from_millis(ms))
        };
        let samples = vec![sample(30, 5_000), sample(10, 0), sample(20, 0)];
        let measured = Measured::new("map".to_owned(), samples);
        assert_eq!(measured.memory_bytes_per_task, Some(5.0));
        let median = measured.median().unwrap();
        assert_eq!(median.total, Duration::from_millis(20));
        assert!((median.per_second() - 50_000.0).abs() < 1e-6);
        assert!((median.us_per_task() - 20.0).abs() < 1e-9);
        let latencies = (0..=100).rev().map(Duration::from_micros).collect();
        let calls = sample(1, 0).with_latencies(latencies);
        assert!((calls.latency_us(0.99).unwrap() - 99.0).abs() < 1e-6);
        assert!(sample(1, 0).latency_us(0.5).is_none());
        let moving = sample(500, 0).moving(1_000_000_000).gigabytes_per_s();
        assert!((moving.unwrap() - 2.0).abs() < 1e-9);
    }
}
