//! `/sync/locks` and `/sync/semaphores`: leases with a fencing token.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    http::{StatusCode, Uri},
    routing::{get, post},
};
use wask_node::{Refusal, view::sync::SyncKind};
use wask_proto::{LeaseKind, LeaseName};

use super::{
    Asked,
    bodies::{LEASE_DEFAULT_MS, check_name},
    page, place_of,
};
use crate::{
    codes,
    content::Format,
    dto::sync::{LeaseDto, LeasesDto},
    errors::Errors,
    params::{Params, Path},
    problem::{Answer, Problem},
    state::ApiState,
};

/// Leases that a semaphore gives at the same time.
const LEASES_MAX: i64 = 100_000;

pub(super) fn routes() -> Router<ApiState> {
    of_kind("/sync/locks", LeaseKind::Lock).merge(of_kind("/sync/semaphores", LeaseKind::Semaphore))
}

/// Both kinds are asked for in the same way; only a semaphore has to be made.
fn of_kind(base: &str, kind: LeaseKind) -> Router<ApiState> {
    let one = format!("{base}/{{name}}");
    let mut thing =
        get(move |state: State<ApiState>, name: Path<String>, uri: Uri, format: Format| {
            show(kind, state, name, uri, format)
        })
        .delete(move |state: State<ApiState>, name: Path<String>, request: Request| {
            delete(kind, state, name, request)
        });
    if kind == LeaseKind::Semaphore {
        thing = thing.put(make);
    }
    let acquire =
        move |state: State<ApiState>, name: Path<String>, format: Format, request: Request| {
            acquire(kind, state, name, format, request)
        };
    let renew = move |state: State<ApiState>,
                      name: Path<String>,
                      format: Format,
                      request: Request| renew(kind, state, name, format, request);
    let release = move |state: State<ApiState>, name: Path<String>, request: Request| {
        release(kind, state, name, request)
    };
    let list =
        move |state: State<ApiState>, uri: Uri, format: Format| list(kind, state, uri, format);
    Router::new()
        .route(base, get(list))
        .route(&format!("{one}/acquire"), post(acquire))
        .route(&format!("{one}/renew"), post(renew))
        .route(&format!("{one}/release"), post(release))
        .route(&one, thing)
}

async fn list(kind: LeaseKind, state: State<ApiState>, uri: Uri, format: Format) -> Answer {
    let (after, limit) = place_of(&uri)?;
    Ok(page::<_, LeasesDto>(format, state.node().lease_pages(kind, after, limit).await))
}

async fn show(
    kind: LeaseKind,
    State(state): State<ApiState>,
    Path(name): Path<String>,
    uri: Uri,
    format: Format,
) -> Answer {
    Params::read(&uri, &[])?;
    let name = check_name(&name)?;
    let leases = state.node().leases(LeaseName { kind, name: Arc::clone(&name) }).await;
    let leases = leases.ok_or(Refusal::UnknownName(SyncKind::Semaphore, name))?;
    Ok(format.ok(&LeasesDto::from(leases)))
}

async fn make(
    State(state): State<ApiState>,
    Path(name): Path<String>,
    format: Format,
    request: Request,
) -> Answer {
    let mut asked = Asked::read(state, &name, request, &[])?;
    let leases = asked.integer("leases", (1, LEASES_MAX)).await?;
    let leases = leases.and_then(|leases| u32::try_from(leases).ok()).ok_or_else(|| {
        let detail = "`leases` is missing: how many may be taken at the same time".to_owned();
        let errors = Errors::one(String::new(), "missing_field", detail);
        Problem::with_errors(codes::INVALID_REQUEST, errors)
    })?;
    let made = asked.state.node().make_semaphore(asked.name, leases, asked.call).await?;
    Ok(format.ok(&LeasesDto::from(made)))
}

async fn delete(
    kind: LeaseKind,
    State(state): State<ApiState>,
    Path(name): Path<String>,
    request: Request,
) -> Answer<StatusCode> {
    let asked = Asked::read(state, &name, request, &[])?;
    let of = LeaseName { kind, name: asked.name };
    asked.state.node().delete_leases(of, asked.call).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn acquire(
    kind: LeaseKind,
    State(state): State<ApiState>,
    Path(name): Path<String>,
    format: Format,
    request: Request,
) -> Answer {
    let mut asked = Asked::read(state, &name, request, &["wait"])?;
    let lease_ms = asked.lease().await?.unwrap_or(LEASE_DEFAULT_MS);
    let of = LeaseName { kind, name: asked.name };
    let lease = asked.state.node().acquire(of, lease_ms, asked.call);
    let lease = Asked::until_closed(&asked.state, lease).await?;
    Ok(format.ok(&LeaseDto::from(lease)))
}

async fn renew(
    kind: LeaseKind,
    State(state): State<ApiState>,
    Path(name): Path<String>,
    format: Format,
    request: Request,
) -> Answer {
    let mut asked = Asked::read(state, &name, request, &[])?;
    let (token, lease_ms) = asked.token(&["token", "lease"]).await?;
    let of = LeaseName { kind, name: asked.name };
    let lease = asked.state.node().renew_lease(of, token, lease_ms, asked.call).await?;
    Ok(format.ok(&LeaseDto::from(lease)))
}

async fn release(
    kind: LeaseKind,
    State(state): State<ApiState>,
    Path(name): Path<String>,
    request: Request,
) -> Answer<StatusCode> {
    let mut asked = Asked::read(state, &name, request, &[])?;
    let (token, _) = asked.token(&["token"]).await?;
    let of = LeaseName { kind, name: asked.name };
    asked.state.node().release_lease(of, token, asked.call).await?;
    Ok(StatusCode::NO_CONTENT)
}
