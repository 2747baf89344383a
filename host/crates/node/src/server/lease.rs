//! Leases of open runs: a client that is not heard of any more leaves no work behind.
//!
//! What a client changes in its run renews the lease, and waiting for it keeps it. When it ends,
//! the run is closed and nobody wants its results any more, but for those that are to be kept. How
//! long a lease is stands in the run's header; when it ends is not written down: a restart begins
//! it anew.

use std::{collections::BTreeMap, sync::Arc};

use wask_engine::Event;
use wask_proto::{Record, RunId, Timestamp};

use super::Server;
use crate::refusal::Refusal;

/// The leases of all open runs that have one.
#[derive(Default)]
pub(super) struct Leases(BTreeMap<RunId, Lease>);

struct Lease {
    length_ms: u64,
    ends_at: Timestamp,
}

impl Leases {
    /// When the first of them ends.
    pub(super) fn next_end(&self) -> Option<Timestamp> {
        self.0.values().map(|lease| lease.ends_at).min()
    }
}

impl Server {
    /// Begins the lease of a run that has one.
    pub(super) fn begin_lease(&mut self, run: RunId, length_ms: Option<u64>) {
        if let Some(length_ms) = length_ms {
            let ends_at = self.now.plus_ms(length_ms);
            self.leases.0.insert(run, Lease { length_ms, ends_at });
        }
    }

    /// The client of a run was heard of.
    pub(super) fn renew_lease(&mut self, run: RunId) -> Option<Timestamp> {
        let now = self.now;
        let lease = self.leases.0.get_mut(&run)?;
        lease.ends_at = now.plus_ms(lease.length_ms);
        Some(lease.ends_at)
    }

    /// Renews a lease because the client asks for it.
    pub(super) fn renew(&mut self, run: RunId) -> Result<Timestamp, Refusal> {
        let open = self.model.runs.get(&run).ok_or(Refusal::UnknownRun)?.open;
        let ends_at = self.renew_lease(run);
        ends_at.ok_or(if open { Refusal::NoLease } else { Refusal::RunClosed })
    }

    /// A run is closed: it needs no client any more.
    pub(super) fn end_lease(&mut self, run: RunId) {
        self.leases.0.remove(&run);
    }

    /// Gives up the runs whose clients were not heard of for too long.
    pub(super) fn end_overdue_leases(&mut self) {
        let now = self.now;
        let overdue = self.leases.0.iter().filter(|(_, lease)| lease.ends_at <= now);
        let overdue: Vec<RunId> = overdue.map(|(run, _)| *run).collect();
        for run in overdue {
            if self.is_waited_for(run) {
                self.renew_lease(run);
            } else {
                self.end_lease(run);
                self.give_up(run);
            }
        }
    }

    /// Whether somebody waits for something in the run, and is still there.
    fn is_waited_for(&self, run: RunId) -> bool {
        let mut waiters = self.model.runs.get(&run).into_iter().flat_map(|run| &run.waiters);
        waiters.any(|waiter| !waiter.reply.is_closed())
    }

    fn give_up(&mut self, id: RunId) {
        let Some(run) = self.model.runs.get(&id).filter(|run| run.open) else { return };
        tracing::info!(run = %id, "the client of an open run was not heard of; the run is closed");
        let unkept =
            run.nodes.iter().map(|node| node.spec()).filter(|spec| !spec.call.options.keep);
        let tasks = unkept.map(|spec| spec.tasks.clone()).collect();
        self.hand.reason = Some(Arc::from("its client was not heard of, and its lease ended"));
        self.handle(Event::Release { run: id, tasks });
        self.hand.reason = None;
        self.record(&Record::RunClosed { run: id, at: self.now }, None);
        self.handle(Event::CloseRun(id));
    }
}
