//! Questions about tasks.

use std::{ops::Range, sync::Arc};

use wask_proto::{RunId, TaskId, TaskIndex, TaskState, Timing};

use crate::{
    handle::{TaskFilter, TaskPage},
    keys::needs_of_element,
    server::{
        Server,
        model::{NodeRow, Run, TaskRow},
    },
    view::{AttemptView, LogView, ResultInfoView, TaskDetail, TaskView},
};

/// Names of needed tasks that a task's detail carries.
const DEPS_SHOWN_MAX: usize = 100;

impl Server {
    pub(crate) fn task_page(
        &self,
        run: RunId,
        filter: &TaskFilter,
        from: TaskIndex,
        limit: usize,
    ) -> Option<TaskPage> {
        let run = self.model.runs.get(&run)?;
        let all = 0..run.next_index();
        let stretches = filter.places.clone().unwrap_or_else(|| std::iter::once(all).collect());
        let matches = |task: &TaskIndex| run.matches(filter, *task);
        let count = |stretch: &Range<TaskIndex>| run.count_matching(filter, stretch.clone());
        let total = stretches.iter().map(count).sum();
        let rest = stretches.into_iter().flat_map(|stretch| stretch.start.max(from)..stretch.end);
        let mut found: Vec<TaskIndex> =
            rest.filter(matches).take(limit.saturating_add(1)).collect();
        let next = found.get(limit).copied();
        found.truncate(limit);
        let tasks = found.into_iter().filter_map(|task| run.task_view(task)).collect();
        Some(TaskPage { tasks, next, total })
    }

    pub(crate) fn task_detail(&mut self, run_id: RunId, task: TaskIndex) -> Option<TaskDetail> {
        let run = self.model.runs.get(&run_id)?;
        let row = run.tasks.get(task as usize)?;
        let (deps_at, deps_total) = run.needs_of(task);
        let extra = run.extra.get(&task);
        let stop = run
            .stop_of(task)
            .filter(|_| matches!(row.state, TaskState::Cancelled | TaskState::Aborted));
        let cause = stop.and_then(|stop| stop.cause).map(|cause| run.name_of(cause));
        let failure = extra.and_then(|extra| extra.failure.clone());
        let value = row.value.clone();
        let succeeded = row.state == TaskState::Succeeded;
        let mut detail = TaskDetail {
            task: run.task_view(task)?,
            deps: deps_at.iter().map(|&dep| run.name_of(dep)).collect(),
            deps_at,
            deps_total,
            result: None,
            failure,
            attempts: run.attempts_of(task, row),
            reason: None,
            cause,
        };
        let id = TaskId { run: run_id, index: task };
        detail.reason = self.explain(run_id, task).map(|explain| explain.reason);
        if succeeded {
            let media_type = self.media_type(id);
            let object = value.as_ref().map(wask_proto::Value::object_id);
            if let (Some(object), Some(value)) = (object, &value) {
                self.note_shown(id, object, value.clone());
            }
            detail.result = Some(ResultInfoView {
                object: object.unwrap_or(wask_proto::ObjectId([0; 32])),
                size: value.as_ref().map_or(0, wask_proto::Value::size),
                media_type,
                released: value.is_none(),
            });
        }
        Some(detail)
    }

    pub(crate) fn logs(
        &self,
        run: RunId,
        tasks: Option<Range<TaskIndex>>,
        limit_lines: usize,
    ) -> Option<Vec<LogView>> {
        let run = self.model.runs.get(&run)?;
        let mut left = limit_lines;
        let mut found = Vec::new();
        for (task, extra) in run.extra.range(tasks.unwrap_or(0..TaskIndex::MAX)) {
            for (attempt, lines) in &extra.logs {
                if left == 0 {
                    return Some(found);
                }
                let lines: Arc<_> = lines.get(..left).map_or_else(|| Arc::clone(lines), Arc::from);
                left -= lines.len();
                found.push(LogView { key: run.name_of(*task), attempt: *attempt, lines });
            }
        }
        Some(found)
    }
}

impl Run {
    fn matches(&self, filter: &TaskFilter, task: TaskIndex) -> bool {
        filter.state.is_none_or(|state| self.state_of(task) == Some(state))
            && filter.call.as_ref().is_none_or(|call| {
                self.node_of(task).is_some_and(|node| *self.call_of(node) == **call)
            })
    }

    /// How many match. Counts are at hand for the common questions.
    fn count_matching(&self, filter: &TaskFilter, stretch: Range<TaskIndex>) -> u64 {
        let whole = stretch == (0..self.next_index());
        match (filter.state, &filter.call) {
            (None, None) => stretch.len() as u64,
            (Some(state), None) if whole => u64::from(self.counts.get(state)),
            (state, Some(call)) if whole => {
                let row = self.functions.iter().find(|row| *row.call == **call);
                row.map_or(0, |row| state.map_or(row.counts.total(), |s| row.counts.get(s).into()))
            }
            _ => stretch.filter(|task| self.matches(filter, *task)).count() as u64,
        }
    }

    pub(in crate::server) fn call_of(&self, node: &NodeRow) -> Arc<str> {
        let row = self.functions.get(node.function as usize);
        row.map_or_else(|| node.spec().call.name().into(), |row| Arc::clone(&row.call))
    }

    pub(in crate::server) fn task_view(&self, task: TaskIndex) -> Option<TaskView> {
        let node = self.node_of(task)?;
        let row = self.tasks.get(task as usize)?;
        Some(TaskView {
            index: task,
            key: self.name_of(task),
            call: self.call_of(node).to_string(),
            state: row.state,
            attempt: row.attempt,
            cached: row.cached,
            created_at: node.batch.created_at,
            queued_at: TaskRow::time(row.queued_at),
            started_at: TaskRow::time(row.started_at),
            finished_at: TaskRow::time(row.finished_at).filter(|_| row.state.is_final()),
            timing: row.timing(),
            progress: self.extra.get(&task).and_then(|extra| extra.progress),
            parent: node.batch.parent.map(|parent| self.name_of(parent)),
        })
    }

    fn attempts_of(&self, task: TaskIndex, row: &TaskRow) -> Vec<AttemptView> {
        let extra = self.extra.get(&task);
        let mut attempts: Vec<AttemptView> = extra
            .map(|extra| extra.attempts.as_slice())
            .unwrap_or_default()
            .iter()
            .map(|(attempt, timing, failure)| AttemptView {
                attempt: *attempt,
                timing: *timing,
                failure: Some(Arc::clone(failure)),
            })
            .collect();
        let ran = matches!(row.state, TaskState::Succeeded | TaskState::Failed) && !row.cached;
        if ran {
            let failure = extra.and_then(|extra| extra.failure.clone());
            let timing: Timing = row.timing().unwrap_or_default();
            attempts.push(AttemptView { attempt: row.attempt, timing, failure });
        }
        attempts
    }

    /// The first tasks that a task needs, and how many it needs.
    pub(in crate::server) fn needs_of(&self, task: TaskIndex) -> (Vec<TaskIndex>, u64) {
        let needs = self.need_ranges(task);
        let total = needs.iter().map(|range| range.len() as u64).sum();
        let first = needs.into_iter().flatten().take(DEPS_SHOWN_MAX);
        (first.collect(), total)
    }

    /// What a task needs: for an element, its own share of the array's needs.
    pub(in crate::server) fn need_ranges(&self, task: TaskIndex) -> Vec<Range<TaskIndex>> {
        let Some(node) = self.node_of(task) else { return Vec::new() };
        let spec = node.spec();
        needs_of_element(spec, task - spec.tasks.start)
    }
}
