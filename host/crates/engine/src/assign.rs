//! Staged tasks: what the caller found decides whether they go to their worker.

use wask_proto::{TaskId, TaskState};

use crate::{
    Action, Engine, ResultSource, Stage,
    cell::{NOWHERE, Phase, Place, TaskRef},
    memo::Boarding,
    settle::Ending,
    step::Step,
};

impl Engine {
    pub(crate) fn on_staged(&mut self, id: TaskId, stage: Stage, step: &mut Step<'_>) {
        let found = self.runs.find(id).map(|task| (task, self.runs.cell(task).phase));
        let Some((task, Phase::Staged(place))) = found else {
            // It was stopped by the answer to another task of the same round.
            if matches!(stage, Stage::Run { .. }) {
                step.push(Action::Unstage { task: id });
            }
            return;
        };
        match stage {
            Stage::Run { memo } => match self.board(task, memo, step) {
                Boarding::Runs => self.assign(task, place, step),
                Boarding::Follows => self.follow(task, place, step),
            },
            Stage::Known { size_bytes } => {
                self.vacate(place.worker, place.position);
                let size_bytes = u32::try_from(size_bytes).unwrap_or(u32::MAX);
                let source = ResultSource::Known;
                let ending = Ending::Succeeded { source, size_bytes, worker: NOWHERE };
                self.conclude(task, TaskState::Queued, ending, step);
            }
            Stage::Invalid => {
                self.vacate(place.worker, place.position);
                self.conclude(task, TaskState::Queued, Ending::Failed, step);
            }
        }
    }

    fn assign(&mut self, task: TaskRef, place: Place, step: &mut Step<'_>) {
        let cell = self.runs.cell_mut(task);
        cell.attempt += 1;
        cell.phase = Phase::Assigned(place);
        let attempt = cell.attempt;
        let worker = self.workers[place.worker].id;
        step.push(Action::Assign { worker, task: self.runs.id(task), attempt });
    }

    fn follow(&mut self, task: TaskRef, place: Place, step: &mut Step<'_>) {
        self.vacate(place.worker, place.position);
        self.runs.cell_mut(task).phase = Phase::Following;
        step.push(Action::Unstage { task: self.runs.id(task) });
    }
}
