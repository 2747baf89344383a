//! The tables of runs, nodes and tasks, and how they point at each other. Decides nothing.

use std::{
    collections::BTreeMap,
    ops::{Index, IndexMut, Range},
};

use wask_proto::{Few, OnFailed, RunId, TaskId, TaskIndex};

use crate::{
    Need, Node, StateCounts,
    cell::{Cell, NONE, Phase, TaskRef},
    hash::FixedMap,
    ranges::RangeSet,
    slab::Slab,
};

/// A run with its nodes and tasks.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) id: RunId,
    /// Order of submission.
    pub(crate) seq: u64,
    pub(crate) open: bool,
    /// Whether its end was told.
    pub(crate) finished: bool,
    /// Whether a user stopped the whole of it.
    pub(crate) cancelled: bool,
    /// Between its first `Restore` and `RestoreDone`: nothing is derived yet.
    pub(crate) restoring: bool,
    pub(crate) unfinished: u32,
    pub(crate) counts: StateCounts,
    pub(crate) nodes: Vec<NodeState>,
    pub(crate) cells: Vec<Cell>,
    pub(crate) edges: Vec<Edge>,
    /// How often results are held from outside the run.
    pub(crate) held: BTreeMap<TaskIndex, u32>,
}

/// A node: one task, or the elements of an array.
#[derive(Debug)]
pub(crate) struct NodeState {
    pub(crate) tasks: Range<TaskIndex>,
    pub(crate) needs: Few<Need>,
    rare: Option<Box<Rare>>,
    /// The task that handed it out.
    pub(crate) parent: Option<TaskIndex>,
    pub(crate) function: u32,
    /// Which resources it asks for.
    pub(crate) class: u32,
    pub(crate) retries: u32,
    pub(crate) retry_delay_ms: u64,
    pub(crate) priority: i32,
    pub(crate) on_failed: OnFailed,
    pub(crate) wanted: bool,
    pub(crate) output: bool,
    /// Steps from the graph's roots, as far as its inputs are finished.
    pub(crate) depth: u32,
    /// Unfinished things that every task of the node needs: single tasks, and whole nodes.
    pub(crate) gate: u32,
    pub(crate) unfinished: u32,
    pub(crate) succeeded: u32,
    pub(crate) failed: u32,
    /// Results that the caller holds.
    pub(crate) values: u32,
    /// Tasks whose results are not wanted any more.
    pub(crate) released: u32,
    /// Unfinished nodes that use all of its results, once for each need.
    pub(crate) whole_uses: u32,
    pub(crate) ready: RangeSet,
}

// A run may have a million keys, each with a node of its own.
const _: () = assert!(size_of::<NodeState>() <= 128);

/// What single tasks do not have, and most arrays neither.
#[derive(Debug, Default)]
pub(crate) struct Rare {
    pub(crate) zip: Vec<Range<TaskIndex>>,
    pub(crate) element_needs: Vec<(u32, TaskIndex)>,
    /// For an import the task for which its first one stands.
    pub(crate) import: Option<TaskId>,
    pub(crate) max_fails: Option<u32>,
    /// Nodes that need all of its tasks, once for each need.
    pub(crate) whole_dependents: Vec<u32>,
    pub(crate) zip_dependents: Vec<ZipDependent>,
}

static NOTHING_RARE: Rare = Rare {
    zip: Vec::new(),
    element_needs: Vec::new(),
    import: None,
    max_fails: None,
    whole_dependents: Vec::new(),
    zip_dependents: Vec::new(),
};

/// A stretch of tasks each of which one element of another node needs.
#[derive(Debug)]
pub(crate) struct ZipDependent {
    pub(crate) sources: Range<TaskIndex>,
    /// What needs the first of them; the others follow side by side.
    pub(crate) first: TaskIndex,
}

/// One entry in the list of what needs a certain task.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edge {
    target: u32,
    next: u32,
}

/// What waits for a task.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Dependent {
    /// Every task of a node, once for each need.
    Gate(u32),
    /// One task.
    Task(TaskIndex),
    /// Every task of a node, which waits for the whole node and counts that only once.
    Whole(u32),
}

const GATE_BIT: u32 = 1 << 31;

impl Default for Run {
    fn default() -> Self {
        Self::new(RunId(0), 0, false)
    }
}

impl Run {
    pub(crate) fn new(id: RunId, seq: u64, open: bool) -> Self {
        Self {
            id,
            seq,
            open,
            finished: false,
            cancelled: false,
            restoring: false,
            unfinished: 0,
            counts: StateCounts::default(),
            nodes: Vec::new(),
            cells: Vec::new(),
            edges: Vec::new(),
            held: BTreeMap::new(),
        }
    }

