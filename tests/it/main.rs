//! End-to-end tests: the real program, through its public doors only (HTTP and the command line).
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod actor_faults;
mod actors;
mod bad_graphs;
mod bad_requests;
mod bench;
mod bulk;
mod cancel;
mod cli;
mod cli_build;
mod conformance;
mod demo;
mod executors;
mod exports;
mod failures;
mod families;
mod feeds;
mod fusion;
mod graphs;
mod hostile;
mod idempotency;
mod imports;
mod live;
mod memo;
mod memory;
mod modules;
mod objects;
mod open_runs;
mod references;
mod restart;
mod results;
mod retries;
mod scheduling;
mod service;
mod shared;
mod spilling;
mod storage;
mod stress;
mod sync_locks;
mod sync_queues;
mod sync_topics;
mod sync_values;
mod views;

use wask_tests::{Borrowed, ServerOptions, Shared};

/// The server for tests that do not care what others do to it.
fn shared() -> Borrowed {
    static SERVER: Shared =
        Shared::new(|| ServerOptions::default().guests(&["numbers", "lab", "hostile"]));
    SERVER.get()
}
