//! `/modules`: uploading, listing, naming and deleting.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    http::{StatusCode, Uri, header},
    response::IntoResponse as _,
    routing::{get, post, put},
};
use wask_node::{ModuleLookup, ModuleView};
use wask_proto::ModuleInfo;

use crate::{
    codes,
    content::{Format, read_body},
    dto::{ModuleDto, Page},
    nearest::hint,
    params::{Params, Path, invalid},
    problem::{Answer, Problem},
    state::ApiState,
};

pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/modules", post(upload).get(list))
        .route("/modules/{reference}", get(show).delete(delete))
        .route("/modules/{reference}/wasm", get(wasm))
        .route("/modules/{reference}/name/{name}", put(name))
}

async fn upload(State(state): State<ApiState>, format: Format, request: Request) -> Answer {
    let uri = request.uri().clone();
    let params = Params::read(&uri, &["name"])?;
    let name = params.text("name").map(str::to_owned);
    name.as_deref().map_or(Ok(()), check_name)?;
    let limits = state.limits();
    let wasm = read_body(request, limits.module_max_bytes, limits).await?;
    if wasm.is_empty() {
        return Err(Problem::new(codes::INVALID_MODULE, "the body is empty; send the wasm bytes"));
    }
    let uploaded = state.node().upload_module(wasm.into(), name.clone()).await?;
    let status = if uploaded.created { StatusCode::CREATED } else { StatusCode::OK };
    let module = ModuleDto::new(&uploaded.info, &uploaded.names, name.as_deref());
    let place = [(header::LOCATION, format!("/api/v1/modules/{}", uploaded.info.id))];
    Ok((place, format.reply(status, &module)).into_response())
}

async fn list(State(state): State<ApiState>, uri: Uri, format: Format) -> Answer {
    Params::read(&uri, &[])?;
    let modules = state.node().modules();
    let modules = modules.iter().map(|module| ModuleDto::new(&module.info, &module.names, None));
    Ok(format.ok(&Page::whole(modules.collect())))
}

async fn show(
    State(state): State<ApiState>,
    Path(reference): Path<String>,
    format: Format,
) -> Answer {
    let info = find(&state, &reference)?;
    Ok(format.ok(&shown(&state, &info, &reference)))
}

async fn wasm(State(state): State<ApiState>, Path(reference): Path<String>) -> Answer {
    let info = find(&state, &reference)?;
    let wasm = state.node().module_wasm(info.id).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/wasm".to_owned()),
        (header::ETAG, format!("\"{}\"", info.id)),
    ];
    Ok((headers, wasm).into_response())
}

async fn name(
    State(state): State<ApiState>,
    Path((reference, name)): Path<(String, String)>,
    format: Format,
) -> Answer {
    check_name(&name)?;
    let info = find(&state, &reference)?;
    state.node().name_module(info.id, name.clone()).await?;
    Ok(format.ok(&shown(&state, &info, &name)))
}

async fn delete(
    State(state): State<ApiState>,
    Path(reference): Path<String>,
) -> Answer<StatusCode> {
    let info = find(&state, &reference)?;
    state.node().delete_module(info.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn shown(state: &ApiState, info: &ModuleInfo, named: &str) -> ModuleDto {
    let all = state.node().modules();
    let names = all.into_iter().find(|module: &ModuleView| module.info.id == info.id);
    ModuleDto::new(info, &names.map(|module| module.names).unwrap_or_default(), Some(named))
}

/// The module of an id, a unique prefix, or a name.
pub(super) fn find(state: &ApiState, reference: &str) -> Answer<Arc<ModuleInfo>> {
    match state.node().module(reference) {
        ModuleLookup::Found(info) => Ok(info),
        ModuleLookup::Unknown { near } => {
            let hint = hint(reference, near.iter().map(String::as_str));
            let detail = format!("there is no module `{reference}`{hint}");
            Err(Problem::new(codes::UNKNOWN_MODULE, detail))
        }
        ModuleLookup::Ambiguous(ids) => {
            let count = ids.len();
            let detail = format!("`{reference}` is the beginning of {count} modules' ids");
            Err(Problem::new(codes::AMBIGUOUS, detail))
        }
    }
}

/// A name stands in `module/function` and in paths, and must not look like an id.
fn check_name(name: &str) -> Answer<()> {
    const NAME_MAX_BYTES: usize = 100;
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '@' | ':' | '+');
    let is_id = name.len() >= 8 && name.bytes().all(|b| b.is_ascii_hexdigit());
    let has_form = name.chars().all(is_plain) && name.chars().any(char::is_alphanumeric);
    if has_form && name.len() <= NAME_MAX_BYTES && !is_id {
        return Ok(());
    }
    let what = "a module's name has 1 to 100 letters, digits or any of `-_.@:+`, and is not made \
                of 8 or more hexadecimal digits, which would look like an id";
    Err(invalid("name", what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_and_unlike_ids() {
        for good in ["numbers", "größe-1", "a.b@2", "cafe"] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for wrong in ["", "a/b", "..", "a b", "deadbeef", &"x".repeat(101)] {
            assert!(check_name(wrong).is_err(), "{wrong}");
        }
    }
}
