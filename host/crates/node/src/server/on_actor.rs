//! The actors' side of the loop: commands and reports go in, records, answers and orders come
//! out. The rules are in [`super::actors`].

use std::{collections::hash_map::Entry, sync::Arc};

use wask_proto::{
    ActorId, ActorRecord, CallLimits, Encoding, FunctionInfo, INLINE_VALUE_MAX_BYTES, ModuleInfo,
    ObjectId, Record, TaskId, TaskIndex, TaskState, Value, WorkerId, worker::ActorDone,
};

use super::{
    Server,
    actors::{Actors, Answered, Args, Ended, NewActor, NewCall, Output, Persistence},
    args::{Inputs, assemble_call},
    command::Reply,
};
use crate::{
    handle::{ActorArgs, NewActorSpec},
    refusal::Refusal,
    view::sync::Guard,
};

impl Server {
    /// Actors, to look at.
    pub(crate) const fn actors(&self) -> &Actors {
        &self.actors
    }

    pub(super) fn make_actor(
        &mut self,
        spec: NewActorSpec,
        guard: Option<Guard>,
        reply: Reply<Ended>,
    ) {
        match self.prepare_actor(&spec, guard.as_ref()) {
            Ok((args, limits)) => {
                let NewActorSpec { id, class, name, .. } = spec;
                let new = NewActor { id, class, name, args, limits, reply };
                self.actors.make(new, self.now);
                self.carry_out_actors();
            }
            Err(refusal) => self.reply(reply, Err(refusal)),
        }
    }

    fn prepare_actor(
        &mut self,
        spec: &NewActorSpec,
        guard: Option<&Guard>,
    ) -> Result<(Args, CallLimits), Refusal> {
        self.check_guard(guard)?;
        self.may_write()?;
        let module = self.modules.get(&spec.class.module).ok_or(Refusal::UnknownModule)?;
        let class = module.function(&spec.class.class).ok_or(Refusal::UnknownModule)?;
        let args = self.assemble_args(class, &spec.args)?;
        Ok((args, limits_of(class, class)))
    }

    pub(super) fn call_actor(
        &mut self,
        actor: ActorId,
        method: &str,
        args: &ActorArgs,
        guard: Option<Guard>,
        reply: Reply<Answered>,
    ) {
        match self.prepare_call(actor, method, args, guard.as_ref()) {
            Ok(prepared) => {
                let Prepared { method, args, limits, result_encoding, persistence } = prepared;
                let call =
                    NewCall { actor, method, args, limits, result_encoding, persistence, reply };
                self.actors.call(call, self.now);
                self.carry_out_actors();
            }
            Err(refusal) => self.reply(reply, Err(refusal)),
        }
    }

    fn prepare_call(
        &mut self,
        actor: ActorId,
        method: &str,
        args: &ActorArgs,
        guard: Option<&Guard>,
    ) -> Result<Prepared, Refusal> {
        self.check_guard(guard)?;
        self.may_write()?;
        let of = self.actors.class(actor).ok_or(Refusal::UnknownActor)?;
        let module: Arc<ModuleInfo> = self.modules.get(&of.module).ok_or(Refusal::UnknownModule)?;
        let class = module.function(&of.class).ok_or(Refusal::UnknownModule)?;
        let function = module.method(&of.class, method).ok_or(Refusal::UnknownModule)?;
        Ok(Prepared {
            method: Arc::clone(&function.name),
            args: self.assemble_args(function, args)?,
            limits: limits_of(class, function),
            result_encoding: if function.result.raw { Encoding::Raw } else { Encoding::Cbor },
            persistence: if module.pure { Persistence::Replay } else { Persistence::State },
        })
    }

    fn assemble_args(&self, function: &FunctionInfo, args: &ActorArgs) -> Result<Args, Refusal> {
        args.tasks.iter().try_for_each(|task| self.check_result(*task))?;
        let params = function.params.iter().map(|param| (param.name.as_str(), param.raw));
        let inputs = CallInputs { server: self, tasks: &args.tasks };
        let pieces = assemble_call(&args.templates, params, &inputs);
        pieces.map(Args::new).map_err(|error| Refusal::InvalidArguments(error.to_string()))
    }

    /// Whether a task has a result that can be an argument.
    fn check_result(&self, task: TaskId) -> Result<(), Refusal> {
        let run = self.model.runs.get(&task.run).ok_or(Refusal::UnknownRun)?;
        let state = run.state_of(task.index).ok_or(Refusal::UnknownTask)?;
        if run.tasks.get(task.index as usize).is_some_and(|row| row.value.is_some()) {
            return Ok(());
        }
        let name = run.name_of(task.index);
        let why = match state {
            TaskState::Succeeded => "it was released",
            state if state.is_final() => "it did not succeed",
            _ => "it is not finished; wait for it first",
        };
        Err(Refusal::NoResult(format!("`{name}` of run {} has no result: {why}", task.run)))
    }

