//! What the scheduler and a worker say to each other. Always in batches.

use std::sync::Arc;

use crate::{
    ActorId, CallLimits, Encoding, Failure, ModuleId, Profile, TaskId, Timestamp, Timing, Value,
    ask,
    child::{ChildCall, Question},
    executor::LogLine,
};

/// From the scheduler to a worker.
#[derive(Clone, Debug)]
pub enum ToWorker {
    /// Run these; order is order of preference.
    Assign(Vec<Assignment>),
    /// Stop these attempts, running or not. Each is answered with [`WorkerOutcome::Cancelled`],
    /// or with its real outcome if that came first.
    Cancel(Vec<AttemptId>),
    /// Hand these back if they have not begun: each is answered in [`FromWorker::Returned`], or
    /// goes on if it has begun.
    Reclaim(Vec<AttemptId>),
    /// Let these parked attempts go on.
    Resume(Vec<Resumption>),
    /// Take no more work, hand back what has not begun, finish the rest, then close the link.
    Drain,
    /// Calls of actors. Those of one actor are done in this order, one after the other, and each
    /// is answered in [`FromWorker::Actor`], in the same order.
    Actor(Vec<ActorOrder>),
    /// These actors are gone: their instances end, and their calls need no answers.
    ForgetActor(Vec<ActorId>),
}

/// One execution of a task.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AttemptId {
    /// The task.
    pub task: TaskId,
    /// Its attempt, from 1.
    pub attempt: u32,
}

/// Work for a worker.
#[derive(Clone, Debug)]
pub struct Assignment {
    /// Which attempt this is.
    pub id: AttemptId,
    /// The module.
    pub module: ModuleId,
    /// The function.
    pub function: Arc<str>,
    /// The arguments. The bytes of an argument, in the form in which the guest takes it, are the
    /// bytes of its pieces side by side. Stored pieces are read from the object store by the
    /// worker; their `encoding` plays no part.
    pub args: Vec<Vec<Value>>,
    /// Where the result of the attempt before it belongs, if it goes along with one.
    pub previous: Vec<Gap>,
    /// Attempts that go along with it, in this order, each with the result of the one before. They
    /// have none of their own, and no stored pieces. One whose predecessor has no result is handed
    /// back, and so is one that is parted from it before it has begun.
    pub followers: Vec<Self>,
    /// What it may use.
    pub limits: CallLimits,
    /// How the result's bytes are to be read.
    pub result_encoding: Encoding,
    /// `RUN/KEY`, for the guest to ask.
    pub label: Arc<str>,
    /// Whether to profile it.
    pub profile: bool,
}

/// A place among the pieces of an assignment's arguments.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Gap {
    /// The argument's number.
    pub arg: u32,
    /// How many of its pieces come before.
    pub piece: u32,
}

/// What a parked attempt waited for.
#[derive(Clone, Debug)]
pub struct Resumption {
    /// The attempt.
    pub id: AttemptId,
    /// What it gets.
    pub answer: Reply,
}

/// The answer to a parked attempt's question; values are where the scheduler has them.
#[derive(Clone, Debug)]
pub enum Reply {
    /// How calls of its own ended.
    Results(Vec<(u32, Result<Value, Box<Failure>>)>),
    /// What came of something else that it asked.
    Asked(Box<Result<ask::Reply, ask::NoReply>>),
}

/// From a worker to the scheduler.
#[derive(Clone, Debug)]
pub enum FromWorker {
    /// The first message: what it offers.
    Hello {
        /// A name for people.
        name: Arc<str>,
        /// Tasks it runs at once.
        slots: u16,
        /// Named resources, in thousandths.
        resources: Vec<(Arc<str>, u64)>,
    },
    /// These began. Sent only for attempts that last longer than a few milliseconds.
    Started(Vec<Started>),
    /// These came to an end.
    Finished(Vec<Finished>),
    /// These hand out calls of their own.
    Submitted(Vec<Submitted>),
    /// These wait, and their slots are free.
    Parked(Vec<Parked>),
    /// These were handed back: they had not begun, or were parked and have to begin anew.
    Returned(Vec<AttemptId>),
    /// How far long-running tasks have come: done and total.
    Progress(Vec<(AttemptId, u64, u64)>),
    /// These calls of actors came to an end.
    Actor(Vec<ActorDone>),
}

/// An attempt that began.
#[derive(Clone, Copy, Debug)]
pub struct Started {
    /// The attempt.
    pub id: AttemptId,
    /// In which slot.
    pub slot: u16,
    /// When.
    pub at: Timestamp,
}

