//! The present, for displays.

use std::{collections::HashMap, sync::Arc};

use wask_proto::{ProfileNode, ProfileTree, RunId, TaskId, TaskState, Timestamp};

use crate::{
    histogram::Histogram,
    server::{
        Server,
        model::{NodeRow, Run, TaskRow},
    },
    view::{
        FunctionView, RunView, StateCounts,
        graph::RunGraph,
        live::{LiveView, RunningView, Stage},
    },
};

/// Attempts that are shown.
const RUNNING_SHOWN_MAX: usize = 1_000;
/// Of these, attempts that a worker holds ready.
const ASSIGNED_SHOWN_MAX: usize = 64;
/// Runs that are shown.
const RUNS_SHOWN_MAX: usize = 20;

impl Server {
    /// The present of one run, or of all. `None` if there is no such run.
    pub(crate) fn live_view(&self, of: Option<RunId>) -> Option<LiveView> {
        let (run, runs, counts, functions) = match of {
            Some(id) => {
                let run = self.model.runs.get(&id)?;
                (Some(run.view()), Vec::new(), run.counts, run.function_views())
            }
            None => {
                let newest: Vec<&Run> = self.newest_runs().take(RUNS_SHOWN_MAX).collect();
                let views: Vec<RunView> = newest.iter().map(|run| run.view()).collect();
                (None, views, self.all_counts(), functions_of(&newest))
            }
        };
        let (running, running_total) = self.held_by_workers(of);
        Some(LiveView {
            now: self.now,
            run,
            runs,
            counts,
            functions,
            running,
            running_total,
            slots: self.engine.workers().map(|worker| u64::from(worker.slots)).sum(),
            busy: self.engine.workers().map(|w| u64::from(w.running.min(w.slots.into()))).sum(),
            workers: self
                .engine
                .workers()
                .filter_map(|worker| {
                    let port = self.workers.get(&worker.id)?;
                    Some((worker.id, port.name.clone(), worker.slots))
                })
                .collect(),
        })
    }

    /// Names of tasks by their places. `None` if there is no such run.
    pub(crate) fn names_of(&self, run: RunId, tasks: &[u32]) -> Option<Vec<(u32, String)>> {
        let run = self.model.runs.get(&run)?;
        let known = tasks.iter().filter(|task| **task < run.next_index());
        Some(known.map(|&task| (task, run.name_of(task))).collect())
    }

    /// The graph of a run, to be read elsewhere. `None` if there is no such run.
    pub(crate) fn run_graph(&self, run: RunId) -> Option<RunGraph> {
        let run = self.model.runs.get(&run)?;
        let keys = run.nodes.iter().map(NodeRow::graph_key).collect();
        Some(RunGraph { keys, states: run.tasks.iter().map(|task| task.state).collect() })
    }

    /// What the guests of a run were seen doing: by function, the tree. `None` if there is no such
    /// run; empty if it was not profiled.
    pub(crate) fn profiles(&self, run: RunId) -> Option<Vec<(Arc<str>, ProfileNode)>> {
        let run = self.model.runs.get(&run)?;
        let tree = |(function, tree): (&u32, &ProfileTree)| {
            let call = Arc::clone(&run.functions.get(*function as usize)?.call);
            Some((Arc::clone(&call), tree.root(&call)))
        };
        Some(run.profiles.iter().filter_map(tree).collect())
    }

    fn newest_runs(&self) -> impl Iterator<Item = &Run> {
        self.model.order.values().rev().filter_map(|id| self.model.runs.get(id))
    }

    fn all_counts(&self) -> StateCounts {
        let mut all = StateCounts::default();
        for run in self.model.runs.values() {
            all.add(&run.counts);
        }
        all
    }

    fn held_by_workers(&self, of: Option<RunId>) -> (Vec<RunningView>, u64) {
        let mut held: Vec<(Stage, TaskId)> = self
            .under_way
            .keys()
            .filter(|task| of.is_none_or(|run| task.run == run))
            .filter_map(|&task| {
                let run = self.model.runs.get(&task.run)?;
                Some((stage_of(run.tasks.get(task.index as usize)?), task))
            })
            .collect();
        let total = held.len() as u64;
        held.sort_unstable();
        let begun = held.partition_point(|(stage, _)| *stage < Stage::Assigned);
        held.truncate((begun + ASSIGNED_SHOWN_MAX).min(RUNNING_SHOWN_MAX));
        let view = |(stage, task): (Stage, TaskId)| {
            let run = self.model.runs.get(&task.run)?;
            let node = run.node_of(task.index)?;
            Some(RunningView {
                run: task.run,
                task: task.index,
                function: node.function,
                call: run.call_of(node),
                attempt: run.tasks.get(task.index as usize)?.attempt,
                stage,
            })
        };
        (held.into_iter().filter_map(view).collect(), total)
    }
}

fn stage_of(row: &TaskRow) -> Stage {
    if row.parked {
        Stage::Parked(row.worker, row.slot, row.started_at)
    } else if row.state == TaskState::Running && row.started_at != Timestamp(0) {
        Stage::Running(row.worker, row.slot, row.started_at)
    } else {
        Stage::Assigned
    }
}

/// Functions of several runs, those of the same name together.
fn functions_of(runs: &[&Run]) -> Vec<FunctionView> {
    let mut places = HashMap::new();
    let mut sums: Vec<(FunctionView, Histogram)> = Vec::new();
    for function in runs.iter().flat_map(|run| &run.functions) {
        let place = *places.entry(&function.call).or_insert_with(|| {
            let call = function.call.to_string();
            let view = FunctionView { call, counts: StateCounts::default(), run_us: None };
            sums.push((view, Histogram::default()));
            sums.len() - 1
        });
        if let Some((view, run_us)) = sums.get_mut(place) {
            view.counts.add(&function.counts);
            run_us.merge(&function.run_us);
        }
    }
    let view = |(view, run_us): (FunctionView, Histogram)| FunctionView {
        run_us: run_us.summary(),
        ..view
    };
    sums.into_iter().map(view).collect()
}
