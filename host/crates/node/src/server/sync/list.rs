//! Questions about what there is. Changes nothing.

use std::{collections::BTreeMap, ops::Bound, sync::Arc};

use wask_proto::{LeaseKind, LeaseName, ObjectId, RunId, SyncValue};

use super::Coordination;
use crate::view::sync::{
    FlagView, LeasesView, QueueView, SyncKind, SyncPage, SyncStats, TopicView, VariableView,
};

/// Where a page of a list begins, and how long it is.
#[derive(Clone, Debug)]
pub(crate) struct PageOf {
    /// After this name.
    pub(crate) after: Option<Arc<str>>,
    /// So many.
    pub(crate) limit: usize,
}

impl Coordination {
    pub(crate) fn queue(&self, name: &Arc<str>) -> Option<QueueView> {
        self.queues.view(name)
    }

    pub(crate) fn leases(&self, of: &LeaseName) -> Option<LeasesView> {
        self.leases.view(of)
    }

    pub(crate) fn queue_page(&self, page: &PageOf) -> SyncPage<QueueView> {
        page_of(self.queues.names(), page, |name| self.queues.view(name))
    }

    pub(crate) fn variable_page(&self, page: &PageOf) -> SyncPage<VariableView> {
        page_of(self.variables.names(), page, |name| self.variables.view(name))
    }

    pub(crate) fn flag_page(&self, page: &PageOf) -> SyncPage<FlagView> {
        page_of(self.flags.names(), page, |name| self.flags.view(name))
    }

    pub(crate) fn topic_page(&self, page: &PageOf) -> SyncPage<TopicView> {
        page_of(self.topics.names(), page, |name| self.topics.view(name))
    }

    /// The locks that are held, or all semaphores.
    pub(crate) fn lease_page(&self, kind: LeaseKind, page: &PageOf) -> SyncPage<LeasesView> {
        let of_kind = |of: &&LeaseName| of.kind == kind;
        let names = self.leases.names().keys().filter(of_kind);
        let names: BTreeMap<Arc<str>, ()> = names.map(|of| (Arc::clone(&of.name), ())).collect();
        page_of(&names, page, |name| self.leases.view(&LeaseName { kind, name: Arc::clone(name) }))
    }

    pub(crate) fn stats(&self) -> SyncStats {
        let of_kind = |kind| self.leases.names().keys().filter(|of| of.kind == kind).count();
        let things = [
            self.queues.names().len(),
            self.variables.names().len(),
            self.flags.names().len(),
            of_kind(LeaseKind::Lock),
            of_kind(LeaseKind::Semaphore),
            self.topics.names().len(),
        ];
        SyncStats {
            things: things.map(|count| count as u64),
            waiters: self.waiters_by_kind().map(|count| count as u64),
            bytes: self.books.bytes,
        }
    }

    /// Calls that wait, in the order of [`SyncKind::ALL`].
    pub(super) fn waiters_by_kind(&self) -> [usize; 6] {
        let leases = [LeaseKind::Lock, LeaseKind::Semaphore].map(|kind| self.leases.waiters(kind));
        [
            self.queues.waiters(),
            self.variables.waiters(),
            self.flags.waiters(),
            leases[0],
            leases[1],
            self.topics.waiters(),
        ]
    }

    /// Who needs an object, if anybody does.
    pub(crate) fn user_of_object(&self, id: &ObjectId) -> Option<String> {
        self.books.needs_object(id).then(|| self.user(|value| value.objects.contains(id)))
    }

    /// Who needs a task of a run, if anybody does.
    pub(crate) fn user_of_run(&self, run: RunId) -> Option<String> {
        let refers = |value: &SyncValue| value.tasks.iter().any(|task| task.run == run);
        self.books.needs_run(run).then(|| self.user(refers))
    }

    fn user(&self, fits: impl Fn(&SyncValue) -> bool) -> String {
        let queue = self.queues.find(&fits).map(|name| (SyncKind::Queue, name));
        let variable = || self.variables.find(&fits).map(|name| (SyncKind::Variable, name));
        let topic = || self.topics.find(&fits).map(|name| (SyncKind::Topic, name));
        match queue.or_else(variable).or_else(topic) {
            Some((kind, name)) => format!("the {} `{name}`", kind.word()),
            None => "a call that waits to put it into a queue".to_owned(),
        }
    }
}

fn page_of<V, T>(
    names: &BTreeMap<Arc<str>, V>,
    page: &PageOf,
    view: impl Fn(&Arc<str>) -> Option<T>,
) -> SyncPage<T> {
    let after = page.after.clone().map_or(Bound::Unbounded, Bound::Excluded);
    let mut rest = names.range((after, Bound::Unbounded)).map(|(name, _)| name);
    let shown: Vec<&Arc<str>> = rest.by_ref().take(page.limit).collect();
    let next = rest.next().and(shown.last().copied().cloned());
    SyncPage {
        items: shown.into_iter().filter_map(view).collect(),
        next,
        total: names.len() as u64,
    }
}
