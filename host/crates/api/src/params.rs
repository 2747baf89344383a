//! Query parameters: only known ones, each once, each of its kind; and the names of things in
//! paths.

use std::{borrow::Cow, time::Duration};

use axum::{
    extract::FromRequestParts,
    http::{Uri, request::Parts},
};
use serde::de::DeserializeOwned;

use crate::{
    codes,
    config::ApiLimits,
    nearest::hint,
    problem::{Answer, Problem},
    units::parse_duration,
};

/// The query of a request.
#[derive(Debug, Default)]
pub(crate) struct Params<'u>(Vec<(Cow<'u, str>, Cow<'u, str>)>);

impl<'u> Params<'u> {
    /// Reads a query in which only `known` parameters may appear.
    pub(crate) fn read(uri: &'u Uri, known: &[&str]) -> Answer<Self> {
        let Some(query) = uri.query() else { return Ok(Self::default()) };
        let mut params: Vec<(Cow<'u, str>, Cow<'u, str>)> = Vec::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if !known.contains(&&*name) {
                return Err(Problem::new(codes::UNKNOWN_PARAMETER, unknown(&name, known)));
            }
            if params.iter().any(|(other, _)| *other == name) {
                return Err(invalid(&name, "is given twice"));
            }
            params.push((name, value));
        }
        Ok(Self(params))
    }

    /// The text of a parameter.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| &**value)
    }

    /// How long to wait; no longer than the server allows.
    pub(crate) fn wait(&self, limits: &ApiLimits) -> Answer<Option<Duration>> {
        let wait =
            self.text("wait").map(|text| parse_duration(text).map_err(|e| invalid("wait", &e)));
        Ok(wait.transpose()?.map(|wait| wait.min(limits.wait_max)))
    }

    /// How many items to answer with: at least one, `most` at most.
    pub(crate) fn limit(&self, default: usize, most: usize) -> Answer<usize> {
        match self.text("limit").map(str::parse::<usize>) {
            None => Ok(default),
            Some(Ok(limit)) if limit > 0 => Ok(limit.min(most)),
            Some(_) => Err(invalid("limit", &format!("should be an integer from 1 to {most}"))),
        }
    }

    /// A number such as a cursor.
    pub(crate) fn number<T: std::str::FromStr>(&self, name: &str, what: &str) -> Answer<Option<T>> {
        let wrong = |_| invalid(name, &format!("should be {what}"));
        self.text(name).map(|text| text.parse().map_err(wrong)).transpose()
    }

    /// One of several words.
    pub(crate) fn word<T>(
        &self,
        name: &str,
        words: &[&str],
        value: impl Fn(&str) -> Option<T>,
    ) -> Answer<Option<T>> {
        let Some(text) = self.text(name) else { return Ok(None) };
        value(text).map(Some).ok_or_else(|| {
            let hint = hint(text, words.iter().copied());
            invalid(name, &format!("should be one of {}, is `{text}`{hint}", words.join(", ")))
        })
    }
}

/// The parameters of a path, percent-decoded.
#[derive(Clone, Debug)]
pub(crate) struct Path<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        let wrong = |error: axum::extract::rejection::PathRejection| {
            Problem::new(codes::INVALID_PARAMETER, error.body_text())
        };
        path.map(|axum::extract::Path(value)| Self(value)).map_err(wrong)
    }
}

/// A parameter of the query or path that cannot be used.
pub(crate) fn invalid(name: &str, what: &str) -> Problem {
    Problem::new(codes::INVALID_PARAMETER, format!("the parameter `{name}`: {what}"))
}

fn unknown(name: &str, known: &[&str]) -> String {
    if known.is_empty() {
        return format!("the parameter `{name}` is not known; this path takes none");
    }
    let hint = hint(name, known.iter().copied());
    format!("the parameter `{name}` is not known{hint}; known are {}", known.join(", "))
        .replace("?;", "?")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(query: &str) -> Result<Option<Duration>, &'static str> {
        let uri: Uri = format!("/x?{query}").parse().unwrap();
        let params = Params::read(&uri, &["wait", "limit"]).map_err(|p| p.code())?;
        params.limit(10, 100).map_err(|p| p.code())?;
        params.wait(&ApiLimits::default()).map_err(|p| p.code())
    }

    #[test]
    fn unknown_double_and_wrong_parameters_are_refused_and_waits_are_capped() {
        assert_eq!(code("wait=30s"), Ok(Some(Duration::from_secs(30))));
        assert_eq!(code("wait=5h"), Ok(Some(ApiLimits::default().wait_max)));
        assert_eq!(code("limit=5"), Ok(None));
        assert_eq!(code("wiat=30s"), Err("unknown_parameter"));
        for wrong in ["wait=30", "wait=", "wait=1s&wait=2s", "limit=0", "limit=-1", "limit=x"] {
            assert_eq!(code(wrong), Err("invalid_parameter"), "{wrong}");
        }
    }
}
