//! The HTTP client behind all commands: one keep-alive connection, errors told apart. Knows the
//! API's paths only as text; it never interprets a task's result.

mod error;
mod path;
mod reply;

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use ureq::http;

pub(crate) use self::{
    error::{ClientError, Problem},
    path::Path,
    reply::Reply,
};

/// How long an attempt to connect may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a server may take to say that it lives.
const PROBE_TIMEOUT: Duration = Duration::from_secs(1);

/// Above this many bytes a response is not read: the limit of what one value may be, and JSON's
/// overhead on top.
const RESPONSE_MAX_BYTES: u64 = 4 * 1024 * 1024 * 1024;

/// A connection to one server.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    agent: ureq::Agent,
    server: String,
    token: Option<String>,
}

impl Client {
    /// A client of the server at `server` (scheme and authority). Nothing is sent yet.
    pub(crate) fn new(server: String, token: Option<String>) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .max_redirects(0)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .user_agent(concat!("wask/", env!("CARGO_PKG_VERSION")))
            .accept("application/json, */*;q=0.5")
            .build();
        Self { agent: config.into(), server, token }
    }

    /// The server's base URL.
    pub(crate) fn server(&self) -> &str {
        &self.server
    }

    /// The token, if the server asks for one.
    pub(crate) fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// GET; any 2xx is a reply.
    pub(crate) fn get(&self, path: &Path) -> Result<Reply, ClientError> {
        self.send(http::Method::GET, path, &[], ())
    }

    /// GET, read as JSON.
    pub(crate) fn get_json<T: DeserializeOwned>(&self, path: &Path) -> Result<T, ClientError> {
        self.get(path)?.json()
    }

    /// POST of a JSON body.
    pub(crate) fn post(&self, path: &Path, body: &impl Serialize) -> Result<Reply, ClientError> {
        self.post_with(path, body, &[])
    }

    /// POST of a JSON body, read as JSON.
    pub(crate) fn post_json(
        &self,
        path: &Path,
        body: &impl Serialize,
    ) -> Result<Value, ClientError> {
        self.post(path, body)?.json()
    }

    /// POST of a JSON body with further headers.
    pub(crate) fn post_with(
        &self,
        path: &Path,
        body: &impl Serialize,
        headers: &[(&str, &str)],
    ) -> Result<Reply, ClientError> {
        let body = serde_json::to_vec(body)
            .map_err(|error| ClientError::unexpected(path, format!("cannot encode it: {error}")))?;
        let mut all = vec![("content-type", "application/json")];
        all.extend_from_slice(headers);
        self.send(http::Method::POST, path, &all, body)
    }

    /// POST of bytes with their media type.
    pub(crate) fn post_bytes(
        &self,
        path: &Path,
        media_type: &str,
        body: Vec<u8>,
    ) -> Result<Reply, ClientError> {
        self.send(http::Method::POST, path, &[("content-type", media_type)], body)
    }

    /// DELETE.
    pub(crate) fn delete(&self, path: &Path) -> Result<Reply, ClientError> {
        self.send(http::Method::DELETE, path, &[], ())
    }

    fn send(
        &self,
        method: http::Method,
        path: &Path,
        headers: &[(&str, &str)],
        body: impl ureq::AsSendBody,
    ) -> Result<Reply, ClientError> {
        let uri = format!("{}/api/v1{path}", self.server);
        let mut request = http::Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = request
            .body(body)
            .map_err(|error| ClientError::unexpected(path, format!("cannot ask: {error}")))?;
        let mut response =
            self.agent.run(request).map_err(|error| ClientError::of_transport(self, error))?;
        let status = response.status().as_u16();
        let media_type = header(&response, "content-type");
        let run = header(&response, "wask-run");
        let body = response
            .body_mut()
            .with_config()
            .limit(RESPONSE_MAX_BYTES)
            .read_to_vec()
            .map_err(|error| ClientError::of_transport(self, error))?;
        let reply = Reply { path: path.to_string(), status, media_type, body };
        let refused = |error: ClientError| error.with_token_hint(self.token.is_some()).of_run(&run);
        reply.or_refusal().map_err(refused)
    }
}

/// Whether a Wask server answers at this address, within a second.
pub(crate) fn is_served_by_wask(address: SocketAddr) -> bool {
    let host = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    let config =
        ureq::Agent::config_builder().proxy(None).timeout_global(Some(PROBE_TIMEOUT)).build();
    let url = format!("http://{}/api/v1/health/live", SocketAddr::new(host, address.port()));
    let told = ureq::Agent::from(config).get(url).call();
    let told = told.and_then(|mut response| response.body_mut().read_to_string());
    told.is_ok_and(|body| body == r#"{"status":"live"}"#)
}

fn header<T>(response: &http::Response<T>, name: &str) -> String {
    let value = response.headers().get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_owned()
}
