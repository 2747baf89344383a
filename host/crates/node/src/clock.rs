//! The only reader of the clock on the scheduler's side.

use std::time::{SystemTime, UNIX_EPOCH};

use wask_proto::Timestamp;

/// The present, never before the Unix epoch.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
}
