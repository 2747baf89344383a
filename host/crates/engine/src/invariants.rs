//! Derives every counter, queue and list anew and compares it with what the engine keeps.

use std::collections::BTreeSet;

use wask_proto::TaskState;

use crate::{
    Engine, StateCounts,
    cell::{Cell, NONE, Phase, TaskRef},
    queue::QueueKey,
    run::{NodeState, Run},
};

/// Debug builds check all invariants after each call while there are at most so many tasks.
#[cfg(debug_assertions)]
const CHECKED_TASKS_MAX: usize = 512;

macro_rules! ensure {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            panic!("broken invariant: {}", format_args!($($message)+));
        }
    };
}

impl Engine {
    /// Panics with a precise message when anything that the engine keeps does not agree with the
    /// rest. Takes time in proportion to all tasks and their needs.
    pub fn check_invariants(&self) {
        ensure!(self.todo.is_empty() && self.requeues.is_empty(), "work is left over");
        ensure!(self.sources.is_empty(), "sources are left over");
        ensure!(self.touched.is_empty() && self.dependents.is_empty(), "lists are left over");
        let mut seen = Seen::default();
        for place in self.runs.places() {
            if !self.runs[place].restoring {
                self.check_run(place, &mut seen);
            }
        }
        self.check_queue(&seen);
        self.check_workers(&seen);
        self.check_flights(&seen);
        ensure!(self.timers.len() == seen.delayed, "a timer belongs to no delayed task");
        let mirroring: usize = self.imports.values().map(Vec::len).sum();
        ensure!(mirroring == seen.mirroring, "an import waits that does not say so");
        let waiting = self.families.waiting();
        let known = |parent: &TaskRef| !self.runs[parent.run].restoring;
        let parents = self.families.parents().filter(known).count();
        ensure!(waiting == seen.waiting, "{waiting} tasks wait, {} say so", seen.waiting);
        ensure!(parents == seen.parents, "{parents} have children, {} are there", seen.parents);
    }

    pub(crate) fn check_in_debug_builds(&self) {
        #[cfg(debug_assertions)]
        {
            let tasks: usize = self.runs.places().map(|place| self.runs[place].cells.len()).sum();
            if tasks <= CHECKED_TASKS_MAX {
                self.check_invariants();
            }
        }
    }

    fn check_run(&self, place: u32, seen: &mut Seen) {
        let run = &self.runs[place];
        let expected = run.recount_all();
        let mut counts = StateCounts::default();
        for (index, cell) in (0..).zip(&run.cells) {
            let task = TaskRef { run: place, index };
            counts.add(self.public_state(task), 1);
            run.check_cell(index, cell, expected.uses[index as usize]);
            self.check_phase(task, cell, seen);
        }
        ensure!(counts == run.counts, "run {place} counts {:?}, has {counts:?}", run.counts);
        let unfinished = counts.total() - counts.finished();
        ensure!(run.unfinished == unfinished, "run {place} misjudges its unfinished tasks");
        let done = !run.open && unfinished == 0 && !run.nodes.is_empty();
        ensure!(run.finished == done || run.nodes.is_empty(), "run {place} finished wrongly");
        for (index, node) in (0..).zip(&run.nodes) {
            run.check_node(index, node, &expected);
            seen.count_class(node.class);
            if !node.ready.is_empty() {
                let key = QueueKey::new(place, run, index);
                let queued = self.queue.class(node.class).ready.contains(&key);
                ensure!(queued, "node {index} of run {place} is ready and not in the queue");
                seen.ready_nodes += 1;
            }
        }
    }

