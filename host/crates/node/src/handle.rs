//! The door to the server: what the API and the command line may ask of it.
//!
//! A handle is cheap to clone. It sends commands to the server loop and waits for answers; it
//! holds no state of its own and decides nothing. An answer is given only when everything it
//! tells is durable.

use std::{ops::Range, sync::Arc, time::Duration};

use tokio::sync::{Semaphore, mpsc, oneshot};
use wask_proto::{
    Encoding, INLINE_VALUE_MAX_BYTES, ModuleId, ModuleInfo, NodeSpec, ObjectId, RunHeader, RunId,
    RunState, Seq, TaskIndex, TaskState, Timestamp, Value,
};
use wask_store::Objects;

use crate::{
    compiler::Compiler,
    config::COMPILES_MAX,
    events::{EventHub, EventStream},
    history::History,
    modules::{ModuleLookup, ModuleView, Modules},
    pins::Pins,
    refusal::Refusal,
    server::{Accepted, Command, Input, Reply, Server, Waiter},
    view::{
        CompletedView, ExplainView, KeyTable, LogView, ObjectInfo, ResultView, RunDetail, RunView,
        Stats, TaskDetail, TaskView, WorkerView, sync::Guard,
    },
};

mod actors;
mod history;
mod objects;
mod sync;
mod upload;

pub use actors::{ActorArgs, NewActorSpec};
pub use upload::Uploaded;

/// The door to the server.
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) inputs: mpsc::Sender<Input>,
    pub(crate) modules: Arc<Modules>,
    pub(crate) objects: Arc<dyn Objects>,
    pub(crate) pins: Arc<Pins>,
    pub(crate) compiler: Compiler,
    pub(crate) compiles: Semaphore,
    pub(crate) hub: Arc<EventHub>,
    pub(crate) history: History,
}

/// What a wait is for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum WaitFor {
    /// The run's end.
    RunFinished,
    /// The end of all of these tasks.
    TasksFinal(Vec<Range<TaskIndex>>),
    /// More than this number of completions, or the run's end.
    Completed {
        /// Completions seen so far.
        after: u64,
    },
}

/// A run that was accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Submitted {
    /// The run; one that exists already for a repeated idempotency key.
    pub run: RunId,
    /// Whether the same request was accepted before.
    pub replayed: bool,
    /// Whether what was waited for has come.
    pub finished: bool,
}

/// A call that was accepted.
#[derive(Clone, Debug)]
pub struct Called {
    /// Its run; one that exists already for a repeated idempotency key.
    pub run: RunId,
    /// What came of it; `None` if that took longer than the time.
    pub result: Option<ResultView>,
}

/// Why a reference to a run leads nowhere.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RunLookup {
    /// No run of that id or prefix.
    Unknown,
    /// A prefix of several.
    Ambiguous(Vec<RunId>),
}

/// Which runs to list.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RunFilter {
    /// Only those in this state.
    pub state: Option<RunState>,
    /// Only those whose name contains this.
    pub name: Option<String>,
}

/// Some runs, newest first.
#[derive(Clone, Debug)]
pub struct RunPage {
    /// The runs.
    pub runs: Vec<RunView>,
    /// Where the next page begins.
    pub next: Option<u64>,
    /// How many match in all.
    pub total: u64,
}

/// Which tasks to list.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TaskFilter {
    /// Only those in this state.
    pub state: Option<TaskState>,
    /// Only those of this function, as the client wrote it.
    pub call: Option<String>,
    /// Only those in these stretches, which ascend.
    pub places: Option<Vec<Range<TaskIndex>>>,
}

/// Some tasks, in order of their places.
#[derive(Clone, Debug)]
pub struct TaskPage {
    /// The tasks.
    pub tasks: Vec<TaskView>,
    /// Where the next page begins.
    pub next: Option<TaskIndex>,
    /// How many match in all.
    pub total: u64,
}

