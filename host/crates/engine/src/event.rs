//! Everything that can happen to the scheduler. A closed list.
//!
//! Events carry places and sizes, never values: arguments and results stay with the caller.

use std::{ops::Range, sync::Arc};

use wask_proto::{FailureKind, MemoKey, OnFailed, RunId, TaskId, TaskIndex, WorkerId};

/// Something that happened. Handled by [`Engine::handle`](crate::Engine::handle).
#[derive(Clone, PartialEq, Debug)]
pub enum Event {
    /// A run was accepted. Its tasks follow in [`Event::AddTasks`].
    AddRun {
        /// The run.
        run: RunId,
        /// Whether it may get tasks later.
        open: bool,
    },
    /// A run gets (more) tasks. The caller has checked the graph: it has no cycles, and every
    /// place named exists in the run or in these nodes. Answered with one
    /// [`Action::StateChanged`](crate::Action::StateChanged) for each stretch of new tasks.
    AddTasks {
        /// The run.
        run: RunId,
        /// The nodes, in order of their places; they continue the run's places without a gap.
        nodes: Vec<Node>,
    },
    /// An open run takes no more tasks.
    CloseRun(RunId),
    /// The answer to [`Action::Stage`](crate::Action::Stage), given at once.
    Staged {
        /// The task.
        task: TaskId,
        /// What the caller found.
        stage: Stage,
    },
    /// The key of a call that went along with another one, where it is pure and may be cached.
    Keyed {
        /// The task.
        task: TaskId,
        /// The key.
        key: MemoKey,
        /// The size of the result, if it is known; the caller holds it.
        known: Option<u64>,
    },
    /// A worker joined.
    WorkerJoined {
        /// Its number, never used before.
        worker: WorkerId,
        /// Tasks it runs at once.
        slots: u16,
        /// Named resources, in thousandths.
        resources: Vec<(Arc<str>, u64)>,
    },
    /// A worker is gone. Its running attempts are lost; what it had not begun goes back to the
    /// queue without blame.
    WorkerLeft(WorkerId),
    /// A worker takes no more work, but finishes what it has.
    WorkerDraining(WorkerId),
    /// An attempt began in an executor.
    Started {
        /// Where.
        worker: WorkerId,
        /// The task.
        task: TaskId,
        /// Its attempt.
        attempt: u32,
    },
    /// An attempt came to an end. Ignored, except for the slot that it frees, when the attempt is
    /// not the current one (fencing).
    Finished {
        /// Where.
        worker: WorkerId,
        /// The task.
        task: TaskId,
        /// Its attempt.
        attempt: u32,
        /// What came of it.
        outcome: AttemptOutcome,
        /// Microseconds that it occupied its slot, sandbox included.
        busy_us: u64,
    },
    /// An attempt waits for something, and does not occupy its slot any more.
    Parked {
        /// Where.
        worker: WorkerId,
        /// The task.
        task: TaskId,
        /// Its attempt.
        attempt: u32,
        /// For what.
        wait: Wait,
        /// Microseconds that it occupied its slot since it began or went on.
        busy_us: u64,
    },
    /// What a parked attempt asked for besides tasks is there.
    Answered {
        /// The task.
        task: TaskId,
        /// Its attempt.
        attempt: u32,
    },
    /// A task of the same run counts as handed out by this one from now on.
    Adopted {
        /// The parent.
        parent: TaskId,
        /// The child.
        child: TaskIndex,
    },
    /// A call under way turned out to depend on more than its arguments: it serves no other task.
    Impure(TaskId),
    /// A worker handed an attempt back: it had not begun, or it was parked and its sandbox is gone.
    Returned {
        /// Where.
        worker: WorkerId,
        /// The task.
        task: TaskId,
        /// Its attempt.
        attempt: u32,
    },
    /// A user stops tasks. Those that are finished stay as they are.
    Cancel {
        /// The run.
        run: RunId,
        /// The tasks; `None` for the whole run.
        tasks: Option<Vec<Range<TaskIndex>>>,
    },
    /// Failed, aborted and cancelled tasks run again: the named ones, or all, each from the root
    /// failure on. Inputs whose results were dropped run again too.
    Retry {
        /// The run.
        run: RunId,
        /// The tasks; `None` for all that did not succeed.
        tasks: Option<Vec<Range<TaskIndex>>>,
    },
    /// Nobody wants these results any more. Work that only they needed is cancelled.
    Release {
        /// The run.
        run: RunId,
        /// The tasks.
        tasks: Vec<Range<TaskIndex>>,
    },
    /// The caller does not have this result any more. It is computed again if anybody needs it.
    ValueLost {
        /// The task.
        task: TaskId,
    },
    /// Somebody outside the run holds a task's result: it is neither dropped nor, by a release,
    /// cancelled, and the run is not deleted. Holds are counted, and not restored: after a restart
    /// the caller repeats them before [`Event::RestoreDone`].
    Hold(TaskId),
    /// One hold less.
    Unhold(TaskId),
    /// Forget a run without unfinished tasks. Changes nothing while there are some.
    DeleteRun(RunId),
    /// After a restart, between `AddTasks` and the first other event of that run: what the journal
    /// says of tasks. Produces no actions.
    Restore {
        /// The run.
        run: RunId,
        /// What is known, in the order in which it happened.
        facts: Vec<Fact>,
    },
    /// After the last `Restore`: queue what is to be queued. Answered with `StateChanged` for
    /// every unfinished task, and `Drop` for values that nobody needs.
    RestoreDone,
    /// [`Engine::next_deadline`](crate::Engine::next_deadline) has passed.
    Tick,
}

