//! Queues, variables, events, locks, semaphores and topics as the client sees them.

use std::sync::Arc;

use serde::{Serialize, Serializer};
use utoipa::ToSchema;
use wask_node::view::sync::{
    FlagView, LeaseView, LeasesView, QueueView, TopicItems, TopicView, VariableView,
};
use wask_proto::SyncValue;

use crate::{cbor::Verbatim, units::Time};

/// A value, answered as it was put.
#[derive(Clone, Debug)]
pub(crate) struct PutValue(Arc<SyncValue>);

impl Serialize for PutValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Verbatim(&self.0.cbor).serialize(serializer)
    }
}

/// A queue.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Queue)]
pub(crate) struct QueueDto {
    #[schema(value_type = String)]
    name: Arc<str>,
    /// Items in it.
    size: u64,
    /// Items that it takes; 0 for as many as come.
    maxsize: u64,
    /// Calls that wait for an item.
    getters: u64,
    /// Calls that wait for room.
    putters: u64,
}

impl From<QueueView> for QueueDto {
    fn from(view: QueueView) -> Self {
        let QueueView { name, size, maxsize, getters, putters } = view;
        Self { name, size, maxsize, getters, putters }
    }
}

/// Items that were taken from a queue.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = QueueItems)]
pub(crate) struct QueueItemsDto {
    #[schema(value_type = Vec<serde_json::Value>)]
    items: Vec<PutValue>,
}

impl From<Vec<Arc<SyncValue>>> for QueueItemsDto {
    fn from(items: Vec<Arc<SyncValue>>) -> Self {
        Self { items: items.into_iter().map(PutValue).collect() }
    }
}

/// A variable's value.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = VariableValue)]
pub(crate) struct ValueOfDto {
    #[schema(value_type = serde_json::Value)]
    value: PutValue,
}

impl From<Arc<SyncValue>> for ValueOfDto {
    fn from(value: Arc<SyncValue>) -> Self {
        Self { value: PutValue(value) }
    }
}

/// A variable that has a value.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Variable)]
pub(crate) struct VariableDto {
    #[schema(value_type = String)]
    name: Arc<str>,
    /// Bytes of its value.
    bytes: u64,
}

impl From<VariableView> for VariableDto {
    fn from(view: VariableView) -> Self {
        Self { name: view.name, bytes: view.bytes }
    }
}

/// Whether an event has come.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = EventState)]
pub(crate) struct IsSetDto {
    pub(crate) set: bool,
}

/// An event that has come.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SetEvent)]
pub(crate) struct FlagDto {
    #[schema(value_type = String)]
    name: Arc<str>,
    set: bool,
}

impl From<FlagView> for FlagDto {
    fn from(view: FlagView) -> Self {
        Self { name: view.name, set: true }
    }
}

/// A lease.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = Lease)]
pub(crate) struct LeaseDto {
    /// A number that only grows: what has seen a larger one refuses a smaller one.
    token: u64,
    /// When it runs out.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Time,
}

impl From<LeaseView> for LeaseDto {
    fn from(view: LeaseView) -> Self {
        Self { token: view.token, expires_at: Time(view.until) }
    }
}

/// A lock or a semaphore.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Leases)]
pub(crate) struct LeasesDto {
    #[schema(value_type = String)]
    name: Arc<str>,
    /// Leases at the same time.
    leases: u32,
    /// How many of them are left.
    free: u32,
    /// Those that are taken.
    holders: Vec<LeaseDto>,
    /// Calls that wait for one.
    waiters: u64,
}

impl From<LeasesView> for LeasesDto {
    fn from(view: LeasesView) -> Self {
        let taken = u32::try_from(view.holders.len()).unwrap_or(u32::MAX);
        Self {
            name: view.name,
            leases: view.leases,
            free: view.leases.saturating_sub(taken),
            holders: view.holders.into_iter().map(LeaseDto::from).collect(),
            waiters: view.waiters,
        }
    }
}

/// A topic.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Topic)]
pub(crate) struct TopicDto {
    #[schema(value_type = String)]
    name: Arc<str>,
    /// Items that are kept.
    size: u64,
    /// Items that it keeps at most.
    retain: u64,
    /// The lowest offset that is kept.
    first: u64,
    /// The offset that the next item gets.
    next: u64,
    /// Calls that wait for an item.
    readers: u64,
}

impl From<TopicView> for TopicDto {
    fn from(view: TopicView) -> Self {
        let TopicView { name, size, retain, first, next, readers } = view;
        Self { name, size, retain, first, next, readers }
    }
}

/// Where a posted item is.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = Posted)]
pub(crate) struct PostedDto {
    /// Its offset, counted from 0.
    pub(crate) offset: u64,
}

/// An item of a topic.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = TopicItem)]
pub(crate) struct TopicItemDto {
    /// Its offset.
    pub(crate) offset: u64,
    #[schema(value_type = serde_json::Value)]
    value: PutValue,
}

impl From<(u64, Arc<SyncValue>)> for TopicItemDto {
    fn from((offset, value): (u64, Arc<SyncValue>)) -> Self {
        Self { offset, value: PutValue(value) }
    }
}

/// Items of a topic.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = TopicItems)]
pub(crate) struct TopicItemsDto {
    items: Vec<TopicItemDto>,
    /// The lowest offset that is kept.
    first: u64,
    /// The `after` of the next question; null before the first item.
    next: Option<u64>,
}

impl From<TopicItems> for TopicItemsDto {
    fn from(items: TopicItems) -> Self {
        let TopicItems { items, first, next } = items;
        Self { items: items.into_iter().map(TopicItemDto::from).collect(), first, next }
    }
}