impl Handle {
    pub(crate) fn new(
        inputs: mpsc::Sender<Input>,
        modules: Arc<Modules>,
        (objects, pins): (Arc<dyn Objects>, Arc<Pins>),
        compiler: Compiler,
        (hub, history): (Arc<EventHub>, History),
    ) -> Self {
        let compiles = Semaphore::new(COMPILES_MAX);
        Self {
            shared: Arc::new(Shared {
                inputs,
                modules,
                objects,
                pins,
                compiler,
                compiles,
                hub,
                history,
            }),
        }
    }

    /// Finds a module by name, id, or unique prefix of at least eight digits.
    pub fn module(&self, reference: &str) -> ModuleLookup {
        self.shared.modules.lookup(reference)
    }

    /// All modules, newest first.
    pub fn modules(&self) -> Vec<ModuleView> {
        self.shared.modules.all()
    }

    /// Points a name to a module.
    pub async fn name_module(&self, id: ModuleId, name: String) -> Result<(), Refusal> {
        self.ask(|reply| Command::NameModule { id, name: name.into(), reply }).await
    }

    /// Deletes a module that no unfinished run needs.
    pub async fn delete_module(&self, id: ModuleId) -> Result<(), Refusal> {
        self.ask(|reply| Command::DeleteModule { id, reply }).await
    }

    /// Accepts a run. Returns when it is durable and, with `wait`, when what is waited for has
    /// come or the time is over.
    pub async fn submit(
        &self,
        header: RunHeader,
        nodes: Vec<NodeSpec>,
        wait: Option<(WaitFor, Duration)>,
        guard: Option<Guard>,
    ) -> Result<Submitted, Refusal> {
        let Some((what, time)) = wait else {
            let submit = |reply| Command::Submit { header, nodes, wait: None, guard, reply };
            let Accepted { run, replayed } = self.ask(submit).await?;
            return Ok(Submitted { run, replayed, finished: false });
        };
        let wait = (what, Vec::new(), time);
        let (Accepted { run, replayed }, done) =
            self.submit_and_wait(header, nodes, wait, guard).await?;
        Ok(Submitted { run, replayed, finished: done.is_some() })
    }

    /// Accepts a run of one task and waits for its end.
    pub async fn call(
        &self,
        header: RunHeader,
        nodes: Vec<NodeSpec>,
        time: Duration,
        guard: Option<Guard>,
    ) -> Result<Called, Refusal> {
        let its_task = std::iter::once(0..1).collect();
        let wait = (WaitFor::RunFinished, its_task, time);
        let (Accepted { run, .. }, done) = self.submit_and_wait(header, nodes, wait, guard).await?;
        Ok(Called { run, result: done.and_then(|results| results.into_iter().next()) })
    }

    /// Accepts a run, and tells the results that were asked for when what is waited for has come;
    /// `None` when the time is over. Either way everything is durable.
    async fn submit_and_wait(
        &self,
        header: RunHeader,
        nodes: Vec<NodeSpec>,
        (what, results, time): (WaitFor, Vec<Range<TaskIndex>>, Duration),
        guard: Option<Guard>,
    ) -> Result<(Accepted, Option<Vec<ResultView>>), Refusal> {
        let (reply, awaited) = oneshot::channel();
        let wait = Some(Waiter { what, results, reply });
        let (reply, accepted) = oneshot::channel();
        self.send(Command::Submit { header, nodes, wait, guard, reply }).await?;
        // The end is looked at first: to be woken twice takes longer than a small task.
        let done = in_time(awaited, time).await;
        let accepted = accepted.await.unwrap_or(Err(Refusal::ShuttingDown))?;
        let done = done?;
        if done.is_none() {
            self.read(|_| ()).await.ok_or(Refusal::ShuttingDown)?;
        }
        Ok((accepted, done))
    }

    /// Adds tasks to an open run. `first` is the place of the first, which must be free and next.
    pub async fn add_tasks(
        &self,
        run: RunId,
        first: TaskIndex,
        nodes: Vec<NodeSpec>,
        guard: Option<Guard>,
    ) -> Result<(), Refusal> {
        self.ask(|reply| Command::AddTasks { run, first, nodes, guard, reply }).await
    }

    /// Closes an open run.
    pub async fn close(&self, run: RunId) -> Result<(), Refusal> {
        self.ask(|reply| Command::Close { run, reply }).await
    }

