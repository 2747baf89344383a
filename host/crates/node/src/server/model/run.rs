//! A run in the read model: its keys, tasks and counts.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
    sync::Arc,
};

use wask_proto::{
    CallSpec, NodeSpec, Profile, ProfileTree, RunHeader, RunState, TaskIndex, TaskState, Timestamp,
};

use super::{TaskExtra, TaskRows};
use crate::{
    histogram::Histogram,
    key_index::KeyIndex,
    server::command::Waiter,
    view::{KeyTable, KeyView, StateCounts, graph::GraphKey},
};

/// Attempts of a run whose stacks are kept: each is a record of the journal.
const PROFILES_MAX: u64 = 100_000;

/// A run.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) header: Arc<RunHeader>,
    pub(crate) order: u64,
    pub(crate) open: bool,
    pub(crate) state: RunState,
    pub(crate) counts: StateCounts,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) finished_at: Option<Timestamp>,
    pub(crate) nodes: Vec<NodeRow>,
    pub(crate) functions: Vec<FunctionRow>,
    function_numbers: HashMap<Arc<str>, u32>,
    pub(crate) tasks: TaskRows,
    pub(crate) extra: BTreeMap<TaskIndex, TaskExtra>,
    pub(crate) completed: Vec<TaskIndex>,
    pub(crate) stops: Vec<Stop>,
    pub(crate) log_lines: usize,
    /// What guests were seen doing, by function; and how many attempts told of it.
    pub(crate) profiles: BTreeMap<u32, ProfileTree>,
    profiled: u64,
    pub(crate) waiters: Vec<Waiter>,
    /// The keys that readers asked for so far.
    keys: KeyTable,
    by_key: KeyIndex,
}

/// Why a stretch of tasks was cancelled or aborted.
#[derive(Clone, Debug)]
pub(crate) struct Stop {
    pub(crate) tasks: Range<TaskIndex>,
    /// A user's words.
    pub(crate) reason: Option<Arc<str>>,
    /// The task that failed or was cancelled.
    pub(crate) cause: Option<TaskIndex>,
}

/// A key of a run.
#[derive(Clone, Debug)]
pub(crate) struct NodeRow {
    pub(crate) batch: Arc<Batch>,
    position: u32,
    /// Its row in [`Run::functions`].
    pub(crate) function: u32,
}

// A run may have a million keys.
const _: () = assert!(size_of::<NodeRow>() <= 16);

/// Keys that came together. Their specs are shared with the record that brought them.
#[derive(Debug)]
pub(crate) struct Batch {
    specs: Arc<Vec<NodeSpec>>,
    /// When the run got them.
    pub(crate) created_at: Timestamp,
    /// The task that handed them out.
    pub(crate) parent: Option<TaskIndex>,
    /// How many tasks handed out one another, down to them.
    pub(crate) nesting: u32,
}

/// A function's part in a run.
#[derive(Clone, Debug)]
pub(crate) struct FunctionRow {
    pub(crate) call: Arc<str>,
    pub(crate) counts: StateCounts,
    pub(crate) run_us: Histogram,
}

impl NodeRow {
    pub(crate) fn spec(&self) -> &NodeSpec {
        // The position was taken from this very batch.
        &self.batch.specs[self.position as usize]
    }

    pub(crate) fn graph_key(&self) -> GraphKey {
        GraphKey {
            batch: Arc::clone(&self.batch.specs),
            position: self.position,
            function: self.function,
            parent: self.batch.parent,
        }
    }
}

impl Run {
    pub(crate) fn new(header: Arc<RunHeader>, order: u64) -> Self {
        Self {
            open: header.open,
            keys: KeyTable::new(header.id, header.open).with_defaults(&header.defaults),
            header,
            order,
            state: RunState::Running,
            counts: StateCounts::default(),
            started_at: None,
            finished_at: None,
            nodes: Vec::new(),
            functions: Vec::new(),
            function_numbers: HashMap::new(),
            tasks: TaskRows::default(),
            extra: BTreeMap::new(),
            completed: Vec::new(),
            stops: Vec::new(),
            log_lines: 0,
            profiles: BTreeMap::new(),
            profiled: 0,
            waiters: Vec::new(),
            by_key: KeyIndex::default(),
        }
    }

    pub(crate) fn add_nodes(
        &mut self,
        specs: &Arc<Vec<NodeSpec>>,
        parent: Option<TaskIndex>,
        at: Timestamp,
    ) {
        let above = parent.and_then(|parent| self.node_of(parent));
        let nesting = above.map_or(0, |above| above.batch.nesting + 1);
        let batch = Batch { specs: Arc::clone(specs), created_at: at, parent, nesting };
        let batch = Arc::new(batch);
        self.nodes.reserve(specs.len());
        self.by_key.reserve(specs.len(), |place| &self.nodes[place as usize].spec().key);
        let mut last: Option<(&Arc<CallSpec>, u32)> = None;
        for (spec, position) in specs.iter().zip(0..) {
            let function = match last {
                Some((call, function)) if Arc::ptr_eq(call, &spec.call) => function,
                _ => self.function_number(&spec.call),
            };
            last = Some((&spec.call, function));
            let added = spec.tasks.end.saturating_sub(spec.tasks.start);
            self.count(function, TaskState::Waiting, added);
            self.nodes.push(NodeRow { batch: Arc::clone(&batch), position, function });
            let place = self.nodes.len() as u32 - 1;
            self.by_key.insert(place, |place| &self.nodes[place as usize].spec().key);
        }
        let end = self.nodes.last().map_or(0, |node| node.spec().tasks.end as usize);
        self.tasks.grow(end);
    }