    fn check_phase(&self, task: TaskRef, cell: &Cell, seen: &mut Seen) {
        let node = self.runs.node_of(task);
        let listed = node.ready.iter().any(|range| range.contains(&task.index));
        ensure!(listed == (cell.phase == Phase::Ready), "{task:?} is in the wrong list");
        if let Some(place) = cell.phase.place() {
            let entry = self.workers[place.worker].entries.get(place.position as usize);
            ensure!(entry.is_some_and(|e| e.task == task), "{task:?} is not at {place:?}");
            let waits = matches!(cell.phase, Phase::Parked(_) | Phase::Resumable(_));
            ensure!(entry.is_some_and(|e| e.parked) == waits, "{task:?} is parked wrongly");
            let started = entry.is_some_and(|e| e.started);
            ensure!(started == matches!(cell.phase, Phase::Running(_)), "{task:?} began wrongly");
            seen.placed += 1;
        }
        if cell.phase == Phase::Delayed {
            ensure!(self.timers.get(task).is_some(), "{task:?} is delayed without end");
            seen.delayed += 1;
        }
        if cell.phase == Phase::Mirroring {
            let source = self.source_of(task);
            let waiting = source.and_then(|source| self.imports.get(&source));
            ensure!(waiting.is_some_and(|tasks| tasks.contains(&task)), "{task:?} waits unseen");
            let source = source.and_then(|source| self.runs.find(source));
            let held = source.map(|source| self.runs[source.run].held.contains_key(&source.index));
            ensure!(held != Some(false), "the source of {task:?} is not held");
            seen.mirroring += 1;
        }
        self.check_wait(task, cell, seen);
        let follows = cell.phase == Phase::Following;
        if cell.flight == NONE {
            ensure!(!follows, "{task:?} follows nobody");
            return;
        }
        let flight = self.flights.get(cell.flight);
        ensure!(!cell.phase.is_final(), "{task:?} is finished and in a flight");
        ensure!(flight.followers.contains(&task) == follows, "{task:?} follows wrongly");
        let waits = matches!(cell.phase, Phase::Waiting { .. });
        ensure!(!waits, "{task:?} is in a flight while it waits for inputs");
        ensure!((flight.leader == Some(task)) != follows, "{task:?} leads wrongly");
        seen.in_flight += 1;
    }

    fn check_wait(&self, task: TaskRef, cell: &Cell, seen: &mut Seen) {
        let children = self.families.children(task);
        ensure!(children.is_empty() || !cell.phase.is_final(), "{task:?} is over, its family not");
        for child in children {
            ensure!(self.runs[task.run].cell(*child).is_adopted(), "{child} is not adopted");
        }
        seen.parents += usize::from(!children.is_empty());
        let missing = self.families.missing(task);
        let waits = matches!(cell.phase, Phase::Parked(_) | Phase::Suspended);
        let may_go_on = self.families.may_go_on(task);
        if let Phase::Resumable(place) = cell.phase {
            let listed =
                may_go_on.is_some_and(|k| self.workers[place.worker].resumable.contains(&k));
            ensure!(listed && missing == Some(0), "{task:?} may go on and is not listed");
        } else {
            ensure!(may_go_on.is_none(), "{task:?} may go on and does not say so");
            ensure!(missing.is_some() == waits, "{task:?} waits wrongly");
            ensure!(missing != Some(0), "{task:?} waits for nothing");
        }
        seen.waiting += usize::from(missing.is_some());
    }

    fn check_queue(&self, seen: &Seen) {
        let mut ready = 0;
        for (index, class) in self.queue.classes() {
            let able = |&place: &u32| self.workers[place].could_run(&class.resources);
            let capable = self.workers.places().filter(able).count();
            ensure!(class.capable as usize == capable, "class {index} misjudges its workers");
            let fenced = self.workers.places().flat_map(|w| self.workers[w].fenced.values());
            let fenced = fenced.filter(|entry| entry.class == index).count();
            let refs = seen.classes.iter().filter(|class| **class == index).count() + fenced;
            let restoring = self.runs.places().any(|place| self.runs[place].restoring);
            ensure!(restoring || class.refs as usize == refs, "class {index} misjudges its nodes");
            let active = self.queue.active().any(|active| active == index);
            ensure!(active != class.ready.is_empty(), "class {index} is active wrongly");
            ready += class.ready.len();
        }
        ensure!(ready == seen.ready_nodes, "{ready} queued nodes, {} ready", seen.ready_nodes);
    }

