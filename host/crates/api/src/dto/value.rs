//! Results inside of responses: values rendered in place, or named by their object.

use std::sync::Arc;

use serde::{Serialize, Serializer, ser::SerializeMap as _};
use utoipa::ToSchema;
use wask_node::view::ResultView;
use wask_proto::{Encoding, ObjectId, Value};

use super::FailureDto;
use crate::cbor::{Rendered, RenderedBytes};

/// A value whose bytes are at hand, or only its object's name.
#[derive(Clone, Debug)]
pub(crate) enum ValueDto {
    /// In memory.
    Held(Value),
    /// Read from the object store.
    Read(Encoding, Vec<u8>),
    /// Too large to be told here.
    Object(ObjectId),
}

impl Serialize for ValueDto {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Held(value) => match value.bytes() {
                Some(bytes) => render(value.encoding, bytes, serializer),
                None => ObjectRef(value.object_id()).serialize(serializer),
            },
            Self::Read(encoding, bytes) => render(*encoding, bytes, serializer),
            Self::Object(id) => ObjectRef(*id).serialize(serializer),
        }
    }
}

fn render<S: Serializer>(
    encoding: Encoding,
    bytes: &[u8],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match encoding {
        Encoding::Cbor => Rendered(bytes).serialize(serializer),
        Encoding::Raw => RenderedBytes(bytes).serialize(serializer),
    }
}

/// `{"$object": id}`.
#[derive(Clone, Copy, Debug)]
struct ObjectRef(ObjectId);

impl Serialize for ObjectRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("$object", &self.0.to_string())?;
        map.end()
    }
}

/// A result with its value, if it has one, at hand.
#[derive(Clone, Debug)]
pub(crate) struct LoadedResult {
    /// Its task's name.
    pub(crate) key: String,
    /// Position in the order of completion, where that is asked for.
    pub(crate) seq: Option<u64>,
    /// The value of a success that was not released.
    pub(crate) value: Option<ValueDto>,
    /// What there is to say otherwise.
    pub(crate) view: ResultView,
}

/// A task's result, one of several.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Result)]
pub(crate) struct ResultDto<'r> {
    /// Position in the run's order of completion.
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
    /// The task.
    key: &'r str,
    /// Its state.
    state: &'static str,
    /// Its result, when it succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    value: Option<&'r ValueDto>,
    /// Whether it succeeded but its result is gone.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    released: bool,
    /// Why it failed, or why what aborted it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<FailureDto>,
    /// Why it was cancelled, in the user's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    reason: Option<Arc<str>>,
    /// The task that aborted it.
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
}

impl LoadedResult {
    /// As it is answered.
    pub(crate) fn dto(&self) -> ResultDto<'_> {
        let (failure, reason, cause) = match &self.view {
            ResultView::Failed(failure) => (Some(failure), None, None),
            ResultView::Cancelled(reason) => (None, reason.clone(), None),
            ResultView::Aborted(cause, failure) => (failure.as_ref(), None, Some(cause.clone())),
            _ => (None, None, None),
        };
        ResultDto {
            seq: self.seq,
            key: &self.key,
            state: self.view.state().name(),
            value: self.value.as_ref(),
            released: matches!(self.view, ResultView::Released),
            failure: failure.map(|failure| FailureDto::from(&**failure)),
            reason,
            cause,
        }
    }
}

/// Run times in microseconds.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = RunTimes)]
pub(crate) struct RunTimesDto {
    /// The median.
    pub(crate) p50: u64,
    /// The 95th percentile.
    pub(crate) p95: u64,
    /// The maximum.
    pub(crate) max: u64,
}