    /// The row of a function, which is added if it is new.
    fn function_number(&mut self, call: &CallSpec) -> u32 {
        let name = call.name();
        if let Some(known) = self.function_numbers.get(&*name) {
            return *known;
        }
        let (call, number): (Arc<str>, _) = (name.into(), self.functions.len() as u32);
        self.function_numbers.insert(Arc::clone(&call), number);
        let (counts, run_us) = (StateCounts::default(), Histogram::default());
        self.functions.push(FunctionRow { call, counts, run_us });
        number
    }

    pub(crate) fn has_key(&self, key: &str) -> bool {
        self.by_key.find(key, |place| &self.nodes[place as usize].spec().key).is_some()
    }

    /// A key for a task at this place that a task hands out.
    pub(crate) fn free_key(&self, function: &str, index: TaskIndex) -> Arc<str> {
        let mut key = format!("{function}~{index}");
        while self.has_key(&key) {
            key.push('~');
        }
        key.into()
    }

    /// The place that the next task gets.
    pub(crate) fn next_index(&self) -> TaskIndex {
        self.tasks.len() as TaskIndex
    }

    /// The node of a task.
    pub(crate) fn node_of(&self, task: TaskIndex) -> Option<&NodeRow> {
        let after = self.nodes.partition_point(|node| node.spec().tasks.start <= task);
        self.nodes.get(after.checked_sub(1)?).filter(|node| node.spec().tasks.contains(&task))
    }

    /// The name of a task: `key`, or `key[n]`.
    pub(crate) fn name_of(&self, task: TaskIndex) -> String {
        match self.node_of(task) {
            None => format!("#{task}"),
            Some(node) => {
                let spec = node.spec();
                match &spec.map {
                    None => spec.key.to_string(),
                    Some(_) => format!("{}[{}]", spec.key, task - spec.tasks.start),
                }
            }
        }
    }

    /// The last stop that concerned a task.
    pub(crate) fn stop_of(&self, task: TaskIndex) -> Option<&Stop> {
        self.stops.iter().rev().find(|stop| stop.tasks.contains(&task))
    }

    /// Moves a task to another state, counts included.
    pub(crate) fn set_state(&mut self, task: TaskIndex, state: TaskState) {
        let Some(function) = self.node_of(task).map(|node| node.function) else { return };
        self.set_states_of(task..task + 1, state, function, None);
    }

    /// Moves a stretch of tasks to another state: neighbours of one function at once, so that
    /// their rows stay alike.
    pub(crate) fn set_states(&mut self, tasks: Range<TaskIndex>, state: TaskState, at: Timestamp) {
        let mut place = self.nodes.partition_point(|node| node.spec().tasks.end <= tasks.start);
        let mut task = tasks.start;
        while task < tasks.end {
            let Some(function) = self.nodes.get(place).map(|node| node.function) else { return };
            let mut end = task;
            while let Some(node) = self.nodes.get(place)
                && node.function == function
                && end < tasks.end
            {
                end = node.spec().tasks.end.min(tasks.end);
                place += 1;
            }
            self.set_states_of(task..end, state, function, Some(at));
            task = end;
        }
    }

    /// The same for tasks of one function. Those that are queued are so since `at`, if that is new.
    fn set_states_of(
        &mut self,
        tasks: Range<TaskIndex>,
        state: TaskState,
        function: u32,
        at: Option<Timestamp>,
    ) {
        let queued_at = at.filter(|_| state == TaskState::Queued);
        let of_run = &mut self.counts;
        let mut of_function = self.functions.get_mut(function as usize).map(|f| &mut f.counts);
        self.tasks.change(tasks.start as usize..tasks.end as usize, |row, count| {
            let before = std::mem::replace(&mut row.state, state);
            for counts in [Some(&mut *of_run), of_function.as_deref_mut()].into_iter().flatten() {
                counts.0[before as usize] = counts.0[before as usize].saturating_sub(count);
                counts.0[state as usize] += count;
            }
            if let Some(at) = queued_at.filter(|_| !row.parked) {
                row.queued_at = at;
            }
        });
    }

    fn count(&mut self, function: u32, state: TaskState, added: u32) {
        self.counts.0[state as usize] += added;
        if let Some(row) = self.functions.get_mut(function as usize) {
            row.counts.0[state as usize] += added;
        }
    }

    /// Whether another attempt's stacks are kept.
    pub(crate) const fn has_room_for_profiles(&self) -> bool {
        self.profiled < PROFILES_MAX
    }

    pub(crate) fn add_profile(&mut self, task: TaskIndex, profile: &Profile) {
        let Some(function) = self.node_of(task).map(|node| node.function) else { return };
        self.profiled += 1;
        self.profiles.entry(function).or_default().add(profile);
    }

    /// The keys, for readers outside the loop.
    pub(crate) fn key_table(&mut self) -> KeyTable {
        let known = self.keys.len();
        let added = self.nodes.get(known..).unwrap_or_default();
        let key =
            |node: &NodeRow| KeyView { parent: node.batch.parent, ..KeyView::from(node.spec()) };
        self.keys.append(added.iter().map(key));
        self.keys.clone()
    }

    /// The run takes no more tasks.
    pub(crate) fn close(&mut self) {
        self.open = false;
        self.keys.open = false;
    }
}
