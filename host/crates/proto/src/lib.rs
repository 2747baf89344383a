//! The words that every part of Wask shares: ids, times, values, graphs, messages, records.
//!
//! Plain data and its encodings. This crate never does IO, never reads a clock and decides nothing.

mod actor;
mod failure;
mod few;
mod frame;
mod graph;
mod ids;
mod limits;
mod module;
mod profile;
mod record;
mod span;
mod state;
mod sync;
mod time;
mod value;

pub mod ask;
pub mod bulk;
pub mod cbor;
pub mod child;
pub mod compile;
pub mod executor;
pub mod worker;

pub use actor::{ActorRecord, ArgBytes};
pub use bulk::BULK_MIN_BYTES;
pub use failure::{Failure, FailureKind};
pub use few::{Few, FewBytes};
pub use frame::{Carrier, FrameError, Incoming, bulk_head, decode_frame, encode_frame, send_ahead};
pub use graph::{
    ArgTemplate, CallSpec, CallSpecs, MapSource, NodeSpec, OnFailed, Part, RunHeader, TaskOptions,
    ZipSource,
};
pub use ids::{
    ActorId, IdError, MemoKey, ModuleId, ObjectId, RunId, Seq, TaskId, TaskIndex, WorkerId,
};
pub use limits::{
    ABI_PROFILE, CallLimits, DESCRIBE_LIMITS, INLINE_VALUE_MAX_BYTES, MODULE_MAX_BYTES,
    SYNC_VALUE_MAX_BYTES,
};
pub use module::{FunctionInfo, ModuleInfo, ParamInfo, ResultInfo};
pub use profile::{FRAMES_MAX, Profile, ProfileNode, ProfileTree};
pub use record::{Record, RecordError, StoredValue};
pub use span::{BLOCK_SPANS, NO_LANE, Span, SpanState, decode_block, encode_block};
pub use state::{RunState, TaskState};
pub use sync::{LeaseEnd, LeaseKind, LeaseName, SyncRecord, SyncValue};
pub use time::{Timestamp, Timing};
pub use value::{Encoding, StoredAt, Value, ValueData};
