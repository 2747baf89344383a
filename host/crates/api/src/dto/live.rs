//! What displays are sent: the messages of the live feed, and what is told of the past.

use std::{collections::BTreeMap, sync::Arc};

use serde::Serialize;
use utoipa::ToSchema;
use wask_node::{
    Dictionary, Durations, RunName, SpanIndex,
    view::live::{CriticalPath, FailureGroup, LiveView, RunningView, Stage},
};
use wask_proto::{BLOCK_SPANS, NO_LANE, ProfileNode, WorkerId};

use super::{
    CountsDto, FailureDto, RunDto,
    run::{FunctionDto, function},
};
use crate::units::Time;

/// Names of workers by their numbers.
pub(crate) type Workers = BTreeMap<WorkerId, Arc<str>>;

/// What there is of a run's spans.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Spans)]
pub(crate) struct SpansDto {
    /// The run.
    run: String,
    /// Spans in all.
    total: u64,
    /// Spans of a block.
    block: u64,
    /// Blocks that are complete and never change.
    sealed: u64,
    /// What starts count from, in microseconds since 1970.
    base_us: u64,
    #[serde(flatten)]
    names: NamesDto,
}

/// The names behind numbers.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SpanNames)]
pub(crate) struct NamesDto {
    /// Functions.
    #[schema(value_type = Vec<String>)]
    functions: Vec<Arc<str>>,
    /// Slots.
    lanes: Vec<LaneDto>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Lane)]
struct LaneDto {
    /// The worker.
    worker: u32,
    /// Its name; null if it is gone.
    #[schema(value_type = Option<String>)]
    name: Option<Arc<str>>,
    /// Its slot.
    slot: u16,
}

impl NamesDto {
    pub(crate) fn new(names: Dictionary, workers: &Workers) -> Self {
        let lane = |lane: &wask_node::Lane| LaneDto {
            worker: lane.worker.0,
            name: workers.get(&lane.worker).cloned(),
            slot: lane.slot,
        };
        Self { lanes: names.lanes.iter().map(lane).collect(), functions: names.functions }
    }
}

impl SpansDto {
    pub(crate) fn new(run: wask_proto::RunId, index: SpanIndex, workers: &Workers) -> Self {
        Self {
            run: run.to_string(),
            total: index.total,
            block: BLOCK_SPANS as u64,
            sealed: index.sealed,
            base_us: index.base_us,
            names: NamesDto::new(index.names, workers),
        }
    }
}

/// A text message of the live feed.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(crate) enum Message {
    /// Names that the blocks after it need.
    Names {
        epoch: String,
        #[serde(flatten)]
        names: NamesDto,
        #[serde(skip_serializing_if = "Option::is_none")]
        runs: Option<BTreeMap<u32, NamedRunDto>>,
    },
    /// The present.
    Tick(Box<TickDto>),
}

#[derive(Debug, Serialize)]
pub(crate) struct NamedRunDto {
    id: String,
    name: Option<Arc<str>>,
}

impl From<RunName> for NamedRunDto {
    fn from(run: RunName) -> Self {
        Self { id: run.id.to_string(), name: run.name }
    }
}

/// The present: everything absolute.
#[derive(Debug, Serialize)]
pub(crate) struct TickDto {
    now_us: u64,
    total: u64,
    running: Vec<RunningDto>,
    running_total: u64,
    counts: CountsDto,
    functions: Vec<FunctionDto>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<RunDto>,
    #[serde(skip_serializing_if = "Option::is_none")]
    runs: Option<Vec<RunDto>>,
    server: ServerDto,
}

#[derive(Debug, Serialize)]
struct RunningDto {
    run: u32,
    task: u32,
    function: u16,
    call: Arc<str>,
    attempt: u32,
    state: &'static str,
    lane: Option<u16>,
    worker: Option<u32>,
    slot: Option<u16>,
    start_us: Option<u64>,
}

#[derive(Debug, Serialize)]
struct ServerDto {
    slots: u64,
    busy: u64,
    queued: u32,
    tasks_per_s: f64,
    workers: Vec<SlotsDto>,
}

#[derive(Debug, Serialize)]
struct SlotsDto {
    id: u32,
    name: Arc<str>,
    slots: u16,
}

