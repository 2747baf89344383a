//! Coordination through the handle: queues, variables, events, locks, semaphores, topics.
//!
//! The loop ends waits by itself, so that what is handed out and what times out is decided in one
//! place. A wait whose future is dropped gives back what it was about to get.

use std::sync::Arc;

use tokio::sync::oneshot;
use wask_proto::{LeaseKind, LeaseName, SyncValue};

use super::{Command, Handle, Refusal, Server};
use crate::{
    clock,
    server::{Call, PageOf, SyncCommand},
    view::sync::{
        FlagView, LeaseView, LeasesView, QueueView, SyncCall, SyncPage, TopicItems, TopicView,
        VariableView,
    },
};

impl Handle {
    /// Makes a queue, or changes its size; without one an existing queue stays as it is.
    pub async fn make_queue(
        &self,
        name: Arc<str>,
        maxsize: Option<u64>,
        call: SyncCall,
    ) -> Result<QueueView, Refusal> {
        self.sync(call, |call| SyncCommand::MakeQueue { name, maxsize, call }).await
    }

    /// Puts an item at a queue's end; waits for room.
    pub async fn queue_put(
        &self,
        name: Arc<str>,
        value: SyncValue,
        call: SyncCall,
    ) -> Result<QueueView, Refusal> {
        let value = Arc::new(value);
        self.sync(call, |call| SyncCommand::Put { name, value, call }).await
    }

    /// Takes items from a queue's front, `batch` at most, at least one; waits for it.
    pub async fn queue_get(
        &self,
        name: Arc<str>,
        batch: usize,
        call: SyncCall,
    ) -> Result<Vec<Arc<SyncValue>>, Refusal> {
        let got = self.sync(call, |call| SyncCommand::Get { name, batch, call }).await?;
        Ok(got.into_iter().map(|(_, value)| value).collect())
    }

    /// A queue.
    pub async fn queue(&self, name: Arc<str>) -> Option<QueueView> {
        self.read(move |server| server.sync().queue(&name)).await?
    }

    /// Deletes a queue and its items.
    pub async fn delete_queue(&self, name: Arc<str>, call: SyncCall) -> Result<(), Refusal> {
        self.sync(call, |call| SyncCommand::DeleteQueue { name, call }).await
    }

    /// Gives a variable a value.
    pub async fn set_variable(
        &self,
        name: Arc<str>,
        value: SyncValue,
        call: SyncCall,
    ) -> Result<(), Refusal> {
        let value = Arc::new(value);
        self.sync(call, |call| SyncCommand::SetVariable { name, value, call }).await
    }

    /// A variable's value; waits until it has one.
    pub async fn variable(
        &self,
        name: Arc<str>,
        call: SyncCall,
    ) -> Result<Arc<SyncValue>, Refusal> {
        self.sync(call, |call| SyncCommand::Variable { name, call }).await
    }

    /// Takes a variable's value away.
    pub async fn delete_variable(&self, name: Arc<str>, call: SyncCall) -> Result<(), Refusal> {
        self.sync(call, |call| SyncCommand::DeleteVariable { name, call }).await
    }

    /// Lets an event come.
    pub async fn set_event(&self, name: Arc<str>, call: SyncCall) -> Result<(), Refusal> {
        self.sync(call, |call| SyncCommand::Flag { name, set: true, call }).await
    }

    /// Makes an event as if it had never come.
    pub async fn clear_event(&self, name: Arc<str>, call: SyncCall) -> Result<(), Refusal> {
        self.sync(call, |call| SyncCommand::Flag { name, set: false, call }).await
    }

    /// Whether an event has come; waits until it has.
    pub async fn event(&self, name: Arc<str>, call: SyncCall) -> Result<bool, Refusal> {
        self.sync(call, |call| SyncCommand::AwaitFlag { name, call }).await
    }

    /// Makes a semaphore, or changes how many leases it gives.
    pub async fn make_semaphore(
        &self,
        name: Arc<str>,
        leases: u32,
        call: SyncCall,
    ) -> Result<LeasesView, Refusal> {
        self.sync(call, |call| SyncCommand::MakeSemaphore { name, leases, call }).await
    }

    /// Takes a lease; waits for one.
    pub async fn acquire(
        &self,
        of: LeaseName,
        lease_ms: u64,
        call: SyncCall,
    ) -> Result<LeaseView, Refusal> {
        self.sync(call, |call| SyncCommand::Acquire { of, lease_ms, call }).await
    }

