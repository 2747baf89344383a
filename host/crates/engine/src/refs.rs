//! Who uses which result. A result stays while an unfinished task uses it or somebody wants it.

use wask_proto::TaskIndex;

use crate::{
    Engine,
    cell::{Phase, TaskRef},
    run::{Piece, Run},
    step::Step,
};

impl Engine {
    /// A task is finished: it does not use its own inputs any more.
    pub(crate) fn release_own_inputs(&mut self, task: TaskRef, step: &mut Step<'_>) {
        let run = &mut self.runs[task.run];
        let node = run.node_of(task.index);
        if !node.has_own_sources() {
            return;
        }
        let sources: Vec<TaskIndex> = node.own_sources(task.index).collect();
        for source in sources {
            run.cell_mut(source).uses -= 1;
            run.drop_if_unneeded(source, step);
        }
    }

    /// All tasks of a node are finished: they do not use their common inputs any more.
    pub(crate) fn release_common_inputs(&mut self, place: u32, node: u32, step: &mut Step<'_>) {
        let run = &mut self.runs[place];
        let needs = std::mem::take(&mut run.node_mut(node).needs);
        for need in needs.iter().filter(|need| need.uses_results) {
            let pieces: Vec<_> = run.pieces(need.tasks.clone()).collect();
            for piece in pieces {
                run.release_piece(&piece, step);
            }
        }
        run.node_mut(node).needs = needs;
    }
}

impl Run {
    /// An unfinished node uses these results.
    pub(crate) fn acquire_piece(&mut self, piece: &Piece) {
        if piece.whole {
            self.node_mut(piece.node).whole_uses += 1;
        } else {
            for source in piece.tasks.clone() {
                self.cell_mut(source).uses += 1;
            }
        }
    }

    /// An unfinished task uses its own inputs.
    pub(crate) fn acquire_own_inputs(&mut self, index: TaskIndex) {
        let Self { nodes, cells, .. } = self;
        let node = &nodes[cells[index as usize].node as usize];
        for source in node.own_sources(index) {
            cells[source as usize].uses += 1;
        }
    }

    /// The tasks of a node are unfinished again.
    pub(crate) fn acquire_common_inputs(&mut self, node: u32) {
        let needs = std::mem::take(&mut self.node_mut(node).needs);
        for need in needs.iter().filter(|need| need.uses_results) {
            let pieces: Vec<_> = self.pieces(need.tasks.clone()).collect();
            pieces.iter().for_each(|piece| self.acquire_piece(piece));
        }
        self.node_mut(node).needs = needs;
    }

    /// Whether somebody wants this result beyond the run's own tasks.
    pub(crate) fn is_wanted(&self, index: TaskIndex) -> bool {
        self.is_wanted_here(index) || self.held.contains_key(&index)
    }

    /// Whether the run's own client wants this result.
    pub(crate) fn is_wanted_here(&self, index: TaskIndex) -> bool {
        let cell = self.cell(index);
        self.node(cell.node).wanted && !cell.is_released()
    }

    /// Whether the result has to be kept.
    pub(crate) fn is_needed(&self, index: TaskIndex) -> bool {
        let cell = self.cell(index);
        cell.uses > 0
            || cell.is_adopted()
            || self.node(cell.node).whole_uses > 0
            || self.is_wanted(index)
    }

    /// Drops a result that nobody needs.
    pub(crate) fn drop_if_unneeded(&mut self, index: TaskIndex, step: &mut Step<'_>) {
        let cell = self.cell(index);
        let held = matches!(cell.phase, Phase::Succeeded { .. }) && cell.has_value();
        if !held || self.is_needed(index) {
            return;
        }
        self.forget_value(index);
        step.dropped(self.id, index);
    }

    /// Notes that the caller does not hold a result.
    pub(crate) fn forget_value(&mut self, index: TaskIndex) {
        let cell = self.cell_mut(index);
        cell.set_value(false);
        let node = cell.node;
        self.node_mut(node).values -= 1;
    }

    fn release_piece(&mut self, piece: &Piece, step: &mut Step<'_>) {
        if !piece.whole {
            for source in piece.tasks.clone() {
                self.cell_mut(source).uses -= 1;
                self.drop_if_unneeded(source, step);
            }
            return;
        }
        let node = self.node_mut(piece.node);
        node.whole_uses -= 1;
        let all_wanted = node.wanted && node.released == 0;
        if node.whole_uses == 0 && node.values > 0 && !all_wanted {
            piece.tasks.clone().for_each(|source| self.drop_if_unneeded(source, step));
        }
    }
}