/// An attempt hands out calls of its own.
#[derive(Clone, Debug)]
pub struct Submitted {
    /// The attempt.
    pub id: AttemptId,
    /// The calls, numbered on from those before.
    pub calls: Vec<ChildCall>,
}

/// An attempt that waits for something.
#[derive(Clone, Debug)]
pub struct Parked {
    /// The attempt.
    pub id: AttemptId,
    /// What it asks.
    pub question: Question,
    /// Microseconds that it occupied its slot since it began or was resumed.
    pub busy_us: u64,
}

/// An attempt that came to an end.
#[derive(Clone, Debug)]
pub struct Finished {
    /// The attempt.
    pub id: AttemptId,
    /// When and where it ran. `timing.worker` is filled in by the scheduler.
    pub timing: Timing,
    /// What came of it.
    pub outcome: WorkerOutcome,
    /// What the guest logged.
    pub logs: Vec<LogLine>,
    /// What it was seen doing, if that was wanted.
    pub profile: Option<Box<Profile>>,
}

/// What came of an attempt.
#[derive(Clone, Debug)]
pub enum WorkerOutcome {
    /// A result, in memory.
    Success(Value),
    /// It ends as this one of the calls that it handed out ends.
    Becomes(u32),
    /// A failure of the guest, or a limit.
    Failure(Box<Failure>),
    /// It was stopped, as asked.
    Cancelled,
    /// Its executor died under it; the message says how.
    Lost(String),
}

/// One call of an actor, or its beginning, or both.
///
/// An order without `start` needs the instance that the order before left behind. Where there is
/// none (it made room for others, its executor died, the order before ended it) the answer is
/// [`ActorOutcome::Absent`] and nothing has run.
#[derive(Clone, Debug)]
pub struct ActorOrder {
    /// The actor.
    pub actor: ActorId,
    /// A number that only grows, to tell answers from those to orders that are void.
    pub order: u64,
    /// Its module.
    pub module: ModuleId,
    /// The name of its class, which is that of the constructor.
    pub class: Arc<str>,
    /// How to make the instance, which takes the place of any that is there.
    pub start: Option<ActorStart>,
    /// The call; none for a constructor alone.
    pub call: Option<ActorCall>,
    /// What the call may use. The memory is that of the instance and the same in all orders; the
    /// time holds for the start, for each replayed call and for the call by itself.
    pub limits: CallLimits,
    /// How the result's bytes are to be read.
    pub result_encoding: Encoding,
    /// Whether the state is to be saved after the call.
    pub save: bool,
    /// `ACTOR/METHOD`, for the guest to ask.
    pub label: Arc<str>,
}

/// How an actor's instance comes to its state.
#[derive(Clone, Debug)]
pub enum ActorStart {
    /// By its constructor.
    New {
        /// The constructor's arguments, as in [`Assignment::args`].
        args: Vec<Vec<Value>>,
    },
    /// From a saved state and the calls since.
    Load {
        /// What was saved.
        state: Value,
        /// Calls to be done again, in order. Their results and failures are of no interest.
        replay: Vec<ActorCall>,
    },
}

/// A call of a method.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ActorCall {
    /// The whole name of the function: `Counter.increment`.
    pub method: Arc<str>,
    /// The arguments, as in [`Assignment::args`].
    pub args: Vec<Vec<Value>>,
}

/// An order that came to an end.
#[derive(Clone, Debug)]
pub struct ActorDone {
    /// The actor.
    pub actor: ActorId,
    /// Which order.
    pub order: u64,
    /// What came of it.
    pub outcome: ActorOutcome,
    /// The state after it, if it was to be saved and the instance is still there.
    pub state: Option<Value>,
    /// When and where it ran. `timing.worker` is filled in by the scheduler.
    pub timing: Timing,
    /// What the guest logged.
    pub logs: Vec<LogLine>,
}

/// What came of an order.
#[derive(Clone, Debug)]
pub enum ActorOutcome {
    /// The result; of a constructor alone it is of no interest.
    Success(Value),
    /// A failure of the call, of the constructor, or of saving the state.
    Failed(Box<Failure>, InstanceAfter),
    /// There is no instance; nothing has run.
    Absent,
    /// Its executor died under it, or the state could not be loaded; the message says how.
    Lost(String),
}

/// What a failed call left behind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InstanceAfter {
    /// The instance, with the state as the method left it: the method returned an error.
    Kept,
    /// Nothing: the guest trapped, a limit was reached, or the state could not be saved.
    Gone,
}
