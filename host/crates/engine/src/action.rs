//! Everything the scheduler can ask its caller to do. A closed list.
//!
//! Order is part of the contract: the caller carries actions out in order. A `Settled`,
//! `AttemptFailed`, `Retried`, `Released` or `RunFinished` is hard state: the caller journals it,
//! and tells nobody outside before the journal is synced. `Stage`, `Assign`, `Resume`,
//! `Cancel` and `Reclaim` are soft: they need not wait for the journal.

use std::ops::Range;

use wask_proto::{RunId, RunState, TaskId, TaskIndex, TaskState, Timestamp, WorkerId};

/// Something to be done by the caller.
#[derive(Clone, PartialEq, Debug)]
pub enum Action {
    /// These tasks are now in this state, one of `waiting`, `queued`, `no-worker` and `running`.
    /// Final states are told by [`Action::Settled`] alone.
    StateChanged {
        /// The run.
        run: RunId,
        /// Their places.
        tasks: Range<TaskIndex>,
        /// The state.
        state: TaskState,
    },
    /// Put this task's arguments together and look its result up; answer with
    /// [`Event::Staged`](crate::Event::Staged) before anything else is handled.
    Stage {
        /// The task.
        task: TaskId,
    },
    /// Put together what is known of this task's arguments: it is to go along with the one before,
    /// whose [`Action::Assign`] was just told, and use its result. Answer with
    /// [`Event::Staged`](crate::Event::Staged), saying `Run` without a key or `Alone`.
    StageBehind {
        /// The task.
        task: TaskId,
        /// The task of the same run whose end it waits for.
        first: TaskIndex,
    },
    /// What a task waited for that had gone along is there. May be answered with
    /// [`Event::Keyed`](crate::Event::Keyed).
    Joined {
        /// The task.
        task: TaskId,
    },
    /// Send this task, staged before, to this worker.
    Assign {
        /// Where to.
        worker: WorkerId,
        /// The task.
        task: TaskId,
        /// Its attempt.
        attempt: u32,
    },
    /// Let a parked attempt go on with what it waited for.
    Resume {
        /// Where.
        worker: WorkerId,
        /// The task.
        task: TaskId,
        /// Its attempt.
        attempt: u32,
    },
    /// Stop an attempt.
    Cancel {
        /// Where.
        worker: WorkerId,
        /// The task.
        task: TaskId,
        /// Its attempt.
        attempt: u32,
    },
    /// Ask for an attempt back that has not begun.
    Reclaim {
        /// Where.
        worker: WorkerId,
        /// The task.
        task: TaskId,
        /// Its attempt.
        attempt: u32,
    },
    /// Staged arguments of this task are not needed any more (it was stopped before they were
    /// there, or an identical call serves it).
    Unstage {
        /// The task.
        task: TaskId,
    },
    /// An attempt failed and another one follows.
    AttemptFailed {
        /// The task.
        task: TaskId,
        /// The attempt that failed.
        attempt: u32,
        /// When the next one may start.
        retry_at: Timestamp,
    },
    /// Tasks reached a final state. One task, but for cancelled and aborted stretches.
    Settled {
        /// The run.
        run: RunId,
        /// Their places.
        tasks: Range<TaskIndex>,
        /// The attempt (of a single task; 0 for stretches).
        attempt: u32,
        /// How.
        how: Settled,
    },
    /// These tasks run again; their former outcome is void. `StateChanged` follows.
    Retried {
        /// The run.
        run: RunId,
        /// Their places.
        tasks: Range<TaskIndex>,
    },
    /// Nobody wants these results any more, by a user's word.
    Released {
        /// The run.
        run: RunId,
        /// Their places.
        tasks: Range<TaskIndex>,
    },
    /// Nobody needs these results; forget their values.
    Drop {
        /// The run.
        run: RunId,
        /// Their places.
        tasks: Range<TaskIndex>,
    },
    /// A closed run has no unfinished task left.
    RunFinished {
        /// The run.
        run: RunId,
        /// How it ended.
        state: RunState,
    },
    /// A finished run has unfinished tasks again, after a retry.
    RunResumed {
        /// The run.
        run: RunId,
    },
}

/// How a task ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Settled {
    /// With a result.
    Succeeded(ResultSource),
    /// With the failure of its last attempt.
    Failed,
    /// By a user.
    Cancelled,
    /// Because of another task of the run.
    Aborted {
        /// The task that failed or was cancelled: the root, not the next in the chain.
        cause: TaskIndex,
    },
}

/// Where a result comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ResultSource {
    /// From the attempt whose end is being handled.
    Attempt,
    /// From the caller, who said [`Stage::Known`](crate::Stage::Known).
    Known,
    /// From an identical call that just succeeded.
    SameAs(TaskId),
}
