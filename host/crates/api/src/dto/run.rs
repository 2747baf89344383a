//! Runs as the client sees them.

use serde::{Serialize, Serializer, ser::SerializeMap as _};
use utoipa::ToSchema;
use wask_node::view::{FunctionView, RunDetail, RunView, StateCounts};
use wask_proto::{Failure, TaskState};

use super::{FailureDto, RunTimesDto, ValueDto};
use crate::units::Time;

/// Tasks by state, and all of them as `total`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CountsDto(pub(crate) StateCounts);

impl Serialize for CountsDto {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(TaskState::ALL.len() + 1))?;
        map.serialize_entry("total", &self.0.total())?;
        for state in TaskState::ALL {
            map.serialize_entry(state.name(), &self.0.get(state))?;
        }
        map.end()
    }
}

/// A run, summed up.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Run)]
pub(crate) struct RunDto {
    /// Its id.
    pub(crate) id: String,
    /// Its name.
    name: Option<String>,
    /// `running`, `succeeded`, `failed` or `cancelled`.
    state: &'static str,
    /// Whether it still takes tasks.
    open: bool,
    /// Number of tasks: `total`, and by state.
    #[schema(value_type = std::collections::BTreeMap<String, u64>)]
    counts: CountsDto,
    /// When it was accepted.
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    /// When its first task began.
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Time>,
    /// When its last task ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Time>,
    /// Whether its guests are profiled.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    profile: bool,
}

impl From<&RunView> for RunDto {
    fn from(run: &RunView) -> Self {
        Self {
            id: run.id.to_string(),
            name: run.name.clone(),
            state: run.state.name(),
            open: run.open,
            counts: CountsDto(run.counts),
            created_at: Time(run.created_at),
            started_at: run.started_at.map(Time),
            finished_at: run.finished_at.map(Time),
            profile: run.profile,
        }
    }
}

/// Everything about a run.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = RunDetail)]
pub(crate) struct RunDetailDto {
    #[serde(flatten)]
    run: RunDto,
    /// By function.
    functions: Vec<FunctionDto>,
    /// Results of the outputs that succeeded so far, by task name; those over 64 KiB as
    /// `{"$object": id}`.
    #[schema(value_type = std::collections::BTreeMap<String, serde_json::Value>)]
    outputs: Outputs,
    /// The first ten failures.
    failures: Vec<RunFailureDto>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = RunFunction)]
pub(super) struct FunctionDto {
    /// `module/function` as the client wrote it.
    call: String,
    /// Number of tasks: `total`, and by state.
    #[schema(value_type = std::collections::BTreeMap<String, u64>)]
    counts: CountsDto,
    /// Run time of its successes; null before the first.
    run_us: Option<RunTimesDto>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = RunFailure)]
struct RunFailureDto {
    /// The task.
    key: String,
    #[serde(flatten)]
    failure: FailureDto,
}

#[derive(Clone, Debug)]
struct Outputs(Vec<(String, ValueDto)>);

impl Serialize for Outputs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

impl RunDetailDto {
    /// A run with the values of its outputs.
    pub(crate) fn new(detail: &RunDetail, outputs: Vec<(String, ValueDto)>) -> Self {
        let failure = |(key, failure): &(String, std::sync::Arc<Failure>)| RunFailureDto {
            key: key.clone(),
            failure: FailureDto::from(&**failure),
        };
        Self {
            run: RunDto::from(&detail.run),
            functions: detail.functions.iter().map(function).collect(),
            outputs: Outputs(outputs),
            failures: detail.failures.iter().map(failure).collect(),
        }
    }
}

pub(super) fn function(view: &FunctionView) -> FunctionDto {
    FunctionDto {
        call: view.call.clone(),
        counts: CountsDto(view.counts),
        run_us: view.run_us.map(|(p50, p95, max)| RunTimesDto { p50, p95, max }),
    }
}

/// The answer to a submission.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Submitted)]
pub(crate) struct SubmittedDto {
    /// Where the run is found in the API.
    pub(crate) url: String,
    /// Where the dashboard shows it.
    pub(crate) dashboard: String,
    #[serde(flatten)]
    pub(crate) run: RunDetailDto,
}
