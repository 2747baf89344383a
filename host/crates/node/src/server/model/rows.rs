//! The rows of a run's tasks: millions of them, of which most are alike for most of the time.
//!
//! A stretch of tasks of which nothing is known but that they wait, or since when, shares one row.

use std::ops::Range;

use super::TaskRow;

/// Tasks of a stretch.
const STRETCH: usize = 256;

/// The rows of all tasks of a run.
#[derive(Debug, Default)]
pub(crate) struct TaskRows {
    stretches: Vec<Stretch>,
    len: usize,
}

#[derive(Debug)]
enum Stretch {
    /// All of them are like this one, which has no value.
    Same(TaskRow),
    Each(Vec<TaskRow>),
}

impl TaskRows {
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn get(&self, task: usize) -> Option<&TaskRow> {
        if task >= self.len {
            return None;
        }
        match self.stretches.get(task / STRETCH)? {
            Stretch::Same(row) => Some(row),
            Stretch::Each(rows) => rows.get(task % STRETCH),
        }
    }

    /// A row, to be changed: from now on it has a place of its own.
    pub(crate) fn get_mut(&mut self, task: usize) -> Option<&mut TaskRow> {
        if task >= self.len {
            return None;
        }
        let rows = self.each(task / STRETCH)?;
        rows.get_mut(task % STRETCH)
    }

    /// All rows in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &TaskRow> {
        (0..self.len).filter_map(|task| self.get(task))
    }

    /// Adds new rows, up to so many in all.
    pub(crate) fn grow(&mut self, len: usize) {
        while self.len < len {
            let at = self.len / STRETCH;
            match self.stretches.get(at) {
                None => self.stretches.push(Stretch::Same(TaskRow::new())),
                Some(Stretch::Same(row)) if row.is_new() => {}
                Some(_) => {
                    let added = len.min((at + 1) * STRETCH) - self.len;
                    if let Some(rows) = self.each(at) {
                        rows.extend(std::iter::repeat_n(TaskRow::new(), added));
                    }
                }
            }
            self.len = len.min((at + 1) * STRETCH);
        }
    }

    /// Changes these rows; those that share a row are changed at once. `change` is told how many.
    pub(crate) fn change(
        &mut self,
        tasks: Range<usize>,
        mut change: impl FnMut(&mut TaskRow, u32),
    ) {
        let mut task = tasks.start;
        let end = tasks.end.min(self.len);
        while task < end {
            let at = task / STRETCH;
            let (first, after) = (at * STRETCH, self.len.min((at + 1) * STRETCH));
            let whole = task == first && after <= end;
            match self.stretches.get_mut(at) {
                Some(Stretch::Same(row)) if whole => change(row, (after - first) as u32),
                _ => {
                    let (from, to) = (task - first, end.min(after) - first);
                    let rows = self.each(at).and_then(|rows| rows.get_mut(from..to));
                    rows.into_iter().flatten().for_each(|row| change(row, 1));
                }
            }
            task = after;
        }
    }

    fn each(&mut self, at: usize) -> Option<&mut Vec<TaskRow>> {
        let count = self.len.min((at + 1) * STRETCH) - at * STRETCH;
        let stretch = self.stretches.get_mut(at)?;
        if let Stretch::Same(row) = stretch {
            *stretch = Stretch::Each(vec![row.clone(); count]);
        }
        match stretch {
            Stretch::Each(rows) => Some(rows),
            Stretch::Same(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use wask_proto::{TaskState, Timestamp};

    use super::*;

    /// Goal: whatever is changed in which order, and however the rows came, each is what it would
    /// be in a plain list.
    #[test]
    fn they_are_like_a_plain_list() {
        let (mut rows, mut plain) = (TaskRows::default(), Vec::new());
        let mut seed = 7_u64;
        let mut random = |below: usize| {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as usize % below
        };
        for step in 0..2_000_u64 {
            match random(4) {
                0 => {
                    let len = plain.len() + random(400);
                    rows.grow(len);
                    plain.resize_with(len, TaskRow::new);
                }
                1 | 2 if !plain.is_empty() => {
                    let from = random(plain.len());
                    let to = from + random(plain.len() - from + 300);
                    let mut counted = 0;
                    rows.change(from..to, |row, count| {
                        row.queued_at = Timestamp(step);
                        counted += count as usize;
                    });
                    let to = to.min(plain.len());
                    plain[from..to].iter_mut().for_each(|row| row.queued_at = Timestamp(step));
                    assert_eq!(counted, to - from);
                }
                _ if !plain.is_empty() => {
                    let task = random(plain.len());
                    let change = |row: &mut TaskRow| {
                        row.state = TaskState::Running;
                        row.attempt += 1;
                    };
                    change(rows.get_mut(task).unwrap());
                    change(&mut plain[task]);
                }
                _ => {}
            }
            if step % 50 == 0 {
                let of = |row: &TaskRow| (row.state, row.attempt, row.queued_at);
                assert_eq!(rows.len(), plain.len());
                assert!(rows.iter().map(of).eq(plain.iter().map(of)));
                assert!(rows.get(plain.len()).is_none() && rows.get_mut(plain.len()).is_none());
            }
        }
        assert!(plain.len() > 10_000, "too few to tell");
    }

    /// Goal: a large array that waits costs next to nothing.
    #[test]
    fn a_waiting_array_shares_its_rows() {
        let mut rows = TaskRows::default();
        rows.grow(1_000_000);
        rows.change(0..1_000_000, |row, _| row.state = TaskState::Queued);
        let shared = |stretch: &Stretch| matches!(stretch, Stretch::Same(_));
        assert!(rows.stretches.iter().all(shared));
        assert!(rows.iter().all(|row| row.state == TaskState::Queued));
    }
}
