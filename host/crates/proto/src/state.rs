//! The public states of tasks and runs.

use serde::{Deserialize, Serialize};

/// What a task is doing. See the contract for the meaning of each word.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[repr(u8)]
pub enum TaskState {
    /// Inputs are missing, or a retry waits for its delay.
    Waiting,
    /// Ready; no slot is free.
    Queued,
    /// Ready, but no worker may run it.
    NoWorker,
    /// In an executor.
    Running,
    /// Done, with a result.
    Succeeded,
    /// Done, with a failure.
    Failed,
    /// Stopped by a user.
    Cancelled,
    /// Never to run, because something it needs failed or was cancelled.
    Aborted,
}

impl TaskState {
    /// All states, in the order in which they are shown.
    pub const ALL: [Self; 8] = [
        Self::Waiting,
        Self::Queued,
        Self::NoWorker,
        Self::Running,
        Self::Succeeded,
        Self::Failed,
        Self::Cancelled,
        Self::Aborted,
    ];

    /// The word used in public.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Queued => "queued",
            Self::NoWorker => "no-worker",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Aborted => "aborted",
        }
    }

    /// The state of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether nothing more happens to the task unless somebody asks for a retry.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled | Self::Aborted)
    }
}

/// What a run is doing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum RunState {
    /// It has unfinished tasks, or it is open.
    Running,
    /// Every output succeeded.
    Succeeded,
    /// Some output did not succeed.
    Failed,
    /// A user stopped it.
    Cancelled,
}

impl RunState {
    /// The word used in public.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Running, Self::Succeeded, Self::Failed, Self::Cancelled]
            .into_iter()
            .find(|state| state.name() == name)
    }
}
