//! `/sync`: what programs coordinate by, one file for each kind, and a list of all there is.

mod bodies;
mod events;
mod leases;
mod queues;
mod topics;
mod variables;

use bodies::Asked;

use std::sync::Arc;

use axum::{Router, extract::State, http::Uri, routing::get};
use serde::Serialize;
use utoipa::ToSchema;
use wask_node::view::sync::SyncPage;
use wask_proto::LeaseKind;

use crate::{
    content::Format,
    dto::{
        Page,
        sync::{FlagDto, LeasesDto, QueueDto, TopicDto, VariableDto},
    },
    params::Params,
    problem::Answer,
    state::ApiState,
};

const LIMIT_DEFAULT: usize = 100;
const LIMIT_MAX: usize = 1_000;

pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/sync", get(all))
        .merge(queues::routes())
        .merge(variables::routes())
        .merge(events::routes())
        .merge(leases::routes())
        .merge(topics::routes())
}

/// All there is; of each kind the first thousand by name.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Coordination)]
pub(crate) struct AllDto {
    queues: Vec<QueueDto>,
    variables: Vec<VariableDto>,
    events: Vec<FlagDto>,
    /// Those that are held.
    locks: Vec<LeasesDto>,
    semaphores: Vec<LeasesDto>,
    topics: Vec<TopicDto>,
    totals: TotalsDto,
}

/// How many there are.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = CoordinationTotals)]
struct TotalsDto {
    queues: u64,
    variables: u64,
    events: u64,
    locks: u64,
    semaphores: u64,
    topics: u64,
    /// Bytes of all values and names.
    bytes: u64,
    /// Calls that wait for something.
    waiters: u64,
}

async fn all(State(state): State<ApiState>, uri: Uri, format: Format) -> Answer {
    Params::read(&uri, &[])?;
    let (node, limit) = (state.node(), LIMIT_MAX);
    let stats = node.stats().await.sync;
    let [queues, variables, events, locks, semaphores, topics] = stats.things;
    let waiters = stats.waiters.iter().sum();
    let bytes = stats.bytes;
    let totals = TotalsDto { queues, variables, events, locks, semaphores, topics, bytes, waiters };
    Ok(format.ok(&AllDto {
        queues: dtos(node.queues(None, limit).await),
        variables: dtos(node.variables(None, limit).await),
        events: dtos(node.set_events(None, limit).await),
        locks: dtos(node.lease_pages(LeaseKind::Lock, None, limit).await),
        semaphores: dtos(node.lease_pages(LeaseKind::Semaphore, None, limit).await),
        topics: dtos(node.topics(None, limit).await),
        totals,
    }))
}

fn dtos<V, D: From<V>>(page: SyncPage<V>) -> Vec<D> {
    page.items.into_iter().map(D::from).collect()
}

/// The answer that a page makes.
fn page<V, D: From<V> + Serialize>(format: Format, found: SyncPage<V>) -> axum::response::Response {
    let next = found.next.as_deref().map(str::to_owned);
    let total = found.total;
    format.ok(&Page { items: dtos::<V, D>(found), next, total })
}

/// Where a page of a list begins, and how long it is.
fn place_of(uri: &Uri) -> Answer<(Option<Arc<str>>, usize)> {
    let params = Params::read(uri, &["cursor", "limit"])?;
    Ok((params.text("cursor").map(Arc::from), params.limit(LIMIT_DEFAULT, LIMIT_MAX)?))
}
