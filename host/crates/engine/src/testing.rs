//! What tests of the engine share: an environment that plays the caller, builders of nodes, and
//! a short notation for actions.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use wask_proto::{
    FailureKind, MemoKey, OnFailed, RunId, TaskId, TaskIndex, TaskState, Timestamp, WorkerId,
};

use crate::{
    Action, AttemptOutcome, Engine, EngineConfig, Event, Need, Node, NodeOptions, ResultSource,
    Settled, Stage, Wait,
};

/// The run that short notations speak of.
pub(crate) const RUN: RunId = RunId(1);

/// A task of that run.
pub(crate) const fn task(index: TaskIndex) -> TaskId {
    TaskId { run: RUN, index }
}

/// An engine and its caller. All actions must be read before it goes out of scope.
pub(crate) struct TestEnv {
    pub(crate) engine: Engine,
    pub(crate) now: Timestamp,
    /// Tasks whose result is found when they are staged.
    pub(crate) known: BTreeSet<TaskId>,
    /// Tasks whose arguments do not fit.
    pub(crate) invalid: BTreeSet<TaskId>,
    /// Tasks that cannot go along with another one.
    pub(crate) alone: BTreeSet<TaskId>,
    /// Tasks that make identical calls have the same key.
    pub(crate) memo: BTreeMap<TaskId, u8>,
    /// Attempts under way.
    pub(crate) attempts: BTreeMap<TaskId, (WorkerId, u32)>,
    actions: Vec<Action>,
}

impl Drop for TestEnv {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert!(self.actions.is_empty(), "unread: {:?}", self.told());
        }
    }
}

impl TestEnv {
    pub(crate) fn new() -> Self {
        Self::with(EngineConfig::default())
    }

    pub(crate) fn with(config: EngineConfig) -> Self {
        Self {
            engine: Engine::new(config),
            now: Timestamp(1_000_000),
            known: BTreeSet::new(),
            invalid: BTreeSet::new(),
            alone: BTreeSet::new(),
            memo: BTreeMap::new(),
            attempts: BTreeMap::new(),
            actions: Vec::new(),
        }
    }

    /// An environment with one worker, number 1.
    pub(crate) fn with_worker(slots: u16) -> Self {
        let mut env = Self::new();
        env.join(1, slots);
        env
    }

    pub(crate) fn send(&mut self, event: Event) -> &mut Self {
        self.engine.handle(event, self.now, &mut self.actions);
        self.engine.check_invariants();
        self
    }

    pub(crate) fn join(&mut self, worker: u32, slots: u16) -> &mut Self {
        self.join_with(worker, slots, &[])
    }

    pub(crate) fn join_with(
        &mut self,
        worker: u32,
        slots: u16,
        resources: &[(&str, u64)],
    ) -> &mut Self {
        let resources = resources.iter().map(|(name, n)| ((*name).into(), *n)).collect();
        self.send(Event::WorkerJoined { worker: WorkerId(worker), slots, resources })
    }

    /// A closed run of these nodes.
    pub(crate) fn submit(&mut self, nodes: Vec<Build>) -> &mut Self {
        self.submit_as(RUN, nodes)
    }

    pub(crate) fn submit_as(&mut self, run: RunId, nodes: Vec<Build>) -> &mut Self {
        self.send(Event::AddRun { run, open: false });
        self.add(run, nodes)
    }

    pub(crate) fn add(&mut self, run: RunId, nodes: Vec<Build>) -> &mut Self {
        self.send(Event::AddTasks { run, nodes: nodes.into_iter().map(|b| b.0).collect() })
    }

    /// Scheduling rounds, staging included, until nothing more is to do.
    pub(crate) fn schedule(&mut self) -> &mut Self {
        loop {
            let before = self.actions.len();
            self.engine.schedule(self.now, &mut self.actions);
            self.engine.check_invariants();
            let news = self.actions.split_off(before);
            if news.is_empty() {
                return self;
            }
            for action in news {
                self.carry_out(action);
            }
        }
    }

    /// All actions since the last look, in the short notation.
    pub(crate) fn told(&mut self) -> Vec<String> {
        self.actions.drain(..).map(|action| brief(&action, self.now)).collect()
    }

    /// Those of the actions since the last look that contain `word`; the others are forgotten.
    pub(crate) fn told_of(&mut self, word: &str) -> Vec<String> {
        self.told().into_iter().filter(|line| line.contains(word)).collect()
    }

    pub(crate) fn forget(&mut self) -> &mut Self {
        self.actions.clear();
        self
    }

