//! Questions about results.

use std::{ops::Range, sync::Arc};

use wask_proto::{RunId, TaskId, TaskIndex, TaskState};

use crate::{
    server::{Server, model::Run},
    view::{CompletedView, ResultView},
};

impl Server {
    pub(crate) fn results(
        &self,
        run: RunId,
        tasks: &[Range<TaskIndex>],
    ) -> Option<Vec<ResultView>> {
        let run = self.model.runs.get(&run)?;
        let all = tasks.iter().cloned().flatten();
        all.map(|task| self.result_of(run, task)).collect()
    }

    pub(crate) fn completed(
        &self,
        run: RunId,
        after: u64,
        limit: usize,
    ) -> Option<Vec<CompletedView>> {
        let run = self.model.runs.get(&run)?;
        let start = usize::try_from(after).unwrap_or(usize::MAX).min(run.completed.len());
        let end = start.saturating_add(limit).min(run.completed.len());
        let rows = run.completed.get(start..end).unwrap_or_default();
        let view = |(seq, task): (u64, &TaskIndex)| {
            let result = self.result_of(run, *task)?;
            Some(CompletedView { seq, key: run.name_of(*task), result })
        };
        (after + 1..).zip(rows).map(view).collect()
    }

    /// What there is to say of a task's result; `None` when there is no such task.
    pub(super) fn result_of(&self, run: &Run, task: TaskIndex) -> Option<ResultView> {
        let row = run.tasks.get(task as usize)?;
        Some(match row.state {
            TaskState::Succeeded => match &row.value {
                Some(value) => {
                    let id = TaskId { run: run.header.id, index: task };
                    ResultView::Value(value.clone(), self.media_type(id))
                }
                None => ResultView::Released,
            },
            TaskState::Failed => match run.extra.get(&task).and_then(|e| e.failure.clone()) {
                Some(failure) => ResultView::Failed(failure),
                None => ResultView::Unfinished(TaskState::Failed),
            },
            TaskState::Cancelled => {
                ResultView::Cancelled(run.stop_of(task).and_then(|stop| stop.reason.clone()))
            }
            TaskState::Aborted => {
                let cause = run.stop_of(task).and_then(|stop| stop.cause);
                let failure =
                    cause.and_then(|cause| run.extra.get(&cause)?.failure.as_ref().map(Arc::clone));
                ResultView::Aborted(cause.map(|c| run.name_of(c)).unwrap_or_default(), failure)
            }
            state => ResultView::Unfinished(state),
        })
    }
}
