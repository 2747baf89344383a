//! After a restart: what the journal says is written into the tasks, and everything else is
//! derived from that.

use std::ops::Range;

use wask_proto::{RunId, TaskIndex, TaskState};

use crate::{
    Engine, Fact,
    add::Findings,
    cell::{ALL_TASKS, Cell, NOWHERE, Phase, TaskRef},
    queue::QueueKey,
    run::Run,
    step::Step,
};

impl Engine {
    pub(crate) fn on_restore(&mut self, run: RunId, facts: Vec<Fact>) {
        let Some(place) = self.runs.place(run) else { return };
        if !self.runs[place].restoring {
            self.unqueue_all(place);
            self.forget_imports(place);
            let run = &mut self.runs[place];
            run.restoring = true;
            run.finished = false;
        }
        let run = &mut self.runs[place];
        facts.into_iter().for_each(|fact| run.apply(fact));
    }

    pub(crate) fn on_restore_done(&mut self, step: &mut Step<'_>) {
        let places: Vec<u32> = self.runs.places().collect();
        let mut held = Vec::new();
        for &place in &places {
            self.hold_sources(place, &mut held);
        }
        for place in places {
            if std::mem::take(&mut self.runs[place].restoring) {
                self.rebuild(place, step);
                self.drain(step);
                self.drop_unneeded(place, step);
            } else {
                self.announce(place, step);
            }
        }
        self.look_at_all_sources();
        self.drain(step);
        for source in held {
            self.on_unhold(source, step);
        }
    }

    /// Takes a run's tasks out of the queue and back to their beginning. Beside that only imports
    /// can have come to an end, whose sources were not there yet.
    fn unqueue_all(&mut self, place: u32) {
        let run = &mut self.runs[place];
        run.unfinished = run.cells.len() as u32;
        for cell in &mut run.cells {
            cell.phase = Phase::Waiting { missing: 0 };
            cell.set_value(false);
        }
        for node in 0..run.nodes.len() as u32 {
            if !run.node(node).ready.is_empty() {
                self.queue.remove(run.node(node).class, QueueKey::new(place, run, node));
                run.node_mut(node).ready = Default::default();
            }
        }
    }

    /// Takes a run's imports out of the lists of what waits.
    fn forget_imports(&mut self, place: u32) {
        let mut sources = Vec::new();
        self.imports.retain(|source, waiting| {
            let before = waiting.len();
            waiting.retain(|task| task.run != place);
            sources.extend(std::iter::repeat_n(*source, before - waiting.len()));
            !waiting.is_empty()
        });
        for source in sources {
            let Some(source) = self.runs.find(source) else { continue };
            let held = &mut self.runs[source.run].held;
            match held.get_mut(&source.index) {
                Some(1) | None => drop(held.remove(&source.index)),
                Some(holds) => *holds -= 1,
            }
        }
    }

    fn rebuild(&mut self, place: u32, step: &mut Step<'_>) {
        self.restore_families(place);
        let run = &mut self.runs[place];
        run.recount();
        let mut findings = Findings::default();
        if !run.finished {
            let all = run.clamp(&ALL_TASKS);
            findings.lost.extend(all.filter(|index| run.must_run_again(*index)));
        }
        let nodes = run.nodes.len() as u32;
        self.admit(place, 0..nodes, findings, step);
    }

    fn drop_unneeded(&mut self, place: u32, step: &mut Step<'_>) {
        let run = &mut self.runs[place];
        for index in run.clamp(&ALL_TASKS) {
            run.drop_if_unneeded(index, step);
        }
    }

    /// Tells the states of the unfinished tasks of a run that needed no restoring.
    fn announce(&self, place: u32, step: &mut Step<'_>) {
        let run = &self.runs[place];
        for index in run.clamp(&ALL_TASKS) {
            let state = self.public_state(TaskRef { run: place, index });
            if !state.is_final() {
                step.state_changed(run.id, index..index + 1, state);
            }
        }
    }
}

