//! New tasks: the links between nodes, and what the nodes' counters say at first.

use std::ops::Range;

use wask_proto::{RunId, TaskIndex, TaskState};

use crate::{
    Engine, Node,
    cell::{Cell, Phase, TaskRef},
    run::{Dependent, NodeState, Run, ZipDependent},
    settle::Ending,
    step::Step,
};

/// What is not as it should be when nodes meet tasks that are finished already.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// Results that are needed and that the caller does not hold any more.
    pub(crate) lost: Vec<TaskIndex>,
    /// Tasks that must not run, and an input that did not succeed.
    pub(crate) doomed: Vec<(Range<TaskIndex>, TaskIndex)>,
}

impl Engine {
    pub(crate) fn on_add_tasks(&mut self, run: RunId, nodes: Vec<Node>, step: &mut Step<'_>) {
        let Some(place) = self.runs.place(run) else { return };
        let first = self.runs[place].nodes.len() as u32;
        let tasks = nodes.iter().map(|node| node.tasks.len()).sum();
        self.runs[place].cells.reserve(tasks);
        self.runs[place].nodes.reserve(nodes.len());
        for node in nodes {
            let class = self.queue.class_of(&node.options.resources, &self.workers);
            let (parent, tasks) = (node.parent, node.tasks.clone());
            self.runs[place].append(NodeState::new(node, class));
            if let Some(index) = parent {
                tasks.for_each(|child| self.adopt(TaskRef { run: place, index }, child));
            }
        }
        let run = &mut self.runs[place];
        let added = first..run.nodes.len() as u32;
        added.clone().for_each(|node| run.wire(node));
        if !run.restoring {
            self.admit(place, added, Findings::default(), step);
        }
    }

    /// Derives the counters of these nodes and queues what is ready.
    pub(crate) fn admit(
        &mut self,
        place: u32,
        nodes: Range<u32>,
        mut findings: Findings,
        step: &mut Step<'_>,
    ) {
        for node in nodes.clone() {
            self.runs[place].derive(node, &mut findings);
        }
        self.reopen(place, findings.lost, step);
        for node in nodes {
            self.enter(place, node, step);
        }
        for (tasks, input) in findings.doomed {
            // It may have been among those that run again.
            if self.runs[place].cell(input).phase.is_unsuccessful() {
                self.abort(place, tasks, input, step);
            }
        }
        self.touched.push(place);
    }

    /// Announces the unfinished tasks of a node and queues those that are ready.
    fn enter(&mut self, place: u32, node: u32, step: &mut Step<'_>) {
        let run = &self.runs[place];
        let state = run.node(node);
        if state.rare().import.is_some() {
            return self.enter_imports(place, node, step);
        }
        let shut = state.gate > 0;
        let fresh = state.unfinished as usize == state.tasks.len() && state.ready.is_empty();
        if fresh && (shut || !state.has_own_sources()) {
            self.enter_stretch(place, state.tasks.clone(), !shut, step);
            return;
        }
        let mut rest = state.tasks.clone();
        while !rest.is_empty() {
            let run = &self.runs[place];
            let kind = |index: TaskIndex| match run.cell(index).phase {
                Phase::Waiting { missing } => Some(missing == 0 && !shut),
                _ => None,
            };
            let first = kind(rest.start);
            let end = rest.clone().find(|&index| kind(index) != first).unwrap_or(rest.end);
            let stretch = rest.start..end;
            rest.start = end;
            if let Some(ready) = first {
                self.enter_stretch(place, stretch, ready, step);
            }
        }
    }

    fn enter_stretch(
        &mut self,
        place: u32,
        tasks: Range<TaskIndex>,
        ready: bool,
        step: &mut Step<'_>,
    ) {
        if tasks.is_empty() {
        } else if ready {
            self.make_ready(place, tasks, TaskState::Waiting, step);
        } else {
            step.state_changed(self.runs[place].id, tasks, TaskState::Waiting);
        }
    }

    /// Aborts those of these tasks of one node that are unfinished, because of an input that did not succeed.
    pub(crate) fn abort(
        &mut self,
        place: u32,
        tasks: Range<TaskIndex>,
        input: TaskIndex,
        step: &mut Step<'_>,
    ) {
        let run = &self.runs[place];
        if tasks.is_empty() || run.node_of(tasks.start).unfinished == 0 {
            return;
        }
        let cause = run.root_cause(input);
        for index in tasks {
            let task = TaskRef { run: place, index };
            if !self.runs.cell(task).phase.is_final() {
                self.finalize(task, Ending::Aborted { cause }, step);
            }
        }
    }
}

impl Run {
    /// The task that failed or was cancelled, and because of which `task` did not succeed.
    pub(crate) fn root_cause(&self, task: TaskIndex) -> TaskIndex {
        match self.cell(task).phase {
            Phase::Aborted { cause } => cause,
            _ => task,
        }
    }