    /// The last attempt of a task begins.
    pub(crate) fn start(&mut self, index: TaskIndex) -> &mut Self {
        let (worker, attempt) = self.attempts[&task(index)];
        self.send(Event::Started { worker, task: task(index), attempt })
    }

    pub(crate) fn succeed(&mut self, index: TaskIndex) -> &mut Self {
        self.finish(task(index), AttemptOutcome::Succeeded { size_bytes: 8 })
    }

    pub(crate) fn fail(&mut self, index: TaskIndex) -> &mut Self {
        self.finish(task(index), AttemptOutcome::Failed(FailureKind::App))
    }

    pub(crate) fn finish(&mut self, task: TaskId, outcome: AttemptOutcome) -> &mut Self {
        let (worker, attempt) = self.attempts[&task];
        self.send(Event::Finished { worker, task, attempt, outcome, busy_us: 10 })
    }

    /// The last attempt of a task waits for these.
    pub(crate) fn park(&mut self, index: TaskIndex, on: &[TaskIndex]) -> &mut Self {
        let (worker, attempt) = self.attempts[&task(index)];
        let wait = Wait::Tasks(on.to_vec());
        self.send(Event::Parked { worker, task: task(index), attempt, wait, busy_us: 10 })
    }

    pub(crate) fn cancel(&mut self, tasks: Range<TaskIndex>) -> &mut Self {
        self.send(Event::Cancel { run: RUN, tasks: Some(vec![tasks]) })
    }

    pub(crate) fn retry(&mut self, tasks: Range<TaskIndex>) -> &mut Self {
        self.send(Event::Retry { run: RUN, tasks: Some(vec![tasks]) })
    }

    pub(crate) fn release(&mut self, tasks: Range<TaskIndex>) -> &mut Self {
        self.send(Event::Release { run: RUN, tasks: vec![tasks] })
    }

    pub(crate) fn tick_after_ms(&mut self, ms: u64) -> &mut Self {
        self.now = self.now.plus_ms(ms);
        self.send(Event::Tick)
    }

    pub(crate) fn state(&self, index: TaskIndex) -> TaskState {
        self.engine.state(task(index)).expect("the task exists")
    }

    /// Runs everything that is left to its success.
    pub(crate) fn run_to_the_end(&mut self) -> &mut Self {
        loop {
            self.schedule();
            let Some((&task, &(worker, attempt))) = self.attempts.iter().next() else {
                return self;
            };
            self.attempts.remove(&task);
            let outcome = AttemptOutcome::Succeeded { size_bytes: 8 };
            self.send(Event::Finished { worker, task, attempt, outcome, busy_us: 10 });
        }
    }

    fn carry_out(&mut self, action: Action) {
        let task = match action {
            Action::Stage { task } => task,
            Action::StageBehind { task, first } => {
                self.actions.push(Action::StageBehind { task, first });
                let stage = match self.alone.contains(&task) {
                    true => Stage::Alone,
                    false => Stage::Run { memo: None },
                };
                return self.answer(task, stage);
            }
            other => return self.actions.push(other),
        };
        let key = self.memo.get(&task).map(|byte| MemoKey([*byte; 32]));
        let stage = if self.known.contains(&task) {
            Stage::Known { size_bytes: 8 }
        } else if self.invalid.contains(&task) {
            Stage::Invalid
        } else {
            Stage::Run { memo: key }
        };
        self.answer(task, stage);
    }

    fn answer(&mut self, task: TaskId, stage: Stage) {
        let before = self.actions.len();
        self.send(Event::Staged { task, stage });
        let news = self.actions.split_off(before);
        for action in news {
            match action {
                Action::Assign { worker, task, attempt } => {
                    self.attempts.insert(task, (worker, attempt));
                    self.actions.push(Action::Assign { worker, task, attempt });
                }
                other => self.carry_out(other),
            }
        }
    }
}

/// A node in the making.
pub(crate) struct Build(pub(crate) Node);

/// A node for these places.
pub(crate) fn node(tasks: Range<TaskIndex>) -> Build {
    let options = NodeOptions {
        retries: 0,
        retry_delay_ms: 100,
        priority: 0,
        resources: Vec::new(),
        on_failed: OnFailed::Abort,
        max_fails: None,
        wanted: false,
        output: false,
    };
    let (needs, zip, element_needs) = (Vec::new(), Vec::new(), Vec::new());
    let (import, parent) = (None, None);
    Build(Node { tasks, needs, zip, element_needs, import, parent, function: 0, options })
}

/// A node of one task.
pub(crate) fn one(index: TaskIndex) -> Build {
    node(index..index + 1)
}

