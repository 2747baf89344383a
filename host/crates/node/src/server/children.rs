//! Calls that running tasks hand out: which tasks of the run they are, and what a task is told of
//! them when it goes on.
//!
//! A task that begins anew hands out the same calls again. Those that it made before are found by
//! what they call, and are not made a second time.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use wask_engine::{Event, Wait};
use wask_proto::{
    ArgTemplate, CallSpec, Failure, FailureKind, Few, FunctionInfo, ModuleInfo, NodeSpec, Part,
    Record, TaskId, TaskIndex, TaskOptions, TaskState, Value, WorkerId,
    child::{ChildCall, Piece, Question},
    worker::{AttemptId, Parked, Reply, Resumption, Submitted},
};

use super::{Server, model::Run};
use crate::modules::ModuleLookup;

/// Levels of tasks that hand out tasks.
const NESTING_MAX: u32 = 5_000;

/// Ends of calls that are told although they were not asked for yet.
const EARLY_MAX: u32 = 16;

/// Functions that are named when one is not there.
const NAMED_MAX: usize = 20;

/// What a task that is not finished has handed out.
#[derive(Default)]
pub(super) struct Family {
    /// The attempt that `calls` belongs to.
    attempt: u32,
    /// What it has handed out: tasks, or why they are none.
    calls: Vec<Result<TaskIndex, Box<Failure>>>,
    /// Everything that was handed out by this attempt and earlier ones.
    all: Vec<TaskIndex>,
    /// What earlier attempts handed out and this one has not, by what it calls.
    earlier: HashMap<CallHash, VecDeque<TaskIndex>>,
    /// The calls whose ends it waits for.
    asked: Vec<u32>,
    /// Its result depends on more than its function and its arguments.
    impure: bool,
}

type CallHash = [u8; 32];

/// A call that is to become a task.
struct Made {
    spec: NodeSpec,
    impure: bool,
}

impl Server {
    /// An attempt hands out calls.
    pub(super) fn on_submitted(&mut self, submitted: Submitted) {
        let Submitted { id: AttemptId { task, attempt }, calls } = submitted;
        if self.engine.attempt(task) != Some(attempt) || self.is_final(task) {
            return;
        }
        self.begin_family(task, attempt);
        let mut nodes = Vec::new();
        for call in calls {
            let made = self.take_call(task, &call, &mut nodes);
            if let Err(failure) = &made {
                self.taint(task);
                self.log_refused(task, attempt, failure);
            }
            let Some(family) = self.families.get_mut(&task) else { return };
            family.calls.push(made);
        }
        if !nodes.is_empty() {
            self.add_children(task, nodes);
        }
    }

    /// An attempt waits.
    pub(super) fn on_parked(&mut self, worker: WorkerId, parked: Parked) {
        let Parked { id: AttemptId { task, attempt }, question, busy_us } = parked;
        let asked = match question {
            Question::Results(asked) => asked,
            Question::Ask(ask) => {
                return self.on_ask(worker, AttemptId { task, attempt }, *ask, busy_us);
            }
        };
        let Some(family) = self.families.get_mut(&task).filter(|of| of.attempt == attempt) else {
            return;
        };
        let tasks = asked.iter().filter_map(|call| family.task(*call)).collect();
        family.asked = asked;
        let rows = self.model.runs.get_mut(&task.run).map(|run| &mut run.tasks);
        if let Some(row) = rows.and_then(|rows| rows.get_mut(task.index as usize)) {
            row.parked = true;
        }
        let wait = Wait::Tasks(tasks);
        self.handle(Event::Parked { worker, task, attempt, wait, busy_us });
    }

    /// A parked attempt goes on: tells it what it asked for.
    pub(super) fn resume(&mut self, worker: WorkerId, task: TaskId, attempt: u32) {
        if self.resume_with_answer(worker, AttemptId { task, attempt }) {
            return;
        }
        let Some(family) = self.families.get_mut(&task) else { return };
        let mut asked = std::mem::take(&mut family.asked);
        let next = asked.iter().max().map_or(0, |last| last + 1);
        let early = (next..next + EARLY_MAX).filter(|call| self.may_tell_early(task, *call));
        asked.extend(early.collect::<Vec<_>>());
        let ends: Vec<_> = asked.into_iter().map(|call| (call, self.end_of(task, call))).collect();
        if ends.iter().any(|(_, end)| end.is_err()) {
            self.taint(task);
        }
        if let Some(port) = self.workers.get_mut(&worker) {
            let id = AttemptId { task, attempt };
            port.resume.push(Resumption { id, answer: Reply::Results(ends) });
        }
    }