    fn check_workers(&self, seen: &Seen) {
        let mut placed = 0;
        for place in self.workers.places() {
            let known = self.workers.knows_load(place, &self.config);
            ensure!(known, "what is known of the load of {place} is not what it is");
        }
        for worker in self.workers.places().map(|place| &self.workers[place]) {
            let id = worker.id;
            let all = || worker.entries.iter().chain(worker.fenced.values());
            let parked = all().filter(|entry| entry.parked).count();
            ensure!(worker.parked as usize == parked, "{id:?} misjudges what is parked");
            let started = all().filter(|entry| entry.started).count();
            ensure!(worker.started as usize == started, "{id:?} misjudges what began");
            let waiting_us: u64 = all().map(|entry| u64::from(entry.cost_us)).sum();
            ensure!(worker.waiting_us == waiting_us, "{id:?} misjudges its waiting work");
            let reclaiming = worker.entries.iter().filter(|entry| entry.reclaiming).count();
            ensure!(worker.reclaiming as usize == reclaiming, "{id:?} misjudges its reclaims");
            for (name, amount) in &worker.resources {
                let busy = all().filter(|entry| !entry.parked);
                let asked = busy.flat_map(|entry| &self.queue.class(entry.class).resources);
                let used: u64 = asked.filter(|(n, _)| n == name).map(|(_, amount)| amount).sum();
                ensure!(amount.total - amount.free == used, "{id:?} misjudges its {name}");
            }
            placed += worker.entries.len();
        }
        ensure!(placed == seen.placed, "{placed} attempts listed, {} under way", seen.placed);
    }

    fn check_flights(&self, seen: &Seen) {
        let mut members = 0;
        for (index, flight) in self.flights.iter() {
            let found = flight.key.and_then(|key| self.flights.find(key));
            ensure!(found == Some(index), "flight {index} is not under its key");
            for task in flight.followers.iter().chain(&flight.leader) {
                let known = self.runs.cell(*task).flight == index;
                ensure!(known, "{task:?} does not know flight {index}");
                members += 1;
            }
            ensure!(flight.leader.is_some(), "flight {index} has no leader");
        }
        ensure!(members == seen.in_flight, "{members} in flights, {} say so", seen.in_flight);
    }
}

/// What was found in the runs.
#[derive(Debug, Default)]
struct Seen {
    placed: usize,
    delayed: usize,
    in_flight: usize,
    ready_nodes: usize,
    mirroring: usize,
    waiting: usize,
    parents: usize,
    classes: Vec<u32>,
}

impl Seen {
    fn count_class(&mut self, class: u32) {
        self.classes.push(class);
    }
}

/// What the counters of a run should be.
struct Expected {
    uses: Vec<u32>,
    whole_uses: Vec<u32>,
    gates: Vec<u32>,
}

impl Run {
    fn recount_all(&self) -> Expected {
        let mut expected = Expected {
            uses: vec![0; self.cells.len()],
            whole_uses: vec![0; self.nodes.len()],
            gates: vec![0; self.nodes.len()],
        };
        for (index, node) in self.nodes.iter().enumerate() {
            let busy = u32::from(node.tasks.clone().any(|i| !self.cell(i).phase.is_final()));
            for need in &node.needs {
                let uses = if need.uses_results { busy } else { 0 };
                for piece in self.pieces(need.tasks.clone()) {
                    let unfinished = |&i: &u32| !self.cell(i).phase.is_final();
                    let missing = piece.tasks.clone().filter(unfinished).count() as u32;
                    if piece.whole {
                        expected.gates[index] += u32::from(missing > 0);
                        expected.whole_uses[piece.node as usize] += uses;
                    } else {
                        expected.gates[index] += missing;
                        piece.tasks.for_each(|i| expected.uses[i as usize] += uses);
                    }
                }
            }
            for task in node.tasks.clone().filter(|i| !self.cell(*i).phase.is_final()) {
                node.own_sources(task).for_each(|i| expected.uses[i as usize] += 1);
            }
        }
        expected
    }

