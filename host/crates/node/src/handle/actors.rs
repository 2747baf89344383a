//! Actors through the handle: making, calling, looking at and deleting them.
//!
//! A wait whose time is over changes nothing about what it waited for: a call in line takes place
//! all the same.

use std::{sync::Arc, time::Duration};

use tokio::sync::oneshot;
use wask_proto::{ActorId, ArgTemplate, Failure, TaskId, Value};

use super::{Command, Guard, Handle, Refusal, Reply};
use crate::view::actors::{ActorClass, ActorPage, ActorView};

/// The arguments of a constructor or a method.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ActorArgs {
    /// One template for each parameter. `Part::Task(n)` stands for the n-th of `tasks`.
    pub templates: Vec<ArgTemplate>,
    /// Finished tasks of runs whose results are used.
    pub tasks: Vec<TaskId>,
}

/// An actor that is to be made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewActorSpec {
    /// Its id.
    pub id: ActorId,
    /// What it is to be.
    pub class: ActorClass,
    /// A name for people.
    pub name: Option<Arc<str>>,
    /// The constructor's arguments.
    pub args: ActorArgs,
}

impl Handle {
    /// Makes an actor; tells of it when its constructor has run, or why that failed. After `wait`
    /// the answer is [`Refusal::TimedOut`], and the constructor goes on.
    pub async fn make_actor(
        &self,
        spec: NewActorSpec,
        guard: Option<Guard>,
        wait: Duration,
    ) -> Result<Result<ActorView, Arc<Failure>>, Refusal> {
        let spec = Box::new(spec);
        self.ask_for(wait, |reply| Command::MakeActor { spec, guard, reply }).await
    }

    /// Calls a method, named without its class; tells its result, or why it failed. After `wait`
    /// the answer is [`Refusal::TimedOut`], and the call goes on.
    pub async fn call_actor(
        &self,
        actor: ActorId,
        method: Arc<str>,
        args: ActorArgs,
        guard: Option<Guard>,
        wait: Duration,
    ) -> Result<Result<Value, Arc<Failure>>, Refusal> {
        let command = |reply| Command::CallActor { actor, method, args, guard, reply };
        self.ask_for(wait, command).await
    }

    /// Deletes an actor.
    pub async fn delete_actor(&self, actor: ActorId, guard: Option<Guard>) -> Result<(), Refusal> {
        self.ask(|reply| Command::DeleteActor { actor, guard, reply }).await
    }

    /// An actor.
    pub async fn actor(&self, actor: ActorId) -> Option<ActorView> {
        self.read(move |server| server.actors().view(actor)).await?
    }

    /// What an actor is; never changes.
    pub async fn actor_class(&self, actor: ActorId) -> Option<ActorClass> {
        self.read(move |server| server.actors().class(actor).cloned()).await?
    }

    /// Actors, newest first, from before the cursor.
    pub async fn actors(&self, before: Option<u64>, limit: usize) -> ActorPage {
        let page = self.read(move |server| server.actors().page(before, limit)).await;
        page.unwrap_or_default()
    }

    /// Sends a command and waits for its answer, but not for ever.
    async fn ask_for<T>(
        &self,
        wait: Duration,
        command: impl FnOnce(Reply<T>) -> Command,
    ) -> Result<T, Refusal> {
        let (reply, answer) = oneshot::channel();
        self.send(command(reply)).await?;
        match tokio::time::timeout(wait, answer).await {
            Err(_) => Err(Refusal::TimedOut),
            Ok(answer) => answer.unwrap_or(Err(Refusal::ShuttingDown)),
        }
    }
}
