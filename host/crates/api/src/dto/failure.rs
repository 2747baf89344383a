//! A failure as the client sees it.

use serde::Serialize;
use utoipa::ToSchema;
use wask_proto::Failure;

/// Why an attempt did not succeed.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Failure)]
pub(crate) struct FailureDto {
    /// `app`, `trap`, `timeout`, `memory`, `output`, `worker-lost` or `invalid`.
    pub(crate) kind: &'static str,
    /// What happened.
    pub(crate) message: String,
    /// The error behind it, where the function named one.
    pub(crate) cause: Option<String>,
    /// The guest's frames, innermost first.
    pub(crate) trace: Vec<String>,
}

impl From<&Failure> for FailureDto {
    fn from(failure: &Failure) -> Self {
        Self {
            kind: failure.kind.name(),
            message: failure.message.clone(),
            cause: failure.cause.clone(),
            trace: failure.trace.clone(),
        }
    }
}
