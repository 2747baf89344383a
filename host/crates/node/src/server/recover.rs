//! After a restart: the journal is read once; model, books and engine are as they were.
//!
//! The same records that were written live are folded into the same model. What was running is
//! queued again; what memory alone held is computed again if somebody needs it.

use std::{collections::HashMap, ops::ControlFlow, sync::Arc};

use wask_engine::{Event, Fact, Node};
use wask_proto::{FailureKind, ObjectId, Record, RunId, Seq, StoredValue, SyncRecord, TaskId};
use wask_store::{BatchError, IndexChange, Journal, JournalError, ObjectRecord, RecordBatch};

use super::{JournalPort, Server, hold::Uploaded};

/// Why the journal cannot be read back.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// The journal's files are damaged or unreadable.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A record was written by another version.
    #[error(
        "record {} of the journal cannot be read; start the version of wask that wrote it, or name \
         another data directory",
        seq.0
    )]
    Record {
        /// Its number.
        seq: Seq,
        /// Why.
        source: wask_proto::RecordError,
    },
    /// What old records shrink to cannot be written.
    #[error(transparent)]
    Batch(#[from] BatchError),
}

/// What the engine is to be told of a run.
#[derive(Default)]
struct Story {
    open: bool,
    steps: Vec<Step>,
}

enum Step {
    Add(Vec<Node>),
    Facts(Vec<Fact>),
}

/// Records without effect that make a compaction worth its while.
const GARBAGE_MIN: u64 = 10_000;

impl Server {
    /// Reads the journal back. `indexed` is what the index covers already.
    pub(crate) fn recover(
        &mut self,
        journal: &mut dyn Journal,
        indexed: Seq,
    ) -> Result<(), RecoverError> {
        self.begin_recovery();
        if let Err(error) = self.memo.read_back(&self.index) {
            tracing::error!(%error, "some remembered results cannot be read; their calls run again");
        }
        let mut stories = HashMap::<RunId, Story>::new();
        let mut failed = None;
        let (mut total, mut garbage, mut changes, mut of_actors) = (0u64, 0u64, 0u64, 0u64);
        journal.reader().read(Seq(1), &mut |seq, bytes| match Record::decode(bytes) {
            Ok(mut record) => {
                total += 1;
                if let Some(nodes) = record.nodes_mut() {
                    self.calls.share_all(nodes);
                }
                if let Record::RunDeleted { run, .. } = &record {
                    garbage += stories.get(run).map_or(0, |s| s.steps.len() as u64 * 2);
                }
                match &record {
                    Record::Sync(SyncRecord::Restated { .. }) => changes = 0,
                    Record::Sync(_) => changes += 1,
                    Record::Actor(_) => of_actors += 1,
                    _ => {}
                }
                self.restore(&record, (seq, seq > indexed), &mut stories);
                ControlFlow::Continue(())
            }
            Err(source) => {
                failed = Some(RecoverError::Record { seq, source });
                ControlFlow::Break(())
            }
        })?;
        if let Some(error) = failed {
            return Err(error);
        }
        self.end_recovery();
        garbage += of_actors.saturating_sub(self.actors.records());
        let restated = self.restate_sync(journal, changes)?;
        self.tell_engine(stories);
        if restated.is_some() || (garbage > GARBAGE_MIN && garbage > total / 2) {
            self.compact(journal, restated.unwrap_or(Seq(0)))?;
        }
        Ok(())
    }

    /// Takes out what tells of deleted runs and actors, calls before an actor's saved state, and
    /// changes of coordination before `restated`.
    fn compact(&self, journal: &mut dyn Journal, restated: Seq) -> Result<(), RecoverError> {
        let compacted = journal.compact(&mut |seq, bytes| match Record::decode(bytes) {
            Ok(Record::Sync(_)) => seq >= restated,
            Ok(Record::Actor(change)) => self.actors.needs(&change),
            Ok(record) => record.run().is_none_or(|run| self.model.runs.contains_key(&run)),
            Err(_) => true,
        })?;
        tracing::info!(?compacted, "records without effect were taken out of the journal");
        Ok(())
    }

    /// Writes coordination down as it is, when most of its changes have no effect any more; tells
    /// from where on. The batch is durable as a whole or not at all.
    fn restate_sync(
        &mut self,
        journal: &mut dyn Journal,
        changes: u64,
    ) -> Result<Option<Seq>, RecoverError> {
        if changes < GARBAGE_MIN || self.sync.restate().count() as u64 > changes / 2 {
            return Ok(None);
        }
        let mut batch = RecordBatch::default();
        for change in self.sync.restate() {
            batch.push(&Record::Sync(change))?;
        }
        let first = Seq(journal.last().0 + 1);
        journal.append(first, &batch)?;
        self.journal = JournalPort::new(journal.last());
        tracing::info!(changes, records = batch.len(), "coordination was written down anew");
        Ok(Some(first))
    }

