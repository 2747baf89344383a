//! A reply of the server, kept whole, so that a test that does not like it can show all of it.

use serde_json::Value;

/// Bytes of a body that are shown when a test fails.
const SHOWN_MAX_BYTES: usize = 4_000;

/// A reply.
#[derive(Clone, Debug)]
pub struct Reply {
    /// `METHOD path` of the request.
    pub asked: String,
    /// HTTP status.
    pub status: u16,
    /// Headers; names are in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// The value of a header; empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        let header = self.headers.iter().find(|(header, _)| header == name);
        header.map_or("", |(_, value)| value)
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The reply itself, if it has that status.
    #[track_caller]
    pub fn status(self, wanted: u16) -> Self {
        assert!(self.status == wanted, "expected status {wanted} of {self}");
        self
    }

    /// The body as JSON, of a reply that reports success.
    #[track_caller]
    pub fn json(&self) -> Value {
        assert!((200..300).contains(&self.status), "expected success of {self}");
        self.any_json()
    }

    /// The body of a refusal: well-formed, with this status and code.
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> Value {
        assert!(self.status == status, "expected status {status} of {self}");
        assert_eq!(self.header("content-type"), "application/problem+json", "{self}");
        let problem = self.any_json();
        assert_eq!(problem["code"], code, "{self}");
        assert_eq!(problem["status"], status, "{self}");
        for member in ["type", "title", "detail"] {
            let text = problem[member].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "a problem has a `{member}`: {self}");
        }
        problem
    }

    /// The body of a refusal that lists errors: `code pointer` of each, in order.
    #[track_caller]
    pub fn errors(&self, status: u16, code: &str) -> Vec<String> {
        let problem = self.problem(status, code);
        let errors = problem["errors"].as_array().cloned().unwrap_or_default();
        let line = |error: &Value| {
            let text = |member: &str| error[member].as_str().unwrap_or("?").to_owned();
            assert!(!text("detail").is_empty(), "an error has a detail: {self}");
            format!("{} {}", text("code"), text("pointer"))
        };
        errors.iter().map(line).collect()
    }

    #[track_caller]
    fn any_json(&self) -> Value {
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(error) => panic!("expected JSON ({error}) of {self}"),
        }
    }
}

impl std::fmt::Display for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = self.body.get(..SHOWN_MAX_BYTES).unwrap_or(&self.body);
        let shown = String::from_utf8_lossy(shown);
        let length = self.body.len();
        write!(f, "{} -> {}, {length} bytes:\n{shown}", self.asked, self.status)
    }
}
