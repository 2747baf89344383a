//! What the engine remembers of one task: a few words, because a run may have millions.

use std::ops::Range;

use wask_proto::{TaskIndex, TaskState, WorkerId};

/// "None" where an index is kept in a plain word.
pub(crate) const NONE: u32 = u32::MAX;

/// Every place that a run can have.
pub(crate) const ALL_TASKS: Range<TaskIndex> = 0..TaskIndex::MAX;

/// The producer of results that no living worker holds.
pub(crate) const NOWHERE: WorkerId = WorkerId(u32::MAX);

/// A task, by the places of its run in the run table and of itself in the run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub(crate) struct TaskRef {
    pub(crate) run: u32,
    pub(crate) index: TaskIndex,
}

/// Where an attempt is: the worker's place in the worker table, and the place in its list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    pub(crate) worker: u32,
    pub(crate) position: u32,
}

/// What a task is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Phase {
    /// Inputs are missing: so many of its own, or the gate of its node is shut.
    Waiting { missing: u32 },
    /// A retry waits for its delay. The timers know until when.
    Delayed,
    /// In the queue.
    Ready,
    /// Capacity is reserved; the caller puts the arguments together.
    Staged(Place),
    /// Sent to a worker; not known to have begun.
    Assigned(Place),
    /// Capacity is reserved behind the task that it waits for; the caller puts the other arguments
    /// together.
    StagedBehind(Place),
    /// Sent to a worker behind the task that it waits for.
    Behind(Place),
    /// Begun.
    Running(Place),
    /// Waits for something, with its sandbox.
    Parked(Place),
    /// Parked, and may go on.
    Resumable(Place),
    /// Waits for something, without a sandbox.
    Suspended,
    /// An identical call is under way and serves this task too.
    Following,
    /// An import whose source is not finished.
    Mirroring,
    /// With a result; sizes from 4 GiB up count as 4 GiB.
    Succeeded { size_bytes: u32, worker: WorkerId },
    /// For good.
    Failed,
    /// By a user.
    Cancelled,
    /// Because of that task of the same run.
    Aborted { cause: TaskIndex },
}

impl Phase {
    pub(crate) const fn is_final(self) -> bool {
        matches!(self, Self::Succeeded { .. }) || self.is_unsuccessful()
    }

    pub(crate) const fn is_unsuccessful(self) -> bool {
        matches!(self, Self::Failed | Self::Cancelled | Self::Aborted { .. })
    }

    /// Where the attempt is, if there is one.
    pub(crate) const fn place(self) -> Option<Place> {
        match self {
            Self::Staged(place)
            | Self::Assigned(place)
            | Self::StagedBehind(place)
            | Self::Behind(place)
            | Self::Running(place)
            | Self::Parked(place)
            | Self::Resumable(place) => Some(place),
            _ => None,
        }
    }

    /// The attempt moved to another place in its worker's list.
    pub(crate) const fn move_to(&mut self, position: u32) {
        if let Self::Staged(place)
        | Self::Assigned(place)
        | Self::StagedBehind(place)
        | Self::Behind(place)
        | Self::Running(place)
        | Self::Parked(place)
        | Self::Resumable(place) = self
        {
            place.position = position;
        }
    }

    /// The public state; a ready task's is `ready`, which depends on the workers.
    pub(crate) const fn public(self, ready: TaskState) -> TaskState {
        match self {
            Self::Waiting { .. }
            | Self::Delayed
            | Self::StagedBehind(_)
            | Self::Behind(_)
            | Self::Mirroring
            | Self::Parked(_)
            | Self::Suspended => TaskState::Waiting,
            Self::Ready => ready,
            Self::Staged(_) | Self::Assigned(_) | Self::Resumable(_) | Self::Following => {
                TaskState::Queued
            }
            Self::Running(_) => TaskState::Running,
            Self::Succeeded { .. } => TaskState::Succeeded,
            Self::Failed => TaskState::Failed,
            Self::Cancelled => TaskState::Cancelled,
            Self::Aborted { .. } => TaskState::Aborted,
        }
    }
}

/// One task.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    pub(crate) phase: Phase,
    /// Its node's place in the run.
    pub(crate) node: u32,
    /// The first of the edges to what needs this very task, or `NONE`.
    pub(crate) first_edge: u32,
    /// Unfinished tasks and nodes that use its result, but for those that use its whole node.
    pub(crate) uses: u32,
    /// Attempts so far; the current one's number while there is one.
    pub(crate) attempt: u32,
    /// The identical calls it leads or follows, or `NONE`.
    pub(crate) flight: u32,
    /// Failures that count against its retries.
    pub(crate) failures: u16,
    /// Executors lost under it.
    pub(crate) losses: u8,
    flags: u8,
}

const HAS_VALUE: u8 = 1;
const RELEASED: u8 = 2;
const ADOPTED: u8 = 4;

const _: () = assert!(size_of::<Cell>() <= 36);

impl Cell {
    pub(crate) const fn new(node: u32) -> Self {
        Self {
            phase: Phase::Waiting { missing: 0 },
            node,
            first_edge: NONE,
            uses: 0,
            attempt: 0,
            flight: NONE,
            failures: 0,
            losses: 0,
            flags: 0,
        }
    }

    /// Whether the caller holds its result.
    pub(crate) const fn has_value(&self) -> bool {
        self.flags & HAS_VALUE != 0
    }

    pub(crate) const fn set_value(&mut self, held: bool) {
        self.set(HAS_VALUE, held);
    }

    /// Whether a user said that the result is not wanted any more.
    pub(crate) const fn is_released(&self) -> bool {
        self.flags & RELEASED != 0
    }

    pub(crate) const fn set_released(&mut self) {
        self.set(RELEASED, true);
    }

    /// Whether it was handed out by a task that is not finished.
    pub(crate) const fn is_adopted(&self) -> bool {
        self.flags & ADOPTED != 0
    }

    pub(crate) const fn set_adopted(&mut self, adopted: bool) {
        self.set(ADOPTED, adopted);
    }

    const fn set(&mut self, flag: u8, on: bool) {
        if on {
            self.flags |= flag;
        } else {
            self.flags &= !flag;
        }
    }
}
