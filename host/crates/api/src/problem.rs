//! Errors as the client sees them: `application/problem+json` (RFC 9457) with a code for programs,
//! a sentence that says what to change, and for bodies every error with a JSON pointer.

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;
use wask_node::{Refusal, view::sync::SyncKind};

use crate::{
    cbor::{JsonError, JsonFault, Malformed, TOO_DEEP},
    codes::{self, Code},
    dto::FailureDto,
    errors::{ErrorItem, Errors},
};

/// The body of an error.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody {
    /// A URN with the code.
    r#type: String,
    /// The same for every problem with this code.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What happened and what to change.
    detail: String,
    /// One word for programs.
    code: &'static str,
    /// Every error in the request's body.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<ErrorItem>,
    /// For a task that did not succeed: why.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<FailureDto>,
    /// The task that the problem is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

/// An error on its way to the client.
#[derive(Clone, Debug)]
pub(crate) struct Problem(Box<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    body: ProblemBody,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem of that code.
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        let body = ProblemBody {
            r#type: format!("urn:wask:problem:{}", code.name),
            title: code.title,
            status: code.status,
            detail: detail.into(),
            code: code.name,
            errors: Vec::new(),
            failure: None,
            key: None,
        };
        Self(Box::new(Inner { body, headers: Vec::new() }))
    }

    /// A problem of several errors in the body.
    pub(crate) fn with_errors(code: Code, errors: Errors) -> Self {
        let (items, more) = errors.into_parts();
        let first = items.first();
        let place = first.map_or(String::new(), |e| match e.pointer.as_str() {
            "" => e.detail.clone(),
            pointer => format!("{}: {}", shorten(pointer), e.detail),
        });
        let detail = match (items.len() + more, more) {
            (1, _) => place,
            (count, 0) => format!("{count} errors; the first is at {place}"),
            (count, _) => format!("{count} errors, not all are listed; the first is at {place}"),
        };
        let mut problem = Self::new(code, detail);
        problem.0.body.errors = items;
        problem
    }

    /// Adds the failure of a task.
    pub(crate) fn failure(mut self, failure: Option<FailureDto>) -> Self {
        self.0.body.failure = failure;
        self
    }

    /// Names the task that it is about.
    pub(crate) fn key(mut self, key: &str) -> Self {
        self.0.body.key = Some(key.to_owned());
        self
    }

    /// Adds a header.
    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// Adds "try again in so many seconds".
    pub(crate) fn retry_after(self, seconds: u64) -> Self {
        self.header(header::RETRY_AFTER, seconds.into())
    }

    /// The code's word.
    #[cfg(test)]
    pub(crate) fn code(&self) -> &'static str {
        self.0.body.code
    }

    /// What is wrong with a JSON body; `invalid` is the code for JSON that cannot be taken.
    pub(crate) fn of_json(error: JsonError, invalid: Code) -> Self {
        let code = match error.fault {
            JsonFault::Syntax => return Self::new(codes::MALFORMED_JSON, error.detail),
            JsonFault::TooDeep => "too_deep",
            JsonFault::NumberRange => "number_out_of_range",
        };
        Self::with_errors(invalid, Errors::one(error.pointer, code, error.detail))
    }

    /// What is wrong with a CBOR body; `invalid` is the code for CBOR that cannot be taken.
    pub(crate) fn of_cbor(error: Malformed, invalid: Code) -> Self {
        if error.what == TOO_DEEP {
            let errors = Errors::one(String::new(), "too_deep", error.to_string());
            return Self::with_errors(invalid, errors);
        }
        Self::new(codes::MALFORMED_CBOR, error.to_string())
    }
}