    fn append(&mut self, mut node: NodeState) {
        let (place, tasks) = (self.nodes.len() as u32, node.tasks.len());
        node.depth = self.depth_below(node.parent);
        debug_assert_eq!(node.tasks.start as usize, self.cells.len(), "places have no gap");
        self.cells.resize(self.cells.len() + tasks, Cell::new(place));
        self.unfinished += tasks as u32;
        self.counts.add(TaskState::Waiting, tasks as u32);
        self.nodes.push(node);
    }

    /// Notes at everything that a node needs that the node waits for it.
    fn wire(&mut self, node: u32) {
        let state = self.node_mut(node);
        let needs = std::mem::take(&mut state.needs);
        let first = state.tasks.start;
        for need in &needs {
            let pieces: Vec<_> = self.pieces(need.tasks.clone()).collect();
            for piece in pieces {
                if piece.whole {
                    self.node_mut(piece.node).rare_mut().whole_dependents.push(node);
                } else {
                    piece.tasks.for_each(|task| self.add_edge(task, Dependent::Gate(node)));
                }
            }
        }
        self.node_mut(node).needs = needs;
        if self.node(node).has_own_sources() {
            self.wire_elements(node, first);
        }
    }

    /// The same at what single elements of an array need.
    fn wire_elements(&mut self, node: u32, first: TaskIndex) {
        let rare = self.node_mut(node).rare_mut();
        let zip = std::mem::take(&mut rare.zip);
        let element_needs = std::mem::take(&mut rare.element_needs);
        for sources in &zip {
            let pieces: Vec<_> = self.pieces(sources.clone()).collect();
            for piece in pieces {
                let first = first + (piece.tasks.start - sources.start);
                let dependent = ZipDependent { sources: piece.tasks, first };
                self.node_mut(piece.node).rare_mut().zip_dependents.push(dependent);
            }
        }
        for &(element, task) in &element_needs {
            self.add_edge(task, Dependent::Task(first + element));
        }
        let rare = self.node_mut(node).rare_mut();
        (rare.zip, rare.element_needs) = (zip, element_needs);
    }

    /// Counts what a node's unfinished tasks wait for, and their uses of results.
    pub(crate) fn derive(&mut self, node: u32, findings: &mut Findings) {
        let state = self.node(node);
        let (tasks, busy) = (state.tasks.clone(), state.unfinished > 0);
        let has_own_sources = state.has_own_sources();
        self.derive_gate(node, busy, findings);
        if !has_own_sources || !busy {
            return;
        }
        for index in tasks {
            if !self.cell(index).phase.is_final() {
                self.derive_task(node, index, findings);
            }
        }
    }

    fn derive_gate(&mut self, node: u32, busy: bool, findings: &mut Findings) {
        let needs = std::mem::take(&mut self.node_mut(node).needs);
        let (mut gate, mut depth) = (0, 0);
        for need in &needs {
            let pieces: Vec<_> = self.pieces(need.tasks.clone()).collect();
            for piece in pieces {
                let source = self.node(piece.node);
                depth = depth.max(source.depth + 1);
                if piece.whole {
                    gate += u32::from(source.unfinished > 0);
                } else {
                    let unfinished = |&i: &TaskIndex| !self.cell(i).phase.is_final();
                    gate += piece.tasks.clone().filter(unfinished).count() as u32;
                }
                let suspicious = source.unsuccessful() > 0 || source.values < source.succeeded;
                if busy && suspicious {
                    self.inspect(node, piece.tasks.clone(), need.uses_results, findings);
                }
                if busy && need.uses_results {
                    self.acquire_piece(&piece);
                }
            }
        }
        let state = self.node_mut(node);
        (state.needs, state.gate, state.depth) = (needs, gate, state.depth.max(depth));
    }

    fn derive_task(&mut self, node: u32, index: TaskIndex, findings: &mut Findings) {
        let Self { nodes, cells, .. } = self;
        let (mut missing, mut depth) = (0, 0);
        for source in nodes[node as usize].own_sources(index) {
            let cell = &mut cells[source as usize];
            cell.uses += 1;
            missing += u32::from(!cell.phase.is_final());
            depth = depth.max(nodes[cell.node as usize].depth + 1);
            if nodes[node as usize].is_stopped_by(cell.phase) {
                findings.doomed.push((index..index + 1, source));
            } else if matches!(cell.phase, Phase::Succeeded { .. }) && !cell.has_value() {
                findings.lost.push(source);
            }
        }
        cells[index as usize].phase = Phase::Waiting { missing };
        let state = self.node_mut(node);
        state.depth = state.depth.max(depth);
    }

    /// Looks for finished inputs of a whole node that failed, or whose results are gone.
    fn inspect(
        &self,
        node: u32,
        sources: Range<TaskIndex>,
        uses_results: bool,
        findings: &mut Findings,
    ) {
        let state = self.node(node);
        for source in sources {
            let cell = self.cell(source);
            if state.is_stopped_by(cell.phase) {
                findings.doomed.push((state.tasks.clone(), source));
            }
            if uses_results && matches!(cell.phase, Phase::Succeeded { .. }) && !cell.has_value() {
                findings.lost.push(source);
            }
        }
    }
}
