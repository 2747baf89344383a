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
        let stage = match self.prepare(task) {
            Ok(staged) => self.look_up(task, staged),
            Err(failure) => {
                self.hand.invalid.insert(task, failure);
                Stage::Invalid
            }
        };
        self.engine.handle(Event::Staged { task, stage }, self.now, actions);
    }

    fn prepare(&mut self, task: TaskId) -> Result<Staged, Failure> {
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
        let inputs = RunInputs { server: self, run };
        let args = assemble(spec, task.index, params, &inputs)
            .map_err(|error: ArgError| invalid(error.to_string()))?;
        let memo = module.pure.then(|| memo_key(&spec.call.module, &spec.call.function, &args));
        let assignment = Assignment {
            id: AttemptId { task, attempt: 0 },
            module: spec.call.module,
            function: Arc::clone(&spec.call.function),
            args,
            limits: limits_of(spec),
            result_encoding: result_encoding(function),
            label: format!("{}/{}", task.run, run.name_of(task.index)).into(),
            profile: run.header.profile,
        };
        Ok(Staged { assignment, memo })
    }

    fn look_up(&mut self, task: TaskId, staged: Staged) -> Stage {
        let cache = self.model.runs.get(&task.run).and_then(|run| run.node_of(task.index));
        let cache = cache.is_some_and(|node| node.spec().call.options.cache);
        let key = staged.memo.filter(|_| cache);
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
}

impl Inputs for RunInputs<'_> {
    fn result(&self, task: TaskIndex) -> Option<Value> {
        self.run.tasks.get(task as usize)?.value.clone()
    }

    fn object(&self, id: &ObjectId) -> Option<Value> {
        self.server.object_value(id).map(|(_, value)| value)
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
