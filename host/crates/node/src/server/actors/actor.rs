//! One actor: what it is, its state, and the line of its calls.

use std::sync::Arc;

use wask_proto::{
    ActorId, ActorRecord, Failure, Timestamp, WorkerId,
    worker::{ActorCall, ActorOrder},
};

use super::{
    kept::Kept,
    line::{Line, Next, Sent},
};
use crate::view::actors::ActorClass;

/// An actor that was made.
#[derive(Debug)]
pub(super) struct Actor {
    pub(super) class: ActorClass,
    pub(super) name: Option<Arc<str>>,
    pub(super) created_at: Timestamp,
    /// Its place in the order of creation.
    pub(super) order: u64,
    pub(super) kept: Kept,
    pub(super) line: Line,
    pub(super) last_failure: Option<Arc<Failure>>,
}

impl Actor {
    /// The actor of which that record tells.
    pub(super) fn made(record: &ActorRecord, order: u64) -> Option<Self> {
        let ActorRecord::Made { module, module_name, class, name, at, state, .. } = record else {
            return None;
        };
        let class = ActorClass {
            module: *module,
            module_name: Arc::clone(module_name),
            class: Arc::clone(class),
        };
        Some(Self {
            class,
            name: name.clone(),
            created_at: *at,
            order,
            kept: Kept::new(state),
            line: Line::default(),
            last_failure: None,
        })
    }

    /// The order with which the next call goes to its worker.
    pub(super) fn send(
        &mut self,
        id: ActorId,
        worker: WorkerId,
        order: u64,
        next: Next,
    ) -> ActorOrder {
        let Next { saves, starts } = next;
        self.line.settle_at(worker);
        let start = starts.then(|| self.kept.start());
        let call = self.line.note_sent(Sent { order, saves, starts });
        let ActorClass { module, class, .. } = &self.class;
        ActorOrder {
            actor: id,
            order,
            module: *module,
            class: Arc::clone(class),
            start,
            limits: call.map(|call| call.limits).unwrap_or_default(),
            result_encoding: call.map_or(wask_proto::Encoding::Cbor, |call| call.result_encoding),
            save: saves,
            label: call.map_or_else(|| id.to_string(), |call| label(id, &call.method)).into(),
            call: call.map(|call| ActorCall {
                method: Arc::clone(&call.method),
                args: call.args.pieces(),
            }),
        }
    }
}

/// `ACTOR/METHOD`, for the guest to ask.
pub(super) fn label(id: ActorId, method: &str) -> String {
    format!("{id}/{method}")
}