impl Build {
    pub(crate) fn needs(mut self, tasks: Range<TaskIndex>) -> Self {
        self.0.needs.push(Need { tasks, uses_results: true });
        self
    }

    pub(crate) fn after(mut self, tasks: Range<TaskIndex>) -> Self {
        self.0.needs.push(Need { tasks, uses_results: false });
        self
    }

    pub(crate) fn zip(mut self, tasks: Range<TaskIndex>) -> Self {
        self.0.zip.push(tasks);
        self
    }

    pub(crate) fn element(mut self, element: u32, task: TaskIndex) -> Self {
        self.0.element_needs.push((element, task));
        self
    }

    pub(crate) fn import(mut self, run: RunId, index: TaskIndex) -> Self {
        self.0.import = Some(TaskId { run, index });
        self
    }

    pub(crate) fn child_of(mut self, parent: TaskIndex) -> Self {
        self.0.parent = Some(parent);
        self
    }

    pub(crate) fn retries(mut self, retries: u32) -> Self {
        self.0.options.retries = retries;
        self
    }

    pub(crate) fn priority(mut self, priority: i32) -> Self {
        self.0.options.priority = priority;
        self
    }

    pub(crate) fn resource(mut self, name: &str, amount: u64) -> Self {
        self.0.options.resources.push((name.into(), amount));
        self
    }

    pub(crate) fn even_if_failed(mut self) -> Self {
        self.0.options.on_failed = OnFailed::Run;
        self
    }

    pub(crate) fn max_fails(mut self, max_fails: u32) -> Self {
        self.0.options.max_fails = Some(max_fails);
        self
    }

    pub(crate) fn wanted(mut self) -> Self {
        self.0.options.wanted = true;
        self
    }

    pub(crate) fn output(mut self) -> Self {
        self.0.options.output = true;
        self.wanted()
    }
}

/// One action in a few words. Tasks of other runs than `RUN` have the run before them.
pub(crate) fn brief(action: &Action, now: Timestamp) -> String {
    let range = |run: &RunId, tasks: &Range<TaskIndex>| {
        let run = if *run == RUN { String::new() } else { format!("{}:", run.0) };
        if tasks.len() == 1 {
            format!("{run}{}", tasks.start)
        } else {
            format!("{run}{}..{}", tasks.start, tasks.end)
        }
    };
    let one = |task: &TaskId| range(&task.run, &(task.index..task.index + 1));
    match action {
        Action::StateChanged { run, tasks, state } => {
            format!("{} {}", range(run, tasks), state.name())
        }
        Action::Stage { task } => format!("stage {}", one(task)),
        Action::StageBehind { task, first } => format!("stage {} behind {first}", one(task)),
        Action::Joined { task } => format!("joined {}", one(task)),
        Action::Assign { worker, task, attempt } => {
            format!("assign {}#{attempt} to {}", one(task), worker.0)
        }
        Action::Cancel { worker, task, attempt } => {
            format!("cancel {}#{attempt} on {}", one(task), worker.0)
        }
        Action::Resume { worker, task, attempt } => {
            format!("resume {}#{attempt} on {}", one(task), worker.0)
        }
        Action::Reclaim { worker, task, attempt } => {
            format!("reclaim {}#{attempt} from {}", one(task), worker.0)
        }
        Action::Unstage { task } => format!("unstage {}", one(task)),
        Action::AttemptFailed { task, attempt, retry_at } => {
            let left_ms = retry_at.micros_since(now) / 1_000;
            format!("{}#{attempt} failed, again in {left_ms} ms", one(task))
        }
        Action::Settled { run, tasks, attempt, how } => {
            let how = match how {
                Settled::Succeeded(ResultSource::Attempt) => format!("succeeded#{attempt}"),
                Settled::Succeeded(ResultSource::Known) => "known".to_owned(),
                Settled::Succeeded(ResultSource::SameAs(leader)) => {
                    format!("same as {}", one(leader))
                }
                Settled::Failed => format!("failed#{attempt}"),
                Settled::Cancelled => "cancelled".to_owned(),
                Settled::Aborted { cause } => format!("aborted by {cause}"),
            };
            format!("{} {how}", range(run, tasks))
        }
        Action::Retried { run, tasks } => format!("retried {}", range(run, tasks)),
        Action::Released { run, tasks } => format!("released {}", range(run, tasks)),
        Action::Drop { run, tasks } => format!("drop {}", range(run, tasks)),
        Action::RunFinished { run, state } => {
            let run = if *run == RUN { String::new() } else { format!(" {}", run.0) };
            format!("run{run} {}", state.name())
        }
        Action::RunResumed { .. } => "run resumed".to_owned(),
    }
}