    /// Lets a lease last longer, from now on.
    pub async fn renew_lease(
        &self,
        of: LeaseName,
        token: u64,
        lease_ms: Option<u64>,
        call: SyncCall,
    ) -> Result<LeaseView, Refusal> {
        self.sync(call, |call| SyncCommand::Renew { of, token, lease_ms, call }).await
    }

    /// Gives a lease back.
    pub async fn release_lease(
        &self,
        of: LeaseName,
        token: u64,
        call: SyncCall,
    ) -> Result<(), Refusal> {
        self.sync(call, |call| SyncCommand::Release { of, token, call }).await
    }

    /// A lock or a semaphore with its holders.
    pub async fn leases(&self, of: LeaseName) -> Option<LeasesView> {
        self.read(move |server| server.sync().leases(&of)).await?
    }

    /// Ends the lease of a lock, or deletes a semaphore.
    pub async fn delete_leases(&self, of: LeaseName, call: SyncCall) -> Result<(), Refusal> {
        self.sync(call, |call| SyncCommand::DeleteLeases { of, call }).await
    }

    /// Makes a topic, or changes what it keeps.
    pub async fn make_topic(
        &self,
        name: Arc<str>,
        retain: Option<u64>,
        call: SyncCall,
    ) -> Result<TopicView, Refusal> {
        self.sync(call, |call| SyncCommand::MakeTopic { name, retain, call }).await
    }

    /// Posts an item; tells its offset.
    pub async fn post(
        &self,
        name: Arc<str>,
        value: SyncValue,
        call: SyncCall,
    ) -> Result<u64, Refusal> {
        let value = Arc::new(value);
        self.sync(call, |call| SyncCommand::Post { name, value, call }).await
    }

    /// Items of a topic after an offset, or from the first on that is kept; waits for one.
    pub async fn read_topic(
        &self,
        name: Arc<str>,
        after: Option<u64>,
        limit: usize,
        call: SyncCall,
    ) -> Result<TopicItems, Refusal> {
        self.sync(call, |call| SyncCommand::ReadTopic { name, after, limit, call }).await
    }

    /// Deletes a topic and its items.
    pub async fn delete_topic(&self, name: Arc<str>, call: SyncCall) -> Result<(), Refusal> {
        self.sync(call, |call| SyncCommand::DeleteTopic { name, call }).await
    }

    /// Queues by name.
    pub async fn queues(&self, after: Option<Arc<str>>, limit: usize) -> SyncPage<QueueView> {
        let page = PageOf { after, limit };
        self.page(move |server| server.sync().queue_page(&page)).await
    }

    /// Variables by name.
    pub async fn variables(&self, after: Option<Arc<str>>, limit: usize) -> SyncPage<VariableView> {
        let page = PageOf { after, limit };
        self.page(move |server| server.sync().variable_page(&page)).await
    }

    /// Events that have come, by name.
    pub async fn set_events(&self, after: Option<Arc<str>>, limit: usize) -> SyncPage<FlagView> {
        let page = PageOf { after, limit };
        self.page(move |server| server.sync().flag_page(&page)).await
    }

    /// The locks that are held, or all semaphores, by name.
    pub async fn lease_pages(
        &self,
        kind: LeaseKind,
        after: Option<Arc<str>>,
        limit: usize,
    ) -> SyncPage<LeasesView> {
        let page = PageOf { after, limit };
        self.page(move |server| server.sync().lease_page(kind, &page)).await
    }

    /// Topics by name.
    pub async fn topics(&self, after: Option<Arc<str>>, limit: usize) -> SyncPage<TopicView> {
        let page = PageOf { after, limit };
        self.page(move |server| server.sync().topic_page(&page)).await
    }

    async fn page<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Server) -> SyncPage<T> + Send + 'static,
    ) -> SyncPage<T> {
        let page = self.read(question).await;
        page.unwrap_or(SyncPage { items: Vec::new(), next: None, total: 0 })
    }

    async fn sync<T>(
        &self,
        call: SyncCall,
        command: impl FnOnce(Call<T>) -> SyncCommand,
    ) -> Result<T, Refusal> {
        let SyncCall { guard, wait } = call;
        let wait = wait.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
        let until = wait.map(|ms| clock::now().plus_ms(ms));
        let (reply, answer) = oneshot::channel();
        self.send(Command::Sync(command(Call { reply, guard, until }))).await?;
        answer.await.unwrap_or(Err(Refusal::ShuttingDown))
    }
}
