//! Why an attempt did not succeed, and whose fault that was.

use serde::{Deserialize, Serialize};

/// Whose fault a failure is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum FailureKind {
    /// The function returned an error.
    App,
    /// The guest trapped: a panic, `unreachable`, an access out of bounds, a stack overflow.
    Trap,
    /// The wall-time limit was reached.
    Timeout,
    /// The memory or table limit was reached.
    Memory,
    /// The result, the log or the host calls exceeded their budget.
    Output,
    /// The attempt's executor died more often than allowed.
    WorkerLost,
    /// The module or the arguments do not fit.
    Invalid,
}

impl FailureKind {
    /// The word used in public.
    pub const fn name(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Trap => "trap",
            Self::Timeout => "timeout",
            Self::Memory => "memory",
            Self::Output => "output",
            Self::WorkerLost => "worker-lost",
            Self::Invalid => "invalid",
        }
    }
}

/// One failure, told so that nobody has to search for its cause.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Failure {
    /// Whose fault it is.
    pub kind: FailureKind,
    /// What happened, for people; control characters are escaped, 16 KiB at most.
    pub message: String,
    /// The error behind it, where the function named one.
    pub cause: Option<String>,
    /// The guest's frames, innermost first.
    pub trace: Vec<String>,
}

impl Failure {
    /// A failure with a message and nothing else.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), cause: None, trace: Vec::new() }
    }
}
