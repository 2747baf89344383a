//! The server loop's state and everything that changes it.
//!
//! One thread owns a [`Server`]. It waits for inputs, hands them to the engine, carries the
//! engine's actions out, and lets answers go when the journal has caught up. It makes no
//! scheduling decision, runs no guest, and waits for no disk but for a short sync while nothing else
//! is to be done.

mod act;
mod actors;
mod args;
mod bell;
mod children;
mod chronicle;
mod command;
mod commit;
mod generations;
mod hold;
mod indexer;
mod lease;
mod leftovers;
mod main_loop;
mod memo;
mod model;
mod on_actor;
mod on_ask;
mod on_command;
mod on_sync;
mod on_worker;
mod query;
mod recover;
mod stage;
mod sync;
mod translate;
mod waiters;
mod writer;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use rustc_hash::FxHashMap;
use tokio::sync::{mpsc, oneshot};
use wask_engine::{Action, Engine, EngineConfig};
use wask_proto::{
    ActorId, CallSpecs, Failure, MemoKey, ModuleId, Record, RunId, Seq, TaskId, TaskIndex,
    Timestamp, Timing, Value, WorkerId,
    worker::{ActorOrder, Assignment, AttemptId, Finished, Resumption},
};
use wask_store::{Index, Journal, Objects};

use crate::{
    clock,
    config::NodeConfig,
    events::EventHub,
    handle::Handle,
    history::{Entry, History},
    modules::Modules,
    pins::{Pin, Pins},
    view::EventView,
    worker::Agent,
};

pub(crate) use command::{Accepted, Command, Input, Reply, Waiter};
pub(crate) use main_loop::run;
pub use recover::RecoverError;
pub(crate) use sync::{Call, PageOf, SyncCommand};

use actors::{ActorLimits, Actors};
use children::Family;
use command::{Ack, Due};
use commit::{Haste, JournalPort};
use hold::Holdings;
use indexer::Indexer;
use lease::Leases;
use leftovers::Leftovers;
use memo::Memo;
use model::Model;
use on_ask::Asks;
use sync::{Coordination, Partings, SyncLimits};
use writer::Writer;

/// Everything that the loop owns.
pub(crate) struct Server {
    config: NodeConfig,
    engine: Engine,
    model: Model,
    journal: JournalPort,
    indexer: Indexer,
    writer: Writer,
    memo: Memo,
    holdings: Holdings,
    sync: Coordination,
    actors: Actors,
    /// Actors whose reports pass through the writer, in order, and how many there are of each.
    storing: FxHashMap<ActorId, u32>,
    /// Values in files that nobody needs once these records are durable.
    freed: VecDeque<(Seq, Value)>,
    /// Results that no value refers to any more.
    partings: Partings,
    modules: Arc<Modules>,
    objects: Arc<dyn Objects>,
    pins: Arc<Pins>,
    index: Arc<Index>,
    hub: Arc<EventHub>,
    workers: BTreeMap<WorkerId, WorkerPort>,
    /// Calls that were put together and are not assigned yet.
    staged: FxHashMap<TaskId, Staged>,
    /// What is known of calls under way.
    under_way: FxHashMap<TaskId, UnderWay>,
    /// What tasks that are not finished have handed out.
    families: FxHashMap<TaskId, Family>,
    /// What parked tasks have asked for.
    asks: Asks,
    /// The way to ask for it.
    handle: Option<Handle>,
    /// What the event that is being handled brought.
    hand: Hand,
    /// Functions by number, for the engine.
    functions: FxHashMap<(ModuleId, Arc<str>), u32>,
    /// What keys of graphs share.
    calls: CallSpecs,
    /// Answers that wait for the journal, in order of what they wait for.
    due: VecDeque<(Seq, Due)>,
    /// Events that wait for the journal.
    events: Vec<EventView>,
    /// What attempts took, for readers.
    pub(crate) history: History,
    /// What it is to be told when the journal has it.
    untold: VecDeque<(Seq, Entry)>,
    leases: Leases,
    /// Runs in which something was settled since the waiters were last looked at.
    touched: Vec<RunId>,
    actions: Vec<Action>,
    now: Timestamp,
    totals: Totals,
    leftovers: Leftovers,
    /// Whether there is a core to spare for looking.
    may_look: bool,
    stopping: Option<Stopping>,
}

/// What a server stores things in.
pub(crate) struct Storage {
    /// The journal's last record.
    pub(crate) last: Seq,
    /// The last record that the index covers.
    pub(crate) indexed: Seq,
    /// Whole objects.
    pub(crate) objects: Arc<dyn Objects>,
    /// Which of them are being stored.
    pub(crate) pins: Arc<Pins>,
    /// The derived index.
    pub(crate) index: Arc<Index>,
}

/// A worker in this process, and what it is about to be told.
struct WorkerPort {
    name: Arc<str>,
    joined_at: Option<Timestamp>,
    finished: u64,
    agent: Agent,
    assign: Vec<Assignment>,
    resume: Vec<Resumption>,
    cancel: Vec<AttemptId>,
    reclaim: Vec<AttemptId>,
    actors: Vec<ActorOrder>,
    forget: Vec<ActorId>,
}

/// A call that was put together.
struct Staged {
    assignment: Assignment,
    memo: Option<MemoKey>,
    /// With which of the assignments to its worker it goes along.
    leader: Option<usize>,
}

/// The last assignment that was carried out.
#[derive(Clone, Copy)]
struct Assigned {
    task: TaskId,
    /// Its place among those to its worker, or that of the one with which it goes along.
    leader: usize,
}

