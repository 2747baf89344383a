//! What the history is told of: taken from the records that the journal gets, passed on when they
//! are durable.

use std::sync::Arc;

use wask_proto::{Record, RunId, Seq, SpanState, TaskIndex, Timestamp, Timing};

use super::Server;
use crate::history::{Attempt, Entry};

impl Server {
    /// How many functions the run of a record that brings tasks has before it.
    pub(super) fn functions_known(&self, record: &Record) -> usize {
        match record {
            Record::TasksAdded { run, .. } | Record::ChildrenAdded { run, .. } => {
                self.model.runs.get(run).map_or(0, |run| run.functions.len())
            }
            _ => 0,
        }
    }

    /// Notes what a record means for the history. The model has it already; `known` functions it
    /// had before.
    pub(super) fn tell_history(&mut self, seq: Seq, record: &Record, known: usize) {
        match record {
            Record::RunSubmitted(header) => {
                let name = header.name.as_deref().map(Arc::from);
                let entry = Entry::Run { run: header.id, name, created_at: header.created_at };
                self.untold.push_back((seq, entry));
            }
            Record::RunDeleted { run, .. } => self.untold.push_back((seq, Entry::Deleted(*run))),
            Record::TasksAdded { run, nodes, .. } | Record::ChildrenAdded { run, nodes, .. } => {
                self.tell_functions(seq, *run, nodes, known);
            }
            Record::TaskSucceeded { run, task, attempt, queued_at, timing, cached, value } => {
                let state = if *cached { SpanState::Known } else { SpanState::Succeeded };
                let output = value.size();
                self.tell_attempt(
                    seq,
                    *run,
                    (*task, *attempt, state),
                    (*queued_at, timing),
                    output,
                );
            }
            Record::TaskFailed { run, task, attempt, queued_at, timing, .. } => {
                let ended = (*task, *attempt, SpanState::Failed);
                self.tell_attempt(seq, *run, ended, (*queued_at, timing), 0);
            }
            Record::AttemptFailed { run, task, attempt, timing, .. } => {
                let ended = (*task, *attempt, SpanState::Retried);
                self.tell_attempt(seq, *run, ended, (Timestamp(0), timing), 0);
            }
            Record::TasksCancelled { run, running, .. } => {
                for (task, attempt, timing) in running {
                    let ended = (*task, *attempt, SpanState::Cancelled);
                    self.tell_attempt(seq, *run, ended, (Timestamp(0), timing), 0);
                }
            }
            _ => {}
        }
    }

    /// Passes on what is durable.
    pub(super) fn publish_history(&mut self, durable: Seq) {
        let ready = self.untold.partition_point(|(seq, _)| *seq <= durable);
        if ready > 0 {
            self.history.append(self.untold.drain(..ready).map(|(_, entry)| entry));
        }
    }

    fn tell_functions(
        &mut self,
        seq: Seq,
        id: RunId,
        nodes: &[wask_proto::NodeSpec],
        known: usize,
    ) {
        let Some(run) = self.model.runs.get(&id) else { return };
        let added = run.functions.get(known..).unwrap_or_default();
        for call in added.iter().map(|function| &function.call) {
            let Some(spec) = nodes.iter().find(|spec| spec.call.name() == **call) else { continue };
            let (module, function) = (spec.call.module, Arc::clone(&spec.call.function));
            let entry = Entry::Function { run: id, call: Arc::clone(call), module, function };
            self.untold.push_back((seq, entry));
        }
    }

    fn tell_attempt(
        &mut self,
        seq: Seq,
        id: RunId,
        (task, attempt, state): (TaskIndex, u32, SpanState),
        (queued_at, timing): (Timestamp, &Timing),
        output: u64,
    ) {
        let Some(node) = self.model.runs.get(&id).and_then(|run| run.node_of(task)) else { return };
        let function = node.function;
        let timing = *timing;
        let ended = Attempt { task, function, attempt, state, queued_at, timing, output };
        self.untold.push_back((seq, Entry::Attempt(id, ended)));
    }
}
