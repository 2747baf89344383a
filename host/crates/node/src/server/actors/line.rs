//! The calls that wait for one actor, how many of them were sent ahead, and when its state is to
//! be saved.

use std::{collections::VecDeque, sync::Arc};

use wask_proto::{CallLimits, Encoding, Value, WorkerId};

use super::{
    command::{Answered, Args, NewCall, Persistence},
    kept::Kept,
};
use crate::server::Reply;

/// Calls of one actor that are with its worker at the same time.
const AHEAD_MAX: usize = 64;

/// States up to this size are saved more often, since it costs little.
const SMALL_STATE_MAX_BYTES: u64 = 4 * 1024;

/// Calls that are done again at most when a small state is restored.
const SMALL_REPLAY_MAX: usize = 8;

/// The same for larger states.
const REPLAY_MAX: usize = 32;

/// Arguments that are kept for being done again, where the state itself is smaller.
const REPLAY_MIN_BYTES: u64 = 64 * 1024;

/// Calls in order of arrival; those that were sent are the first.
#[derive(Debug, Default)]
pub(super) struct Line {
    calls: VecDeque<Call>,
    sent: usize,
    instance: Instance,
    /// Calls since the state was, or will have been, saved, those that were sent included.
    unsaved: usize,
    unsaved_bytes: u64,
}

/// Where the instance is, or will be once the orders that were sent are done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Instance {
    #[default]
    Nowhere,
    With(WorkerId),
}

/// A call that has no answer.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) method: Arc<str>,
    pub(super) args: Args,
    pub(super) limits: CallLimits,
    pub(super) result_encoding: Encoding,
    pub(super) reply: Reply<Answered>,
    persistence: Persistence,
    losses: u32,
    sent: Option<Sent>,
}

/// The order that a call was sent with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    pub(super) order: u64,
    /// Whether the state was to be saved.
    pub(super) saves: bool,
    /// Whether the instance was to be made.
    pub(super) starts: bool,
}

/// What is to be sent next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Next {
    pub(super) saves: bool,
    pub(super) starts: bool,
}

impl Line {
    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.calls.len()
    }

    /// How many were sent.
    pub(super) const fn sent(&self) -> usize {
        self.sent
    }

    /// Arguments in files.
    pub(super) fn stored(&self) -> impl Iterator<Item = &Value> {
        self.calls.iter().flat_map(|call| call.args.stored())
    }

    /// Lets a call wait.
    pub(super) fn push(&mut self, call: NewCall) {
        let NewCall { method, args, limits, result_encoding, persistence, reply, .. } = call;
        let persistence = if args.can_be_recorded() { persistence } else { Persistence::State };
        let call = Call {
            method,
            args,
            limits,
            result_encoding,
            reply,
            persistence,
            losses: 0,
            sent: None,
        };
        self.calls.push_back(call);
    }

    /// The worker that keeps the instance.
    pub(super) const fn worker(&self) -> Option<WorkerId> {
        match self.instance {
            Instance::Nowhere => None,
            Instance::With(worker) => Some(worker),
        }
    }

    /// The constructor has just run there, or the first order of an instance goes there.
    pub(super) const fn settle_at(&mut self, worker: WorkerId) {
        self.instance = Instance::With(worker);
    }

    /// The order whose end comes next.
    pub(super) fn awaited(&self) -> Option<Sent> {
        self.calls.front()?.sent
    }

    /// How the next call is to be sent, if one may be.
    pub(super) fn next(&self, kept: &Kept) -> Option<Next> {
        let call = self.calls.get(self.sent).filter(|_| self.sent < AHEAD_MAX)?;
        let bytes = self.unsaved_bytes + call.args.bytes();
        let calls_max = match kept.state_bytes() {
            0..=SMALL_STATE_MAX_BYTES => SMALL_REPLAY_MAX,
            _ => REPLAY_MAX,
        };
        let saves = call.persistence == Persistence::State
            || self.unsaved + 1 >= calls_max
            || bytes > kept.state_bytes().max(REPLAY_MIN_BYTES);
        Some(Next { saves, starts: self.instance == Instance::Nowhere })
    }

    /// Notes that the next call was sent.
    pub(super) fn note_sent(&mut self, sent: Sent) -> Option<&Call> {
        let call = self.calls.get_mut(self.sent)?;
        call.sent = Some(sent);
        if sent.saves {
            (self.unsaved, self.unsaved_bytes) = (0, 0);
        } else {
            self.unsaved += 1;
            self.unsaved_bytes += call.args.bytes();
        }
        self.sent += 1;
        Some(call)
    }

    /// Takes the first call out.
    pub(super) fn pop(&mut self) -> Option<Call> {
        let call = self.calls.pop_front()?;
        self.sent = self.sent.saturating_sub(usize::from(call.sent.is_some()));
        if self.calls.is_empty() {
            // Idle actors are many.
            self.calls = VecDeque::new();
        }
        Some(call)
    }

    /// Takes all calls out.
    pub(super) fn take_all(&mut self) -> VecDeque<Call> {
        self.sent = 0;
        std::mem::take(&mut self.calls)
    }

    /// Notes that the instance was lost under the first call; tells how often that happened.
    pub(super) fn charge_loss(&mut self) -> u32 {
        let Some(call) = self.calls.front_mut() else { return 0 };
        call.losses += 1;
        call.losses
    }

    /// There is no instance any more: what was sent waits again. Tells where it was.
    pub(super) fn lose_instance(&mut self, kept: &Kept) -> Option<WorkerId> {
        let worker = self.worker();
        self.instance = Instance::Nowhere;
        self.calls.iter_mut().take(self.sent).for_each(|call| call.sent = None);
        self.sent = 0;
        (self.unsaved, self.unsaved_bytes) = kept.since();
        worker
    }
}
