//! Questions about workers, and figures.

use wask_proto::RunState;

use crate::{
    server::Server,
    view::{Stats, WorkerView},
};

impl Server {
    pub(crate) fn has_worker(&self) -> bool {
        self.engine.workers().next().is_some()
    }

    pub(crate) fn worker_views(&self) -> Vec<WorkerView> {
        let view = |worker: wask_engine::WorkerView| {
            let port = self.workers.get(&worker.id)?;
            Some(WorkerView {
                id: worker.id,
                name: port.name.clone(),
                slots: worker.slots,
                slots_ready: port.agent.slots_ready(),
                trouble: port.agent.trouble().map(str::to_owned),
                assigned: worker.running + worker.prefetched,
                running: worker.running,
                draining: worker.draining,
                resources: worker.resources,
                joined_at: port.joined_at.unwrap_or_default(),
                finished: port.finished,
                executors: port
                    .agent
                    .slots()
                    .iter()
                    .map(|slot| (slot.process_id, slot.started))
                    .collect(),
                objects: self.holdings.files_held(),
            })
        };
        self.engine.workers().filter_map(view).collect()
    }

    pub(crate) fn stats(&self) -> Stats {
        let index = self.index.stats().unwrap_or_default();
        let mut stats = Stats {
            memo_entries: self.memo.entries(),
            memo_hits: self.memo.hits,
            nondeterminism: self.memo.nondeterminism,
            values_memory_bytes: self.holdings.memory_bytes,
            values_spilled_bytes: self.holdings.spilled_bytes,
            journal_last: self.journal.last().0,
            journal_durable: self.journal.durable.0,
            journal_commits: self.journal.commits,
            index_rebuilt: index.set_aside,
            disk_full: self.journal.full,
            sync: self.sync.stats(),
            actors: self.actors.stats(),
            tasks_fused: self.totals.fused,
            loop_busy_us: self.totals.busy_us,
            attempts: vec![
                ("succeeded", self.totals.succeeded),
                ("failed", self.totals.failed),
                ("cancelled", self.totals.cancelled),
                ("lost", self.totals.lost),
            ],
            ..Stats::default()
        };
        for run in self.model.runs.values() {
            stats.tasks.add(&run.counts);
            let state = match run.state {
                RunState::Running => 0,
                RunState::Succeeded => 1,
                RunState::Failed => 2,
                RunState::Cancelled => 3,
            };
            stats.runs[state] += 1;
        }
        for worker in self.engine.workers() {
            stats.slots += u64::from(worker.slots);
            stats.assigned += u64::from(worker.running + worker.prefetched);
        }
        stats
    }
}