    /// Renews the lease of an open run; tells when it ends now.
    pub async fn renew(&self, run: RunId) -> Result<Timestamp, Refusal> {
        self.ask(|reply| Command::Renew { run, reply }).await
    }

    /// Waits; tells whether what was waited for has come within the time.
    pub async fn wait(&self, run: RunId, what: WaitFor, time: Duration) -> Result<bool, Refusal> {
        let (reply, answer) = oneshot::channel();
        let waiter = Waiter { what, results: Vec::new(), reply };
        self.send(Command::Wait { run, waiter }).await?;
        Ok(in_time(answer, time).await?.is_some())
    }

    /// Waits for the end of these tasks; tells what came of each, be it that some have not ended
    /// within the time.
    pub async fn wait_for_results(
        &self,
        run: RunId,
        tasks: Vec<Range<TaskIndex>>,
        time: Duration,
    ) -> Result<Vec<ResultView>, Refusal> {
        let (reply, answer) = oneshot::channel();
        let what = WaitFor::TasksFinal(tasks.clone());
        let waiter = Waiter { what, results: tasks.clone(), reply };
        self.send(Command::Wait { run, waiter }).await?;
        match in_time(answer, time).await? {
            Some(results) => Ok(results),
            None => self.results(run, tasks).await.ok_or(Refusal::UnknownRun),
        }
    }

    /// Finds a run by id, unique prefix, or the word `last`.
    pub async fn find_run(&self, reference: &str) -> Result<RunId, RunLookup> {
        if let Ok(run) = reference.parse() {
            return Ok(run);
        }
        let reference = reference.to_owned();
        let found = self.read(move |server| server.find_run(&reference)).await;
        found.unwrap_or(Err(RunLookup::Unknown))
    }

    /// Everything about a run.
    pub async fn run(&self, run: RunId) -> Option<RunDetail> {
        self.read(move |server| server.run_detail(run)).await?
    }

    /// Runs, newest first, from before the cursor.
    pub async fn runs(&self, filter: RunFilter, before: Option<u64>, limit: usize) -> RunPage {
        let page = self.read(move |server| server.run_page(&filter, before, limit)).await;
        page.unwrap_or(RunPage { runs: Vec::new(), next: None, total: 0 })
    }

    /// The keys of a run.
    pub async fn keys(&self, run: RunId) -> Option<KeyTable> {
        self.read(move |server| server.keys(run)).await?
    }

    /// Tasks in order of their places, from a place on.
    pub async fn tasks(
        &self,
        run: RunId,
        filter: TaskFilter,
        from: TaskIndex,
        limit: usize,
    ) -> Option<TaskPage> {
        self.read(move |server| server.task_page(run, &filter, from, limit)).await?
    }

    /// Everything about a task.
    pub async fn task(&self, run: RunId, index: TaskIndex) -> Option<TaskDetail> {
        self.read(move |server| server.task_detail(run, index)).await?
    }

    /// Results of tasks, in order.
    pub async fn results(
        &self,
        run: RunId,
        tasks: Vec<Range<TaskIndex>>,
    ) -> Option<Vec<ResultView>> {
        self.read(move |server| server.results(run, &tasks)).await?
    }

    /// Tasks in order of completion, after a position.
    pub async fn completed(
        &self,
        run: RunId,
        after: u64,
        limit: usize,
    ) -> Option<Vec<CompletedView>> {
        self.read(move |server| server.completed(run, after, limit)).await?
    }

    /// Drops the client's interest in results.
    pub async fn release(&self, run: RunId, tasks: Vec<Range<TaskIndex>>) -> Result<(), Refusal> {
        self.ask(|reply| Command::Release { run, tasks, reply }).await
    }

    /// Stops tasks, or the whole run; tells how many were stopped.
    pub async fn cancel(
        &self,
        run: RunId,
        tasks: Option<Vec<Range<TaskIndex>>>,
        reason: Option<String>,
    ) -> Result<u64, Refusal> {
        let reason = reason.map(Into::into);
        self.ask(|reply| Command::Cancel { run, tasks, reason, reply }).await
    }