impl TickDto {
    /// The present as a feed tells it, whose names are these: of functions and lanes, and of runs.
    pub(crate) fn new(
        view: &LiveView,
        (names, runs): (&Dictionary, &[(u32, RunName)]),
        total: u64,
        tasks_per_s: f64,
    ) -> Self {
        let workers = view.workers.iter();
        let queued = view.counts.get(wask_proto::TaskState::Queued);
        Self {
            now_us: view.now.0,
            total,
            running: view.running.iter().map(|held| running(held, view, (names, runs))).collect(),
            running_total: view.running_total,
            counts: CountsDto(view.counts),
            functions: view.functions.iter().map(function).collect(),
            run: view.run.as_ref().map(RunDto::from),
            runs: view.run.is_none().then(|| view.runs.iter().map(RunDto::from).collect()),
            server: ServerDto {
                slots: view.slots,
                busy: view.busy,
                queued,
                tasks_per_s,
                workers: workers
                    .map(|(id, name, slots)| SlotsDto {
                        id: id.0,
                        name: Arc::clone(name),
                        slots: *slots,
                    })
                    .collect(),
            },
        }
    }
}

fn running(
    held: &RunningView,
    view: &LiveView,
    (names, runs): (&Dictionary, &[(u32, RunName)]),
) -> RunningDto {
    let (state, place) = match held.stage {
        Stage::Running(worker, slot, at) => ("running", Some((worker, slot, at))),
        Stage::Parked(worker, slot, at) => ("parked", Some((worker, slot, at))),
        Stage::Assigned => ("assigned", None),
    };
    let lane = place.and_then(|(worker, slot, _)| {
        let lane = wask_node::Lane { worker, slot };
        names.lanes.iter().position(|known| *known == lane)
    });
    // A run numbers its own functions; the feed of all runs goes by their names.
    let function = match view.run {
        Some(_) => usize::try_from(held.function).ok(),
        None => names.functions.iter().position(|known| *known == held.call),
    };
    let number = |place: usize| u16::try_from(place).ok();
    RunningDto {
        run: runs.iter().find(|(_, run)| run.id == held.run).map_or(0, |(number, _)| *number),
        task: held.task,
        function: function.and_then(number).unwrap_or(NO_LANE),
        call: Arc::clone(&held.call),
        attempt: held.attempt,
        state,
        lane: lane.and_then(number),
        worker: place.map(|(worker, ..)| worker.0),
        slot: place.map(|(_, slot, _)| slot),
        start_us: place.map(|(.., at)| at.0),
    }
}

/// Failures of a run, those that are alike together.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Failures)]
pub(crate) struct FailuresDto {
    /// The largest group first.
    groups: Vec<FailureGroupDto>,
    /// How many tasks failed.
    total: u64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FailureGroup)]
struct FailureGroupDto {
    /// `module/function`.
    #[schema(value_type = String)]
    call: Arc<str>,
    /// The kind of failure.
    kind: &'static str,
    /// The newest one's message.
    message: String,
    /// How many tasks.
    count: u64,
    /// When the first one failed.
    #[schema(value_type = String, format = DateTime)]
    first_at: Time,
    /// When the last one failed.
    #[schema(value_type = String, format = DateTime)]
    last_at: Time,
    /// The first hundred tasks.
    keys: Vec<String>,
    /// The newest one.
    example: FailedTaskDto,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FailedTask)]
struct FailedTaskDto {
    /// The task.
    key: String,
    #[serde(flatten)]
    failure: FailureDto,
}

impl FailuresDto {
    pub(crate) fn new(groups: Vec<FailureGroup>, total: u64) -> Self {
        let group = |group: FailureGroup| {
            let (key, failure) = group.example;
            FailureGroupDto {
                call: group.call,
                kind: failure.kind.name(),
                message: failure.message.clone(),
                count: group.count,
                first_at: Time(group.first_at),
                last_at: Time(group.last_at),
                keys: group.keys,
                example: FailedTaskDto { key, failure: FailureDto::from(&*failure) },
            }
        };
        Self { groups: groups.into_iter().map(group).collect(), total }
    }
}

/// The chain of tasks that decided when a run ended.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CriticalPath)]
pub(crate) struct CriticalPathDto {
    /// From the first begin to the last end, in microseconds.
    us: u64,
    /// How many tasks it has.
    total: u64,
    /// The last thousand of them, in order.
    tasks: Vec<PathTaskDto>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PathTask)]
