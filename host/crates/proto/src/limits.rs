//! Every constant bound that more than one crate must know, with its unit in its name.

use serde::{Deserialize, Serialize};

/// The version of everything that decides what bytes a pure call returns: world, float rules,
/// limits' semantics. Part of each memo key; a change of any of these needs a new value.
pub const ABI_PROFILE: &str = "wask:task@0.1.0;nan-canonical;relaxed-simd-deterministic";

/// Values up to this size travel inside records and are stored inline.
pub const INLINE_VALUE_MAX_BYTES: usize = 4 * 1024;

/// The largest value that a queue, a variable or a topic takes; more goes into an object.
pub const SYNC_VALUE_MAX_BYTES: usize = 64 * 1024;

/// The largest module that is accepted.
pub const MODULE_MAX_BYTES: usize = 64 * 1024 * 1024;

/// What one call may use.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CallLimits {
    /// Linear memory, summed over all memories of all instances of the component.
    pub memory_max_bytes: u64,
    /// Wall time of the call, sandbox creation included.
    pub wall_max_ms: u64,
    /// Bytes of the result, or of the failure.
    pub result_max_bytes: u64,
    /// Bytes of all log lines together.
    pub log_max_bytes: u64,
    /// Number of log lines.
    pub log_max_lines: u32,
    /// Elements of all tables together.
    pub table_max_elements: u64,
}

impl Default for CallLimits {
    fn default() -> Self {
        Self {
            memory_max_bytes: 256 * 1024 * 1024,
            wall_max_ms: 5 * 60 * 1_000,
            result_max_bytes: 64 * 1024 * 1024,
            log_max_bytes: 1024 * 1024,
            log_max_lines: 1_000,
            table_max_elements: 100_000,
        }
    }
}

/// What `describe` may use when a module is uploaded.
pub const DESCRIBE_LIMITS: CallLimits = CallLimits {
    memory_max_bytes: 64 * 1024 * 1024,
    wall_max_ms: 5_000,
    result_max_bytes: 4 * 1024 * 1024,
    log_max_bytes: 64 * 1024,
    log_max_lines: 100,
    table_max_elements: 100_000,
};