    /// The task as which an attempt ends that has handed over.
    pub(super) fn successor(&self, id: AttemptId, call: u32) -> Result<TaskIndex, Box<Failure>> {
        let family = self.families.get(&id.task).filter(|of| of.attempt == id.attempt);
        match family.and_then(|family| family.calls.get(call as usize)) {
            Some(found) => found.clone(),
            None => Err(invalid("the task handed over to a call that it never made".to_owned())),
        }
    }

    /// Tasks are finished: what they handed out is not theirs any more.
    pub(super) fn end_families(
        &mut self,
        run: wask_proto::RunId,
        tasks: std::ops::Range<TaskIndex>,
    ) {
        if self.families.is_empty() && !self.has_asks() {
            return;
        }
        for index in tasks {
            let task = TaskId { run, index };
            self.forget_ask(task);
            if self.families.remove(&task).is_some_and(|family| family.impure)
                && let Some(parent) = self.parent_of(task)
            {
                self.taint(parent);
            }
        }
    }

    /// Whether a task's result depends on its function and its arguments alone.
    pub(super) fn is_untainted(&self, task: TaskId) -> bool {
        self.families.get(&task).is_none_or(|family| !family.impure)
    }

    /// Takes note of children, live and when the journal is read back.
    pub(super) fn note_children(&mut self, parent: TaskId, nodes: &[NodeSpec]) {
        let family = self.families.entry(parent).or_default();
        family.all.extend(nodes.iter().flat_map(|node| node.tasks.clone()));
    }

    /// An attempt failed by itself, and another one follows: what it had handed out without success
    /// is made again. An attempt that was only lost meets the same failures again.
    pub(super) fn forget_failed_children(&mut self, task: TaskId) {
        let Some(family) = self.families.get_mut(&task) else { return };
        let Some(run) = self.model.runs.get(&task.run) else { return };
        let failed = |child: &TaskIndex| {
            run.state_of(*child).is_none_or(|s| s.is_final() && s != TaskState::Succeeded)
        };
        family.all.retain(|child| !failed(child));
    }

    /// After a restart: only unfinished tasks have families.
    pub(super) fn forget_finished_families(&mut self) {
        let families = std::mem::take(&mut self.families);
        let unfinished = families.into_iter().filter(|(task, _)| !self.is_final(*task));
        self.families = unfinished.collect();
    }

    fn begin_family(&mut self, task: TaskId, attempt: u32) {
        let family = self.families.entry(task).or_default();
        if family.attempt == attempt {
            return;
        }
        (family.attempt, family.impure) = (attempt, false);
        family.calls.clear();
        family.asked.clear();
        family.earlier.clear();
        let Some(run) = self.model.runs.get(&task.run) else { return };
        for &child in &family.all {
            // What succeeded and whose result is gone is made again.
            let gone = self.engine.holds_value(TaskId { index: child, ..task }) != Some(true);
            if gone && run.state_of(child) == Some(TaskState::Succeeded) {
                continue;
            }
            if let Some(node) = run.node_of(child) {
                family.earlier.entry(call_hash(node.spec())).or_default().push_back(child);
            }
        }
    }

    /// A call becomes a task, or is found to be one that was made before.
    fn take_call(
        &mut self,
        parent: TaskId,
        call: &ChildCall,
        nodes: &mut Vec<NodeSpec>,
    ) -> Result<TaskIndex, Box<Failure>> {
        let Made { mut spec, impure } = self.make(parent, call)?;
        if impure {
            self.taint(parent);
        }
        let family = self.families.entry(parent).or_default();
        if !family.earlier.is_empty()
            && let Some(known) = family.earlier.get_mut(&call_hash(&spec))
            && let Some(child) = known.pop_front()
        {
            self.handle(Event::Adopted { parent, child });
            return Ok(child);
        }
        self.may_write().map_err(|refusal| invalid(refusal.to_string()))?;
        let limit = self.config.tasks_max;
        if self.model.tasks_total + nodes.len() as u64 >= limit {
            return Err(invalid(format!("the server holds {limit} tasks, and takes no more")));
        }
        let run = self.run_of(parent)?;
        let index = run.next_index() + nodes.len() as TaskIndex;
        spec.tasks = index..index + 1;
        spec.key = run.free_key(&spec.call.function, index);
        nodes.push(spec);
        Ok(index)
    }

