//! Processor time by stage: which threads of a server, and which processes, a task passes through.
//! Threads are told apart by their names, so the server measures nothing itself.

use std::{
    collections::HashMap,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::process::{self, Thread};

/// Stages of a task's way.
pub(super) const STAGES: [Stage; 7] = [
    Stage::Api,
    Stage::Loop,
    Stage::Journal,
    Stage::Index,
    Stage::History,
    Stage::Other,
    Stage::Sandbox,
];

/// How long a server may take to come to rest after a load.
const REST_WITHIN: Duration = Duration::from_secs(3);

/// How long it is looked at to see whether it rests; more than what waits to be gathered.
const REST_LOOK: Duration = Duration::from_millis(80);

/// What a server at rest may use meanwhile.
const REST_CPU_NS: u64 = 500_000;

/// Where processor time goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stage {
    /// Requests: HTTP, JSON, checks
    Api,
    /// The server loop: engine, read model, messages to and from executors
    Loop,
    /// The journal and the files of large values
    Journal,
    /// The index
    Index,
    /// Spans and events for displays
    History,
    /// Any other thread of the server
    Other,
    /// Executor processes
    Sandbox,
}

impl Stage {
    /// Its name in reports.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Loop => "loop",
            Self::Journal => "journal",
            Self::Index => "index",
            Self::History => "history",
            Self::Other => "other",
            Self::Sandbox => "sandbox",
        }
    }

    /// The stage of a thread of the server.
    fn of(thread: &str) -> Self {
        match thread {
            "wask" | "wask-http" | "tokio-runtime-w" => Self::Api,
            "wask-server" => Self::Loop,
            "wask-commit" | "wask-objects" | "wask-loader" => Self::Journal,
            "wask-index" => Self::Index,
            name if name.starts_with("sled") => Self::Index,
            "wask-history" => Self::History,
            _ => Self::Other,
        }
    }
}

/// Processor time of a server's threads and its executors.
#[derive(Clone, Debug, Default)]
pub(super) struct CpuByStage {
    /// Nanoseconds by thread.
    threads: HashMap<u32, (Stage, u64)>,
}

impl CpuByStage {
    /// What a server has used so far, once it uses next to nothing any more; `None` where the
    /// system does not tell.
    pub(super) fn at_rest(pid: u32) -> Option<Self> {
        let deadline = Instant::now() + REST_WITHIN;
        let mut before = Self::now(pid)?;
        loop {
            thread::sleep(REST_LOOK);
            let now = Self::now(pid)?;
            let used: u64 = now.since(&before).ns.iter().sum();
            if used < REST_CPU_NS || Instant::now() > deadline {
                return Some(now);
            }
            before = now;
        }
    }

    fn now(pid: u32) -> Option<Self> {
        let known = |of: fn(&Thread) -> Stage| {
            move |thread: Thread| (thread.id, (of(&thread), thread.cpu_ns))
        };
        let own = process::threads(pid).into_iter().map(known(|thread| Stage::of(&thread.name)));
        let mut threads: HashMap<_, _> = own.collect();
        if threads.is_empty() {
            return None;
        }
        for child in process::descendants(pid) {
            threads.extend(process::threads(child).into_iter().map(known(|_| Stage::Sandbox)));
        }
        Some(Self { threads })
    }

    /// What was used since. What a thread used that has ended meanwhile is not known.
    pub(super) fn since(&self, before: &Self) -> StageTimes {
        let mut times = StageTimes::default();
        for (id, (stage, ns)) in &self.threads {
            let earlier = before.threads.get(id).map_or(0, |(_, ns)| *ns);
            let place = STAGES.iter().position(|known| known == stage).unwrap_or(0);
            times.ns[place] += ns.saturating_sub(earlier);
        }
        times
    }
}

/// Processor time of a workload.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct StageTimes {
    /// Nanoseconds by place in [`STAGES`].
    ns: [u64; STAGES.len()],
}

impl StageTimes {
    /// Microseconds of a stage for each of so many tasks.
    pub(super) fn us_per_task(&self, stage: Stage, tasks: u64) -> f64 {
        let ns: u64 =
            STAGES.iter().zip(self.ns).filter(|(s, _)| **s == stage).map(|(_, n)| n).sum();
        ns as f64 / 1e3 / tasks.max(1) as f64
    }

    /// Microseconds in executors for each of so many tasks.
    pub(super) fn sandbox_us_per_task(&self, tasks: u64) -> f64 {
        self.us_per_task(Stage::Sandbox, tasks)
    }

    /// The same of all stages but the sandbox.
    pub(super) fn outside_us_per_task(&self, tasks: u64) -> f64 {
        let outside = STAGES.iter().filter(|stage| **stage != Stage::Sandbox);
        outside.map(|stage| self.us_per_task(*stage, tasks)).sum()
    }

    /// For programs.
    pub(super) fn json(&self, tasks: u64) -> Value {
        let mut all: serde_json::Map<String, Value> = STAGES
            .iter()
            .map(|stage| (stage.name().to_owned(), json!(self.us_per_task(*stage, tasks))))
            .collect();
        all.insert("outside_sandbox".to_owned(), json!(self.outside_us_per_task(tasks)));
        Value::Object(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: what is reported is the difference by thread, new threads included, by stage.
    #[test]
    fn differences_by_stage() {
        let cpu = |threads: &[(u32, Stage, u64)]| CpuByStage {
            threads: threads.iter().map(|(id, stage, ns)| (*id, (*stage, *ns))).collect(),
        };
        let before = cpu(&[(1, Stage::Api, 5_000), (2, Stage::Loop, 7_000), (3, Stage::Other, 1)]);
        let after = cpu(&[(1, Stage::Api, 9_000), (2, Stage::Loop, 7_000), (4, Stage::Api, 6_000)]);
        let times = after.since(&before);
        assert!((times.us_per_task(Stage::Api, 10) - 1.0).abs() < 1e-9);
        assert!((times.outside_us_per_task(10) - 1.0).abs() < 1e-9);
        assert!(times.us_per_task(Stage::Other, 10).abs() < 1e-9);
    }

    /// Goal: names of threads lead to stages; those that are not known are not lost.
    #[test]
    fn threads_belong_to_stages() {
        assert_eq!(Stage::of("wask-server"), Stage::Loop);
        assert_eq!(Stage::of("sled-io-3"), Stage::Index);
        assert_eq!(Stage::of("wask-trim"), Stage::Other);
    }
}
