//! A submitted graph, checked and resolved: what the journal keeps and the scheduler runs.
//!
//! The edge turns names into places: a reference to a task is its index in the run, an argument
//! is CBOR with holes. CBOR items can be joined by putting their bytes side by side, so filling a
//! hole copies bytes and decodes nothing.

mod calls;
mod stored;

use std::{ops::Range, sync::Arc};

use serde::{Deserialize, Serialize};

pub use self::calls::CallSpecs;
use crate::{CallLimits, Few, FewBytes, ModuleId, ObjectId, RunId, TaskId, TaskIndex, Timestamp};

/// Delay before the first further attempt of a task.
const RETRY_DELAY_DEFAULT_MS: u64 = 100;

/// What a run is, beside its tasks.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RunHeader {
    /// Its id.
    pub id: RunId,
    /// A name for people.
    pub name: Option<String>,
    /// Whether it still takes tasks.
    pub open: bool,
    /// For an open run how long it goes on without a word from its client.
    pub lease_ms: Option<u64>,
    /// Options for all tasks of an open run, as the client wrote them (CBOR); empty without any.
    #[serde(with = "serde_bytes")]
    pub defaults: Vec<u8>,
    /// The client's idempotency key and the hash of the body that came with it.
    pub idempotency: Option<(String, [u8; 32])>,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// Whether its guests are profiled.
    pub profile: bool,
}

/// One key of a graph: a single task, or an array of tasks of the same function. A run may have a
/// million of them, so what many have in common is shared, and what few have is in a box.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NodeSpec {
    /// The key in the graph.
    pub key: Arc<str>,
    /// What is called, and how.
    pub call: Arc<CallSpec>,
    /// The task's place in the run; for an array the places of its elements.
    pub tasks: Range<TaskIndex>,
    /// The elements of an array; `None` for a single task.
    pub map: Option<Box<MapSource>>,
    /// One template for each parameter of the function.
    pub args: Few<ArgTemplate>,
    /// Tasks to wait for without using their results, as ranges of places.
    pub after: Few<Range<TaskIndex>>,
    /// Whether the results are outputs of the run.
    pub output: bool,
    /// For an import the first of the tasks of another run for which its tasks stand; the others
    /// follow. It calls nothing: its function is theirs.
    pub import: Option<Box<TaskId>>,
}

const _: () = assert!(size_of::<NodeSpec>() <= 96);

/// A function and the options of its call: the same for most keys of a graph.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct CallSpec {
    /// The module of the function.
    pub module: ModuleId,
    /// The module as the client wrote it, for showing.
    pub module_name: Arc<str>,
    /// The function's name.
    pub function: Arc<str>,
    /// Options, with all defaults filled in.
    pub options: TaskOptions,
}

/// Where the elements of an array task come from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum MapSource {
    /// The integers `start + n * step`; each element has one part.
    Range {
        /// The first integer.
        start: i64,
        /// The distance from one to the next; never 0.
        step: i64,
    },
    /// Elements with their parts written out.
    Each(Vec<Vec<ArgTemplate>>),
    /// Element `n` has as its parts the `n`-th of each source.
    Zip(Vec<ZipSource>),
    /// The tasks stand for the elements of another run's array.
    Imported,
}

/// One side of a zip.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum ZipSource {
    /// The results of an array task: element `n` needs `tasks.start + n` alone.
    Tasks(Range<TaskIndex>),
    /// Values written out.
    Values(Vec<ArgTemplate>),
}

/// An argument: CBOR bytes with holes, to be put side by side.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ArgTemplate(pub Few<Part>);

const _: () = assert!(size_of::<ArgTemplate>() <= 24);

/// A piece of an argument. A template that is one single hole passes its value on as it is; in
/// all other cases raw bytes become a CBOR byte string.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Part {
    /// CBOR, as it is. Need not be a whole item: the header of a list whose items follow.
    Literal(FewBytes),
    /// The result of a task.
    Task(TaskIndex),
    /// The results of tasks side by side, as a CBOR list in order.
    Tasks(Range<TaskIndex>),
    /// The bytes of an object.
    Object(Box<ObjectId>),
    /// The n-th part of the array's element.
    Item(u32),
}