    /// A call as a task of the run, without its place and key.
    fn make(&self, parent: TaskId, call: &ChildCall) -> Result<Made, Box<Failure>> {
        let run = self.run_of(parent)?;
        let of = run.node_of(parent.index).ok_or_else(|| invalid(GONE.to_owned()))?;
        if of.batch.nesting >= NESTING_MAX {
            return Err(invalid(format!(
                "tasks hand out tasks {NESTING_MAX} levels deep, which is the limit: does the \
                 recursion end?"
            )));
        }
        let own = &of.spec().call;
        let (module, name) = self.find_module(own, &call.call)?;
        let function = find_function(&module, &name, &call.call)?;
        let family = self.families.get(&parent);
        Ok(Made {
            impure: module.id != own.module,
            spec: NodeSpec {
                key: Arc::clone(&of.spec().key),
                args: arguments(function, &call.args, family)?.into(),
                call: Arc::new(CallSpec {
                    module: module.id,
                    module_name: match call.call.rsplit_once('/') {
                        Some((module, _)) => module.into(),
                        None => Arc::clone(&own.module_name),
                    },
                    function: Arc::clone(&function.name),
                    options: options_of(function, &own.options),
                }),
                tasks: 0..1,
                map: None,
                after: Few::default(),
                output: false,
                import: None,
            },
        })
    }

    fn find_module(
        &self,
        own: &CallSpec,
        call: &str,
    ) -> Result<(Arc<ModuleInfo>, String), Box<Failure>> {
        let Some((reference, function)) = call.rsplit_once('/') else {
            let module = self.modules.get(&own.module);
            return Ok((module.ok_or_else(|| invalid(GONE.to_owned()))?, call.to_owned()));
        };
        match self.modules.lookup(reference) {
            ModuleLookup::Found(module) => Ok((module, function.to_owned())),
            ModuleLookup::Unknown { near } => Err(invalid(format!(
                "the submitted call `{call}` names no module that is there: {}",
                named(near.iter().map(String::as_str))
            ))),
            ModuleLookup::Ambiguous(_) => Err(invalid(format!(
                "the submitted call `{call}` names several modules: give more digits of the id"
            ))),
        }
    }

    fn add_children(&mut self, parent: TaskId, mut nodes: Vec<NodeSpec>) {
        self.calls.share_all(&mut nodes);
        let (run, index) = (parent.run, parent.index);
        let engine_nodes = self.engine_nodes(&nodes, Some(index));
        self.note_children(parent, &nodes);
        let nodes = Arc::new(nodes);
        self.record(&Record::ChildrenAdded { run, at: self.now, parent: index, nodes }, None);
        self.handle(Event::AddTasks { run, nodes: engine_nodes });
    }

    /// How a call ended, for the task that handed it out.
    fn end_of(&self, parent: TaskId, call: u32) -> Result<Value, Box<Failure>> {
        let family = self.families.get(&parent);
        let child = match family.and_then(|family| family.calls.get(call as usize)) {
            Some(Ok(child)) => *child,
            Some(Err(failure)) => return Err(failure.clone()),
            None => return Err(invalid("the task never made this call".to_owned())),
        };
        let run = self.run_of(parent)?;
        let row = run.tasks.get(child as usize).ok_or_else(|| invalid(GONE.to_owned()))?;
        match (row.state, &row.value) {
            (TaskState::Succeeded, Some(value)) => Ok(value.clone()),
            (TaskState::Succeeded, None) => {
                Err(invalid(format!("the result of `{}` is gone", run.name_of(child))))
            }
            _ => Err(run.failure_told(child)),
        }
    }

    /// Whether a call that was not asked for has ended with a result that is small enough.
    fn may_tell_early(&self, parent: TaskId, call: u32) -> bool {
        let child = self.families.get(&parent).and_then(|family| family.task(call));
        let row = child.and_then(|child| {
            self.model.runs.get(&parent.run)?.tasks.get(child as usize)?.value.as_ref()
        });
        row.is_some_and(|value| value.size() <= wask_proto::ValueData::SMALL_MAX_BYTES as u64)
    }

    /// A task's result depends on what is not in its arguments: it serves nobody else.
    fn taint(&mut self, task: TaskId) {
        let family = self.families.entry(task).or_default();
        if !std::mem::replace(&mut family.impure, true) {
            self.handle(Event::Impure(task));
        }
    }

    /// A call that could not be made may be one that nobody asks for.
    fn log_refused(&mut self, task: TaskId, attempt: u32, failure: &Failure) {
        let line = wask_proto::executor::LogLine {
            at: self.now,
            level: 0,
            message: failure.message.clone(),
        };
        self.keep_logs(task, attempt, vec![line]);
    }

    fn parent_of(&self, task: TaskId) -> Option<TaskId> {
        let index = self.model.runs.get(&task.run)?.node_of(task.index)?.batch.parent?;
        Some(TaskId { index, ..task })
    }

    fn run_of(&self, task: TaskId) -> Result<&Run, Box<Failure>> {
        self.model.runs.get(&task.run).ok_or_else(|| invalid(GONE.to_owned()))
    }

    fn is_final(&self, task: TaskId) -> bool {
        let state = self.model.runs.get(&task.run).and_then(|run| run.state_of(task.index));
        state.is_none_or(TaskState::is_final)
    }
}

impl Family {
    fn task(&self, call: u32) -> Option<TaskIndex> {
        self.calls.get(call as usize)?.as_ref().ok().copied()
    }
}

