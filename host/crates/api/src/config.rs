//! What the API is told at the start: addresses, the token, limits.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

/// Settings of the API.
#[derive(Clone, Debug, Default)]
pub struct ApiConfig {
    /// Addresses it is served at; their hosts and ports are accepted in `Host` and `Origin`.
    /// [`serve`](crate::serve) adds the address of its listener.
    pub listen: Vec<SocketAddr>,
    /// Further values of `Host` that are accepted, with a port unless it is the default one:
    /// `wask.example.org`, `build-box:8787`.
    pub hosts: Vec<String>,
    /// When set, every request but health checks and the dashboard's files needs
    /// `Authorization: Bearer TOKEN`.
    pub token: Option<String>,
    /// Where the dashboard's files are, instead of those that are built in. For its development.
    pub ui_dir: Option<PathBuf>,
    /// What `POST /demo` runs.
    pub demo: Option<Demo>,
    /// Limits.
    pub limits: ApiLimits,
}

/// A module and a graph that the program carries with it, to be run at a click.
#[derive(Clone, Copy, Debug)]
pub struct Demo {
    /// The module's bytes.
    pub module: &'static [u8],
    /// The name that it gets.
    pub name: &'static str,
    /// The graph, in JSON.
    pub graph: &'static str,
}

/// What a request may ask for.
#[derive(Clone, Debug)]
pub struct ApiLimits {
    /// Tasks of one run.
    pub tasks_per_run_max: u64,
    /// Levels of nesting in a body.
    pub nesting_max: usize,
    /// Bytes of a graph, of arguments and of other structured bodies.
    pub graph_body_max_bytes: u64,
    /// Bytes of an object.
    pub object_max_bytes: u64,
    /// Bytes of a module.
    pub module_max_bytes: u64,
    /// The longest a request waits, whatever its `wait` says.
    pub wait_max: Duration,
    /// The time a body has before its speed counts.
    pub body_grace: Duration,
    /// Bytes per second that a body must bring after that.
    pub body_min_bytes_per_s: u64,
    /// The time a connection may take for a request's head, idle time included.
    pub head_read_max: Duration,
    /// Connections at the same time.
    pub connections_max: usize,
    /// Linear memory that a task may ask for.
    pub task_memory_max_bytes: u64,
    /// Wall time that a task may ask for.
    pub task_timeout_max: Duration,
    /// Bytes of values in one response of `gather` or `completed`; beyond them, larger values
    /// are given as `{"$object"}`.
    pub gather_max_bytes: u64,
    /// How long requests in progress may go on after the order to shut down.
    pub shutdown_grace: Duration,
}

impl Default for ApiLimits {
    fn default() -> Self {
        Self {
            tasks_per_run_max: 10_000_000,
            nesting_max: 128,
            graph_body_max_bytes: 64 << 20,
            object_max_bytes: 1 << 30,
            module_max_bytes: wask_proto::MODULE_MAX_BYTES as u64,
            wait_max: Duration::from_secs(300),
            body_grace: Duration::from_secs(10),
            body_min_bytes_per_s: 16 << 10,
            head_read_max: Duration::from_secs(60),
            connections_max: 4_096,
            task_memory_max_bytes: 4 << 30,
            task_timeout_max: Duration::from_secs(7 * 24 * 3_600),
            gather_max_bytes: 256 << 20,
            shutdown_grace: Duration::from_secs(5),
        }
    }
}
