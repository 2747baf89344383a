//! The shapes of responses, one file per family. Built from the server's views, never read back.

mod actor;
mod event;
mod failure;
mod live;
mod module;
mod run;
mod task;
mod value;
mod worker;

pub(crate) mod sync;

pub(crate) use actor::{ActorDto, MadeActorDto};
pub(crate) use event::{EventDto, event_name};
pub(crate) use failure::FailureDto;
pub(crate) use live::{
    CriticalPathDto, DurationsDto, FailuresDto, Message, NamesDto, ProfileDto, SpansDto,
    TaskNamesDto, TickDto, Workers,
};
pub(crate) use module::{ModuleDto, ObjectDto};
pub(crate) use run::{CountsDto, RunDetailDto, RunDto, SubmittedDto};
pub(crate) use task::{ExplainDto, LogDto, TaskDetailDto, TaskDto};
pub(crate) use value::{LoadedResult, ResultDto, RunTimesDto, ValueDto};
pub(crate) use worker::WorkerDto;

use serde::Serialize;

/// Some of many: a page of a list.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Page<T> {
    /// What is on the page.
    pub(crate) items: Vec<T>,
    /// The `cursor` of the next page; null on the last one.
    pub(crate) next: Option<String>,
    /// How many match, on all pages together.
    pub(crate) total: u64,
}

impl<T> Page<T> {
    /// Everything on one page.
    pub(crate) fn whole(items: Vec<T>) -> Self {
        let total = items.len() as u64;
        Self { items, next: None, total }
    }
}
