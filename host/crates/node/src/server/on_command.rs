//! What the handle asks for: checks that need the loop's state, then facts and events.

use std::{ops::Range, sync::Arc};

use tokio::sync::oneshot;
use wask_engine::{Event, Node};
use wask_proto::{
    ModuleId, ModuleInfo, NodeSpec, ObjectId, Record, RunHeader, RunId, RunState, TaskIndex,
    worker::ToWorker,
};
use wask_store::{IndexChange, ObjectRecord};

use super::{
    Server, Stopping,
    command::{Accepted, Command, Reply},
    hold::Uploaded,
    model::NodeRow,
    translate::engine_node,
};
use crate::{refusal::Refusal, view::ObjectInfo};

impl Server {
    pub(super) fn on_command(&mut self, command: Command) {
        match command {
            Command::Read(question) => {
                let ack = question(self);
                self.answer(ack);
            }
            Command::Peek(glance) => glance(self),
            Command::Submit { header, nodes, wait, guard, reply } => {
                let guarded = self.check_guard(guard.as_ref());
                let accepted = guarded.and_then(|()| self.submit(header, nodes));
                if let (Ok(accepted), Some(waiter)) = (&accepted, wait) {
                    // Whoever waits for more hears of nothing before that is durable.
                    self.let_wait(accepted.run, waiter);
                    drop(reply.send(Ok(*accepted)));
                } else {
                    self.reply(reply, accepted);
                }
            }
            Command::AddTasks { run, first, nodes, guard, reply } => {
                let guarded = self.check_guard(guard.as_ref());
                let added = guarded.and_then(|()| self.add_tasks(run, first, nodes));
                self.reply(reply, added);
            }
            Command::Close { run, reply } => {
                let closed = self.close(run);
                self.reply(reply, closed);
            }
            Command::Wait { run, waiter } => self.let_wait(run, waiter),
            Command::Release { run, tasks, reply } => {
                let released = self.release(run, tasks);
                self.reply(reply, released);
            }
            Command::Cancel { run, tasks, reason, reply } => {
                let cancelled = self.cancel(run, tasks, reason);
                self.reply(reply, cancelled);
            }
            Command::Retry { run, tasks, reply } => {
                let retried = self.retry(run, tasks);
                self.reply(reply, retried);
            }
            Command::Renew { run, reply } => {
                let renewed = self.renew(run);
                self.reply(reply, renewed);
            }
            Command::DeleteRun { run, reply } => {
                let deleted = self.delete_run(run);
                self.reply(reply, deleted);
            }
            Command::Sync(command) => self.on_sync(command),
            Command::MakeActor { spec, guard, reply } => self.make_actor(*spec, guard, reply),
            Command::CallActor { actor, method, args, guard, reply } => {
                self.call_actor(actor, &method, &args, guard, reply);
            }
            Command::DeleteActor { actor, guard, reply } => self.delete_actor(actor, guard, reply),
            other => self.on_store_command(other),
        }
    }

    /// Commands about modules and objects, and the end.
    fn on_store_command(&mut self, command: Command) {
        match command {
            Command::AddModule { info, name, reply } => {
                let added = self.add_module(&info, name);
                self.reply(reply, added);
            }
            Command::NameModule { id, name, reply } => {
                let named = self.name_module(id, name);
                self.reply(reply, named);
            }
            Command::DeleteModule { id, reply } => {
                let deleted = self.delete_module(id);
                self.reply(reply, deleted);
            }
            Command::AddObject { info, inline, reply } => {
                let added = self.add_object(&info, inline);
                self.reply(reply, added);
            }
            Command::DeleteObject { id, reply } => {
                let deleted = self.delete_object(id);
                self.reply(reply, deleted);
            }
            Command::Shutdown(reply) => self.stop(reply),
            _ => {}
        }
    }