    fn restore(
        &mut self,
        record: &Record,
        (seq, index): (Seq, bool),
        stories: &mut HashMap<RunId, Story>,
    ) {
        self.restore_store(record, index);
        match record {
            Record::Sync(change) => self.sync.apply(change),
            Record::Actor(change) => self.restore_actor(change),
            _ => {}
        }
        let known = self.functions_known(record);
        let freed = self.model.apply(record, None);
        self.tell_history(seq, record, known);
        self.publish_history(seq);
        self.hold_back(&freed);
        let Some(run) = record.run() else { return };
        match record {
            Record::RunSubmitted(header) => {
                self.begin_lease(run, header.lease_ms);
                stories.insert(run, Story { open: header.open, steps: Vec::new() });
            }
            Record::RunDeleted { .. } => {
                self.end_lease(run);
                stories.remove(&run);
            }
            Record::ChildrenAdded { parent, nodes, .. } => {
                self.note_children(TaskId { run, index: *parent }, nodes);
                let nodes = self.engine_nodes(nodes, Some(*parent));
                if let Some(story) = stories.get_mut(&run) {
                    story.steps.push(Step::Add(nodes));
                }
            }
            Record::TasksAdded { nodes, .. } => {
                let nodes = self.engine_nodes(nodes, None);
                if let Some(story) = stories.get_mut(&run) {
                    story.steps.push(Step::Add(nodes));
                }
            }
            _ => {
                if let Record::RunClosed { .. } = record {
                    self.end_lease(run);
                }
                if let Record::AttemptFailed { task, failure, .. } = record
                    && failure.kind != FailureKind::WorkerLost
                {
                    self.forget_failed_children(TaskId { run, index: *task });
                }
                let available = self.restore_value(record);
                if let Some(story) = stories.get_mut(&run)
                    && let Some(fact) = fact_of(record, available)
                {
                    story.add(fact);
                }
            }
        }
    }

    /// Modules and objects.
    fn restore_store(&mut self, record: &Record, index: bool) {
        match record {
            Record::ModuleAdded(info) => self.modules.add(Arc::clone(info)),
            Record::ModuleNamed { name, id, .. } => self.modules.name(Arc::clone(name), *id),
            Record::ModuleDeleted { id, .. } => self.modules.remove(*id),
            Record::ObjectAdded { id, size, media_type, inline } => {
                let known = Uploaded {
                    size: *size,
                    media_type: Arc::clone(media_type),
                    inline: inline.as_deref().map(Into::into),
                };
                self.holdings.uploaded.insert(*id, known);
                if index {
                    let media_type = Arc::clone(media_type);
                    let record = ObjectRecord { media_type, size: *size, inline: inline.clone() };
                    self.indexer.push(IndexChange::PutObject(*id, record), self.now);
                }
            }
            Record::ObjectDeleted(id) => {
                self.holdings.uploaded.remove(id);
                if index {
                    self.indexer.push(IndexChange::DeleteObject(*id), self.now);
                }
            }
            _ => {}
        }
    }

    /// A success's value: held again if it is still there.
    fn restore_value(&mut self, record: &Record) -> bool {
        let Record::TaskSucceeded { run, task, value, .. } = record else { return false };
        let there = match value {
            StoredValue::Inline(..) => true,
            StoredValue::Object(_, id, _) => matches!(self.objects.size(id), Ok(Some(_))),
            StoredValue::Transient(..) => false,
        };
        let id = TaskId { run: *run, index: *task };
        let row = self.model.runs.get_mut(run).and_then(|r| r.tasks.get_mut(*task as usize));
        let Some(row) = row else { return false };
        if !there {
            row.value = None;
            return false;
        }
        if let Some(value) = row.value.clone() {
            self.hold(id, &value);
            self.index_result(id, &value, None);
        }
        true
    }

    fn tell_engine(&mut self, mut stories: HashMap<RunId, Story>) {
        let runs: Vec<RunId> = self.model.order.values().copied().collect();
        for run in runs {
            let Some(story) = stories.remove(&run) else { continue };
            self.handle_silently(Event::AddRun { run, open: story.open });
            // At least one `Restore` tells the engine that the run is not a new one.
            let end = Step::Facts(Vec::new());
            for step in story.steps.into_iter().chain([end]) {
                match step {
                    Step::Add(nodes) => self.handle_silently(Event::AddTasks { run, nodes }),
                    Step::Facts(facts) => self.handle_silently(Event::Restore { run, facts }),
                }
            }
        }
        for task in self.sync.claimed_tasks() {
            self.handle_silently(Event::Hold(task));
        }
        self.forget_finished_families();
        self.handle(Event::RestoreDone);
    }

    /// What the engine says of tasks on the way is void until all facts are known.
    fn handle_silently(&mut self, event: Event) {
        let mut actions = Vec::new();
        self.engine.handle(event, self.now, &mut actions);
    }

    /// The newest record, durable or not.
    pub(crate) fn last_recorded(&self) -> Seq {
        self.journal.last()
    }

    /// Modules by the id of their bytes, for those whose compiled form must be made again.
    pub(crate) fn module_objects(&self) -> Vec<ObjectId> {
        self.modules.all().into_iter().map(|module| ObjectId(module.info.id.0)).collect()
    }
}

impl Story {
    fn add(&mut self, fact: Fact) {
        match self.steps.last_mut() {
            Some(Step::Facts(facts)) => facts.push(fact),
            _ => self.steps.push(Step::Facts(vec![fact])),
        }
    }
}

fn fact_of(record: &Record, available: bool) -> Option<Fact> {
    Some(match record {
        Record::TaskSucceeded { task, attempt, value, .. } => {
            Fact::Succeeded { task: *task, attempt: *attempt, size_bytes: value.size(), available }
        }
        Record::TaskFailed { task, attempt, .. } => Fact::Failed { task: *task, attempt: *attempt },
        Record::AttemptFailed { task, attempt, failure, .. } => Fact::AttemptFailed {
            task: *task,
            attempt: *attempt,
            lost: failure.kind == wask_proto::FailureKind::WorkerLost,
        },
        Record::TasksCancelled { tasks, .. } => Fact::Cancelled(tasks.clone()),
        Record::TasksAborted { tasks, cause, .. } => {
            Fact::Aborted { tasks: tasks.clone(), cause: *cause }
        }
        Record::TasksRetried { tasks, .. } => Fact::Retried(tasks.clone()),
        Record::TasksReleased { tasks, .. } => Fact::Released(tasks.clone()),
        Record::RunClosed { .. } => Fact::Closed,
        Record::RunFinished { .. } => Fact::RunFinished,
        _ => return None,
    })
}
