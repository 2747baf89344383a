//! Who may talk to the server: the `Host` and `Origin` of each request must be names it is served
//! under (against DNS rebinding and foreign pages), and a token is asked for where one is set.

use std::{
    net::{IpAddr, SocketAddr},
    time::Instant,
};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, Uri, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

use crate::{
    codes,
    config::ApiConfig,
    problem::{Answer, Problem},
    state::ApiState,
};

/// Everything that is done for each request: checks before, headers and figures after.
pub(crate) async fn guard(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let start = Instant::now();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = match check(&state, request.method(), request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    let (status, took) = (response.status(), start.elapsed());
    state.count_request(status.as_u16());
    tracing::debug!(%method, path, status = status.as_u16(), us = took.as_micros(), "request");
    with_headers(response)
}

fn with_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers
        .entry("cross-origin-resource-policy")
        .or_insert(HeaderValue::from_static("same-origin"));
    response
}

fn check(state: &ApiState, method: &Method, uri: &Uri, headers: &HeaderMap) -> Answer<()> {
    let config = state.config();
    let host = host_of(uri, headers)
        .ok_or_else(|| Problem::new(codes::WRONG_HOST, "the `Host` header is missing"))?;
    if !is_served(host, config) {
        let detail =
            format!("`{host}` is not a name of this server; start it with --allow-host {host}");
        return Err(Problem::new(codes::WRONG_HOST, detail));
    }
    if let Some(origin) = headers.get(header::ORIGIN) {
        check_origin(origin, config)?;
    }
    match &config.token {
        Some(token) if needs_token(method, uri.path()) => check_token(token, headers),
        _ => Ok(()),
    }
}

/// The host and port that the client believes to talk to.
pub(crate) fn host_of<'r>(uri: &'r Uri, headers: &'r HeaderMap) -> Option<&'r str> {
    let named = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    uri.authority().map(|authority| authority.as_str()).or(named)
}

fn check_origin(origin: &HeaderValue, config: &ApiConfig) -> Answer<()> {
    let text = origin.to_str().unwrap_or_default();
    let host = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    if host.is_some_and(|host| is_served(host, config)) {
        return Ok(());
    }
    let detail = format!("pages of `{text}` may not talk to this server");
    Err(Problem::new(codes::WRONG_ORIGIN, detail))
}

/// Whether this is a name of ours: a loopback name or a served address with the served port, or
/// one of the names that were configured. An address cannot be rebound, a name can.
fn is_served(host: &str, config: &ApiConfig) -> bool {
    if config.hosts.iter().any(|known| known.eq_ignore_ascii_case(host)) {
        return true;
    }
    let (name, port) = split_port(host);
    config.listen.iter().any(|listen| listen.port() == port && is_address_of(name, listen))
}

fn is_address_of(name: &str, listen: &SocketAddr) -> bool {
    if name.eq_ignore_ascii_case("localhost") {
        return true;
    }
    let literal = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    let Ok(address) = literal.parse::<IpAddr>() else { return false };
    address.is_loopback() || address == listen.ip() || listen.ip().is_unspecified()
}

fn split_port(host: &str) -> (&str, u16) {
    const HTTP: u16 = 80;
    match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, port.parse().unwrap_or(0)),
        _ => (host, HTTP),
    }
}

fn needs_token(method: &Method, path: &str) -> bool {
    let is_file = method == Method::GET && !path.starts_with("/api/") && path != "/metrics";
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    !is_file && !path.starts_with("/health/")
}

fn check_token(token: &str, headers: &HeaderMap) -> Answer<()> {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = given.and_then(|value| value.strip_prefix("Bearer ")).map(str::trim);
    let given = given.map(|given| given.as_bytes().to_vec()).or_else(|| token_of_socket(headers));
    // Hashes are compared, in constant time, so that the time taken tells nothing of the token.
    if blake3::hash(&given.unwrap_or_default()) == blake3::hash(token.as_bytes()) {
        return Ok(());
    }
    let detail = "send the server's token as `Authorization: Bearer TOKEN`";
    let asks = HeaderValue::from_static("Bearer");
    Err(Problem::new(codes::UNAUTHORIZED, detail).header(header::WWW_AUTHENTICATE, asks))
}

/// The token that a page gives along when it opens a WebSocket: browsers let it set no other header,
/// and in the address it would end up in logs.
fn token_of_socket(headers: &HeaderMap) -> Option<Vec<u8>> {
    let offered = headers.get(header::SEC_WEBSOCKET_PROTOCOL)?.to_str().ok()?;
    let token = offered.split(',').find_map(|name| name.trim().strip_prefix("wask.token."))?;
    BASE64_URL_SAFE_NO_PAD.decode(token).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(listen: &str) -> ApiConfig {
        ApiConfig {
            listen: vec![listen.parse().unwrap()],
            hosts: vec!["wask.example.org".to_owned()],
            ..ApiConfig::default()
        }
    }

    #[test]
    fn only_names_that_are_served_are_accepted() {
        let local = config("127.0.0.1:8787");
        for host in
            ["localhost:8787", "127.0.0.1:8787", "[::1]:8787", "LOCALHOST:8787", "wask.example.org"]
        {
            assert!(is_served(host, &local), "{host}");
        }
        for host in [
            "evil.example:8787",
            "localhost",
            "localhost:80",
            "127.0.0.1.nip.io:8787",
            "10.0.0.1:8787",
            "",
        ] {
            assert!(!is_served(host, &local), "{host}");
        }
        assert!(is_served("10.0.0.1:80", &config("0.0.0.0:80")));
        assert!(is_served("localhost", &config("127.0.0.1:80")));
        assert!(!is_served("evil.example", &config("0.0.0.0:80")));
    }

    #[test]
    fn foreign_and_opaque_origins_are_refused() {
        let local = config("127.0.0.1:8787");
        let ok = |origin| check_origin(&HeaderValue::from_static(origin), &local).is_ok();
        assert!(ok("http://localhost:8787"));
        assert!(ok("https://wask.example.org"));
        assert!(!ok("null"));
        assert!(!ok("http://evil.example:8787"));
        assert!(!ok("file://localhost:8787"));
    }

    #[test]
    fn tokens_are_asked_for_where_data_is() {
        assert!(needs_token(&Method::GET, "/api/v1/runs"));
        assert!(needs_token(&Method::GET, "/metrics"));
        assert!(!needs_token(&Method::GET, "/api/v1/health/live"));
        assert!(!needs_token(&Method::GET, "/app.js"));
        let mut headers = HeaderMap::new();
        assert!(check_token("s3cret", &headers).is_err());
        let offered = HeaderValue::from_static("wask, wask.token.czNjcmV0");
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, offered);
        assert!(check_token("s3cret", &headers).is_ok());
        assert!(check_token("other", &headers).is_err());
        let mut headers = HeaderMap::new();
        assert!(check_token("secret", &headers).is_err());
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer secret"));
        assert!(check_token("secret", &headers).is_ok());
    }
}
