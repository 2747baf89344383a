//! The HTTP API as a client sees it: requests under `/api/v1` of one server.

use std::time::Duration;

use serde_json::Value;
use ureq::{Agent, http};

use crate::reply::Reply;

/// A request that takes longer has failed, and its test with it.
const REQUEST_MAX: Duration = Duration::from_secs(60);

/// A client of one server. Connections are kept.
#[derive(Clone, Debug)]
pub struct Api {
    agent: Agent,
    origin: String,
}

impl Api {
    /// A client of the server at `http://HOST:PORT`.
    pub fn new(origin: &str) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .proxy(None)
            .max_redirects(0)
            .timeout_global(Some(REQUEST_MAX))
            .max_idle_connections(64)
            .max_idle_connections_per_host(64)
            .build();
        Self { agent: config.into(), origin: origin.to_owned() }
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Host and port.
    pub fn authority(&self) -> &str {
        self.origin.strip_prefix("http://").unwrap_or(&self.origin)
    }

    /// A request with any method; `path` is what follows `/api/v1`.
    pub fn request(&self, method: &str, path: &str) -> Request<'_> {
        let url = format!("{}/api/v1{path}", self.origin);
        Request { api: self, method: method.into(), url, headers: Vec::new(), body: None }
    }

    /// A request of a path at the root.
    pub fn at_root(&self, method: &str, path: &str) -> Request<'_> {
        let url = format!("{}{path}", self.origin);
        Request { api: self, method: method.into(), url, headers: Vec::new(), body: None }
    }

    /// GET.
    #[track_caller]
    pub fn get(&self, path: &str) -> Reply {
        self.request("GET", path).send()
    }

    /// DELETE.
    #[track_caller]
    pub fn delete(&self, path: &str) -> Reply {
        self.request("DELETE", path).send()
    }

    /// POST of JSON.
    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) -> Reply {
        self.request("POST", path).json(body).send()
    }
}

/// A request in the making.
#[derive(Clone, Debug)]
#[must_use]
pub struct Request<'a> {
    api: &'a Api,
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl Request<'_> {
    /// With a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a JSON body.
    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string().into_bytes())
    }

    /// With a body of any type.
    pub fn body(mut self, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self.header("content-type", media_type)
    }

    /// Sends it and reads the whole reply.
    #[track_caller]
    pub fn send(self) -> Reply {
        let asked = format!("{} {}", self.method, self.url);
        match self.try_send() {
            Ok(reply) => reply,
            Err(error) => panic!("{asked}: no reply: {error}"),
        }
    }

    /// Sends it; an error means that there was no reply.
    pub fn try_send(self) -> Result<Reply, ureq::Error> {
        let asked = format!("{} {}", self.method, self.url);
        let mut request = http::Request::builder().method(self.method.as_str()).uri(&self.url);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let mut response = match self.body {
            Some(body) => self.api.agent.run(request.body(body)?)?,
            None => self.api.agent.run(request.body(())?)?,
        };
        let headers = response.headers().iter().map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        });
        let (headers, status) = (headers.collect(), response.status().as_u16());
        let body = response.body_mut().with_config().limit(u64::MAX).read_to_vec()?;
        Ok(Reply { asked, status, headers, body })
    }
}