struct PathTaskDto {
    /// Its place.
    task: u32,
    /// Its name.
    key: String,
    /// `module/function`.
    #[schema(value_type = String)]
    call: Arc<str>,
    /// When it began, in microseconds since 1970.
    start_us: u64,
    /// When it ended.
    end_us: u64,
}

impl From<CriticalPath> for CriticalPathDto {
    fn from(path: CriticalPath) -> Self {
        let task = |task: wask_node::view::live::PathTask| PathTaskDto {
            task: task.task,
            key: task.key,
            call: task.call,
            start_us: task.started_at.0,
            end_us: task.finished_at.0,
        };
        Self { us: path.us, total: path.total, tasks: path.tasks.into_iter().map(task).collect() }
    }
}

/// How long a module's functions took.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ModuleDurations)]
pub(crate) struct DurationsDto {
    /// Those that were called.
    functions: Vec<FunctionDurationsDto>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FunctionDurations)]
struct FunctionDurationsDto {
    /// The function.
    #[schema(value_type = String)]
    name: Arc<str>,
    /// Attempts that ended.
    count: u64,
    /// Of these, how many failed.
    failed: u64,
    /// Inside the function.
    run_us: QuantilesDto,
    /// Successes by run time.
    histogram: Vec<BucketDto>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Quantiles)]
struct QuantilesDto {
    p50: u64,
    p95: u64,
    p99: u64,
    max: u64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Bucket)]
struct BucketDto {
    /// Those of the bucket took less.
    to_us: u64,
    /// How many there are.
    count: u64,
}

impl From<Vec<Durations>> for DurationsDto {
    fn from(durations: Vec<Durations>) -> Self {
        let function = |of: Durations| {
            let (p50, p95, p99, max) = of.run_us;
            let bucket = |(to_us, count): (u64, u64)| BucketDto { to_us, count };
            FunctionDurationsDto {
                name: of.function,
                count: of.count,
                failed: of.failed,
                run_us: QuantilesDto { p50, p95, p99, max },
                histogram: of.histogram.into_iter().map(bucket).collect(),
            }
        };
        Self { functions: durations.into_iter().map(function).collect() }
    }
}

/// What the guests of a run were seen doing.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Profile)]
pub(crate) struct ProfileDto {
    /// Functions; none if the run was not submitted with `"profile": true`.
    functions: Vec<FunctionProfileDto>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FunctionProfile)]
struct FunctionProfileDto {
    /// `module/function`.
    #[schema(value_type = String)]
    call: Arc<str>,
    /// Moments, some milliseconds apart, in which it ran.
    samples: u64,
    /// The stacks, as a tree.
    root: ProfileNodeDto,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProfileNode, no_recursion)]
struct ProfileNodeDto {
    /// The function.
    #[schema(value_type = String)]
    name: Arc<str>,
    /// Moments in which it was the innermost one.
    #[serde(rename = "self")]
    own: u64,
    /// Moments in which it was there.
    total: u64,
    /// What it called.
    children: Vec<Self>,
}

impl From<Vec<(Arc<str>, ProfileNode)>> for ProfileDto {
    fn from(trees: Vec<(Arc<str>, ProfileNode)>) -> Self {
        let function = |(call, root): (Arc<str>, ProfileNode)| FunctionProfileDto {
            call,
            samples: root.total,
            root: root.into(),
        };
        Self { functions: trees.into_iter().map(function).collect() }
    }
}

impl From<ProfileNode> for ProfileNodeDto {
    fn from(node: ProfileNode) -> Self {
        let children = node.children.into_iter().map(Self::from).collect();
        Self { name: node.name, own: node.own, total: node.total, children }
    }
}

/// Names of tasks.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TaskNames)]
pub(crate) struct TaskNamesDto {
    /// Those that there are.
    items: Vec<TaskNameDto>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TaskName)]
struct TaskNameDto {
    /// The place.
    task: u32,
    /// The name.
    key: String,
}

impl From<Vec<(u32, String)>> for TaskNamesDto {
    fn from(names: Vec<(u32, String)>) -> Self {
        let item = |(task, key): (u32, String)| TaskNameDto { task, key };
        Self { items: names.into_iter().map(item).collect() }
    }
}
