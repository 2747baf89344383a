//! A response that was read to its end.

use serde::de::DeserializeOwned;

use super::{ClientError, Problem};

/// A response.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    /// What was asked for.
    pub(crate) path: String,
    /// The HTTP status.
    pub(crate) status: u16,
    /// The body's media type, with parameters.
    pub(crate) media_type: String,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// Whether the body is JSON.
    pub(crate) fn is_json(&self) -> bool {
        let essence = self.media_type.split(';').next().unwrap_or_default().trim();
        essence == "application/json" || essence.ends_with("+json")
    }

    /// The body, read as JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, ClientError> {
        serde_json::from_slice(&self.body).map_err(|error| ClientError::Unexpected {
            path: self.path.clone(),
            message: format!("the server's reply is not what this wask expects: {error}"),
        })
    }

    /// The reply itself, or the refusal that it is.
    pub(super) fn or_refusal(self) -> Result<Self, ClientError> {
        if (200..300).contains(&self.status) {
            return Ok(self);
        }
        let known = if self.is_json() { self.json::<Problem>().ok() } else { None };
        Err(ClientError::Refused(Box::new(known.unwrap_or_else(|| self.as_problem()))))
    }

    /// A refusal without a problem document, such as a proxy writes.
    fn as_problem(&self) -> Problem {
        let text: String = String::from_utf8_lossy(&self.body).chars().take(500).collect();
        Problem {
            title: format!("the server answered {} to {}", self.status, self.path),
            status: self.status,
            detail: text.trim().to_owned(),
            ..Problem::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, media_type: &str, body: &str) -> Reply {
        let body = body.as_bytes().to_vec();
        Reply { path: "/x".into(), status, media_type: media_type.into(), body }
    }

    /// Goal: refusals are told apart from replies, with or without a problem document.
    #[test]
    fn refusals() {
        assert!(reply(202, "application/json", "{}").or_refusal().is_ok());
        let problem = |reply: Reply| match reply.or_refusal() {
            Err(ClientError::Refused(problem)) => problem,
            other => panic!("not refused: {other:?}"),
        };
        let body = r#"{"title":"Unknown run","status":404,"code":"unknown_run"}"#;
        let refused = problem(reply(404, "application/problem+json", body));
        assert_eq!(refused.code, "unknown_run");
        let refused = problem(reply(502, "text/html", "<h1>bad gateway</h1>"));
        assert_eq!(refused.status, 502);
    }
}