impl ArgTemplate {
    /// A template without holes.
    pub fn literal(cbor: Vec<u8>) -> Self {
        Self::hole(Part::Literal(cbor.into()))
    }

    /// A template that is one hole.
    pub const fn hole(part: Part) -> Self {
        Self(Few::one(part))
    }
}

/// What happens to a task when something it needs does not succeed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub enum OnFailed {
    /// It is aborted.
    #[default]
    Abort,
    /// It runs all the same; the missing result is `null`.
    Run,
}

/// A task's options. Defaults of the function and of the run are already in.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct TaskOptions {
    /// Further attempts after a failure of the function.
    pub retries: u32,
    /// Delay before the first of them, doubled each time, with jitter.
    pub retry_delay_ms: u64,
    /// Wall time of one attempt.
    pub timeout_ms: u64,
    /// Linear memory of one attempt.
    pub memory_max_bytes: u64,
    /// Higher goes first.
    pub priority: i32,
    /// Amounts of named resources, in thousandths.
    pub resources: Vec<(Arc<str>, u64)>,
    /// What happens when something it needs does not succeed.
    pub on_failed: OnFailed,
    /// Whether a known result may stand in for an execution.
    pub cache: bool,
    /// Whether the result stays when nobody needs it any more.
    pub keep: bool,
    /// Elements of an array that may fail before the others are aborted.
    pub max_fails: Option<u32>,
}

impl Default for TaskOptions {
    /// One attempt within the server's limits.
    fn default() -> Self {
        let limits = CallLimits::default();
        Self {
            retries: 0,
            retry_delay_ms: RETRY_DELAY_DEFAULT_MS,
            timeout_ms: limits.wall_max_ms,
            memory_max_bytes: limits.memory_max_bytes,
            priority: 0,
            resources: Vec::new(),
            on_failed: OnFailed::Abort,
            cache: true,
            keep: false,
            max_fails: None,
        }
    }
}

impl ZipSource {
    /// Whether its elements are results of tasks.
    pub const fn is_tasks(&self) -> bool {
        matches!(self, Self::Tasks(_))
    }
}

impl NodeSpec {
    /// Visits the pieces of all argument templates, those of the array's elements included.
    pub fn each_part(&self, visit: &mut dyn FnMut(&Part)) {
        self.args.iter().flat_map(|arg| &arg.0).for_each(&mut *visit);
        match self.map.as_deref() {
            Some(MapSource::Each(elements)) => {
                elements.iter().flatten().flat_map(|arg| &arg.0).for_each(&mut *visit);
            }
            Some(MapSource::Zip(sources)) => {
                for source in sources {
                    if let ZipSource::Values(values) = source {
                        values.iter().flat_map(|arg| &arg.0).for_each(&mut *visit);
                    }
                }
            }
            Some(MapSource::Range { .. } | MapSource::Imported) | None => {}
        }
    }

    /// The objects that the templates name.
    pub fn objects(&self) -> Vec<ObjectId> {
        let mut found = Vec::new();
        self.each_part(&mut |part| {
            if let Part::Object(id) = part {
                found.push(**id);
            }
        });
        found
    }

    /// The node without its elements: what all of them have in common.
    #[must_use]
    pub fn clone_without_map(&self) -> Self {
        Self {
            key: Arc::clone(&self.key),
            call: Arc::clone(&self.call),
            tasks: self.tasks.clone(),
            map: None,
            args: self.args.clone(),
            after: self.after.clone(),
            output: self.output,
            import: self.import.clone(),
        }
    }
}

impl CallSpec {
    /// `module/function`, as the client wrote it.
    pub fn name(&self) -> String {
        format!("{}/{}", self.module_name, self.function)
    }
}
