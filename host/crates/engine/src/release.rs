//! Results that nobody wants any more, and the work that only they needed.

use std::ops::Range;

use wask_proto::{RunId, TaskIndex};

use crate::{
    Engine,
    cell::TaskRef,
    run::{Dependent, Run},
    settle::Ending,
    step::Step,
};

impl Engine {
    pub(crate) fn on_release(
        &mut self,
        run: RunId,
        tasks: &[Range<TaskIndex>],
        step: &mut Step<'_>,
    ) {
        let Some(place) = self.runs.place(run) else { return };
        let mut given_up = Vec::new();
        for range in tasks {
            for index in self.runs[place].clamp(range) {
                if self.runs[place].release(index) {
                    step.released(run, index);
                    given_up.push(index);
                }
            }
        }
        for &index in &given_up {
            self.runs[place].drop_if_unneeded(index, step);
        }
        // The last task goes first: what needs another one usually has the higher place.
        self.cancel_useless(place, given_up, step);
    }

    /// Cancels those of the tasks that nobody needs, then what only these needed, and so on.
    pub(crate) fn cancel_useless(
        &mut self,
        place: u32,
        mut tasks: Vec<TaskIndex>,
        step: &mut Step<'_>,
    ) {
        while let Some(index) = tasks.pop() {
            let run = &self.runs[place];
            if run.cell(index).phase.is_final()
                || run.is_wanted(index)
                || run.cell(index).is_adopted()
                || run.has_unfinished_dependents(index)
            {
                continue;
            }
            self.finalize(TaskRef { run: place, index }, Ending::Cancelled, step);
            let node = self.runs[place].node_of(index);
            tasks.extend(node.own_sources(index));
            if node.unfinished == 0 {
                tasks.extend(node.needs.iter().flat_map(|need| need.tasks.clone()));
            }
        }
    }
}

impl Run {
    /// Notes that a result is not wanted; tells whether it was.
    pub(crate) fn release(&mut self, index: TaskIndex) -> bool {
        if !self.is_wanted_here(index) {
            return false;
        }
        let cell = self.cell_mut(index);
        cell.set_released();
        let node = cell.node;
        self.node_mut(node).released += 1;
        true
    }

    fn has_unfinished_dependents(&self, index: TaskIndex) -> bool {
        let mut dependents = Vec::new();
        self.dependents(index, &mut dependents);
        dependents.into_iter().any(|dependent| match dependent {
            Dependent::Gate(node) | Dependent::Whole(node) => self.node(node).unfinished > 0,
            Dependent::Task(index) => !self.cell(index).phase.is_final(),
        })
    }
}