impl Run {
    fn apply(&mut self, fact: Fact) {
        match fact {
            Fact::Succeeded { task, attempt, size_bytes, available } => {
                let size_bytes = u32::try_from(size_bytes).unwrap_or(u32::MAX);
                let phase = Phase::Succeeded { size_bytes, worker: NOWHERE };
                self.rewrite(task..task + 1, |cell| {
                    (cell.attempt, cell.phase) = (attempt, phase);
                    cell.set_value(available);
                });
            }
            Fact::Failed { task, attempt } => self.rewrite(task..task + 1, |cell| {
                (cell.attempt, cell.phase) = (attempt, Phase::Failed);
            }),
            Fact::AttemptFailed { task, attempt, lost } => self.rewrite(task..task + 1, |cell| {
                cell.attempt = attempt;
                cell.losses = cell.losses.saturating_add(u8::from(lost));
                cell.failures = cell.failures.saturating_add(u16::from(!lost));
            }),
            Fact::Cancelled(tasks) => {
                self.end(tasks, Phase::Cancelled);
                // Nothing was left to run, so the user stopped all there was.
                self.cancelled |= self.unfinished == 0;
            }
            Fact::Aborted { tasks, cause } => self.end(tasks, Phase::Aborted { cause }),
            Fact::Retried(tasks) => {
                (self.finished, self.cancelled) = (false, false);
                self.rewrite(tasks, |cell| {
                    cell.phase = Phase::Waiting { missing: 0 };
                    (cell.failures, cell.losses) = (0, 0);
                    cell.set_value(false);
                });
            }
            Fact::Released(tasks) => {
                for index in self.clamp(&tasks) {
                    self.release(index);
                }
            }
            Fact::Closed => self.open = false,
            Fact::RunFinished => self.finished = true,
        }
    }

    fn end(&mut self, tasks: Range<TaskIndex>, phase: Phase) {
        self.rewrite(tasks, |cell| {
            if !cell.phase.is_final() {
                cell.phase = phase;
            }
        });
    }

    fn rewrite(&mut self, tasks: Range<TaskIndex>, change: impl Fn(&mut Cell)) {
        for index in self.clamp(&tasks) {
            let cell = self.cell_mut(index);
            let before = u32::from(!cell.phase.is_final());
            change(cell);
            let after = u32::from(!cell.phase.is_final());
            self.unfinished = self.unfinished + after - before;
        }
    }

    /// Whether a finished task of an unfinished run cannot stay as the journal left it.
    fn must_run_again(&self, index: TaskIndex) -> bool {
        let cell = self.cell(index);
        match cell.phase {
            Phase::Succeeded { .. } => !cell.has_value() && self.is_wanted(index),
            // A retry of both was cut off in the middle.
            Phase::Aborted { cause } => !self.is_root_cause(cause),
            _ => false,
        }
    }

    /// Counts anew what does not depend on other tasks, and forgets all uses.
    fn recount(&mut self) {
        self.counts = Default::default();
        self.unfinished = 0;
        for node in &mut self.nodes {
            (node.unfinished, node.succeeded, node.failed, node.values) = (0, 0, 0, 0);
            (node.gate, node.whole_uses, node.depth) = (0, 0, 0);
        }
        for cell in &mut self.cells {
            let node = &mut self.nodes[cell.node as usize];
            cell.uses = 0;
            match cell.phase {
                Phase::Succeeded { .. } => node.succeeded += 1,
                Phase::Failed => node.failed += 1,
                Phase::Cancelled | Phase::Aborted { .. } => {}
                _ => {
                    cell.phase = Phase::Waiting { missing: 0 };
                    node.unfinished += 1;
                    self.unfinished += 1;
                }
            }
            node.values += u32::from(cell.has_value());
            self.counts.add(cell.phase.public(TaskState::Queued), 1);
        }
    }
}
