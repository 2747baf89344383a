//! Questions about runs.

use std::sync::Arc;

use wask_proto::{RunId, TaskState};

use crate::{
    handle::{RunFilter, RunLookup, RunPage},
    server::{
        Server,
        model::{FunctionRow, Run},
    },
    view::{FunctionView, KeyTable, OUTPUTS_SHOWN_MAX, RunDetail, RunView},
};

/// Failures that a run's detail carries.
const FAILURES_SHOWN_MAX: usize = 10;

impl Server {
    pub(crate) fn find_run(&self, reference: &str) -> Result<RunId, RunLookup> {
        if reference == "last" {
            let newest = self.model.order.last_key_value();
            return newest.map(|(_, id)| *id).ok_or(RunLookup::Unknown);
        }
        let found: Vec<RunId> = self
            .model
            .runs
            .keys()
            .filter(|id| !reference.is_empty() && id.to_string().starts_with(reference))
            .copied()
            .collect();
        match found.as_slice() {
            [] => Err(RunLookup::Unknown),
            [one] => Ok(*one),
            _ => Err(RunLookup::Ambiguous(found)),
        }
    }

    pub(crate) fn run_page(
        &self,
        filter: &RunFilter,
        before: Option<u64>,
        limit: usize,
    ) -> RunPage {
        let matches = |run: &&Run| {
            filter.state.is_none_or(|state| run.state == state)
                && filter.name.as_ref().is_none_or(|part| {
                    run.header.name.as_ref().is_some_and(|name| name.contains(part.as_str()))
                })
        };
        let newest_first =
            || self.model.order.values().rev().filter_map(|id| self.model.runs.get(id));
        let total = newest_first().filter(matches).count() as u64;
        let mut page: Vec<RunView> = newest_first()
            .filter(|run| before.is_none_or(|before| run.order < before))
            .filter(matches)
            .take(limit.saturating_add(1))
            .map(Run::view)
            .collect();
        let more = page.len() > limit;
        page.truncate(limit);
        let next = page.last().filter(|_| more).map(|run| run.order);
        RunPage { runs: page, next, total }
    }

    pub(crate) fn run_detail(&mut self, id: RunId) -> Option<RunDetail> {
        let run = self.model.runs.get(&id)?;
        let functions = run.function_views();
        let outputs = run.nodes.iter().filter(|node| node.spec().output);
        let outputs: Vec<_> = outputs
            .flat_map(|node| node.spec().tasks.clone())
            .filter(|&task| run.state_of(task) == Some(TaskState::Succeeded))
            .take(OUTPUTS_SHOWN_MAX)
            .filter_map(|task| Some((run.name_of(task), self.result_of(run, task)?)))
            .collect();
        let failures = run
            .extra
            .iter()
            .filter_map(|(task, extra)| {
                Some((run.name_of(*task), Arc::clone(extra.failure.as_ref()?)))
            })
            .take(FAILURES_SHOWN_MAX)
            .collect();
        Some(RunDetail { run: run.view(), functions, outputs, failures })
    }

    pub(crate) fn keys(&mut self, id: RunId) -> Option<KeyTable> {
        self.model.runs.get_mut(&id).map(Run::key_table)
    }
}

impl Run {
    pub(crate) fn function_views(&self) -> Vec<FunctionView> {
        let view = |function: &FunctionRow| FunctionView {
            call: function.call.to_string(),
            counts: function.counts,
            run_us: function.run_us.summary(),
        };
        self.functions.iter().map(view).collect()
    }

    pub(crate) fn view(&self) -> RunView {
        RunView {
            id: self.header.id,
            name: self.header.name.clone(),
            state: self.state,
            open: self.open,
            counts: self.counts,
            created_at: self.header.created_at,
            started_at: self.started_at,
            finished_at: self.finished_at,
            profile: self.header.profile,
            order: self.order,
        }
    }

    pub(crate) fn state_of(&self, task: u32) -> Option<TaskState> {
        self.tasks.get(task as usize).map(|row| row.state)
    }
}
