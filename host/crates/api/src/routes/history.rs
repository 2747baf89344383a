//! What displays read of the past: spans in blocks, names, failures that are alike, the critical
//! path, durations.

use axum::{
    Router,
    extract::State,
    http::{Uri, header},
    response::IntoResponse as _,
    routing::get,
};

use crate::{
    codes,
    content::Format,
    dto::{
        CriticalPathDto, DurationsDto, FailuresDto, ProfileDto, SpansDto, TaskNamesDto, Workers,
    },
    params::{Params, Path, invalid},
    problem::{Answer, Problem},
    routes::modules,
    state::{ApiState, unknown_run},
};

/// Places that names are asked for at once.
const NAMES_MAX: usize = 1_000;

pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/runs/{id}/spans", get(spans))
        .route("/runs/{id}/spans/{block}", get(block))
        .route("/runs/{id}/names", get(names))
        .route("/runs/{id}/failures", get(failures))
        .route("/runs/{id}/critical-path", get(critical_path))
        .route("/runs/{id}/profile", get(profile))
        .route("/modules/{reference}/durations", get(durations))
}

/// Names of the workers that there are.
pub(super) async fn workers(state: &ApiState) -> Workers {
    let workers = state.node().workers().await;
    workers.into_iter().map(|worker| (worker.id, worker.name)).collect()
}

async fn spans(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    uri: Uri,
    format: Format,
) -> Answer {
    Params::read(&uri, &[])?;
    let run = state.find_run(&id).await?;
    let workers = workers(&state).await;
    let index = state.node().history().index(run).ok_or_else(|| unknown_run(&id))?;
    Ok(format.ok(&SpansDto::new(run, index, &workers)))
}

async fn block(State(state): State<ApiState>, Path((id, block)): Path<(String, u64)>) -> Answer {
    let run = state.find_run(&id).await?;
    let history = state.node().history().clone();
    let read = tokio::task::spawn_blocking(move || history.sealed(run, block)).await;
    let not_sealed = || {
        let detail = format!("block {block} is not complete; its spans come by the feed `/live`");
        Problem::new(codes::NOT_FOUND, detail)
    };
    let bytes = read.ok().flatten().ok_or_else(not_sealed)?.map_err(|error| {
        tracing::error!(%error, %run, block, "a block of history cannot be read");
        Problem::new(codes::INTERNAL, "the block cannot be read; the server's log says more")
    })?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CACHE_CONTROL, "private, max-age=31536000, immutable"),
    ];
    Ok((headers, bytes.to_vec()).into_response())
}

async fn names(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    uri: Uri,
    format: Format,
) -> Answer {
    let params = Params::read(&uri, &["tasks"])?;
    let wrong = || invalid("tasks", "should be places of tasks with commas between, `0,17,18`");
    let places = params.text("tasks").ok_or_else(wrong)?.split(',');
    let places: Vec<u32> = places.map(str::parse).collect::<Result<_, _>>().map_err(|_| wrong())?;
    if places.len() > NAMES_MAX {
        return Err(invalid("tasks", &format!("has more than {NAMES_MAX} places")));
    }
    let run = state.find_run(&id).await?;
    let names = state.node().names(run, places).await.ok_or_else(|| unknown_run(&id))?;
    Ok(format.ok(&TaskNamesDto::from(names)))
}

async fn failures(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    uri: Uri,
    format: Format,
) -> Answer {
    Params::read(&uri, &[])?;
    let run = state.find_run(&id).await?;
    let (groups, total) = state.node().failures(run).await.ok_or_else(|| unknown_run(&id))?;
    Ok(format.ok(&FailuresDto::new(groups, total)))
}

async fn critical_path(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    uri: Uri,
    format: Format,
) -> Answer {
    Params::read(&uri, &[])?;
    let run = state.find_run(&id).await?;
    let path = state.node().critical_path(run).await.ok_or_else(|| unknown_run(&id))?;
    Ok(format.ok(&CriticalPathDto::from(path)))
}

async fn profile(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    uri: Uri,
    format: Format,
) -> Answer {
    Params::read(&uri, &[])?;
    let run = state.find_run(&id).await?;
    let profiles = state.node().profiles(run).await.ok_or_else(|| unknown_run(&id))?;
    Ok(format.ok(&ProfileDto::from(profiles)))
}

async fn durations(
    State(state): State<ApiState>,
    Path(reference): Path<String>,
    uri: Uri,
    format: Format,
) -> Answer {
    Params::read(&uri, &[])?;
    let module = modules::find(&state, &reference)?;
    let durations = state.node().history().durations(module.id);
    Ok(format.ok(&DurationsDto::from(durations)))
}