    pub(crate) fn cell(&self, index: TaskIndex) -> &Cell {
        &self.cells[index as usize]
    }

    pub(crate) fn cell_mut(&mut self, index: TaskIndex) -> &mut Cell {
        &mut self.cells[index as usize]
    }

    pub(crate) fn node(&self, node: u32) -> &NodeState {
        &self.nodes[node as usize]
    }

    pub(crate) fn node_mut(&mut self, node: u32) -> &mut NodeState {
        &mut self.nodes[node as usize]
    }

    /// The node of a task.
    pub(crate) fn node_of(&self, index: TaskIndex) -> &NodeState {
        self.node(self.cell(index).node)
    }

    /// Inputs of its own that a task lacks, beside those that its whole node lacks.
    pub(crate) fn own_missing(&self, index: TaskIndex) -> u32 {
        let unfinished = |&source: &TaskIndex| !self.cell(source).phase.is_final();
        self.node_of(index).own_sources(index).filter(unfinished).count() as u32
    }

    /// The part of a range that is inside the run.
    pub(crate) fn clamp(&self, range: &Range<TaskIndex>) -> Range<TaskIndex> {
        let len = self.cells.len() as u32;
        range.start.min(len)..range.end.min(len)
    }

    /// Splits a range at the borders of nodes.
    pub(crate) fn pieces(&self, range: Range<TaskIndex>) -> impl Iterator<Item = Piece> + use<'_> {
        let mut rest = range;
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let node = self.cell(rest.start).node;
            let tasks = &self.node(node).tasks;
            let piece = rest.start..rest.end.min(tasks.end);
            rest.start = piece.end;
            let whole = piece.len() > 1 && piece == *tasks;
            Some(Piece { node, tasks: piece, whole })
        })
    }

    /// Notes that `dependent` waits for this very task.
    pub(crate) fn add_edge(&mut self, source: TaskIndex, dependent: Dependent) {
        let target = match dependent {
            Dependent::Gate(node) | Dependent::Whole(node) => node | GATE_BIT,
            Dependent::Task(index) => index,
        };
        let edge = self.edges.len() as u32;
        let next = std::mem::replace(&mut self.cell_mut(source).first_edge, edge);
        self.edges.push(Edge { target, next });
    }

    /// Tasks that may wait for this task alone, as far as that can be: not those of an array of
    /// which each waits for it.
    pub(crate) fn waiting_singly(&self, index: TaskIndex) -> impl Iterator<Item = TaskIndex> + '_ {
        let zips = self.node_of(index).rare().zip_dependents.iter();
        let zips = zips.filter(move |zip| zip.sources.contains(&index));
        let zips = zips.map(move |zip| zip.first + (index - zip.sources.start));
        let mut next = self.cell(index).first_edge;
        let edges = std::iter::from_fn(move || {
            let edge = *self.edges.get(next as usize)?;
            next = edge.next;
            Some(edge.target)
        });
        let singles = edges.filter_map(|target| match target & GATE_BIT {
            0 => Some(target),
            _ => {
                let tasks = &self.node(target & !GATE_BIT).tasks;
                (tasks.len() == 1).then_some(tasks.start)
            }
        });
        zips.chain(singles)
    }

    /// Everything that waits for this task, appended to `found`.
    pub(crate) fn dependents(&self, index: TaskIndex, found: &mut Vec<Dependent>) {
        let node = self.node_of(index).rare();
        found.extend(node.whole_dependents.iter().map(|&node| Dependent::Whole(node)));
        for zip in &node.zip_dependents {
            if zip.sources.contains(&index) {
                found.push(Dependent::Task(zip.first + (index - zip.sources.start)));
            }
        }
        let mut next = self.cell(index).first_edge;
        while next != NONE {
            let edge = self.edges[next as usize];
            found.push(if edge.target & GATE_BIT != 0 {
                Dependent::Gate(edge.target & !GATE_BIT)
            } else {
                Dependent::Task(edge.target)
            });
            next = edge.next;
        }
    }
}

/// A part of a range that lies in one node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Piece {
    pub(crate) node: u32,
    pub(crate) tasks: Range<TaskIndex>,
    /// Whether it is all of an array, which is then counted as one thing.
    pub(crate) whole: bool,
}

