//! Getting a submission checked and accepted: what runs, added tasks and single calls share.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::http::HeaderMap;
use wask_node::{Called, Refusal, Submitted, WaitFor, view::sync::Guard};
use wask_proto::{NodeSpec, ObjectId, RunHeader, RunId, Timestamp};

use crate::{
    codes::{self, Code},
    errors::Errors,
    graph::{Checked, Runs, imported_runs},
    problem::{Answer, Problem},
    state::ApiState,
};

/// Bodies from this size on are checked on a thread that may block.
const BLOCKING_MIN_BYTES: usize = 64 << 10;

/// The key under which a client wants a submission to count once, with the hash of what is
/// submitted.
#[derive(Clone, Debug)]
pub(crate) struct Idempotency(Option<(String, [u8; 32])>);

impl Idempotency {
    /// Reads the header; `scope` and `document` are what must be the same in a repetition.
    pub(crate) fn read(headers: &HeaderMap, scope: &str, document: &[u8]) -> Answer<Self> {
        const KEY_MAX_BYTES: usize = 255;
        let Some(key) = headers.get("idempotency-key") else { return Ok(Self(None)) };
        let key = key.to_str().unwrap_or_default();
        if key.is_empty() || key.len() > KEY_MAX_BYTES {
            let detail = "`Idempotency-Key` has 1 to 255 visible ASCII characters";
            return Err(Problem::new(codes::INVALID_HEADER, detail));
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update(scope.as_bytes()).update(&[0]).update(document);
        Ok(Self(Some((key.to_owned(), *hasher.finalize().as_bytes()))))
    }
}

/// Checks a document, beside the runtime if it is large.
pub(crate) async fn check_document(
    state: &ApiState,
    document: Vec<u8>,
    invalid: Code,
    check: impl FnOnce(&ApiState, &[u8]) -> Result<Checked, Errors> + Send + 'static,
) -> Answer<Checked> {
    let handed = state.clone();
    let checked = beside(document, move |document| check(&handed, document)).await?;
    let checked = checked.map_err(|errors| Problem::with_errors(invalid, errors))?;
    check_objects(state, &checked.objects, invalid).await?;
    Ok(checked)
}

/// Does something with a document, beside the runtime if it is large.
pub(crate) async fn beside<T: Send + 'static>(
    document: Vec<u8>,
    work: impl FnOnce(&[u8]) -> T + Send + 'static,
) -> Answer<T> {
    if document.len() < BLOCKING_MIN_BYTES {
        return Ok(work(&document));
    }
    let done = tokio::task::spawn_blocking(move || work(&document)).await;
    done.map_err(|error| Problem::new(codes::INTERNAL, error.to_string()))
}

/// The keys of the runs that a document's imports name. Those that are not there are missing.
pub(crate) async fn named_runs(state: &ApiState, document: &[u8]) -> Runs {
    let mut runs = Runs::new();
    for reference in imported_runs(document) {
        if let Ok((_, keys)) = state.find_keys(&reference).await {
            runs.insert(reference, keys);
        }
    }
    runs
}

/// Every object that is referred to must be there.
pub(crate) async fn check_objects(
    state: &ApiState,
    objects: &[(ObjectId, String)],
    invalid: Code,
) -> Answer<()> {
    if objects.is_empty() {
        return Ok(());
    }
    let ids = objects.iter().map(|(id, _)| *id).collect();
    let known = state.node().object_infos(ids).await;
    let known: HashMap<ObjectId, ()> = known.into_iter().flatten().map(|i| (i.id, ())).collect();
    let mut errors = Errors::default();
    for (id, pointer) in objects.iter().filter(|(id, _)| !known.contains_key(id)) {
        errors.add_at(
            || pointer.clone(),
            "unknown_object",
            || format!("there is no object `{id}`; upload it first"),
        );
    }
    if errors.is_empty() { Ok(()) } else { Err(Problem::with_errors(invalid, errors)) }
}

/// Has a run accepted, and waits for its end if that is wanted.
pub(crate) async fn submit(
    state: &ApiState,
    checked: Checked,
    idempotency: Idempotency,
    wait: Option<Duration>,
    guard: Option<Guard>,
) -> Answer<Submitted> {
    let (header, nodes) = run_of(checked, idempotency);
    let wait = wait.map(|time| (WaitFor::RunFinished, time));
    unless_closed(state, state.node().submit(header, nodes, wait, guard)).await
}

/// Has a call accepted, and waits for what comes of it.
pub(crate) async fn call(
    state: &ApiState,
    checked: Checked,
    idempotency: Idempotency,
    wait: Duration,
    guard: Option<Guard>,
) -> Answer<Called> {
    let (header, nodes) = run_of(checked, idempotency);
    unless_closed(state, state.node().call(header, nodes, wait, guard)).await
}

fn run_of(checked: Checked, idempotency: Idempotency) -> (RunHeader, Vec<NodeSpec>) {
    let header = RunHeader {
        id: RunId(rand::random()),
        name: checked.name,
        open: checked.open,
        lease_ms: checked.lease_ms,
        defaults: if checked.open { checked.defaults } else { Vec::new() },
        idempotency: idempotency.0,
        created_at: now(),
        profile: checked.profile,
    };
    (header, checked.nodes)
}

async fn unless_closed<T>(
    state: &ApiState,
    submitted: impl Future<Output = Result<T, Refusal>>,
) -> Answer<T> {
    tokio::select! {
        submitted = submitted => Ok(submitted?),
        () = state.closed() => {
            let detail = "the server is shutting down; ask again with the same Idempotency-Key";
            Err(Problem::new(codes::SHUTTING_DOWN, detail).retry_after(1))
        }
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
}
