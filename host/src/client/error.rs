//! What can go wrong between a command and the server, and how it is told.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Client, Path};
use crate::output::escape;

/// HTTP's "who are you".
const UNAUTHORIZED: u16 = 401;

/// Why a request has no usable reply.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    /// Nobody answered, or the connection broke.
    #[error("no server answers at {server} ({cause})\nis it running? start one with: wask serve")]
    Unreachable {
        /// Where it was looked for.
        server: String,
        /// What the connection said.
        cause: String,
    },
    /// The server said no.
    #[error("{0}")]
    Refused(Box<Problem>),
    /// The reply is none that this client understands.
    #[error("{path}: {message}")]
    Unexpected {
        /// What was asked for.
        path: String,
        /// What is odd.
        message: String,
    },
}

impl ClientError {
    pub(super) fn unexpected(path: &Path, message: String) -> Self {
        Self::Unexpected { path: path.to_string(), message }
    }

    /// The same, with what to do about a missing or wrong token.
    pub(super) fn with_token_hint(mut self, was_sent: bool) -> Self {
        if let Self::Refused(problem) = &mut self
            && problem.status == UNAUTHORIZED
        {
            let (title, detail) = if was_sent {
                ("the token is not this server's", "see --token and WASK_TOKEN")
            } else {
                ("the server needs a token", "set WASK_TOKEN or pass --token")
            };
            problem.title = title.to_owned();
            problem.detail = detail.to_owned();
        }
        self
    }

    /// The same, with the run that the response's header names.
    pub(super) fn of_run(mut self, run: &str) -> Self {
        if let Self::Refused(problem) = &mut self
            && !run.is_empty()
        {
            problem.run = Some(run.to_owned());
        }
        self
    }

    pub(super) fn of_transport(client: &Client, error: ureq::Error) -> Self {
        Self::Unreachable { server: client.server().to_owned(), cause: error.to_string() }
    }
}

/// A refusal, as RFC 9457 has it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Problem {
    /// What kind of refusal, for people.
    pub(crate) title: String,
    /// The HTTP status.
    pub(crate) status: u16,
    /// What exactly, for people.
    pub(crate) detail: String,
    /// What kind, for programs.
    pub(crate) code: String,
    /// Every single error, for graphs.
    pub(crate) errors: Vec<ProblemItem>,
    /// The failure of the task that was asked for.
    pub(crate) failure: Option<Value>,
    /// The run of a call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) run: Option<String>,
}

/// One of several errors.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct ProblemItem {
    /// Where in the request, as a JSON pointer.
    pub(crate) pointer: String,
    /// What kind, for programs.
    pub(crate) code: String,
    /// What exactly, for people.
    pub(crate) detail: String,
}

impl Problem {
    /// Whether the server did what it was asked and the *task* came to no result.
    pub(crate) fn is_task_outcome(&self) -> bool {
        matches!(self.code.as_str(), "task_failed" | "task_cancelled" | "task_aborted")
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A detail that repeats the first error adds nothing to the list below it.
        let listed = self.errors.first().is_some_and(|first| self.detail.contains(&first.detail));
        let detail = if listed { "" } else { self.detail.as_str() };
        let starts_with_title = detail.to_lowercase().starts_with(&self.title.to_lowercase());
        match (self.title.as_str(), detail) {
            (title, "") => write!(f, "{}", escape(title))?,
            (_, detail) if starts_with_title => write!(f, "{}", escape(detail))?,
            (title, detail) => write!(f, "{}: {}", escape(title), escape(detail))?,
        }
        for item in &self.errors {
            let pointer = if item.pointer.is_empty() { "(all of it)" } else { &item.pointer };
            write!(f, "\n  {}: {}", escape(pointer), escape(&item.detail))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: a problem shows title, detail and every error with its pointer.
    #[test]
    fn a_problem_shows_everything() {
        let problem: Problem = serde_json::from_str(
            r#"{"type":"about:blank","title":"The graph is invalid","status":400,
                "detail":"1 error","code":"invalid_graph",
                "errors":[{"pointer":"/tasks/a","code":"unknown_function","detail":"no `sqare`, did you mean `square`?"}]}"#,
        )
        .unwrap();
        assert_eq!(
            problem.to_string(),
            "The graph is invalid: 1 error\n  /tasks/a: no `sqare`, did you mean `square`?"
        );
        assert!(!problem.is_task_outcome());
    }

    /// Goal: a token that is missing is told from one that is wrong.
    #[test]
    fn tokens_are_asked_for() {
        let told = |was_sent| {
            let problem = Problem { status: UNAUTHORIZED, ..Problem::default() };
            ClientError::Refused(Box::new(problem)).with_token_hint(was_sent).to_string()
        };
        assert_eq!(told(false), "the server needs a token: set WASK_TOKEN or pass --token");
        assert!(told(true).starts_with("the token is not this server's"));
    }

    /// Goal: nothing is said twice.
    #[test]
    fn a_problem_does_not_repeat_itself() {
        let problem = |title: &str, detail: &str, first: Option<&str>| Problem {
            title: title.to_owned(),
            detail: detail.to_owned(),
            errors: first
                .map(|first| ProblemItem { detail: first.to_owned(), ..ProblemItem::default() })
                .into_iter()
                .collect(),
            ..Problem::default()
        };
        let told = problem("It stops", "it stops; ask again", None);
        assert_eq!(told.to_string(), "it stops; ask again");
        let told = problem("Not valid", "1 error: no `x`", Some("no `x`"));
        assert_eq!(told.to_string(), "Not valid\n  (all of it): no `x`");
        assert_eq!(problem("Gone", "", None).to_string(), "Gone");
    }
}
