//! Actors whose constructor has not ended. Nothing of them is written down: after a restart they
//! were never asked for.

use std::sync::Arc;

use wask_proto::{
    ActorId, ActorRecord, Encoding, Failure, FailureKind, Value, WorkerId,
    worker::{ActorDone, ActorOrder, ActorOutcome, ActorStart},
};

use super::{Actors, LOSSES_MAX, actor::label, command::NewActor, kept, worker_lost};

/// An actor that is being made.
#[derive(Debug)]
pub(super) struct Making {
    new: NewActor,
    losses: u32,
    sent: Option<(u64, WorkerId)>,
}

impl Making {
    pub(super) const fn new(new: NewActor) -> Self {
        Self { new, losses: 0, sent: None }
    }

    /// Whether the constructor is with a worker.
    pub(super) const fn is_sent(&self) -> bool {
        self.sent.is_some()
    }

    /// The module that is needed.
    pub(super) const fn module(&self) -> wask_proto::ModuleId {
        self.new.class.module
    }

    fn order(&self, id: ActorId, order: u64) -> ActorOrder {
        let class = &self.new.class;
        ActorOrder {
            actor: id,
            order,
            module: class.module,
            class: Arc::clone(&class.class),
            start: Some(ActorStart::New { args: self.new.args.pieces() }),
            call: None,
            limits: self.new.limits,
            result_encoding: Encoding::Cbor,
            save: true,
            label: label(id, &class.class).into(),
        }
    }
}

impl Actors {
    pub(super) fn send_constructor(&mut self, id: ActorId) {
        if self.stopping {
            return;
        }
        let Some(worker) = self.quiet_worker() else { return };
        let Some(making) = self.making.get_mut(&id) else { return };
        self.last_order += 1;
        making.sent = Some((self.last_order, worker));
        self.out.orders.push((worker, making.order(id, self.last_order)));
    }

    /// A constructor came to an end.
    pub(super) fn constructed(&mut self, done: ActorDone) {
        let id = done.actor;
        let Some(making) = self.making.get_mut(&id) else { return };
        let Some((_, worker)) = making.sent.filter(|(order, _)| *order == done.order) else {
            return;
        };
        making.sent = None;
        let why = match done.outcome {
            ActorOutcome::Success(_) => return self.made(id, worker, done.state.as_ref()),
            ActorOutcome::Failed(failure, _) => return self.not_made(id, worker, *failure),
            ActorOutcome::Absent => "its worker keeps no instance".to_owned(),
            ActorOutcome::Lost(why) => why,
        };
        making.losses += 1;
        if making.losses < LOSSES_MAX {
            self.send_constructor(id);
        } else {
            self.not_made(id, worker, worker_lost(&why));
        }
    }

    fn made(&mut self, id: ActorId, worker: WorkerId, state: Option<&Value>) {
        let Some(state) = state.and_then(kept::stored) else {
            let message = "the actor's state was not saved";
            return self.not_made(id, worker, Failure::new(FailureKind::Output, message));
        };
        let Some(Making { new, .. }) = self.making.remove(&id) else { return };
        let NewActor { class, name, args, reply, .. } = new;
        self.commit(ActorRecord::Made {
            id,
            module: class.module,
            module_name: class.module_name,
            class: class.class,
            name,
            at: self.now,
            state,
        });
        self.give_back(args);
        *self.workers.entry(worker).or_default() += 1;
        if let Some(actor) = self.table.get_mut(&id) {
            actor.line.settle_at(worker);
            let view = actor.view(id);
            self.out.answer(reply, Ok(Ok(view)));
        }
    }

    fn not_made(&mut self, id: ActorId, worker: WorkerId, failure: Failure) {
        self.out.forgotten.push((worker, id));
        let Some(Making { new, .. }) = self.making.remove(&id) else { return };
        self.give_back(new.args);
        self.out.answer(new.reply, Ok(Err(failure.into())));
    }
}