    /// Runs tasks that did not succeed again; tells how many.
    pub async fn retry(
        &self,
        run: RunId,
        tasks: Option<Vec<Range<TaskIndex>>>,
    ) -> Result<u64, Refusal> {
        self.ask(|reply| Command::Retry { run, tasks, reply }).await
    }

    /// Forgets a finished run.
    pub async fn delete_run(&self, run: RunId) -> Result<(), Refusal> {
        self.ask(|reply| Command::DeleteRun { run, reply }).await
    }

    /// What the guests of a run logged, of one task or of all.
    pub async fn logs(
        &self,
        run: RunId,
        tasks: Option<Range<TaskIndex>>,
        limit_lines: usize,
    ) -> Option<Vec<LogView>> {
        self.read(move |server| server.logs(run, tasks, limit_lines)).await?
    }

    /// Why a task is not running.
    pub async fn explain(&self, run: RunId, index: TaskIndex) -> Option<ExplainView> {
        self.read(move |server| server.explain(run, index)).await?
    }

    /// What happens from now on or, with `after`, from that record on; of one run or of all.
    pub fn events(&self, run: Option<RunId>, after: Option<Seq>) -> EventStream {
        self.shared.hub.stream(self.clone(), run, after)
    }

    /// All workers.
    pub async fn workers(&self) -> Vec<WorkerView> {
        self.peek(|server| server.worker_views()).await.unwrap_or_default()
    }

    /// Figures.
    pub async fn stats(&self) -> Stats {
        self.read(|server| server.stats()).await.unwrap_or_default()
    }

    /// Whether work can be done: recovery is over and a worker has joined.
    pub async fn ready(&self) -> bool {
        self.read(|server| server.has_worker()).await.unwrap_or(false)
    }

    /// The last durable record.
    pub fn last_seq(&self) -> Seq {
        self.shared.hub.durable()
    }

    /// Stops the server: running tasks get their grace time, everything is committed.
    pub async fn shutdown(&self) {
        let (reply, answer) = oneshot::channel();
        if self.send(Command::Shutdown(reply)).await.is_ok() {
            let _ = answer.await;
        }
    }

    /// Sends a command and waits for its answer.
    async fn ask<T>(&self, command: impl FnOnce(Reply<T>) -> Command) -> Result<T, Refusal> {
        let (reply, answer) = oneshot::channel();
        self.send(command(reply)).await?;
        answer.await.unwrap_or(Err(Refusal::ShuttingDown))
    }

    /// Asks the loop a question; `None` when the server is gone.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Server) -> T + Send + 'static,
    ) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        let question = Box::new(move |server: &mut Server| {
            let value = question(server);
            Box::new(move || drop(reply.send(value))) as Box<dyn FnOnce() + Send>
        });
        self.send(Command::Read(question)).await.ok()?;
        answer.await.ok()
    }

    /// The same for displays: answered at once, durable or not, and so without a commit.
    pub(crate) async fn peek<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Server) -> T + Send + 'static,
    ) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        let question = Box::new(move |server: &mut Server| drop(reply.send(question(server))));
        self.send(Command::Peek(question)).await.ok()?;
        answer.await.ok()
    }

    /// Hands something to the loop that needs no answer.
    pub(crate) async fn tell(&self, input: Input) {
        // A loop that has ended needs nothing any more.
        let _ = self.shared.inputs.send(input).await;
    }

    async fn send(&self, command: Command) -> Result<(), Refusal> {
        let input = Input::Command(command);
        self.shared.inputs.send(input).await.map_err(|_| Refusal::ShuttingDown)
    }
}

/// Waits for an answer, but not for longer than `time`. An answer that will never come means that
/// the server ends: a run is deleted only after all waits for it are over.
async fn in_time<T>(
    answer: oneshot::Receiver<Result<T, Refusal>>,
    time: Duration,
) -> Result<Option<T>, Refusal> {
    match tokio::time::timeout(time, answer).await {
        Err(_) => Ok(None),
        Ok(Ok(done)) => done.map(Some),
        Ok(Err(_)) => Err(Refusal::ShuttingDown),
    }
}
