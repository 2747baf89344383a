//! Questions about actors. Changes nothing.

use wask_proto::{ActorId, ActorRecord, ModuleId, ObjectId};

use super::{Actors, actor::Actor};
use crate::view::actors::{ActorClass, ActorPage, ActorStats, ActorView};

impl Actors {
    pub(crate) fn view(&self, id: ActorId) -> Option<ActorView> {
        self.table.get(&id).map(|actor| actor.view(id))
    }

    /// What an actor is.
    pub(crate) fn class(&self, id: ActorId) -> Option<&ActorClass> {
        self.table.get(&id).map(|actor| &actor.class)
    }

    /// Actors, newest first, from before the cursor.
    pub(crate) fn page(&self, before: Option<u64>, limit: usize) -> ActorPage {
        let older = self.order.range(..before.unwrap_or(u64::MAX)).rev();
        let mut actors: Vec<ActorView> =
            older.take(limit.saturating_add(1)).filter_map(|(_, id)| self.view(*id)).collect();
        let more = actors.len() > limit;
        actors.truncate(limit);
        let next = actors.last().filter(|_| more).map(|actor| actor.order);
        ActorPage { actors, next, total: self.table.len() as u64 }
    }

    pub(crate) fn stats(&self) -> ActorStats {
        let waiting = self.table.values().map(|actor| actor.line.len() as u64).sum::<u64>();
        ActorStats {
            actors: self.table.len() as u64,
            kept: self.workers.values().sum(),
            waiting: waiting + self.making.len() as u64,
            ..self.stats
        }
    }

    /// The actor that needs a module.
    pub(crate) fn user_of_module(&self, module: ModuleId) -> Option<String> {
        let made = self.table.iter().find(|(_, actor)| actor.class.module == module);
        let made = made.map(|(id, _)| format!("actor {id}; delete it first"));
        made.or_else(|| {
            let making = self.making.iter().find(|(_, making)| making.module() == module);
            making.map(|(id, _)| format!("actor {id}, which is being made; try again"))
        })
    }

    /// The actor whose state an object is, or that needs it for a call.
    pub(crate) fn user_of_object(&self, object: &ObjectId) -> Option<ActorId> {
        let needs = |actor: &Actor| {
            let mut values = actor.kept.object().into_iter().chain(actor.line.stored());
            values.any(|value| value.object_id() == *object)
        };
        self.table.iter().find(|(_, actor)| needs(actor)).map(|(id, _)| *id)
    }

    /// Whether a worker has an order to which it has not answered.
    pub(crate) fn is_idle(&self) -> bool {
        self.table.values().all(|actor| actor.line.sent() == 0)
            && !self.making.values().any(super::Making::is_sent)
    }

    /// How many records are needed for all there is.
    pub(crate) fn records(&self) -> u64 {
        self.table.values().map(|actor| actor.kept.records()).sum()
    }

    /// Whether a record still tells something.
    pub(crate) fn needs(&self, record: &ActorRecord) -> bool {
        let Some(actor) = self.table.get(&record.id()) else { return false };
        match record {
            ActorRecord::Called { number, .. } => *number >= actor.kept.saved_at_call,
            ActorRecord::Made { .. } | ActorRecord::Deleted { .. } => true,
        }
    }
}

impl Actor {
    pub(super) fn view(&self, id: ActorId) -> ActorView {
        ActorView {
            id,
            class: self.class.clone(),
            name: self.name.clone(),
            created_at: self.created_at,
            calls: self.kept.calls,
            waiting: self.line.len() as u64,
            state_bytes: self.kept.state_bytes(),
            saved_at_call: self.kept.saved_at_call,
            object: self.kept.object().map(wask_proto::Value::object_id),
            worker: self.line.worker(),
            last_call_at: self.kept.last_call_at,
            last_failure: self.last_failure.clone(),
            order: self.order,
        }
    }
}