/// A key of a graph, as the engine sees it.
#[derive(Clone, PartialEq, Debug)]
pub struct Node {
    /// Places of its tasks in the run: one, or an array's elements.
    pub tasks: Range<TaskIndex>,
    /// What every task of the node needs.
    pub needs: Vec<Need>,
    /// Element `n` needs the result of task `start + n` of each of these.
    pub zip: Vec<Range<TaskIndex>>,
    /// What single elements need beside that: the element's number in the node, and a task. In
    /// ascending order of the elements.
    pub element_needs: Vec<(u32, TaskIndex)>,
    /// The first of the tasks of another run for which these stand: element `n` ends as the
    /// task `n` places behind it ends. Such a node needs nothing and never runs.
    pub import: Option<TaskId>,
    /// The task that handed it out, of the same run.
    pub parent: Option<TaskIndex>,
    /// Which function; the same number for the same function, to learn how long it takes.
    pub function: u32,
    /// Options.
    pub options: NodeOptions,
}

/// Tasks that a task needs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Need {
    /// Their places.
    pub tasks: Range<TaskIndex>,
    /// Whether their results are used, or only their end is waited for (`after`).
    pub uses_results: bool,
}

/// Options of a node.
#[derive(Clone, PartialEq, Debug)]
pub struct NodeOptions {
    /// Further attempts after a failure for which another attempt may help.
    pub retries: u32,
    /// Delay before the first of them.
    pub retry_delay_ms: u64,
    /// Higher goes first.
    pub priority: i32,
    /// Named resources, in thousandths.
    pub resources: Vec<(Arc<str>, u64)>,
    /// What happens when something it needs does not succeed.
    pub on_failed: OnFailed,
    /// Elements that may fail before the others are aborted.
    pub max_fails: Option<u32>,
    /// Whether results are wanted beyond the run's own tasks (outputs, `keep`, futures).
    pub wanted: bool,
    /// Whether the node's results decide if the run succeeded.
    pub output: bool,
}

/// What the caller found when it put a task's arguments together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Stage {
    /// Ready to run. With a key, an identical call that is under way serves this task too.
    Run {
        /// The key of the call, where it is pure and may be cached.
        memo: Option<MemoKey>,
    },
    /// The result is known already; the caller holds it.
    Known {
        /// Its size.
        size_bytes: u64,
    },
    /// The arguments cannot be put together; the caller holds the failure (kind `invalid`).
    Invalid,
    /// The task cannot go along with another one; it is staged again by itself.
    Alone,
}

/// What a parked attempt waits for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wait {
    /// The ends of these tasks of its own run.
    Tasks(Vec<TaskIndex>),
    /// [`Event::Answered`].
    Answer,
}

/// What came of an attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AttemptOutcome {
    /// A result of this size, which the caller holds.
    Succeeded {
        /// Its size.
        size_bytes: u64,
    },
    /// It ends as this task of the same run ends.
    Becomes(TaskIndex),
    /// A failure, which the caller holds.
    Failed(FailureKind),
    /// It was stopped, as asked.
    Cancelled,
    /// Its executor or worker died under it.
    Lost,
}

/// What the journal says of a task.
#[derive(Clone, PartialEq, Debug)]
pub enum Fact {
    /// It succeeded.
    Succeeded {
        /// Its place.
        task: TaskIndex,
        /// Attempts so far.
        attempt: u32,
        /// Size of the result.
        size_bytes: u64,
        /// Whether the caller still has the result.
        available: bool,
    },
    /// It failed for good.
    Failed {
        /// Its place.
        task: TaskIndex,
        /// Attempts so far.
        attempt: u32,
    },
    /// An attempt failed and another one was to follow.
    AttemptFailed {
        /// Its place.
        task: TaskIndex,
        /// The attempt.
        attempt: u32,
        /// Whether its executor was lost, which has a budget of its own.
        lost: bool,
    },
    /// These were cancelled.
    Cancelled(Range<TaskIndex>),
    /// These were aborted.
    Aborted {
        /// Their places.
        tasks: Range<TaskIndex>,
        /// The task that failed or was cancelled.
        cause: TaskIndex,
    },
    /// These were to run again.
    Retried(Range<TaskIndex>),
    /// Nobody wants these results.
    Released(Range<TaskIndex>),
    /// The run takes no more tasks.
    Closed,
    /// The run had finished.
    RunFinished,
}