    pub(super) fn reply<T: Send + 'static>(&mut self, reply: Reply<T>, answer: Result<T, Refusal>) {
        self.answer(Box::new(move || drop(reply.send(answer))));
    }

    pub(super) fn may_write(&self) -> Result<(), Refusal> {
        if self.stopping.is_some() {
            return Err(Refusal::ShuttingDown);
        }
        if self.journal.full { Err(Refusal::DiskFull) } else { Ok(()) }
    }

    fn submit(&mut self, header: RunHeader, nodes: Vec<NodeSpec>) -> Result<Accepted, Refusal> {
        if let Some((key, body)) = &header.idempotency
            && let Some((run, before)) = self.model.idempotency.get(key)
        {
            let same = before == body;
            let accepted = Accepted { run: *run, replayed: true };
            return if same { Ok(accepted) } else { Err(Refusal::IdempotencyMismatch) };
        }
        self.may_write()?;
        self.check_nodes(&nodes)?;
        let (run, open) = (header.id, header.open);
        self.begin_lease(run, header.lease_ms);
        self.record(&Record::RunSubmitted(Arc::new(header)), None);
        self.handle(Event::AddRun { run, open });
        self.add_nodes(run, nodes);
        Ok(Accepted { run, replayed: false })
    }

    fn add_tasks(
        &mut self,
        id: RunId,
        first: TaskIndex,
        nodes: Vec<NodeSpec>,
    ) -> Result<(), Refusal> {
        self.may_write()?;
        self.renew_lease(id);
        let run = self.model.runs.get(&id).ok_or(Refusal::UnknownRun)?;
        if !run.open {
            return Err(Refusal::RunClosed);
        }
        if let Some(twice) = nodes.iter().find(|node| run.has_key(&node.key)) {
            return Err(Refusal::DuplicateKey(twice.key.to_string()));
        }
        if run.next_index() != first {
            return Err(Refusal::StaleKeys);
        }
        self.check_nodes(&nodes)?;
        self.add_nodes(id, nodes);
        Ok(())
    }

    fn check_nodes(&self, nodes: &[NodeSpec]) -> Result<(), Refusal> {
        if nodes.iter().any(|node| self.modules.get(&node.call.module).is_none()) {
            return Err(Refusal::UnknownModule);
        }
        let sources = nodes.iter().filter_map(|node| Some((node, node.import.as_deref()?)));
        for (node, first) in sources {
            let run = self.model.runs.get(&first.run).ok_or(Refusal::UnknownRun)?;
            let end = u64::from(first.index) + node.tasks.len() as u64;
            if u64::from(run.next_index()) < end {
                return Err(Refusal::UnknownTask);
            }
        }
        let added: u64 = nodes.iter().map(|node| node.tasks.len() as u64).sum();
        let limit = self.config.tasks_max;
        if self.model.tasks_total + added > limit {
            return Err(Refusal::TooMuchWork { limit, retry_after_s: 10 });
        }
        Ok(())
    }

    fn add_nodes(&mut self, run: RunId, mut nodes: Vec<NodeSpec>) {
        self.calls.share_all(&mut nodes);
        self.leftovers.note(nodes.len() as u64, self.now);
        let engine_nodes = self.engine_nodes(&nodes, None);
        self.record(&Record::TasksAdded { run, at: self.now, nodes: Arc::new(nodes) }, None);
        self.handle(Event::AddTasks { run, nodes: engine_nodes });
    }

    pub(super) fn engine_nodes(
        &mut self,
        nodes: &[NodeSpec],
        parent: Option<TaskIndex>,
    ) -> Vec<Node> {
        let node = |spec| engine_node(spec, self.function_number(spec), parent);
        nodes.iter().map(node).collect()
    }

    fn function_number(&mut self, spec: &NodeSpec) -> u32 {
        let next = self.functions.len() as u32;
        *self.functions.entry((spec.call.module, Arc::clone(&spec.call.function))).or_insert(next)
    }

    fn close(&mut self, run: RunId) -> Result<(), Refusal> {
        let open = self.model.runs.get(&run).ok_or(Refusal::UnknownRun)?.open;
        if open {
            self.may_write()?;
            self.end_lease(run);
            self.record(&Record::RunClosed { run, at: self.now }, None);
            self.handle(Event::CloseRun(run));
        }
        Ok(())
    }

    fn release(&mut self, run: RunId, tasks: Vec<Range<TaskIndex>>) -> Result<(), Refusal> {
        self.known_run(run)?;
        self.handle(Event::Release { run, tasks });
        Ok(())
    }

    fn cancel(
        &mut self,
        run: RunId,
        tasks: Option<Vec<Range<TaskIndex>>>,
        reason: Option<Arc<str>>,
    ) -> Result<u64, Refusal> {
        self.known_run(run)?;
        self.hand.reason = reason;
        self.hand.changed = 0;
        self.handle(Event::Cancel { run, tasks });
        self.hand.reason = None;
        Ok(self.hand.changed)
    }

    fn retry(&mut self, run: RunId, tasks: Option<Vec<Range<TaskIndex>>>) -> Result<u64, Refusal> {
        self.may_write()?;
        self.known_run(run)?;
        self.hand.changed = 0;
        self.handle(Event::Retry { run, tasks });
        Ok(self.hand.changed)
    }

    fn delete_run(&mut self, run: RunId) -> Result<(), Refusal> {
        let state = self.model.runs.get(&run).ok_or(Refusal::UnknownRun)?.state;
        if state == RunState::Running {
            return Err(Refusal::RunUnfinished);
        }
        if let Some(user) = self.sync.user_of_run(run) {
            return Err(Refusal::RunHeldBy(user));
        }
        self.end_claims(run);
        if self.engine.is_held(run) {
            return Err(Refusal::RunInUse);
        }
        let before = self.model.tasks_total;
        self.handle(Event::DeleteRun(run));
        self.record(&Record::RunDeleted { run, at: self.now }, None);
        if self.leftovers.add(before - self.model.tasks_total, self.now) {
            self.give_memory_back();
        }
        Ok(())
    }

    /// The allocator keeps what many small things leave behind.
    pub(super) fn give_memory_back(&self) {
        let thread = std::thread::Builder::new().name("wask-trim".into());
        if let Err(error) = thread.spawn(self.config.give_memory_back) {
            tracing::warn!(%error, "memory is not handed back");
        }
    }

    /// A run that a client has something to say about.
    fn known_run(&mut self, run: RunId) -> Result<(), Refusal> {
        self.renew_lease(run);
        self.model.runs.get(&run).map(|_| ()).ok_or(Refusal::UnknownRun)
    }

    fn add_module(
        &mut self,
        info: &Arc<ModuleInfo>,
        name: Option<Arc<str>>,
    ) -> Result<(), Refusal> {
        self.may_write()?;
        if self.modules.get(&info.id).is_none() {
            self.record(&Record::ModuleAdded(Arc::clone(info)), None);
            self.modules.add(Arc::clone(info));
        }
        name.map_or(Ok(()), |name| self.name_module(info.id, name))
    }

    fn name_module(&mut self, id: ModuleId, name: Arc<str>) -> Result<(), Refusal> {
        self.may_write()?;
        self.modules.get(&id).ok_or(Refusal::UnknownModule)?;
        if !self.modules.names_of(&id).contains(&name) {
            self.record(&Record::ModuleNamed { name: Arc::clone(&name), id, at: self.now }, None);
            self.modules.name(name, id);
        }
        Ok(())
    }

    fn delete_module(&mut self, id: ModuleId) -> Result<(), Refusal> {
        self.modules.get(&id).ok_or(Refusal::UnknownModule)?;
        let unfinished = self.model.runs.values().filter(|run| run.state == RunState::Running);
        for run in unfinished {
            if run.nodes.iter().any(|node| node.spec().call.module == id) {
                return Err(Refusal::ModuleInUse(run.header.id));
            }
        }
        if let Some(user) = self.actors.user_of_module(id) {
            return Err(Refusal::ModuleHeldBy(user));
        }
        self.record(&Record::ModuleDeleted { id, at: self.now }, None);
        self.modules.remove(id);
        self.delete_unless_needed(&ObjectId(id.0));
        Ok(())
    }

    fn add_object(&mut self, info: &ObjectInfo, inline: Option<Vec<u8>>) -> Result<bool, Refusal> {
        self.may_write()?;
        let ObjectInfo { id, size, media_type } = info.clone();
        let known = Uploaded {
            size,
            media_type: Arc::clone(&media_type),
            inline: inline.as_deref().map(Into::into),
        };
        let before = self.holdings.uploaded.insert(id, known);
        if before.as_ref().is_none_or(|before| before.media_type != media_type) {
            let record =
                ObjectRecord { media_type: Arc::clone(&media_type), size, inline: inline.clone() };
            self.indexer.push(IndexChange::PutObject(id, record), self.now);
            self.record(&Record::ObjectAdded { id, size, media_type, inline }, None);
        }
        Ok(before.is_none())
    }

    fn delete_object(&mut self, id: ObjectId) -> Result<(), Refusal> {
        if self.modules.get(&ModuleId(id.0)).is_some() {
            return Err(Refusal::ObjectInUse("a module; delete the module".to_owned()));
        }
        self.object_info(&id).ok_or(Refusal::UnknownObject)?;
        if let Some(user) = self.sync.user_of_object(&id) {
            return Err(Refusal::ObjectInUse(user));
        }
        if let Some(actor) = self.actors.user_of_object(&id) {
            return Err(Refusal::ObjectInUse(format!("actor {actor}; delete it first")));
        }
        let unfinished = self.model.runs.values().filter(|run| run.state == RunState::Running);
        for run in unfinished {
            let goes_on = |node: &&NodeRow| {
                let tasks = node.spec().tasks.clone();
                tasks.into_iter().any(|task| run.state_of(task).is_some_and(|s| !s.is_final()))
            };
            let mut users = run.nodes.iter().filter(|node| node.spec().objects().contains(&id));
            if users.any(|node| goes_on(&node)) {
                let run = run.header.id;
                return Err(Refusal::ObjectInUse(format!("run {run}, which is not finished")));
            }
        }
        if self.holdings.is_held(&id) {
            return Err(Refusal::ObjectInUse("a task's result; delete its run".to_owned()));
        }
        if self.holdings.uploaded.remove(&id).is_none() {
            return Err(Refusal::ObjectInUse("a task's result; delete its run".to_owned()));
        }
        self.record(&Record::ObjectDeleted(id), None);
        self.delete_unless_needed(&id);
        Ok(())
    }

    /// Begins to stop: no more work goes out, what has not begun comes back.
    fn stop(&mut self, reply: oneshot::Sender<()>) {
        let deadline = self.now.plus_ms(self.config.shutdown_grace_ms);
        self.stopping = Some(Stopping { deadline, reply });
        self.actors.stop();
        let workers: Vec<_> = self.workers.keys().copied().collect();
        for worker in workers {
            self.handle(Event::WorkerDraining(worker));
            if let Some(port) = self.workers.get_mut(&worker) {
                port.agent.take(ToWorker::Drain);
            }
        }
    }
}