impl Run {
    /// Why a task did not succeed, as another task is told.
    fn failure_told(&self, task: TaskIndex) -> Box<Failure> {
        let name = self.name_of(task);
        let stop = self.stop_of(task);
        let root = stop.and_then(|stop| stop.cause).unwrap_or(task);
        if let Some(failure) = self.extra.get(&root).and_then(|extra| extra.failure.as_ref()) {
            let told = Failure {
                kind: failure.kind,
                message: told_by(&self.name_of(root), failure),
                cause: failure.cause.clone(),
                trace: failure.trace.clone(),
            };
            return Box::new(told);
        }
        let why = stop.and_then(|stop| stop.reason.as_deref());
        let why = why.map(|why| format!(": {why}")).unwrap_or_default();
        Box::new(Failure::new(FailureKind::App, format!("`{name}` was cancelled{why}")))
    }
}

/// A failure with the name of its task before it. One that was passed on from below has a name
/// already, which says where to look.
fn told_by(name: &str, failure: &Failure) -> String {
    let message = &failure.message;
    let passed_on = message.starts_with('`') && message.contains("` failed (");
    if passed_on && failure.kind == FailureKind::App {
        return message.clone();
    }
    format!("`{name}` failed ({}): {message}", failure.kind.name())
}

const GONE: &str = "the task's run or module is gone";

/// One template for each parameter.
fn arguments(
    function: &FunctionInfo,
    args: &[Vec<Piece>],
    family: Option<&Family>,
) -> Result<Vec<ArgTemplate>, Box<Failure>> {
    if args.len() != function.params.len() {
        let names: Vec<_> = function.params.iter().map(|param| param.name.as_str()).collect();
        return Err(invalid(format!(
            "the submitted call of `{}` has {} arguments, and it takes {}: {}",
            function.name,
            args.len(),
            names.len(),
            names.join(", ")
        )));
    }
    let part = |piece: &Piece| match piece {
        Piece::Literal(bytes) => Ok(Part::Literal(bytes.as_slice().into())),
        Piece::Child(call) => match family.and_then(|f| f.calls.get(*call as usize)) {
            Some(Ok(child)) => Ok(Part::Task(*child)),
            Some(Err(failure)) => Err(failure.clone()),
            None => Err(invalid("an argument is the result of a call never made".to_owned())),
        },
    };
    let template =
        |pieces: &Vec<Piece>| Ok(ArgTemplate(pieces.iter().map(part).collect::<Result<_, _>>()?));
    args.iter().map(template).collect()
}

/// The options of a call that a task with options of its own hands out.
fn options_of(function: &FunctionInfo, parent: &TaskOptions) -> TaskOptions {
    let default = TaskOptions::default();
    TaskOptions {
        retries: function.retries.unwrap_or(default.retries),
        timeout_ms: function.timeout_ms.unwrap_or(default.timeout_ms),
        memory_max_bytes: function.memory_max_bytes.unwrap_or(default.memory_max_bytes),
        priority: parent.priority,
        cache: parent.cache,
        ..default
    }
}

fn find_function<'a>(
    module: &'a ModuleInfo,
    name: &str,
    call: &str,
) -> Result<&'a FunctionInfo, Box<Failure>> {
    let plain = |function: &&FunctionInfo| {
        !function.is_actor() && module.class_of(&function.name).is_none()
    };
    module.function(name).filter(plain).ok_or_else(|| {
        let known = module.functions.iter().filter(plain).map(|function| &*function.name);
        invalid(format!(
            "the submitted call `{call}` names no task of its module, which has {}",
            named(known)
        ))
    })
}

fn named<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.take(NAMED_MAX).map(|name| format!("`{name}`")).collect();
    if names.is_empty() { "there are none".to_owned() } else { names.join(", ") }
}

/// What tells two calls of a task apart: the function and the arguments.
fn call_hash(spec: &NodeSpec) -> CallHash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&spec.call.module.0);
    hasher.update(spec.call.function.as_bytes());
    for part in spec.args.iter().flat_map(|arg| arg.0.iter().map(Some).chain([None])) {
        match part {
            None => hasher.update(&[0]),
            Some(Part::Literal(bytes)) => {
                hasher.update(&[1]).update(&(bytes.len() as u64).to_le_bytes()).update(bytes)
            }
            Some(Part::Task(task)) => hasher.update(&[2]).update(&task.to_le_bytes()),
            // A task hands out literals and results of its own calls alone.
            Some(Part::Tasks(_) | Part::Object(_) | Part::Item(_)) => &mut hasher,
        };
    }
    *hasher.finalize().as_bytes()
}

fn invalid(message: String) -> Box<Failure> {
    Box::new(Failure::new(FailureKind::Invalid, message))
}
