//! Actors as the client sees them.

use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;
use wask_node::view::actors::ActorView;

use super::FailureDto;
use crate::units::Time;

/// An actor that was made.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = MadeActor)]
pub(crate) struct MadeActorDto {
    /// Its id.
    id: String,
    /// Its address.
    url: String,
    /// `module/class` as the client wrote it.
    call: String,
    /// Its name.
    #[schema(value_type = Option<String>)]
    name: Option<Arc<str>>,
    /// When its constructor had run.
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
}

impl MadeActorDto {
    pub(crate) fn new(view: &ActorView, url: String) -> Self {
        Self {
            id: view.id.to_string(),
            url,
            call: call_of(view),
            name: view.name.clone(),
            created_at: Time(view.created_at),
        }
    }
}

/// An actor.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Actor)]
pub(crate) struct ActorDto {
    /// Its id.
    id: String,
    /// `module/class` as the client wrote it.
    call: String,
    /// Its name.
    #[schema(value_type = Option<String>)]
    name: Option<Arc<str>>,
    /// When its constructor had run.
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    /// Calls that took place, with or without success.
    calls: u64,
    /// Calls that have no answer yet.
    waiting: u64,
    /// Bytes of its state when it was saved last.
    state_bytes: u64,
    /// When that was.
    snapshot: SnapshotDto,
    /// The worker that keeps its instance; null while none does.
    worker: Option<u32>,
    /// When the last call ended that took place.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_call_at: Option<Time>,
    /// Why the last of the calls failed that did, since the server's start.
    last_failure: Option<FailureDto>,
}

/// A saved state. Calls since are done again when an actor is restored.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ActorSnapshot)]
struct SnapshotDto {
    /// After which call it was saved; 0 for the constructor.
    call: u64,
    /// The object that holds it; null where it is small.
    object: Option<String>,
}

impl From<ActorView> for ActorDto {
    fn from(view: ActorView) -> Self {
        Self {
            id: view.id.to_string(),
            call: call_of(&view),
            name: view.name,
            created_at: Time(view.created_at),
            calls: view.calls,
            waiting: view.waiting,
            state_bytes: view.state_bytes,
            snapshot: SnapshotDto {
                call: view.saved_at_call,
                object: view.object.map(|id| id.to_string()),
            },
            worker: view.worker.map(|worker| worker.0),
            last_call_at: view.last_call_at.map(Time),
            last_failure: view.last_failure.as_deref().map(FailureDto::from),
        }
    }
}

fn call_of(view: &ActorView) -> String {
    format!("{}/{}", view.class.module_name, view.class.class)
}