    pub(super) fn delete_actor(&mut self, actor: ActorId, guard: Option<Guard>, reply: Reply<()>) {
        match self.check_guard(guard.as_ref()).and_then(|()| self.may_write()) {
            Ok(()) => {
                self.actors.delete(actor, reply, self.now);
                self.carry_out_actors();
            }
            Err(refusal) => self.reply(reply, Err(refusal)),
        }
    }

    /// A worker reports about an actor. A large state is written to a file first; what is reported
    /// after it waits, so that calls are written down in their order.
    pub(super) fn actor_reported(&mut self, worker: WorkerId, mut done: ActorDone) {
        done.timing.worker = worker;
        let is_large = done.state.as_ref().is_some_and(|state| {
            state.bytes().is_some_and(|bytes| bytes.len() > INLINE_VALUE_MAX_BYTES)
        });
        if !is_large && !self.storing.contains_key(&done.actor) {
            self.actors.done(done, self.now);
            return self.carry_out_actors();
        }
        *self.storing.entry(done.actor).or_default() += 1;
        self.writer.send_state(Box::new(done));
    }

    /// A report has come back from the writer.
    pub(super) fn state_stored(&mut self, done: ActorDone) {
        if let Entry::Occupied(mut reports) = self.storing.entry(done.actor) {
            *reports.get_mut() -= 1;
            if *reports.get() == 0 {
                reports.remove();
            }
        }
        self.actors.done(done, self.now);
        self.carry_out_actors();
    }

    /// Lets files go whose end is durable.
    pub(super) fn release_freed(&mut self) {
        while let Some((needed, _)) = self.freed.front()
            && *needed <= self.journal.durable
            && let Some((_, value)) = self.freed.pop_front()
        {
            self.hold_back(&[value]);
        }
    }

    /// Folds a record in that was read back.
    pub(super) fn restore_actor(&mut self, record: &ActorRecord) {
        self.actors.apply(record);
        let Output { held, freed, .. } = self.actors.take_output();
        held.iter().for_each(|value| self.hold_for_actor(value));
        self.hold_back(&freed);
    }

    pub(super) fn carry_out_actors(&mut self) {
        let Output { records, answers, orders, forgotten, held, freed } = self.actors.take_output();
        held.iter().for_each(|value| self.hold_for_actor(value));
        for record in records {
            self.record(&Record::Actor(record), None);
        }
        let needed = self.journal.last();
        self.freed.extend(freed.into_iter().map(|value| (needed, value)));
        answers.into_iter().for_each(|answer| self.answer(answer));
        for (worker, order) in orders {
            if let Some(port) = self.workers.get_mut(&worker) {
                port.actors.push(order);
            }
        }
        for (worker, actor) in forgotten {
            if let Some(port) = self.workers.get_mut(&worker) {
                port.forget.push(actor);
            }
        }
    }
}

/// A call that can be made.
struct Prepared {
    method: Arc<str>,
    args: Args,
    limits: CallLimits,
    result_encoding: Encoding,
    persistence: Persistence,
}

/// The memory is that of the instance, so that its constructor decides; the time is that of the
/// function.
fn limits_of(class: &FunctionInfo, function: &FunctionInfo) -> CallLimits {
    let server = CallLimits::default();
    CallLimits {
        memory_max_bytes: class.memory_max_bytes.unwrap_or(server.memory_max_bytes),
        wall_max_ms: function.timeout_ms.unwrap_or(server.wall_max_ms),
        ..server
    }
}

/// Results of tasks, by their place in the list of those that a call names, and all objects.
struct CallInputs<'a> {
    server: &'a Server,
    tasks: &'a [TaskId],
}

impl Inputs for CallInputs<'_> {
    fn result(&self, place: TaskIndex) -> Option<Value> {
        let task = self.tasks.get(place as usize)?;
        self.server.model.runs.get(&task.run)?.tasks.get(task.index as usize)?.value.clone()
    }

    fn object(&self, id: &ObjectId) -> Option<Value> {
        self.server.object_value(id).map(|(_, value)| value)
    }

    fn load(&self, value: &Value) -> Option<Vec<u8>> {
        self.server.objects.get(&value.object_id()).ok().flatten()
    }
}
