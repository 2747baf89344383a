//! Putting a node together: storage opened, journal read back, loop and local worker started.

use std::{path::Path, sync::Arc, thread::JoinHandle};

use tokio::sync::mpsc;
use wask_proto::{ModuleId, Seq, WorkerId};
use wask_store::{
    DataDir, DirError, FileJournal, FileObjects, Index, IndexError, IndexOptions, IndexState,
    Journal, JournalError, JournalOptions, MemoryJournal, ObjectError, Objects,
};

use crate::{
    compiler::{CompileLimits, Compiler},
    config::{COMMANDS_MAX, NodeConfig},
    events::EventHub,
    handle::Handle,
    history::History,
    modules::Modules,
    pins::Pins,
    server::{self, RecoverError, Server, Storage},
    worker::{Agent, WorkerConfig, WorkerError},
};

/// The worker in this process.
const LOCAL_WORKER: WorkerId = WorkerId(1);

/// Why a node does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory cannot be used.
    #[error(transparent)]
    Dir(#[from] DirError),
    /// The journal cannot be opened.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The journal cannot be read back.
    #[error(transparent)]
    Recover(#[from] RecoverError),
    /// The object store cannot be opened.
    #[error(transparent)]
    Objects(#[from] ObjectError),
    /// The index cannot be opened, not even anew.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The local worker does not start.
    #[error(transparent)]
    Worker(#[from] WorkerError),
    /// A thread cannot be started.
    #[error("cannot start a thread")]
    Thread(#[from] std::io::Error),
}

/// A running node. Dropping it without [`Node::shutdown`] leaves the end to the process.
pub struct Node {
    handle: Handle,
    server: JoinHandle<()>,
    _dir: DataDir,
}

impl Node {
    /// The door to the server.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Whether the server loop has ended, which it does by itself only when the journal fails.
    pub fn is_finished(&self) -> bool {
        self.server.is_finished()
    }

    /// Stops taking work, lets running tasks finish for the grace time, commits everything.
    pub async fn shutdown(self) {
        self.handle.shutdown().await;
        let joined = tokio::task::spawn_blocking(move || self.server.join()).await;
        if !matches!(joined, Ok(Ok(()))) {
            tracing::error!("the server loop did not end well");
        }
    }
}

/// Starts a node. Blocks while the journal is read back.
pub fn start(config: NodeConfig) -> Result<Node, StartError> {
    let dir = DataDir::open(&config.data_dir)?;
    let mut journal = open_journal(&config, &dir)?;
    let objects: Arc<dyn Objects> = Arc::new(FileObjects::open(&dir)?);
    let (index, indexed) = open_index(&config, &dir)?;
    let modules = Arc::new(Modules::default());
    let pins = Arc::new(Pins::default());
    let hub = Arc::new(EventHub::new(journal.reader()));
    let history =
        History::start((!config.ephemeral).then(|| dir.history()), (LOCAL_WORKER, config.slots))?;
    let (sender, inputs) = mpsc::channel(COMMANDS_MAX);
    let compiler = compiler(&config, &dir);

    let handle = Handle::new(
        sender.clone(),
        Arc::clone(&modules),
        (Arc::clone(&objects), Arc::clone(&pins)),
        compiler.clone(),
        (Arc::clone(&hub), history.clone()),
    );
    let slots = config.slots;
    let worker_config = worker_config(&config, &dir);
    let last = journal.last();
    let storage = Storage { last, indexed, objects: Arc::clone(&objects), pins, index };
    let mut server = Server::new(config, storage, modules, (hub, history), &sender)?;
    server.recover(&mut *journal, indexed)?;
    for object in server.module_objects() {
        compile_again(&compiler, &*objects, object);
    }
    server.set_handle(handle.clone());
    server.start_journal(journal, &sender)?;
    if slots > 0 {
        server.add_worker(LOCAL_WORKER, Agent::new(worker_config, objects)?);
    }
    let server = std::thread::Builder::new()
        .name("wask-server".into())
        .spawn(move || server::run(server, inputs))?;
    Ok(Node { handle, server, _dir: dir })
}

fn open_journal(config: &NodeConfig, dir: &DataDir) -> Result<Box<dyn Journal>, StartError> {
    if config.ephemeral {
        return Ok(Box::new(MemoryJournal::new()));
    }
    let (journal, recovered) = FileJournal::open(&dir.journal(), JournalOptions::default())?;
    tracing::debug!(?recovered, "the journal is open");
    Ok(Box::new(journal))
}

fn open_index(config: &NodeConfig, dir: &DataDir) -> Result<(Arc<Index>, Seq), StartError> {
    if config.ephemeral {
        return Ok((Arc::new(Index::open_temporary()), Seq(0)));
    }
    let (index, state) = Index::open(&dir.index(), IndexOptions::default())?;
    let covered = match state {
        IndexState::Ready { covered } => covered,
        IndexState::Rebuilt => Seq(0),
    };
    Ok((Arc::new(index), covered))
}

fn compiler(config: &NodeConfig, dir: &DataDir) -> Compiler {
    Compiler {
        program: config.program.clone(),
        cache_dir: dir.compiled(),
        limits: CompileLimits {
            wall_max_ms: config.compile_wall_max_ms,
            memory_max_bytes: config.compile_memory_max_bytes,
        },
    }
}

fn worker_config(config: &NodeConfig, dir: &DataDir) -> WorkerConfig {
    WorkerConfig {
        name: Arc::clone(&config.worker_name),
        slots: config.slots,
        resources: config.resources.clone(),
        executor_program: config.program.clone(),
        cache_dir: dir.compiled(),
        prefetch_us: crate::config::PREFETCH_US,
        zero_work: config.zero_work,
    }
}

/// Makes a stored module's compiled form again, unless it is there: another version of this
/// program may have written it. Where that fails the tasks of this module will, and nothing else.
fn compile_again(compiler: &Compiler, objects: &dyn Objects, object: wask_proto::ObjectId) {
    let module = ModuleId(object.0);
    let Some(path) = objects.path(&object) else {
        return tracing::error!(%module, "the bytes of a module are gone; upload it again");
    };
    if let Err(error) = compiler.compile(Path::new(&path), module) {
        tracing::error!(%module, %error, "a module cannot be compiled again; its tasks will fail");
    }
}
