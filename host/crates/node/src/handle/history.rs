//! The past and the present, for displays.

use std::sync::Arc;

use wask_proto::ProfileNode;

use super::{Handle, RunId};
use crate::{
    history::History,
    view::{
        graph::RunGraph,
        live::{CriticalPath, FailureGroup, LiveView},
    },
};

impl Handle {
    /// What attempts took.
    pub fn history(&self) -> &History {
        &self.shared.history
    }

    /// The present of one run, or of all; `None` if there is no such run.
    pub async fn live(&self, run: Option<RunId>) -> Option<LiveView> {
        self.peek(move |server| server.live_view(run)).await?
    }

    /// Names of tasks by their places; `None` if there is no such run.
    pub async fn names(&self, run: RunId, tasks: Vec<u32>) -> Option<Vec<(u32, String)>> {
        self.peek(move |server| server.names_of(run, &tasks)).await?
    }

    /// The graph of a run; `None` if there is no such run.
    pub async fn graph(&self, run: RunId) -> Option<RunGraph> {
        self.peek(move |server| server.run_graph(run)).await?
    }

    /// Failures that are alike, and how many tasks failed; `None` if there is no such run.
    pub async fn failures(&self, run: RunId) -> Option<(Vec<FailureGroup>, u64)> {
        self.read(move |server| server.failure_groups(run)).await?
    }

    /// What the guests of a run were seen doing, by function; `None` if there is no such run.
    pub async fn profiles(&self, run: RunId) -> Option<Vec<(Arc<str>, ProfileNode)>> {
        self.read(move |server| server.profiles(run)).await?
    }

    /// The chain of tasks that decided when the run ended; `None` if there is no such run.
    pub async fn critical_path(&self, run: RunId) -> Option<CriticalPath> {
        self.read(move |server| server.critical_path(run)).await?
    }
}
