//! What the handle asks of the server loop. One variant for each thing that changes state; all
//! reading goes through [`Command::Read`].

use std::{ops::Range, sync::Arc, time::Duration};

use tokio::sync::oneshot;
use wask_proto::{
    ActorId, ModuleId, ModuleInfo, NodeSpec, ObjectId, RunHeader, RunId, TaskIndex, Timestamp,
    WorkerId, ask,
    worker::{ActorDone, AttemptId, Finished},
};

use super::{
    Server,
    actors::{Answered, Ended},
    sync::{After, Answer, SyncCommand},
};
use crate::{
    handle::{ActorArgs, NewActorSpec, WaitFor},
    pins::Pin,
    refusal::Refusal,
    view::{ObjectInfo, ResultView, sync::Guard},
};

/// Where an answer goes.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, Refusal>>;

/// An answer that is ready and waits for the journal.
pub(crate) type Ack = Box<dyn FnOnce() + Send>;

/// An answer that waits for the journal, of either kind.
pub(crate) enum Due {
    /// Nothing follows from it.
    Ack(Ack),
    /// About coordination: something may follow.
    Sync(Answer),
}

impl Due {
    /// Gives the answer; tells what has to be done after that.
    pub(crate) fn give(self) -> Option<After> {
        match self {
            Self::Ack(ack) => {
                ack();
                None
            }
            Self::Sync(answer) => answer(),
        }
    }
}

/// A question: computes its answer at once, gives it when it is durable.
pub(crate) type Question = Box<dyn FnOnce(&mut Server) -> Ack + Send>;

/// A question whose answer does not wait for the journal.
pub(crate) type Glance = Box<dyn FnOnce(&mut Server) + Send>;

/// Everything that can wake the server loop.
pub(crate) enum Input {
    /// Somebody asks for something.
    Command(Command),
    /// A large result was written to a file, which is pinned.
    Stored(WorkerId, Box<Finished>, Option<Pin>),
    /// An actor's state, if it is large, was written to a file, which is pinned.
    StoredState(Box<ActorDone>, Option<Pin>),
    /// What a parked task asked for.
    Answered(AttemptId, Result<ask::Reply, ask::NoReply>),
    /// The committer has finished with a batch.
    Committed(CommitReport),
}

/// What came of a commit.
#[derive(Debug)]
pub(crate) enum CommitReport {
    /// The batch is durable, and answers went out.
    Done {
        /// What follows from them.
        follows: Vec<After>,
        /// How long it took to make the batch durable.
        took: Duration,
    },
    /// There is no space; the same batch will be tried again.
    Full,
    /// The journal cannot go on.
    Broken(String),
}

/// What can be asked.
pub(crate) enum Command {
    AddModule {
        info: Arc<ModuleInfo>,
        name: Option<Arc<str>>,
        reply: Reply<()>,
    },
    NameModule {
        id: ModuleId,
        name: Arc<str>,
        reply: Reply<()>,
    },
    DeleteModule {
        id: ModuleId,
        reply: Reply<()>,
    },
    AddObject {
        info: ObjectInfo,
        inline: Option<Vec<u8>>,
        reply: Reply<bool>,
    },
    DeleteObject {
        id: ObjectId,
        reply: Reply<()>,
    },
    Submit {
        header: RunHeader,
        nodes: Vec<NodeSpec>,
        wait: Option<Waiter>,
        guard: Option<Guard>,
        reply: Reply<Accepted>,
    },
    AddTasks {
        run: RunId,
        first: TaskIndex,
        nodes: Vec<NodeSpec>,
        guard: Option<Guard>,
        reply: Reply<()>,
    },
    Close {
        run: RunId,
        reply: Reply<()>,
    },
    Wait {
        run: RunId,
        waiter: Waiter,
    },
    Release {
        run: RunId,
        tasks: Vec<Range<TaskIndex>>,
        reply: Reply<()>,
    },
    Cancel {
        run: RunId,
        tasks: Option<Vec<Range<TaskIndex>>>,
        reason: Option<Arc<str>>,
        reply: Reply<u64>,
    },
    Retry {
        run: RunId,
        tasks: Option<Vec<Range<TaskIndex>>>,
        reply: Reply<u64>,
    },
    Renew {
        run: RunId,
        reply: Reply<Timestamp>,
    },
    DeleteRun {
        run: RunId,
        reply: Reply<()>,
    },
    Sync(SyncCommand),
    MakeActor {
        spec: Box<NewActorSpec>,
        guard: Option<Guard>,
        reply: Reply<Ended>,
    },
    CallActor {
        actor: ActorId,
        /// Without its class.
        method: Arc<str>,
        args: ActorArgs,
        guard: Option<Guard>,
        reply: Reply<Answered>,
    },
    DeleteActor {
        actor: ActorId,
        guard: Option<Guard>,
        reply: Reply<()>,
    },
    Read(Question),
    Peek(Glance),
    Shutdown(oneshot::Sender<()>),
}

/// Somebody who waits for something in a run.
#[derive(Debug)]
pub(crate) struct Waiter {
    /// For what.
    pub(crate) what: WaitFor,
    /// Tasks whose results are told along with that, so that nobody has to ask again.
    pub(crate) results: Vec<Range<TaskIndex>>,
    /// Told once, when it has come and is durable.
    pub(crate) reply: oneshot::Sender<Result<Vec<ResultView>, Refusal>>,
}

/// A run that was accepted, now or before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Accepted {
    /// The run.
    pub(crate) run: RunId,
    /// Whether the same request was accepted before.
    pub(crate) replayed: bool,
}
