//! Answering `Stage`: arguments are put together and the result is looked up.

use std::sync::Arc;

use wask_engine::{Action, Event, Stage};
use wask_proto::{
    CallLimits, Encoding, Failure, FailureKind, FunctionInfo, MemoKey, NodeSpec, ObjectId, TaskId,
    TaskIndex, Value, ValueData,
    worker::{Assignment, AttemptId},
};
use wask_store::MemoName;

use super::{
    Server, Staged,
    args::{ArgError, Inputs, assemble},
    memo::memo_key,
    model::Run,
};

impl Server {
    /// Puts a task's arguments together and tells the engine what came of it. What follows is
    /// put at the end of `actions`.
    pub(super) fn stage(&mut self, task: TaskId, actions: &mut Vec<Action>) {
        let stage = match self.prepare(task, None) {
            Ok(staged) => self.look_up(task, staged),
            Err(failure) => {
                self.hand.invalid.insert(task, failure);
                Stage::Invalid
            }
        };
        self.engine.handle(Event::Staged { task, stage }, self.now, actions);
    }

    /// Puts together what is known of the arguments of a task that is to go along with the one that
    /// was assigned last. It goes alone if that one's result is wanted by others too, which may
    /// delay its end, if it has to be changed first, or if something is to be read.
    pub(super) fn stage_behind(
        &mut self,
        task: TaskId,
        first: TaskIndex,
        actions: &mut Vec<Action>,
    ) {
        let first = TaskId { index: first, ..task };
        let goes_along = || {
            let place = self.hand.assigned.filter(|assigned| assigned.task == first)?;
            let encoding = self.result_encoding_of(first).filter(|_| !self.is_wanted(first))?;
            let staged = self.prepare(task, Some((first.index, encoding))).ok()?;
            let stored = |value: &Value| matches!(value.data, ValueData::Stored(_));
            let here = !staged.assignment.args.iter().flatten().any(stored);
            here.then_some(Staged { memo: None, leader: Some(place.leader), ..staged })
        };
        let stage = match goes_along() {
            Some(staged) => {
                self.staged.insert(task, staged);
                Stage::Run { memo: None }
            }
            None => Stage::Alone,
        };
        self.engine.handle(Event::Staged { task, stage }, self.now, actions);
    }

    /// A task that went along has its input: if it is pure, its result may be known, or is looked for
    /// and remembered from here on.
    pub(super) fn joined(&mut self, task: TaskId, actions: &mut Vec<Action>) {
        let key = self.prepare(task, None).ok().and_then(|staged| staged.memo);
        let Some(key) = key.filter(|_| self.is_cached(task)) else { return };
        let Some(call) = self.under_way.get_mut(&task) else { return };
        call.memo = Some(key);
        let known = self.known(&key).map(|value| {
            let size_bytes = value.size();
            self.hand.known.insert(task, value);
            size_bytes
        });
        self.engine.handle(Event::Keyed { task, key, known }, self.now, actions);
    }

    /// A task's call. The result of `to_come` is not there yet, and is left open.
    fn prepare(
        &self,
        task: TaskId,
        to_come: Option<(TaskIndex, Encoding)>,
    ) -> Result<Staged, Failure> {
        let invalid = |message: String| Failure::new(FailureKind::Invalid, message);
        let run = self.model.runs.get(&task.run);
        let Some((run, node)) = run.and_then(|run| Some((run, run.node_of(task.index)?))) else {
            return Err(invalid("the task's run is gone".to_owned()));
        };
        let spec = node.spec();
        let module = self.modules.get(&spec.call.module);
        let function = module.as_ref().and_then(|module| module.function(&spec.call.function));
        let (Some(module), Some(function)) = (&module, function) else {
            return Err(invalid(format!(
                "`{}` is gone; upload the module again",
                spec.call.name()
            )));
        };
        let params = function.params.iter().map(|param| (param.name.as_str(), param.raw));
        let inputs = RunInputs { server: self, run, to_come };
        let mut previous = Vec::new();
        let args = assemble(spec, task.index, params, &inputs, &mut previous)
            .map_err(|error: ArgError| invalid(error.to_string()))?;
        let memo = module.pure.then(|| memo_key(&spec.call.module, &spec.call.function, &args));
        let assignment = Assignment {
            id: AttemptId { task, attempt: 0 },
            module: spec.call.module,
            function: Arc::clone(&spec.call.function),
            args,
            previous,
            followers: Vec::new(),
            limits: limits_of(spec),
            result_encoding: result_encoding(function),
            label: format!("{}/{}", task.run, run.name_of(task.index)).into(),
            profile: run.header.profile,
        };
        Ok(Staged { assignment, memo, leader: None })
    }

    /// Whether the results of a task's call may be remembered, as far as its options say.
    fn is_cached(&self, task: TaskId) -> bool {
        let node = self.model.runs.get(&task.run).and_then(|run| run.node_of(task.index));
        node.is_some_and(|node| node.spec().call.options.cache)
    }

    fn result_encoding_of(&self, task: TaskId) -> Option<Encoding> {
        let spec = self.model.runs.get(&task.run)?.node_of(task.index)?.spec();
        let module = self.modules.get(&spec.call.module)?;
        module.function(&spec.call.function).map(result_encoding)
    }

    fn look_up(&mut self, task: TaskId, staged: Staged) -> Stage {
        let key = staged.memo.filter(|_| self.is_cached(task));
        if let Some(value) = key.and_then(|key| self.known(&key)) {
            let size_bytes = value.size();
            self.hand.known.insert(task, value);
            return Stage::Known { size_bytes };
        }
        self.staged.insert(task, staged);
        Stage::Run { memo: key }
    }

    /// The result of a pure call, if it is known and its bytes are still there.
    fn known(&mut self, key: &MemoKey) -> Option<Value> {
        let name = MemoName::from(key);
        let value = self.memo.get(&name)?.clone();
        if let ValueData::Stored(at) = &value.data {
            // What is done before the task has its result may free the file.
            self.hand.pins.push(self.pins.pin(at.id));
            if !matches!(self.objects.size(&at.id), Ok(Some(_))) {
                self.forget_call(&name);
                return None;
            }
        }
        if self.memo.is_aging(&name) {
            self.remember(name, &value);
        }
        Some(value)
    }
}

/// A run's results and all objects, as the assembly of arguments sees them.
struct RunInputs<'a> {
    server: &'a Server,
    run: &'a Run,
    to_come: Option<(TaskIndex, Encoding)>,
}

impl Inputs for RunInputs<'_> {
    fn result(&self, task: TaskIndex) -> Option<Value> {
        self.run.tasks.get(task as usize)?.value.clone()
    }

    fn object(&self, id: &ObjectId) -> Option<Value> {
        self.server.object_value(id).map(|(_, value)| value)
    }

    fn to_come(&self, task: TaskIndex) -> Option<Encoding> {
        self.to_come.filter(|(first, _)| *first == task).map(|(_, encoding)| encoding)
    }

    fn load(&self, value: &Value) -> Option<Vec<u8>> {
        self.server.objects.get(&value.object_id()).ok().flatten()
    }
}

fn limits_of(spec: &NodeSpec) -> CallLimits {
    CallLimits {
        memory_max_bytes: spec.call.options.memory_max_bytes,
        wall_max_ms: spec.call.options.timeout_ms,
        ..CallLimits::default()
    }
}

fn result_encoding(function: &FunctionInfo) -> Encoding {
    if function.result.raw { Encoding::Raw } else { Encoding::Cbor }
}
