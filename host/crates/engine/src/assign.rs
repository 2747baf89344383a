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
        let (task, place) = match found {
            Some((task, Phase::Staged(place))) => (task, place),
            Some((task, Phase::StagedBehind(place))) => {
                return self.on_staged_behind(task, place, &stage, step);
            }
            // It was stopped by the answer to another task of the same round.
            _ => {
                if matches!(stage, Stage::Run { .. }) {
                    step.push(Action::Unstage { task: id });
                }
                return;
            }
        };
        match stage {
            Stage::Run { memo } => match self.board(task, memo, step) {
                Boarding::Runs => {
                    self.runs.cell_mut(task).phase = Phase::Assigned(place);
                    self.hand_to(task, place, step);
                }
                Boarding::Follows => self.follow(task, place, step),
            },
            Stage::Alone => {
                self.vacate(place.worker, place.position);
                self.requeue(task, TaskState::Queued, step);
            }
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

    /// A new attempt goes to the worker where its place is, and what can goes along.
    pub(crate) fn hand_to(&mut self, task: TaskRef, place: Place, step: &mut Step<'_>) {
        let cell = self.runs.cell_mut(task);
        cell.attempt += 1;
        let attempt = cell.attempt;
        let worker = self.workers[place.worker].id;
        step.push(Action::Assign { worker, task: self.runs.id(task), attempt });
        self.send_behind(task, place.worker, step);
    }

    fn follow(&mut self, task: TaskRef, place: Place, step: &mut Step<'_>) {
        self.vacate(place.worker, place.position);
        self.runs.cell_mut(task).phase = Phase::Following;
        step.push(Action::Unstage { task: self.runs.id(task) });
    }
}
