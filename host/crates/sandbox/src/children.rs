//! Calls that a running task hands out, and their results: the host functions `submit`, `results`
//! and `hand-over`. What becomes of the calls is the scheduler's affair.

use std::collections::HashMap;

use wask_proto::{
    Failure,
    child::{Answer, ChildCall, ChildOutcome, Piece, Question},
};
use wasmtime::{
    StoreContextMut,
    component::{ComponentType, Lift, LinkerInstance, Lower, WasmStr},
};

use crate::{
    call::{CallState, Caller},
    clock::micros,
    exchange::{Answered, Asked},
};

/// Calls that one attempt may hand out.
const CALLS_MAX: u32 = 1_000_000;
/// Results asked for at once.
const RESULTS_MAX: usize = 1_000_000;

/// What a call knows of the calls that it has handed out.
#[derive(Debug, Default)]
pub(crate) struct Children {
    count: u32,
    /// Ends that came with an answer and that the guest has not asked for yet.
    early: HashMap<u32, ChildOutcome>,
    /// Whether it has asked for what other programs see: begun anew, it would do so again.
    pub(crate) has_asked: bool,
    /// The call as which this one ends.
    pub(crate) becomes: Option<u32>,
}

/// A guest asks for what cannot be.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum Misuse {
    /// Too many calls.
    #[error("the task submitted more than {CALLS_MAX} calls: let them submit calls themselves")]
    TooMany,
    /// Too many results at once.
    #[error("the task asked for {0} results at once, more than the {RESULTS_MAX} allowed")]
    TooManyResults(usize),
    /// A call that was never handed out.
    #[error("the task speaks of its call {0}, but has submitted only {1}")]
    Unknown(u32, u32),
    /// The answer lacks what was asked for.
    #[error("the scheduler did not tell how a call ended: this is a fault of the server")]
    Unanswered,
    /// `describe` runs outside of any task.
    #[error("`describe` cannot submit calls: only a running task can")]
    NoTask,
    /// A method belongs to no run to which its calls could.
    #[error(
        "an actor cannot submit calls: let a task do that, and ask the server, and call the actor"
    )]
    Actor,
}

/// `host.piece`.
#[derive(ComponentType, Lift, Debug)]
#[component(variant)]
pub(crate) enum GuestPiece {
    /// CBOR, as it is.
    #[component(name = "literal")]
    Literal(Vec<u8>),
    /// The result of another call.
    #[component(name = "child")]
    Child(u32),
}

/// `host.outcome`.
#[derive(ComponentType, Lower, Debug)]
#[component(variant)]
pub(crate) enum GuestOutcome {
    /// One CBOR item.
    #[component(name = "value")]
    Value(Vec<u8>),
    /// Raw bytes.
    #[component(name = "raw")]
    Raw(Vec<u8>),
    /// No result.
    #[component(name = "failed")]
    Failed(GuestFailed),
}

/// `host.failed`.
#[derive(ComponentType, Lower, Debug)]
#[component(record)]
pub(crate) struct GuestFailed {
    kind: String,
    message: String,
    cause: Option<String>,
}

/// Adds the functions to the host's interface.
pub(crate) fn add_to(host: &mut LinkerInstance<'_, CallState>) -> wasmtime::Result<()> {
    host.func_wrap("submit", submit)?;
    host.func_wrap_async("results", |store, (children,): (Vec<u32>,)| {
        Box::new(async move { Ok((results(store, children).await?,)) })
    })?;
    host.func_wrap("hand-over", hand_over)
}

