//! Bytes of a guest in a message: few stand in it, many travel ahead of it in the same stream.

use std::ops::Deref;

use serde::{Deserialize, Serialize};

use super::{
    ActorJob, ActorJobOutcome, FromExecutor, InstanceStart, JobOutcome, MethodCall, News, Order,
    ToExecutor,
};
use crate::{BULK_MIN_BYTES, bulk::Bulk, frame::Carrier};

/// An argument, a result or a state.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Payload {
    /// In the message.
    Inline(#[serde(with = "serde_bytes")] Vec<u8>),
    /// So many bytes that travel ahead of the message. Only while it is encoded: who receives it
    /// finds them in their place.
    Ahead(u64),
    /// At hand.
    #[serde(skip)]
    Held(Bulk),
}

impl From<Vec<u8>> for Payload {
    fn from(bytes: Vec<u8>) -> Self {
        if bytes.len() < BULK_MIN_BYTES { Self::Inline(bytes) } else { Self::Held(bytes.into()) }
    }
}

impl Deref for Payload {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Inline(bytes) => bytes,
            Self::Held(bulk) => bulk,
            Self::Ahead(_) => &[],
        }
    }
}

impl PartialEq for Payload {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Payload {}

impl Carrier for ToExecutor {
    fn payloads(&mut self, each: &mut dyn FnMut(&mut Payload)) {
        let Self::Run(orders) = self else { return };
        for order in orders {
            match order {
                Order::Call(job) => job.args.iter_mut().for_each(&mut *each),
                Order::Actor(job) => of_actor(job, each),
                Order::Resume { .. } => {}
            }
        }
    }
}

impl Carrier for FromExecutor {
    fn payloads(&mut self, each: &mut dyn FnMut(&mut Payload)) {
        let Self::News(news) = self else { return };
        for news in news {
            match news {
                News::Done(done) => {
                    if let JobOutcome::Success(result) = &mut done.outcome {
                        each(result);
                    }
                }
                News::ActorDone(done) => {
                    if let ActorJobOutcome::Kept { result, state } = &mut done.outcome {
                        result.iter_mut().chain(state).for_each(&mut *each);
                    }
                }
                News::Submitted { .. }
                | News::Parked { .. }
                | News::Evicted { .. }
                | News::Absent { .. } => {}
            }
        }
    }
}

fn of_actor(job: &mut ActorJob, each: &mut dyn FnMut(&mut Payload)) {
    match &mut job.start {
        Some(InstanceStart::New(args)) => args.iter_mut().for_each(&mut *each),
        Some(InstanceStart::Load { state, replay }) => {
            each(state);
            replay.iter_mut().for_each(|call| of_call(call, each));
        }
        None => {}
    }
    if let Some(call) = &mut job.call {
        of_call(call, each);
    }
}

fn of_call(call: &mut MethodCall, each: &mut dyn FnMut(&mut Payload)) {
    call.args.iter_mut().for_each(each);
}
