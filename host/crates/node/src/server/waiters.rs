//! Those who wait for something in a run.

use std::ops::Range;

use wask_proto::{RunId, RunState, TaskIndex};

use super::{Server, Waiter, model::Run};
use crate::{handle::WaitFor, refusal::Refusal};

impl Server {
    /// Tells those whose wait is over, when what they waited for is durable.
    pub(super) fn tell_waiters(&mut self) {
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort_unstable();
        touched.dedup();
        for id in touched {
            let Some(run) = self.model.runs.get_mut(&id) else { continue };
            for waiter in run.take_over() {
                self.tell(id, waiter);
            }
        }
    }

    /// Lets somebody wait, or tells at once that there is nothing to wait for.
    pub(super) fn let_wait(&mut self, id: RunId, mut waiter: Waiter) {
        self.renew_lease(id);
        let Some(run) = self.model.runs.get_mut(&id) else {
            let _ = waiter.reply.send(Err(Refusal::UnknownRun));
            return;
        };
        if run.is_over(&mut waiter.what) {
            self.tell(id, waiter);
        } else {
            run.waiters.push(waiter);
        }
    }

    fn tell(&mut self, run: RunId, Waiter { results, reply, .. }: Waiter) {
        let results = match results.is_empty() {
            true => Ok(Vec::new()),
            false => self.results(run, &results).ok_or(Refusal::UnknownRun),
        };
        self.answer(Box::new(move || drop(reply.send(results))));
    }
}

impl Run {
    /// The waiters whose wait is over. Those who went away are forgotten.
    fn take_over(&mut self) -> Vec<Waiter> {
        let mut over = Vec::new();
        for mut waiter in std::mem::take(&mut self.waiters) {
            if waiter.reply.is_closed() {
                continue;
            }
            if self.is_over(&mut waiter.what) {
                over.push(waiter);
            } else {
                self.waiters.push(waiter);
            }
        }
        over
    }

    fn is_over(&self, what: &mut WaitFor) -> bool {
        let finished = self.state != RunState::Running;
        match what {
            WaitFor::RunFinished => finished,
            WaitFor::Completed { after } => finished || self.completed.len() as u64 > *after,
            WaitFor::TasksFinal(ranges) => finished || self.all_final(ranges),
        }
    }

    /// Whether all of these are final. Ranges shrink from the front as tasks become final, so
    /// that waiting for many tasks costs one look at each.
    fn all_final(&self, ranges: &mut Vec<Range<TaskIndex>>) -> bool {
        if self.counts.finished() == self.counts.total() {
            return true;
        }
        while let Some(range) = ranges.last_mut() {
            let is_final = |task: &TaskIndex| {
                self.tasks.get(*task as usize).is_none_or(|row| row.state.is_final())
            };
            range.start += range.clone().take_while(is_final).count() as TaskIndex;
            if range.start < range.end {
                return false;
            }
            ranges.pop();
        }
        true
    }
}
