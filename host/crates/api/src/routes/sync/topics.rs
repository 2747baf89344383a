//! `/sync/topics`: a durable log of items, read by offset or as Server-Sent Events.

use std::{collections::VecDeque, convert::Infallible, sync::Arc};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, Uri, header},
    response::{
        IntoResponse as _,
        sse::{Event, KeepAlive, Sse},
    },
    routing::get,
};
use futures::{Stream, stream};
use wask_node::{Refusal, view::sync::SyncCall};

use super::{Asked, page, place_of};
use crate::{
    content::Format,
    dto::sync::{PostedDto, TopicDto, TopicItemDto, TopicItemsDto},
    params::Path,
    problem::Answer,
    routes::events::{KEEP_ALIVE, until_closed, wrong_id},
    state::ApiState,
};

const LIMIT_DEFAULT: usize = 1_000;
const LIMIT_MAX: usize = 10_000;
/// Items that a topic can be told to keep.
const RETAIN_MAX: i64 = 10_000_000;
const QUERY: [&str; 3] = ["after", "wait", "limit"];

pub(super) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/sync/topics", get(list))
        .route("/sync/topics/{name}", get(read).post(post).put(make).delete(delete))
}

async fn list(State(state): State<ApiState>, uri: Uri, format: Format) -> Answer {
    let (after, limit) = place_of(&uri)?;
    Ok(page::<_, TopicDto>(format, state.node().topics(after, limit).await))
}

async fn make(
    State(state): State<ApiState>,
    Path(name): Path<String>,
    format: Format,
    request: Request,
) -> Answer {
    let mut asked = Asked::read(state, &name, request, &[])?;
    let retain = asked.integer("retain", (1, RETAIN_MAX)).await?;
    let topic = asked.state.node().make_topic(asked.name, retain, asked.call).await?;
    Ok(format.ok(&TopicDto::from(topic)))
}

async fn post(
    State(state): State<ApiState>,
    Path(name): Path<String>,
    format: Format,
    request: Request,
) -> Answer {
    let mut asked = Asked::read(state, &name, request, &[])?;
    let value = asked.value().await?;
    let offset = asked.state.node().post(asked.name, value, asked.call).await?;
    Ok(format.ok(&PostedDto { offset }))
}

async fn delete(
    State(state): State<ApiState>,
    Path(name): Path<String>,
    request: Request,
) -> Answer<StatusCode> {
    let asked = Asked::read(state, &name, request, &[])?;
    asked.state.node().delete_topic(asked.name, asked.call).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn read(
    State(state): State<ApiState>,
    Path(name): Path<String>,
    format: Format,
    request: Request,
) -> Answer {
    let asked = Asked::read(state, &name, request, &QUERY)?;
    let params = asked.params(&QUERY)?;
    let after = params.number("after", "the offset of an item")?;
    let limit = params.limit(LIMIT_DEFAULT, LIMIT_MAX)?;
    if wants_events(asked.headers()) {
        return feed(asked, after);
    }
    let items = asked.state.node().read_topic(asked.name, after, limit, asked.call);
    let items = Asked::until_closed(&asked.state, items).await?;
    Ok(format.ok(&TopicItemsDto::from(items)))
}

fn wants_events(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted
        .flat_map(|value| value.split(','))
        .any(|kind| kind.split(';').next().is_some_and(|kind| kind.trim() == "text/event-stream"))
}

/// What was posted after an offset, and then what is posted as it comes.
fn feed(asked: Asked, after: Option<u64>) -> Answer {
    let after = match asked.headers().get("last-event-id") {
        Some(id) => Some(id.to_str().ok().and_then(|id| id.parse().ok()).ok_or_else(wrong_id)?),
        None => after,
    };
    let reader =
        TopicReader { state: asked.state.clone(), name: asked.name, after, ready: VecDeque::new() };
    let events = until_closed(asked.state, reader.events());
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE);
    Ok(Sse::new(events).keep_alive(keep_alive).into_response())
}

/// One reader's place in a topic.
struct TopicReader {
    state: ApiState,
    name: Arc<str>,
    after: Option<u64>,
    ready: VecDeque<TopicItemDto>,
}

impl TopicReader {
    fn events(self) -> impl Stream<Item = Result<Event, Infallible>> + Send + 'static {
        stream::unfold(self, Self::next)
    }

    /// The next item. When the server refuses, the stream ends, and the client comes back.
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                let data = serde_json::to_string(&item).unwrap_or_default();
                let event = Event::default().id(item.offset.to_string()).data(data);
                return Some((Ok(event), self));
            }
            let call = SyncCall { guard: None, wait: Some(self.state.limits().wait_max) };
            let (name, after) = (Arc::clone(&self.name), self.after);
            match self.state.node().read_topic(name, after, LIMIT_DEFAULT, call).await {
                Ok(read) => {
                    self.after = read.next.or(self.after);
                    self.ready.extend(read.items.into_iter().map(TopicItemDto::from));
                }
                Err(Refusal::TimedOut) => {}
                Err(_) => return None,
            }
        }
    }
}
