//! Results that no value refers to any more, and that whoever took the last reference may be about
//! to ask for: they are kept a little longer, and no task is stopped before it is finished.

use std::collections::BTreeSet;

use wask_proto::{RunId, TaskId, Timestamp};

/// How long a result is kept after the last value that referred to it.
const GRACE_MS: u64 = 60_000;

/// Tasks whose claims are about to end, by the time at which they do.
#[derive(Default)]
pub(crate) struct Partings(BTreeSet<(Timestamp, TaskId)>);

impl Partings {
    /// The last value that referred to a task is gone.
    pub(crate) fn add(&mut self, task: TaskId, now: Timestamp) {
        let mut end = now.plus_ms(GRACE_MS);
        // Each claim that ends is one of its own.
        while !self.0.insert((end, task)) {
            end = Timestamp(end.0 + 1);
        }
    }

    /// When the next claim ends.
    pub(crate) fn next_end(&self) -> Option<Timestamp> {
        self.0.first().map(|(end, _)| *end)
    }

    /// Takes the claims out whose time is over.
    pub(crate) fn due(&mut self, now: Timestamp) -> Vec<TaskId> {
        let later = self.0.split_off(&(Timestamp(now.0 + 1), LEAST));
        let due = std::mem::replace(&mut self.0, later);
        due.into_iter().map(|(_, task)| task).collect()
    }

    /// Takes the claims to tasks of a run out.
    pub(crate) fn of_run(&mut self, run: RunId) -> Vec<TaskId> {
        let (of_run, others) =
            std::mem::take(&mut self.0).into_iter().partition(|(_, t)| t.run == run);
        self.0 = others;
        let of_run: BTreeSet<(Timestamp, TaskId)> = of_run;
        of_run.into_iter().map(|(_, task)| task).collect()
    }
}

/// Before every task.
const LEAST: TaskId = TaskId { run: RunId(0), index: 0 };

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: each claim ends once, in time and not before, or with its run.
    #[test]
    fn claims_end_in_time() {
        let task = |run, index| TaskId { run: RunId(run), index };
        let mut partings = Partings::default();
        let now = Timestamp(1_000);
        for (run, index) in [(1, 1), (1, 1), (2, 7)] {
            partings.add(task(run, index), now);
        }
        let end = partings.next_end().expect("three claims");
        assert_eq!(end, now.plus_ms(GRACE_MS));
        assert_eq!(partings.due(Timestamp(end.0 - 1)), []);
        assert_eq!(partings.of_run(RunId(2)), [task(2, 7)]);
        assert_eq!(partings.due(Timestamp(end.0 + 1)), [task(1, 1), task(1, 1)]);
        assert_eq!(partings.next_end(), None);
    }
}
