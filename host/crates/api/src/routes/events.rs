//! `/events`: what happens, as Server-Sent Events. The id of an event is its number in the
//! journal, with which a client resumes.

use std::{convert::Infallible, time::Duration};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, Uri},
    response::{
        IntoResponse as _,
        sse::{Event, KeepAlive, Sse},
    },
    routing::get,
};
use futures::{Stream, StreamExt as _};
use wask_node::view::EventView;
use wask_proto::{RunId, Seq};

use crate::{
    codes,
    dto::{EventDto, event_name},
    params::{Params, Path},
    problem::{Answer, Problem},
    state::ApiState,
};

/// How often a comment is sent while nothing happens, so that dead connections are noticed.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How soon a client that was cut off comes back.
const RETRY: Duration = Duration::from_secs(1);

pub(crate) fn routes() -> Router<ApiState> {
    Router::new().route("/events", get(all)).route("/runs/{id}/events", get(of_run))
}

async fn all(State(state): State<ApiState>, uri: Uri, headers: HeaderMap) -> Answer {
    feed(state, None, &uri, &headers)
}

async fn of_run(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    // The keys are asked for because they tell whether a full id is known at all.
    let (run, _) = state.find_keys(&id).await?;
    feed(state, Some(run), &uri, &headers)
}

fn feed(state: ApiState, run: Option<RunId>, uri: &Uri, headers: &HeaderMap) -> Answer {
    let params = Params::read(uri, &["after"])?;
    let after = match headers.get("last-event-id") {
        Some(id) => Some(id.to_str().ok().and_then(|id| id.parse().ok()).ok_or_else(wrong_id)?),
        None => params.number("after", "the id of an event")?,
    };
    let events = state.node().events(run, after.map(Seq)).map(|event| Ok(sse(event)));
    let events = until_closed(state, events);
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE);
    Ok(Sse::new(events).keep_alive(keep_alive).into_response())
}

/// The feed, begun with how to come back, ended when the API closes.
pub(super) fn until_closed(
    state: ApiState,
    events: impl Stream<Item = Result<Event, Infallible>> + Send + 'static,
) -> impl Stream<Item = Result<Event, Infallible>> + Send + 'static {
    let first = Event::default().retry(RETRY).comment("wask");
    let first = futures::stream::once(async move { Ok(first) });
    first.chain(events.take_until(async move { state.closed().await }))
}

fn sse(event: EventView) -> Event {
    let (seq, name) = (event.seq, event_name(&event));
    let data = serde_json::to_string(&EventDto::from(event)).unwrap_or_default();
    let told = Event::default().event(name).data(data);
    match seq {
        Some(Seq(seq)) => told.id(seq.to_string()),
        None => told,
    }
}

pub(super) fn wrong_id() -> Problem {
    Problem::new(codes::INVALID_HEADER, "`Last-Event-ID` should be the id of an event, an integer")
}