/// What is known of a call under way.
struct UnderWay {
    memo: Option<MemoKey>,
    /// Another one goes along with it, whose end will be told right after its own.
    leads: bool,
    /// It has ended itself, and ends as another task of its run does.
    becomes: Option<(TaskIndex, Timing)>,
}

/// What the event that is being handled brought: the engine's actions refer to it.
#[derive(Default)]
struct Hand {
    finished: Option<Box<Finished>>,
    /// What was assigned last, for one that is to go along.
    assigned: Option<Assigned>,
    /// Results that were looked up, until the engine says what becomes of their tasks.
    known: FxHashMap<TaskId, Value>,
    /// The files of these.
    pins: Vec<Pin>,
    /// Why arguments could not be put together, likewise.
    invalid: FxHashMap<TaskId, Failure>,
    /// The last success, for identical calls that it serves.
    success: Option<(TaskId, Value)>,
    /// Why tasks are being cancelled.
    reason: Option<Arc<str>>,
    /// How many tasks the command stopped or revived.
    changed: u64,
}

/// Figures since the start.
#[derive(Default)]
struct Totals {
    succeeded: u64,
    failed: u64,
    cancelled: u64,
    lost: u64,
    /// Tasks that were sent along with the one before them.
    fused: u64,
    busy_us: u64,
}

/// A server on its way out.
struct Stopping {
    deadline: Timestamp,
    reply: oneshot::Sender<()>,
}

impl Server {
    /// A server without runs, workers or a running journal.
    pub(crate) fn new(
        config: NodeConfig,
        storage: Storage,
        modules: Arc<Modules>,
        (hub, history): (Arc<EventHub>, History),
        inputs: &mpsc::Sender<Input>,
    ) -> std::io::Result<Self> {
        let Storage { last, indexed, objects, pins, index } = storage;
        Ok(Self {
            engine: Engine::new(EngineConfig::default()),
            model: Model::default(),
            journal: JournalPort::new(last),
            indexer: Indexer::start(Arc::clone(&index), indexed)?,
            writer: Writer::start(Arc::clone(&objects), Arc::clone(&pins), inputs.clone())?,
            memo: Memo::new(config.memo_max_entries),
            holdings: Holdings::default(),
            sync: Coordination::new(SyncLimits {
                bytes_max: config.sync_max_bytes,
                waiters_max: config.sync_waiters_max,
            }),
            actors: Actors::new(ActorLimits {
                actors_max: config.actors_max,
                calls_max: config.actor_calls_max,
                waiting_max_bytes: config.actor_waiting_max_bytes,
            }),
            storing: FxHashMap::default(),
            freed: VecDeque::new(),
            modules,
            objects,
            pins,
            index,
            hub,
            workers: BTreeMap::new(),
            staged: FxHashMap::default(),
            under_way: FxHashMap::default(),
            families: FxHashMap::default(),
            asks: Asks::default(),
            handle: None,
            hand: Hand::default(),
            functions: FxHashMap::default(),
            calls: CallSpecs::default(),
            due: VecDeque::new(),
            partings: Partings::default(),
            events: Vec::new(),
            history,
            untold: VecDeque::new(),
            leases: Leases::default(),
            touched: Vec::new(),
            actions: Vec::new(),
            now: clock::now(),
            totals: Totals::default(),
            leftovers: Leftovers::default(),
            may_look: std::thread::available_parallelism().is_ok_and(|cores| cores.get() > 1),
            stopping: None,
            config,
        })
    }

    /// Starts the committer. From here on what is recorded becomes durable.
    pub(crate) fn start_journal(
        &mut self,
        journal: Box<dyn Journal>,
        inputs: &mpsc::Sender<Input>,
    ) -> std::io::Result<()> {
        if self.config.ephemeral {
            self.journal.start_in_memory(journal);
            return Ok(());
        }
        self.journal.start(journal, inputs.clone())
    }

    /// Writes a fact down: into the model, the journal and the feed. `live` is the value of a
    /// success.
    fn record(&mut self, record: &Record, live: Option<Value>) {
        let seq = self.journal.push(record, self.now);
        if self.hub.is_watched(record.run()) {
            self.events.extend(query::event_of(&self.model, Some(seq), record));
        }
        let known = self.functions_known(record);
        let freed = self.model.apply(record, live);
        self.tell_history(seq, record, known);
        self.hold_back(&freed);
        if let Record::RunDeleted { .. } = record {
            self.staged.retain(|task, _| Some(task.run) != record.run());
            self.families.retain(|task, _| Some(task.run) != record.run());
        }
    }

    /// Lets an answer go when everything recorded so far is durable.
    fn answer(&mut self, ack: Ack) {
        let needed = self.journal.last();
        if needed <= self.journal.durable {
            ack();
        } else {
            self.due.push_back((needed, Due::Ack(ack)));
        }
    }

    /// Gives the answers that waited for what is durable now.
    fn release_answers(&mut self) {
        while let Some((needed, _)) = self.due.front()
            && *needed <= self.journal.durable
            && let Some((_, due)) = self.due.pop_front()
        {
            if let Some(after) = due.give() {
                self.follow_up(after);
            }
        }
    }

    /// Sends a batch off if it is time to. Its answers go with it, so that they need not come back
    /// to the loop to be given.
    fn flush(&mut self, haste: Haste) {
        let due = &mut self.due;
        let follows = self.journal.flush(haste, self.now, |last| {
            let count = due.partition_point(|(needed, _)| *needed <= last);
            due.drain(..count).map(|(_, due)| due).collect()
        });
        for after in follows {
            self.follow_up(after);
        }
    }
}
