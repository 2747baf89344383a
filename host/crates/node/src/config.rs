//! What a node is started with, and every bound of the server side.

use std::{path::PathBuf, sync::Arc};

/// Settings of a node.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// Where journal, objects and index live.
    pub data_dir: PathBuf,
    /// Keep the journal in memory; `data_dir` is for objects and compiled modules only.
    pub ephemeral: bool,
    /// The program that is started as `PROGRAM executor …` and `PROGRAM compile …`.
    pub program: PathBuf,
    /// Slots of the local worker; 0 for none.
    pub slots: u16,
    /// Named resources of the local worker, in thousandths.
    pub resources: Vec<(Arc<str>, u64)>,
    /// The local worker's name.
    pub worker_name: Arc<str>,
    /// Tasks of all runs together, finished ones included.
    pub tasks_max: u64,
    /// Bytes of results held in memory; more goes to files.
    pub values_memory_max_bytes: u64,
    /// Remembered results of pure calls. The younger half of them is always there; an older one is
    /// forgotten when it was not used for a while. Results above 22 bytes may make it fewer: all
    /// of them together take no more than 64 MiB.
    pub memo_max_entries: u64,
    /// Bytes of all values and names in queues, variables, events, locks, semaphores and topics.
    pub sync_max_bytes: u64,
    /// Calls that wait for one of them at the same time.
    pub sync_waiters_max: usize,
    /// Actors at the same time.
    pub actors_max: u64,
    /// Calls that wait for one actor.
    pub actor_calls_max: usize,
    /// Bytes of the arguments of all calls that wait for actors.
    pub actor_waiting_max_bytes: u64,
    /// Time that running tasks get to finish when the server stops.
    pub shutdown_grace_ms: u64,
    /// Memory of a compilation.
    pub compile_memory_max_bytes: u64,
    /// Wall time of a compilation.
    pub compile_wall_max_ms: u64,
    /// Executors answer each task's call with null, without a sandbox; nothing is remembered. For
    /// measuring everything else.
    pub zero_work: bool,
    /// Hands memory back to the system that the allocator holds and nobody uses. Called on a thread
    /// of its own, after much was deleted.
    pub give_memory_back: fn(),
}

impl NodeConfig {
    /// The defaults for a data directory and a program.
    pub fn new(data_dir: PathBuf, program: PathBuf) -> Self {
        Self {
            data_dir,
            ephemeral: false,
            program,
            slots: std::thread::available_parallelism()
                .map_or(1, |n| u16::try_from(n.get()).unwrap_or(u16::MAX)),
            resources: Vec::new(),
            worker_name: "local".into(),
            tasks_max: 10_000_000,
            values_memory_max_bytes: 1024 * 1024 * 1024,
            memo_max_entries: 100_000,
            sync_max_bytes: 256 * 1024 * 1024,
            sync_waiters_max: 10_000,
            actors_max: 100_000,
            actor_calls_max: 10_000,
            actor_waiting_max_bytes: 256 * 1024 * 1024,
            shutdown_grace_ms: 5_000,
            compile_memory_max_bytes: 2 * 1024 * 1024 * 1024,
            compile_wall_max_ms: 30_000,
            zero_work: false,
            give_memory_back: || {},
        }
    }
}

/// Commands that wait for the server loop. A full queue makes callers wait: that is the
/// back-pressure of the HTTP API.
pub(crate) const COMMANDS_MAX: usize = 4_096;

/// Inputs that the loop takes up before it commits.
pub(crate) const BATCH_MAX: usize = 1_024;

/// Log lines kept for each run.
pub(crate) const RUN_LOG_LINES_MAX: usize = 100_000;

/// Ended attempts remembered for each task.
pub(crate) const ATTEMPTS_MAX: usize = 100;

/// Microseconds of work that are sent to a slot ahead of time.
pub(crate) const PREFETCH_US: u64 = 2_000;

/// Compilations at the same time.
pub(crate) const COMPILES_MAX: usize = 2;

/// Bytes of remembered results, which are kept in memory.
pub(crate) const MEMO_MEMORY_MAX_BYTES: u64 = 64 * 1024 * 1024;
