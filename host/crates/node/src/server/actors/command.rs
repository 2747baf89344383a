//! What can be asked of actors, and what follows from it.

use std::sync::Arc;

use wask_proto::{
    ActorId, ActorRecord, ArgBytes, CallLimits, Encoding, Failure, Value, WorkerId,
    worker::ActorOrder,
};

use crate::{
    refusal::Refusal,
    server::{Reply, args::Pieces, command::Ack},
    view::actors::{ActorClass, ActorView},
};

/// What came of a call: its result, or why it failed.
pub(crate) type Answered = Result<Value, Arc<Failure>>;

/// What came of a constructor.
pub(crate) type Ended = Result<ActorView, Arc<Failure>>;

/// An actor that is to be made.
#[derive(Debug)]
pub(crate) struct NewActor {
    pub(crate) id: ActorId,
    pub(crate) class: ActorClass,
    pub(crate) name: Option<Arc<str>>,
    pub(crate) args: Args,
    pub(crate) limits: CallLimits,
    pub(crate) reply: Reply<Ended>,
}

/// A call that is to take place.
#[derive(Debug)]
pub(crate) struct NewCall {
    pub(crate) actor: ActorId,
    /// The whole name of the function.
    pub(crate) method: Arc<str>,
    pub(crate) args: Args,
    pub(crate) limits: CallLimits,
    pub(crate) result_encoding: Encoding,
    pub(crate) persistence: Persistence,
    pub(crate) reply: Reply<Answered>,
}

/// What keeps the effect of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Persistence {
    /// The call itself may be done again.
    Replay,
    /// The state must be saved after it: the module could do something that shows outside.
    State,
}

/// Arguments above this size are not written down; the state is saved after such a call.
const RECORDED_MAX_BYTES: u64 = 64 * 1024;

/// The arguments of a call.
#[derive(Debug)]
pub(crate) struct Args(Vec<Pieces>);

impl Args {
    pub(crate) const fn new(pieces: Vec<Pieces>) -> Self {
        Self(pieces)
    }

    /// How many bytes they have together.
    pub(super) fn bytes(&self) -> u64 {
        self.0.iter().flatten().map(Value::size).sum()
    }

    /// Whether they can be written down as they are.
    pub(super) fn can_be_recorded(&self) -> bool {
        self.bytes() <= RECORDED_MAX_BYTES && self.stored().next().is_none()
    }

    /// The bytes of each, to be written down.
    pub(super) fn to_bytes(&self) -> Vec<ArgBytes> {
        let bytes = |pieces: &Pieces| {
            let bytes = pieces.iter().filter_map(Value::bytes);
            ArgBytes(bytes.flatten().copied().collect())
        };
        self.0.iter().map(bytes).collect()
    }

    /// For an order.
    pub(super) fn pieces(&self) -> Vec<Pieces> {
        self.0.clone()
    }

    /// Those that are in files, which must stay for as long.
    pub(super) fn stored(&self) -> impl Iterator<Item = &Value> {
        self.0.iter().flatten().filter(|value| value.bytes().is_none())
    }

    pub(super) fn into_stored(self) -> impl Iterator<Item = Value> {
        self.0.into_iter().flatten().filter(|value| value.bytes().is_none())
    }
}

/// What follows: facts to write down, answers to give when they are durable, orders.
#[derive(Default)]
pub(crate) struct Output {
    /// Facts, in order. They are applied already.
    pub(crate) records: Vec<ActorRecord>,
    /// Answers.
    pub(crate) answers: Vec<Ack>,
    /// Orders for workers.
    pub(crate) orders: Vec<(WorkerId, ActorOrder)>,
    /// Actors that workers are to forget, after the orders.
    pub(crate) forgotten: Vec<(WorkerId, ActorId)>,
    /// Values in files that are needed from now on.
    pub(crate) held: Vec<Value>,
    /// Those that are not needed any more, once the facts are durable.
    pub(crate) freed: Vec<Value>,
}

impl Output {
    pub(super) fn answer<T: Send + 'static>(
        &mut self,
        reply: Reply<T>,
        answer: Result<T, Refusal>,
    ) {
        // Nothing is lost when nobody listens.
        self.answers.push(Box::new(move || drop(reply.send(answer))));
    }

    pub(super) fn refuse<T: Send + 'static>(&mut self, reply: Reply<T>, refusal: Refusal) {
        self.answer(reply, Err(refusal));
    }
}
