//! Orders for actors on their way to an executor: their bytes, read from where they are, and what
//! they may take. Knows nothing of where instances are.

use wask_proto::{
    Failure,
    executor::{ActorJob, InstanceStart, MethodCall},
    worker::{ActorCall, ActorOrder, ActorOutcome, ActorStart, InstanceAfter},
};
use wask_store::Objects;

use super::{args, estimate::Estimates};

/// What an instance costs to make, whatever its constructor does.
const START_NS: u64 = 50_000;

/// The bytes that belong to an order.
#[derive(Debug)]
pub(super) struct Loaded {
    start: Option<InstanceStart>,
    call: Option<MethodCall>,
}

/// Bytes of an order that are in the object store.
pub(super) fn stored_bytes(order: &ActorOrder) -> u64 {
    let start = match &order.start {
        Some(ActorStart::New { args }) => args::stored_bytes(args),
        Some(ActorStart::Load { state, replay }) => {
            let replayed = replay.iter().map(|call| args::stored_bytes(&call.args));
            replayed.fold(args::stored_size(state), u64::saturating_add)
        }
        None => 0,
    };
    let call = order.call.as_ref().map_or(0, |call| args::stored_bytes(&call.args));
    start.saturating_add(call)
}

/// The bytes of an order, or what comes of one that cannot have them.
pub(super) fn load(order: &ActorOrder, objects: &dyn Objects) -> Result<Loaded, ActorOutcome> {
    let failed = |failure| ActorOutcome::Failed(failure, InstanceAfter::Gone);
    let lost = |failure: Box<Failure>| {
        ActorOutcome::Lost(format!("its saved state cannot be read: {}", failure.message))
    };
    let start = match &order.start {
        Some(ActorStart::New { args }) => {
            Some(InstanceStart::New(args::gather(args, objects).map_err(failed)?))
        }
        Some(ActorStart::Load { state, replay }) => {
            let state = args::payload(state, objects).map_err(lost)?;
            let replay = replay.iter().map(|call| method_call(call, objects));
            Some(InstanceStart::Load {
                state,
                replay: replay.collect::<Result<_, _>>().map_err(lost)?,
            })
        }
        None => None,
    };
    let call = order.call.as_ref().map(|call| method_call(call, objects).map_err(failed));
    Ok(Loaded { start, call: call.transpose()? })
}

fn method_call(call: &ActorCall, objects: &dyn Objects) -> Result<MethodCall, Box<Failure>> {
    let args = args::gather(&call.args, objects)?;
    Ok(MethodCall { function: call.method.clone(), args })
}

/// The order as an executor takes it.
pub(super) fn job(seq: u64, order: &ActorOrder, loaded: Loaded) -> ActorJob {
    ActorJob {
        seq,
        actor: order.actor,
        module: order.module,
        class: order.class.clone(),
        start: loaded.start,
        call: loaded.call,
        limits: order.limits,
        save: order.save,
        task: order.label.clone(),
    }
}

impl Loaded {
    /// How many there are, roughly.
    pub(super) fn bytes(&self) -> usize {
        self.start.as_ref().map_or(0, InstanceStart::bytes)
            + self.call.as_ref().map_or(0, MethodCall::bytes)
    }
}

/// The most milliseconds that an order may take: its steps have the whole time each.
pub(super) fn wall_max_ms(order: &ActorOrder) -> u64 {
    let steps = 2 + calls_to_start(order);
    order.limits.wall_max_ms.saturating_mul(steps)
}

/// Nanoseconds that an order is likely to take; a method never seen counts as `unknown_ns`.
pub(super) fn work_ns(order: &ActorOrder, estimates: &Estimates, unknown_ns: u64) -> u64 {
    let one = estimates.get(&order.module, function(order)).unwrap_or(unknown_ns);
    let start = if order.start.is_some() { START_NS } else { 0 };
    one.saturating_mul(1 + calls_to_start(order)).saturating_add(start)
}

/// The function by whose duration an order is judged.
pub(super) fn function(order: &ActorOrder) -> &std::sync::Arc<str> {
    order.call.as_ref().map_or(&order.class, |call| &call.method)
}

fn calls_to_start(order: &ActorOrder) -> u64 {
    match &order.start {
        Some(ActorStart::Load { replay, .. }) => 1 + replay.len() as u64,
        Some(ActorStart::New { .. }) => 1,
        None => 0,
    }
}

/// Whether an order leaves no instance behind that ends like this.
pub(super) const fn is_gone_after(outcome: &ActorOutcome) -> bool {
    match outcome {
        ActorOutcome::Success(_) | ActorOutcome::Failed(_, InstanceAfter::Kept) => false,
        ActorOutcome::Failed(_, InstanceAfter::Gone)
        | ActorOutcome::Absent
        | ActorOutcome::Lost(_) => true,
    }
}
