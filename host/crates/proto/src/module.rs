//! What is known about an uploaded module.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{ModuleId, Timestamp};

/// A module, as its `describe` told it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ModuleInfo {
    /// The hash of the uploaded bytes.
    pub id: ModuleId,
    /// Number of uploaded bytes.
    pub size: u64,
    /// When it was uploaded first.
    pub created_at: Timestamp,
    /// Whether it imports nothing that could make two calls differ.
    pub pure: bool,
    /// The host functions it imports.
    pub imports: Vec<String>,
    /// Its task functions.
    pub functions: Vec<FunctionInfo>,
}

impl ModuleInfo {
    /// The function of that name.
    pub fn function(&self, name: &str) -> Option<&FunctionInfo> {
        self.functions.iter().find(|function| *function.name == *name)
    }
}

/// A task function.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FunctionInfo {
    /// Its name.
    pub name: Arc<str>,
    /// Its doc comment.
    pub doc: String,
    /// Its parameters, in order.
    pub params: Vec<ParamInfo>,
    /// Its result.
    pub result: ResultInfo,
    /// Default for `retries`.
    pub retries: Option<u32>,
    /// Default for `timeout`, in milliseconds.
    pub timeout_ms: Option<u64>,
    /// Default for `memory`, in bytes.
    pub memory_max_bytes: Option<u64>,
}

/// A parameter.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ParamInfo {
    /// Its name.
    pub name: String,
    /// JSON Schema (draft 2020-12) of its values, as JSON text.
    pub schema: String,
    /// Whether the guest takes it as raw bytes instead of CBOR.
    pub raw: bool,
}

/// A result.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ResultInfo {
    /// JSON Schema of the result, as JSON text.
    pub schema: String,
    /// Whether the guest returns raw bytes instead of CBOR.
    pub raw: bool,
    /// Media type of a raw result.
    pub media_type: Option<String>,
}