impl NodeState {
    pub(crate) fn new(node: Node, class: u32) -> Self {
        let Node { tasks, needs, zip, element_needs, import, parent, function, options } = node;
        let max_fails = options.max_fails;
        let rare = Rare { zip, element_needs, import, max_fails, ..Rare::default() };
        Self {
            unfinished: tasks.len() as u32,
            tasks,
            needs: needs.into(),
            rare: rare.has_any().then(|| Box::new(rare)),
            parent,
            function,
            class,
            retries: options.retries,
            retry_delay_ms: options.retry_delay_ms,
            priority: options.priority,
            on_failed: options.on_failed,
            wanted: options.wanted,
            output: options.output,
            depth: 0,
            gate: 0,
            succeeded: 0,
            failed: 0,
            values: 0,
            released: 0,
            whole_uses: 0,
            ready: RangeSet::default(),
        }
    }

    /// What most nodes do not have.
    pub(crate) fn rare(&self) -> &Rare {
        self.rare.as_deref().unwrap_or(&NOTHING_RARE)
    }

    pub(crate) fn rare_mut(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    pub(crate) fn has_own_sources(&self) -> bool {
        let Rare { zip, element_needs, .. } = self.rare();
        !zip.is_empty() || !element_needs.is_empty()
    }

    /// What this task needs beside what every task of the node needs.
    pub(crate) fn own_sources(&self, index: TaskIndex) -> impl Iterator<Item = TaskIndex> + '_ {
        let element = index - self.tasks.start;
        let Rare { zip, element_needs, .. } = self.rare();
        let from = element_needs.partition_point(|(e, _)| *e < element);
        let single = element_needs[from..].iter().take_while(move |(e, _)| *e == element);
        zip.iter().map(move |zip| zip.start + element).chain(single.map(|(_, task)| *task))
    }

    /// Whether the failure of this input aborts the node's tasks.
    pub(crate) fn is_stopped_by(&self, input: Phase) -> bool {
        self.on_failed == OnFailed::Abort && input.is_unsuccessful()
    }

    /// How many of its tasks ended without success.
    pub(crate) fn unsuccessful(&self) -> u32 {
        self.tasks.len() as u32 - self.unfinished - self.succeeded
    }
}

impl Rare {
    const fn has_any(&self) -> bool {
        let Self { zip, element_needs, import, max_fails, .. } = self;
        !zip.is_empty() || !element_needs.is_empty() || import.is_some() || max_fails.is_some()
    }
}

/// All runs.
#[derive(Debug, Default)]
pub(crate) struct RunTable {
    runs: Slab<Run>,
    by_id: FixedMap<RunId, u32>,
    by_seq: BTreeMap<u64, u32>,
    next_seq: u64,
}

impl RunTable {
    /// Adds a run; `false` when there is one of that id.
    pub(crate) fn insert(&mut self, id: RunId, open: bool) -> bool {
        if self.by_id.contains_key(&id) {
            return false;
        }
        let place = self.runs.insert(Run::new(id, self.next_seq, open));
        self.by_id.insert(id, place);
        self.by_seq.insert(self.next_seq, place);
        self.next_seq += 1;
        true
    }

    pub(crate) fn remove(&mut self, place: u32) -> Run {
        let run = self.runs.remove(place);
        self.by_id.remove(&run.id);
        self.by_seq.remove(&run.seq);
        run
    }

    pub(crate) fn place(&self, id: RunId) -> Option<u32> {
        self.by_id.get(&id).copied()
    }

    /// The task of that id.
    pub(crate) fn find(&self, task: TaskId) -> Option<TaskRef> {
        let run = self.place(task.run)?;
        ((task.index as usize) < self[run].cells.len())
            .then_some(TaskRef { run, index: task.index })
    }

    /// The places of all runs, in order of submission.
    pub(crate) fn places(&self) -> impl Iterator<Item = u32> + '_ {
        self.by_seq.values().copied()
    }

    pub(crate) fn id(&self, task: TaskRef) -> TaskId {
        TaskId { run: self[task.run].id, index: task.index }
    }

    pub(crate) fn cell(&self, task: TaskRef) -> &Cell {
        self[task.run].cell(task.index)
    }

    pub(crate) fn cell_mut(&mut self, task: TaskRef) -> &mut Cell {
        self[task.run].cell_mut(task.index)
    }

    pub(crate) fn node_of(&self, task: TaskRef) -> &NodeState {
        self[task.run].node_of(task.index)
    }
}

impl Index<u32> for RunTable {
    type Output = Run;

    fn index(&self, place: u32) -> &Run {
        &self.runs[place]
    }
}

impl IndexMut<u32> for RunTable {
    fn index_mut(&mut self, place: u32) -> &mut Run {
        &mut self.runs[place]
    }
}
