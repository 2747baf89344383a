//! The dashboard's files, which are part of the program, and what unknown paths are answered with.

use std::{
    borrow::Cow,
    collections::HashMap,
    io::Write as _,
    path::{Component, Path},
    sync::LazyLock,
};

use axum::{
    Router,
    body::Bytes,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use flate2::{Compression, write::GzEncoder};
use include_dir::{Dir, File, include_dir};

use crate::{
    codes,
    problem::{Answer, Problem},
    state::ApiState,
};

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../../web-dashboard/dist");

/// Scripts and styles come from the server alone, nobody may frame the page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' \
                      data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/", get(index))
        .route("/runs", get(index))
        .route("/runs/{*rest}", get(index))
        .route("/modules", get(index))
        .route("/modules/{*rest}", get(index))
        .route("/workers", get(index))
        .route("/sync", get(index))
        .route("/api", get(index))
}

async fn index(State(state): State<ApiState>, headers: HeaderMap) -> Answer {
    file(&state, "index.html", &headers).ok_or_else(|| {
        Problem::new(codes::NOT_FOUND, "this server was built without the dashboard")
    })
}

/// A file of the dashboard, or the problem of a path where nothing is.
pub(crate) async fn fallback(State(state): State<ApiState>, request: Request) -> Answer {
    let path = request.uri().path();
    let name = path.strip_prefix('/').unwrap_or(path);
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let found = if is_read { file(&state, name, request.headers()) } else { None };
    found.ok_or_else(|| {
        let detail = format!("there is nothing at `{path}`; /openapi.json lists all paths");
        Problem::new(codes::NOT_FOUND, detail)
    })
}

/// A file as it was built in, or as it is in the folder that was named instead.
pub(crate) fn contents(state: &ApiState, name: &str) -> Option<Cow<'static, [u8]>> {
    let Some(folder) = &state.config().ui_dir else {
        return FILES.get_file(name).map(|file| Cow::Borrowed(file.contents()));
    };
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    let path = Path::new(name);
    let read = path.components().all(is_plain).then(|| std::fs::read(folder.join(path)))?;
    read.ok().map(Cow::Owned)
}

fn file(state: &ApiState, name: &str, request: &HeaderMap) -> Option<Response> {
    let bytes = &*contents(state, name)?;
    let mut response = respond(name, bytes, request);
    if let Some(packed) = packed(state, name, request)
        && response.status() == StatusCode::OK
    {
        *response.body_mut() = packed.into();
        let gzip = HeaderValue::from_static("gzip");
        response.headers_mut().insert(header::CONTENT_ENCODING, gzip);
    }
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    Some(response)
}

/// A built-in file as gzip, packed once, where the client takes that and the file gains by it.
fn packed(state: &ApiState, name: &str, request: &HeaderMap) -> Option<Bytes> {
    static PACKED: LazyLock<HashMap<&'static Path, Bytes>> = LazyLock::new(pack);
    let taken = request.get(header::ACCEPT_ENCODING)?.to_str().ok()?;
    let is_taken = taken.split([',', ';']).any(|coding| coding.trim() == "gzip");
    let is_built_in = state.config().ui_dir.is_none();
    (is_taken && is_built_in).then(|| PACKED.get(Path::new(name)).cloned()).flatten()
}

fn pack() -> HashMap<&'static Path, Bytes> {
    let gained = |file: &'static File<'_>| {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(file.contents()).ok()?;
        let bytes = gzip.finish().ok()?;
        (bytes.len() < file.contents().len()).then(|| (file.path(), bytes.into()))
    };
    FILES.files().filter_map(gained).collect()
}

fn respond(name: &str, bytes: &[u8], request: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", blake3::hash(bytes).to_hex().get(..32).unwrap_or_default());
    let known = request.get(header::IF_NONE_MATCH).is_some_and(|known| known == tag.as_str());
    let mut response = match known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => bytes.to_vec().into_response(),
    };
    let headers = response.headers_mut();
    // Names stay the same from build to build; the tag tells whether a file has.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(name)));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "json" | "map" | "webmanifest" => "application/json",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_part_of_the_program_and_its_policy_is_strict() {
        let bytes = FILES.get_file("index.html").unwrap().contents();
        let page = respond("index.html", bytes, &HeaderMap::new());
        assert_eq!(page.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
        assert!(!POLICY.contains("unsafe"));
        let mut known = HeaderMap::new();
        known.insert(header::IF_NONE_MATCH, page.headers()[header::ETAG].clone());
        let again = respond("index.html", bytes, &known);
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    }
}
