//! What every handler has at hand. Holds no state of the server, only the way to it.

use std::{
    collections::HashMap,
    ops::Range,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use wask_node::{
    Handle, ModuleLookup, RunLookup, WaitFor,
    view::{KeyTable, ResultView, actors::ActorClass},
};
use wask_proto::{ActorId, ModuleInfo, RunId, TaskIndex, WorkerId};

use crate::{
    codes,
    config::{ApiConfig, ApiLimits},
    graph::{Context, Runs, SchemaCache},
    problem::{Answer, Problem},
};

/// Keys of open runs that are remembered, of one run and of all.
const SESSION_KEYS_MAX: usize = 20_000;
const SESSIONS_KEYS_MAX: usize = 60_000;

/// Displays that are fed at the same time.
const FEEDS_MAX: usize = 256;

/// Actors of which is remembered what they are.
const ACTORS_KNOWN_MAX: usize = 100_000;

/// What every handler has at hand; cheap to clone.
#[derive(Clone)]
pub struct ApiState {
    handle: Handle,
    shared: Arc<Shared>,
    closing: watch::Receiver<bool>,
}

struct Shared {
    config: ApiConfig,
    schemas: SchemaCache,
    /// Names this life of the server.
    epoch: String,
    requests: [AtomicU64; 5],
    /// The keys of open runs that got tasks lately, as far as they were added here.
    sessions: Mutex<HashMap<RunId, KeyTable>>,
    /// What actors are, which never changes; whether they are still there says the server.
    actors: Mutex<HashMap<ActorId, Arc<KnownActor>>>,
    close: watch::Sender<bool>,
    feeds: Arc<Semaphore>,
    /// When the processor time of workers was last looked at, what it was, and the cores in use.
    cpu: Mutex<HashMap<WorkerId, CpuSample>>,
}

#[derive(Clone, Copy)]
struct CpuSample {
    at: Instant,
    cpu_us: u64,
    cores: Option<f64>,
}

/// What an actor is.
#[derive(Clone, Debug)]
pub(crate) struct KnownActor {
    /// Its class.
    pub(crate) class: ActorClass,
    /// Its module.
    pub(crate) module: Arc<ModuleInfo>,
}

impl ApiState {
    /// The API over a server.
    pub fn new(handle: Handle, config: ApiConfig) -> Self {
        let (close, closing) = watch::channel(false);
        let shared = Shared {
            config,
            schemas: SchemaCache::default(),
            epoch: format!("{:x}", handle.history().latest_index().base_us),
            requests: std::array::from_fn(|_| AtomicU64::new(0)),
            sessions: Mutex::default(),
            actors: Mutex::default(),
            close,
            feeds: Arc::new(Semaphore::new(FEEDS_MAX)),
            cpu: Mutex::default(),
        };
        Self { handle, shared: Arc::new(shared), closing }
    }

    /// Ends all waits and feeds.
    pub(crate) fn close(&self) {
        self.shared.close.send_replace(true);
    }

    /// Comes when the API closes.
    pub(crate) async fn closed(&self) {
        let mut closing = self.closing.clone();
        // The sender lives in `shared`, so that this ends with `true` and never otherwise.
        let _closed = closing.wait_for(|closing| *closing).await;
    }

    /// The door to the server.
    pub(crate) const fn node(&self) -> &Handle {
        &self.handle
    }

    /// Settings.
    pub(crate) fn config(&self) -> &ApiConfig {
        &self.shared.config
    }

    /// Limits.
    pub(crate) fn limits(&self) -> &ApiLimits {
        &self.shared.config.limits
    }

    /// A place for a display.
    pub(crate) fn feed_place(&self) -> Answer<OwnedSemaphorePermit> {
        Arc::clone(&self.shared.feeds).try_acquire_owned().map_err(|_| {
            let detail = format!("{FEEDS_MAX} displays are open; close some of them");
            Problem::new(codes::TOO_MUCH_WORK, detail)
        })
    }

    /// Cores that a worker uses, over the time since this was asked before. Executors that ended
    /// take their time with them, so that it may seem to shrink.
    pub(crate) fn cpu_of(&self, worker: WorkerId, cpu_us: u64) -> Option<f64> {
        const APART_MIN: Duration = Duration::from_millis(200);
        let mut samples = self.shared.cpu.lock().unwrap_or_else(PoisonError::into_inner);
        let now = CpuSample { at: Instant::now(), cpu_us, cores: None };
        let before = *samples.entry(worker).or_insert(now);
        let apart = now.at - before.at;
        if apart < APART_MIN {
            return before.cores;
        }
        let used = Duration::from_micros(cpu_us.saturating_sub(before.cpu_us));
        let cores = Some(used.as_secs_f64() / apart.as_secs_f64());
        samples.insert(worker, CpuSample { cores, ..now });
        cores
    }

    /// The name of this life of the server: numbers that only hold for it go with it.
    pub(crate) fn epoch(&self) -> &str {
        &self.shared.epoch
    }

    /// Compiled schemas.
    pub(crate) fn schemas(&self) -> &SchemaCache {
        &self.shared.schemas
    }

    /// What graphs are checked with.
    pub(crate) fn context<'c>(&'c self, runs: &'c Runs) -> Context<'c> {
        Context { modules: &self.handle, schemas: self.schemas(), limits: self.limits(), runs }
    }

    /// Counts an answered request.
    pub(crate) fn count_request(&self, status: u16) {
        if let Some(count) = self.shared.requests.get(usize::from(status / 100).saturating_sub(1)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Answered requests by the hundreds of their status: 1xx to 5xx.
    pub(crate) fn requests(&self) -> [u64; 5] {
        self.shared.requests.each_ref().map(|count| count.load(Ordering::Relaxed))
    }

    /// The run of an id, a unique prefix, or `last`.
    pub(crate) async fn find_run(&self, reference: &str) -> Answer<RunId> {
        self.handle.find_run(reference).await.map_err(|lookup| match lookup {
            RunLookup::Unknown => unknown_run(reference),
            RunLookup::Ambiguous(runs) => {
                let some: Vec<String> = runs.iter().take(5).map(ToString::to_string).collect();
                let detail = format!("`{reference}` is the beginning of {}", some.join(", "));
                Problem::new(codes::AMBIGUOUS, detail)
            }
        })
    }

    /// The run and its keys.
    pub(crate) async fn find_keys(&self, reference: &str) -> Answer<(RunId, KeyTable)> {
        let run = self.find_run(reference).await?;
        let keys = self.handle.keys(run).await;
        Ok((run, keys.ok_or_else(|| unknown_run(reference))?))
    }

    /// The keys of an open run as they were after the last addition here, which spares a question.
    /// They may be outdated.
    pub(crate) fn recent_keys(&self, run: RunId) -> Option<KeyTable> {
        self.sessions().get(&run).cloned()
    }

    /// Remembers the keys of an open run, unless they are many.
    pub(crate) fn remember_keys(&self, keys: KeyTable) {
        let mut sessions = self.sessions();
        sessions.remove(&keys.run);
        let others: usize = sessions.values().map(KeyTable::len).sum();
        if others + keys.len() > SESSIONS_KEYS_MAX {
            sessions.clear();
        }
        if keys.len() <= SESSION_KEYS_MAX {
            sessions.insert(keys.run, keys);
        }
    }

    /// A run takes no more tasks.
    pub(crate) fn forget_keys(&self, run: RunId) {
        self.sessions().remove(&run);
    }

    /// An actor by its id, and what it is. That it is known here does not mean that it is there.
    pub(crate) async fn find_actor(&self, reference: &str) -> Answer<(ActorId, Arc<KnownActor>)> {
        let unknown = || unknown_actor(reference);
        let id: ActorId = reference.parse().map_err(|_| unknown())?;
        if let Some(known) = self.actors().get(&id) {
            return Ok((id, Arc::clone(known)));
        }
        let class = self.handle.actor_class(id).await.ok_or_else(unknown)?;
        let ModuleLookup::Found(module) = self.handle.module(&class.module.to_string()) else {
            return Err(unknown());
        };
        let known = Arc::new(KnownActor { class, module });
        self.remember_actor(id, Arc::clone(&known));
        Ok((id, known))
    }

    /// Remembers what an actor is, which spares a question.
    pub(crate) fn remember_actor(&self, id: ActorId, known: Arc<KnownActor>) {
        let mut actors = self.actors();
        if actors.len() >= ACTORS_KNOWN_MAX {
            actors.clear();
        }
        actors.insert(id, known);
    }

    fn actors(&self) -> MutexGuard<'_, HashMap<ActorId, Arc<KnownActor>>> {
        self.shared.actors.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<RunId, KeyTable>> {
        self.shared.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits, but not beyond the API's end; tells whether what was waited for has come.
    pub(crate) async fn wait(&self, run: RunId, what: WaitFor, time: Duration) -> Answer<bool> {
        tokio::select! {
            done = self.handle.wait(run, what, time) => Ok(done?),
            () = self.closed() => Ok(false),
        }
    }

    /// Waits for the end of tasks, but not beyond the API's end, and tells what came of them.
    pub(crate) async fn wait_for_results(
        &self,
        run: RunId,
        tasks: Vec<Range<TaskIndex>>,
        time: Duration,
    ) -> Answer<Option<Vec<ResultView>>> {
        tokio::select! {
            results = self.handle.wait_for_results(run, tasks.clone(), time) => Ok(Some(results?)),
            () = self.closed() => Ok(self.handle.results(run, tasks).await),
        }
    }
}

/// The problem of a run that is not there.
pub(crate) fn unknown_run(reference: &str) -> Problem {
    Problem::new(codes::UNKNOWN_RUN, format!("there is no run `{reference}`"))
}

/// The problem of an actor that is not there.
pub(crate) fn unknown_actor(reference: &str) -> Problem {
    let detail = format!("there is no actor `{reference}`; it was deleted or never made");
    Problem::new(codes::UNKNOWN_ACTOR, detail)
}
