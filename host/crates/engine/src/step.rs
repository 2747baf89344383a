//! The actions of one call into the engine, put side by side into stretches where they fit.

use std::ops::Range;

use wask_proto::{RunId, TaskIndex, TaskState, Timestamp};

use crate::{Action, Settled};

/// One call: its time and what came of it.
pub(crate) struct Step<'a> {
    pub(crate) now: Timestamp,
    actions: &'a mut Vec<Action>,
    /// Actions of earlier calls end here; they may be carried out already and stay untouched.
    base: usize,
    /// Messages to workers that follow the facts they come from.
    later: Vec<Action>,
}

impl<'a> Step<'a> {
    pub(crate) fn new(now: Timestamp, actions: &'a mut Vec<Action>) -> Self {
        let base = actions.len();
        Self { now, actions, base, later: Vec::new() }
    }

    pub(crate) fn push(&mut self, action: Action) {
        self.actions.push(action);
    }

    /// Appends the action when the call is over.
    pub(crate) fn push_later(&mut self, action: Action) {
        self.later.push(action);
    }

    /// Actions so far.
    pub(crate) fn count(&self) -> usize {
        self.actions.len() - self.base
    }

    pub(crate) fn finish(mut self) {
        self.actions.append(&mut self.later);
    }

    pub(crate) fn state_changed(&mut self, of: RunId, range: Range<TaskIndex>, to: TaskState) {
        if let Some(Action::StateChanged { run, tasks, state }) = self.last()
            && (*run, *state) == (of, to)
            && joined(tasks, &range)
        {
            return;
        }
        self.push(Action::StateChanged { run: of, tasks: range, state: to });
    }

    pub(crate) fn settled(&mut self, of: RunId, index: TaskIndex, number: u32, end: Settled) {
        if matches!(end, Settled::Cancelled | Settled::Aborted { .. })
            && let Some(Action::Settled { run, tasks, attempt, how }) = self.last()
            && (*run, *how) == (of, end)
            && joined(tasks, &(index..index + 1))
        {
            *attempt = 0;
            return;
        }
        self.push(Action::Settled { run: of, tasks: index..index + 1, attempt: number, how: end });
    }

    pub(crate) fn retried(&mut self, of: RunId, index: TaskIndex) {
        if let Some(Action::Retried { run, tasks }) = self.last()
            && *run == of
            && joined(tasks, &(index..index + 1))
        {
            return;
        }
        self.push(Action::Retried { run: of, tasks: index..index + 1 });
    }

    pub(crate) fn released(&mut self, of: RunId, index: TaskIndex) {
        if let Some(Action::Released { run, tasks }) = self.last()
            && *run == of
            && joined(tasks, &(index..index + 1))
        {
            return;
        }
        self.push(Action::Released { run: of, tasks: index..index + 1 });
    }

    pub(crate) fn dropped(&mut self, of: RunId, index: TaskIndex) {
        if let Some(Action::Drop { run, tasks }) = self.last()
            && *run == of
            && joined(tasks, &(index..index + 1))
        {
            return;
        }
        self.push(Action::Drop { run: of, tasks: index..index + 1 });
    }

    fn last(&mut self) -> Option<&mut Action> {
        if self.actions.len() > self.base { self.actions.last_mut() } else { None }
    }
}

/// Widens `to` by `by` where the two touch.
fn joined(to: &mut Range<TaskIndex>, by: &Range<TaskIndex>) -> bool {
    if to.end == by.start {
        to.end = by.end;
    } else if by.end == to.start {
        to.start = by.start;
    } else {
        return false;
    }
    true
}
