//! What all things together take up, and which objects and tasks their values refer to.

use std::collections::HashMap;

use wask_proto::{ObjectId, RunId, SyncValue, TaskId};

/// What a thing costs beside its name and its values.
pub(super) const THING_COST_BYTES: u64 = 128;

/// What a value costs beside its bytes.
const VALUE_COST_BYTES: u64 = 64;

/// What a reference costs.
const REFERENCE_COST_BYTES: u64 = 40;

/// The books.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Books {
    /// Bytes of all values and names.
    pub(super) bytes: u64,
    objects: HashMap<ObjectId, u32>,
    tasks: HashMap<TaskId, u32>,
    /// What became of claims to results since somebody looked.
    claims: Vec<Claim>,
}

/// Values begin or cease to refer to a task, whose result they need.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Claim {
    /// The first value refers to it.
    Begins(TaskId),
    /// The last one is gone.
    Ends(TaskId),
}

/// What a value takes up.
pub(super) fn cost_of(value: &SyncValue) -> u64 {
    let references = (value.objects.len() + value.tasks.len()) as u64;
    VALUE_COST_BYTES + value.cbor.len() as u64 + references * REFERENCE_COST_BYTES
}

/// What a thing takes up, without its values.
pub(super) fn cost_of_name(name: &str) -> u64 {
    THING_COST_BYTES + name.len() as u64
}

impl Books {
    /// A thing is there.
    pub(super) fn add_name(&mut self, name: &str) {
        self.bytes += cost_of_name(name);
    }

    /// A thing is gone.
    pub(super) fn remove_name(&mut self, name: &str) {
        self.bytes -= cost_of_name(name);
    }

    /// A value is kept.
    pub(super) fn add(&mut self, value: &SyncValue) {
        self.bytes += cost_of(value);
        for id in &value.objects {
            *self.objects.entry(*id).or_default() += 1;
        }
        for task in &value.tasks {
            let count = self.tasks.entry(*task).or_default();
            *count += 1;
            if *count == 1 {
                self.claims.push(Claim::Begins(*task));
            }
        }
    }

    /// A value is not kept any more.
    pub(super) fn remove(&mut self, value: &SyncValue) {
        self.bytes -= cost_of(value);
        for id in &value.objects {
            count_down(&mut self.objects, id);
        }
        for task in &value.tasks {
            if count_down(&mut self.tasks, task) {
                self.claims.push(Claim::Ends(*task));
            }
        }
    }

    /// The claims that changed since this was asked last. Those that begin come first: a value that
    /// is moved never leaves its task without a claim.
    pub(super) fn take_claims(&mut self) -> Vec<Claim> {
        let mut claims = std::mem::take(&mut self.claims);
        claims.sort_unstable();
        claims
    }

    /// The tasks that values refer to.
    pub(super) fn tasks(&self) -> impl Iterator<Item = TaskId> {
        self.tasks.keys().copied()
    }

    /// Whether some value refers to this object.
    pub(super) fn needs_object(&self, id: &ObjectId) -> bool {
        self.objects.contains_key(id)
    }

    /// Whether some value refers to a task of this run.
    pub(super) fn needs_run(&self, run: RunId) -> bool {
        self.tasks.keys().any(|task| task.run == run)
    }
}

/// Counts one less; tells whether none is left.
fn count_down<K: std::hash::Hash + Eq>(counts: &mut HashMap<K, u32>, key: &K) -> bool {
    let Some(count) = counts.get_mut(key) else { return false };
    *count -= 1;
    let is_last = *count == 0;
    if is_last {
        counts.remove(key);
    }
    is_last
}