    fn check_cell(&self, index: u32, cell: &Cell, uses: u32) {
        let node = self.node(cell.node);
        ensure!(node.tasks.contains(&index), "task {index} is not in its node");
        ensure!(cell.uses == uses, "task {index} has {uses} uses, counts {}", cell.uses);
        let succeeded = matches!(cell.phase, Phase::Succeeded { .. });
        ensure!(succeeded || !cell.has_value(), "task {index} has a value without success");
        ensure!(!cell.has_value() || self.is_needed(index), "nobody needs the value of {index}");
        if let Phase::Aborted { cause } = cell.phase {
            let root = self.cell(cause).phase;
            ensure!(
                matches!(root, Phase::Failed | Phase::Cancelled),
                "{cause}, {root:?}, aborted {index}"
            );
        }
        if cell.phase.is_final() {
            return;
        }
        let unfinished = |&source: &u32| !self.cell(source).phase.is_final();
        let own_missing = node.own_sources(index).filter(unfinished).count() as u32;
        if let Phase::Waiting { missing } = cell.phase {
            ensure!(missing == own_missing, "task {index} lacks {own_missing}, counts {missing}");
            ensure!(missing + node.gate > 0, "task {index} waits for nothing");
        } else if cell.phase == Phase::Ready {
            ensure!(own_missing + node.gate == 0, "task {index} is ready too early");
        }
        for (source, uses_result) in self.all_sources(node, index) {
            let input = self.cell(source);
            ensure!(!node.is_stopped_by(input.phase), "task {index} should be aborted");
            let gone = matches!(input.phase, Phase::Succeeded { .. }) && !input.has_value();
            ensure!(!(uses_result && gone), "task {index} needs {source}, which was dropped");
        }
    }

    fn check_node(&self, index: u32, node: &NodeState, expected: &Expected) {
        let phases = || node.tasks.clone().map(|task| self.cell(task).phase);
        let count = |of: &dyn Fn(Phase) -> bool| phases().filter(|phase| of(*phase)).count() as u32;
        let unfinished = count(&|phase| !phase.is_final());
        ensure!(node.unfinished == unfinished, "node {index} misjudges its unfinished tasks");
        let succeeded = count(&|phase| phase.public(TaskState::Queued) == TaskState::Succeeded);
        ensure!(node.succeeded == succeeded, "node {index} misjudges its successes");
        let failed = count(&|phase| phase == Phase::Failed);
        ensure!(node.failed == failed, "node {index} misjudges its failures");
        let cells = || node.tasks.clone().map(|task| self.cell(task));
        let values = cells().filter(|cell| cell.has_value()).count();
        ensure!(node.values as usize == values, "node {index} misjudges its values");
        let released = cells().filter(|cell| cell.is_released()).count();
        ensure!(node.released as usize == released, "node {index} misjudges its releases");
        let gate = expected.gates[index as usize];
        ensure!(node.gate == gate, "the gate of node {index} is {}, not {gate}", node.gate);
        let whole = expected.whole_uses[index as usize];
        ensure!(node.whole_uses == whole, "node {index} has {whole} uses as a whole");
    }

    fn all_sources(&self, node: &NodeState, index: u32) -> BTreeSet<(u32, bool)> {
        let common = node.needs.iter().flat_map(|n| n.tasks.clone().map(|t| (t, n.uses_results)));
        node.own_sources(index).map(|task| (task, true)).chain(common).collect()
    }
}