/// The beginning of a pointer that is too long for a sentence; the list of errors has it whole.
fn shorten(pointer: &str) -> String {
    const SHOWN_MAX: usize = 100;
    if pointer.chars().count() <= SHOWN_MAX {
        return pointer.to_owned();
    }
    pointer.chars().take(SHOWN_MAX).chain(['…']).collect()
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Inner { body, headers } = *self.0;
        let status = StatusCode::from_u16(body.status);
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let bytes = serde_json::to_vec(&body).unwrap_or_default();
        let kind = [(header::CONTENT_TYPE, "application/problem+json")];
        let mut response = (status, kind, bytes).into_response();
        for (name, value) in headers {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let code = match &refusal {
            Refusal::UnknownRun => codes::UNKNOWN_RUN,
            Refusal::UnknownTask => codes::UNKNOWN_TASK,
            Refusal::UnknownModule => codes::UNKNOWN_MODULE,
            Refusal::UnknownObject => codes::UNKNOWN_OBJECT,
            Refusal::RunClosed => codes::RUN_CLOSED,
            Refusal::NoLease => codes::NO_LEASE,
            Refusal::RunUnfinished => codes::RUN_UNFINISHED,
            Refusal::RunInUse | Refusal::RunHeldBy(_) => codes::RUN_IN_USE,
            Refusal::DuplicateKey(_) => codes::DUPLICATE_KEY,
            Refusal::IdempotencyMismatch => codes::IDEMPOTENCY_MISMATCH,
            Refusal::UnknownActor => codes::UNKNOWN_ACTOR,
            Refusal::ActorDeleted => codes::ACTOR_DELETED,
            Refusal::NoResult(_) => codes::NO_RESULT,
            Refusal::InvalidArguments(_) => codes::INVALID_ARGUMENTS,
            Refusal::ModuleInUse(_) | Refusal::ModuleHeldBy(_) => codes::MODULE_IN_USE,
            Refusal::ObjectInUse(_) => codes::OBJECT_IN_USE,
            Refusal::UnknownName(kind, _) => code_of_unknown(*kind),
            Refusal::Deleted(SyncKind::Semaphore, _) => codes::SEMAPHORE_DELETED,
            Refusal::Deleted(..) => codes::QUEUE_DELETED,
            Refusal::TimedOut => codes::TIMEOUT,
            Refusal::StaleToken { .. } => codes::STALE_TOKEN,
            Refusal::TooMuchWork { .. }
            | Refusal::SyncFull { .. }
            | Refusal::ActorCallsFull(_)
            | Refusal::TooManyActors { .. } => codes::TOO_MUCH_WORK,
            Refusal::Busy(_) | Refusal::StaleKeys => codes::BUSY,
            Refusal::DiskFull => codes::DISK_FULL,
            Refusal::HashMismatch { .. } => codes::HASH_MISMATCH,
            Refusal::InvalidModule(_) => codes::INVALID_MODULE,
            Refusal::Host(_) => codes::INTERNAL,
            Refusal::ShuttingDown => codes::SHUTTING_DOWN,
        };
        if code == codes::INTERNAL {
            tracing::error!(error = %refusal, "a request failed through no fault of the client");
        }
        let problem = Self::new(code, refusal.to_string());
        match refusal {
            Refusal::TooMuchWork { retry_after_s, .. } => problem.retry_after(retry_after_s),
            Refusal::Busy(_)
            | Refusal::SyncFull { .. }
            | Refusal::ActorCallsFull(_)
            | Refusal::TooManyActors { .. }
            | Refusal::StaleKeys
            | Refusal::ShuttingDown => problem.retry_after(1),
            _ => problem,
        }
    }
}

/// The code for a name that is not known among things of a kind.
const fn code_of_unknown(kind: SyncKind) -> Code {
    match kind {
        SyncKind::Queue => codes::UNKNOWN_QUEUE,
        SyncKind::Variable => codes::UNKNOWN_VARIABLE,
        SyncKind::Lock => codes::UNKNOWN_LOCK,
        SyncKind::Semaphore => codes::UNKNOWN_SEMAPHORE,
        SyncKind::Topic => codes::UNKNOWN_TOPIC,
        // An event is never unknown: one that was not set has not come.
        SyncKind::Event => codes::NOT_FOUND,
    }
}

/// What handlers return.
pub(crate) type Answer<T = Response> = Result<T, Problem>;