fn submit(
    mut store: StoreContextMut<'_, CallState>,
    (call, args): (WasmStr, Vec<Vec<GuestPiece>>),
) -> wasmtime::Result<(u32,)> {
    let call = call.to_str(&store)?.as_ref().into();
    let state = store.data_mut();
    let number = state.children.count;
    let named = args.iter().flatten().filter_map(|piece| match piece {
        GuestPiece::Child(child) => Some(*child),
        GuestPiece::Literal(_) => None,
    });
    for child in named {
        state.children.known(child)?;
    }
    if number >= CALLS_MAX {
        return Err(Misuse::TooMany.into());
    }
    state.children.count += 1;
    let args = args.into_iter().map(|pieces| pieces.into_iter().map(Piece::from).collect());
    let call = ChildCall { call, args: args.collect() };
    let outbox = match &state.caller {
        Caller::Task(outbox) => outbox,
        Caller::Actor(_) => return Err(Misuse::Actor.into()),
        Caller::Describe => return Err(Misuse::NoTask.into()),
    };
    outbox.submit(state.job, call)?;
    Ok((number,))
}

async fn results(
    mut store: StoreContextMut<'_, CallState>,
    children: Vec<u32>,
) -> wasmtime::Result<Vec<GuestOutcome>> {
    if children.len() > RESULTS_MAX {
        return Err(Misuse::TooManyResults(children.len()).into());
    }
    let state = store.data_mut();
    for child in &children {
        state.children.known(*child)?;
    }
    let missing: Vec<u32> =
        children.iter().copied().filter(|c| !state.children.early.contains_key(c)).collect();
    if !missing.is_empty() {
        match ask(&mut store, Question::Results(missing)).await {
            Answer::Results(ends) => store.data_mut().children.early.extend(ends),
            Answer::Reply(_) => return Err(Misuse::Unanswered.into()),
        }
    }
    let early = &mut store.data_mut().children.early;
    let found: Vec<_> = children.iter().filter_map(|child| early.get(child).cloned()).collect();
    for child in &children {
        early.remove(child);
    }
    if found.len() < children.len() {
        return Err(Misuse::Unanswered.into());
    }
    Ok(found.into_iter().map(GuestOutcome::from).collect())
}

fn hand_over(mut store: StoreContextMut<'_, CallState>, (child,): (u32,)) -> wasmtime::Result<()> {
    let children = &mut store.data_mut().children;
    children.known(child)?;
    children.becomes = Some(child);
    Ok(())
}

/// Parks the call until its question is answered. What it was parked does not count as run time.
pub(crate) async fn ask(store: &mut StoreContextMut<'_, CallState>, question: Question) -> Answer {
    let state = store.data_mut();
    let memory_bytes = state.limiter.peak_memory_bytes();
    let exchange = std::sync::Arc::clone(&state.exchange);
    let repeatable = !state.children.has_asked;
    let asked = Asked { question, memory_bytes, repeatable };
    let Answered { seq, answer, parked } = exchange.ask(asked).await;
    store.data_mut().resumed(seq, parked);
    answer
}

impl Children {
    fn known(&self, child: u32) -> Result<(), Misuse> {
        if child < self.count { Ok(()) } else { Err(Misuse::Unknown(child, self.count)) }
    }
}

impl CallState {
    fn resumed(&mut self, seq: u64, parked: std::time::Duration) {
        self.seq = seq;
        self.parked_us += micros(parked);
        self.deadline = self.deadline.checked_add(parked).unwrap_or(self.deadline);
    }
}

impl From<GuestPiece> for Piece {
    fn from(piece: GuestPiece) -> Self {
        match piece {
            GuestPiece::Literal(bytes) => Self::Literal(bytes),
            GuestPiece::Child(child) => Self::Child(child),
        }
    }
}

impl From<ChildOutcome> for GuestOutcome {
    fn from(outcome: ChildOutcome) -> Self {
        match outcome {
            ChildOutcome::Cbor(bytes) => Self::Value(bytes),
            ChildOutcome::Raw(bytes) => Self::Raw(bytes),
            ChildOutcome::Failed(failure) => Self::Failed((*failure).into()),
        }
    }
}

impl From<Failure> for GuestFailed {
    fn from(failure: Failure) -> Self {
        let Failure { kind, message, cause, .. } = failure;
        Self { kind: kind.name().to_owned(), message, cause }
    }
}
