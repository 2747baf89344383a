//! What a compile child answers on its standard output: one frame, then it ends.

use serde::{Deserialize, Serialize};

use crate::FunctionInfo;

/// A module that was checked, compiled and described.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CompiledModule {
    /// Its task functions.
    pub functions: Vec<FunctionInfo>,
    /// The host functions it imports, sorted.
    pub imports: Vec<String>,
    /// Whether it imports nothing that could make two calls differ.
    pub pure: bool,
}

/// The answer of a compile child.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum CompileReply {
    /// Its compiled form is in the cache directory.
    Compiled(CompiledModule),
    /// The module does not fit; the fault is the module's.
    Refused {
        /// What is wrong and what to change, for people.
        reason: String,
    },
    /// The child could not do its work; the fault is the host's.
    Fault {
        /// What went wrong.
        message: String,
    },
}
