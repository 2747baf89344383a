//! What requests about coordination say: names, waits, guards and the members of their bodies.

use std::{future::Future, sync::Arc};

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, Uri},
};
use wask_node::{Refusal, view::sync::SyncCall};
use wask_proto::SyncValue;

use crate::{
    codes,
    content::read_document,
    errors::{Errors, Path as Place},
    fence::guard_of,
    fields::{read_fields, read_integer, read_text},
    params::{Params, invalid},
    problem::{Answer, Problem},
    routes::runs::empty_body,
    state::ApiState,
    sync_value::{Draft, read_value},
    units::parse_duration,
};

const NAME_MAX_BYTES: usize = 200;
const LEASE_MIN_MS: u64 = 100;
const LEASE_MAX_MS: u64 = 24 * 3_600 * 1_000;

/// How long a lease lasts that does not say so.
pub(super) const LEASE_DEFAULT_MS: u64 = 30_000;

/// A request about one thing: everything but what is special to its kind.
pub(crate) struct Asked {
    pub(super) state: ApiState,
    pub(super) name: Arc<str>,
    pub(super) call: SyncCall,
    uri: Uri,
    body: Request<Body>,
}

impl Asked {
    /// Reads path and headers. Of the query, `known` and nothing else may appear.
    pub(super) fn read(
        state: ApiState,
        name: &str,
        request: Request,
        known: &[&str],
    ) -> Answer<Self> {
        let name = check_name(name)?;
        let uri = request.uri().clone();
        let wait = Params::read(&uri, known)?.wait(state.limits())?;
        let call = SyncCall { guard: guard_of(request.headers())?, wait };
        Ok(Self { state, name, call, uri, body: request })
    }

    /// The query.
    pub(super) fn params(&self, known: &[&str]) -> Answer<Params<'_>> {
        Params::read(&self.uri, known)
    }

    /// The headers.
    pub(super) fn headers(&self) -> &HeaderMap {
        self.body.headers()
    }

    /// The body; `None` if it is empty.
    pub(super) async fn document(&mut self) -> Answer<Option<Vec<u8>>> {
        let request = std::mem::take(&mut self.body);
        read_document(request, self.state.limits(), codes::INVALID_REQUEST).await
    }

    /// The value in `{"value": …}`.
    pub(super) async fn value(&mut self) -> Answer<SyncValue> {
        let document = self.document().await?.ok_or_else(empty_body)?;
        let mut draft = None;
        let path = Place::ROOT.key("value");
        read_members(&document, &["value"], |_, value, errors| {
            draft = Some(read_value(value, &path, errors));
        })?;
        let draft: Draft = draft.ok_or_else(|| missing("value", "what is to be put"))?;
        draft.resolve(&self.state).await
    }

    /// The integer in a body like `{"maxsize": 10}`.
    pub(super) async fn integer(
        &mut self,
        name: &'static str,
        range: (i64, i64),
    ) -> Answer<Option<u64>> {
        let Some(document) = self.document().await? else { return Ok(None) };
        let mut number = None;
        let path = Place::ROOT.key(name);
        read_members(&document, &[name], |_, value, errors| {
            number = read_integer(value, &path, range, errors);
        })?;
        Ok(number.and_then(|number| u64::try_from(number).ok()))
    }

    /// What `{"lease": "30s"}` says, in milliseconds.
    pub(super) async fn lease(&mut self) -> Answer<Option<u64>> {
        let Some(document) = self.document().await? else { return Ok(None) };
        let mut lease = None;
        read_members(&document, &["lease"], |_, value, errors| lease = read_lease(value, errors))?;
        Ok(lease)
    }

    /// What `{"token": 7, "lease": "30s"}` says; of the two only the first must be there.
    pub(super) async fn token(&mut self, known: &[&'static str]) -> Answer<(u64, Option<u64>)> {
        let document = self.document().await?.ok_or_else(empty_body)?;
        let (mut token, mut lease) = (None, None);
        let path = Place::ROOT.key("token");
        read_members(&document, known, |name, value, errors| match name {
            "token" => token = read_integer(value, &path, (0, i64::MAX), errors),
            _ => lease = read_lease(value, errors),
        })?;
        let token = token.and_then(|token| u64::try_from(token).ok());
        Ok((token.ok_or_else(|| missing("token", "the number that `acquire` gave"))?, lease))
    }

    /// Waits for an answer, but not beyond the API's end.
    pub(super) async fn until_closed<T>(
        state: &ApiState,
        answer: impl Future<Output = Result<T, Refusal>>,
    ) -> Answer<T> {
        tokio::select! {
            // What was handed out already is delivered.
            biased;
            answer = answer => Ok(answer?),
            () = state.closed() => Err(Refusal::ShuttingDown.into()),
        }
    }
}

/// A name, which is a part of paths.
pub(super) fn check_name(name: &str) -> Answer<Arc<str>> {
    let forbidden = |c: char| c == '/' || c.is_control();
    let is_dots = name == "." || name == "..";
    if name.is_empty() || name.len() > NAME_MAX_BYTES || name.chars().any(forbidden) || is_dots {
        let what = "a name has 1 to 200 bytes, no `/` and no control characters, and is not `.` \
                    or `..`";
        return Err(invalid("name", what));
    }
    Ok(name.into())
}

fn read_members<'d>(
    document: &'d [u8],
    known: &[&'static str],
    visit: impl FnMut(&'static str, &'d [u8], &mut Errors),
) -> Answer<()> {
    let mut errors = Errors::default();
    read_fields(document, &Place::ROOT, known, &mut errors, visit);
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Problem::with_errors(codes::INVALID_REQUEST, errors))
    }
}

fn read_lease(value: &[u8], errors: &mut Errors) -> Option<u64> {
    let path = Place::ROOT.key("lease");
    let text = read_text(value, &path, errors)?;
    match parse_duration(text).map(|lease| u64::try_from(lease.as_millis()).unwrap_or(u64::MAX)) {
        Ok(lease) if (LEASE_MIN_MS..=LEASE_MAX_MS).contains(&lease) => return Some(lease),
        Ok(_) => {
            let detail = || format!("should be from 100ms to 24h, is `{text}`");
            errors.add(&path, "wrong_value", detail);
        }
        Err(error) => errors.add(&path, "wrong_value", || error),
    }
    None
}

fn missing(name: &str, what: &str) -> Problem {
    let detail = format!("`{name}` is missing: {what}");
    let errors = Errors::one(String::new(), "missing_field", detail);
    Problem::with_errors(codes::INVALID_REQUEST, errors)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cbor::json_to_cbor;

    fn lease(text: &str) -> Result<Option<u64>, Vec<&'static str>> {
        let cbor = json_to_cbor(text.as_bytes(), 4).unwrap();
        let mut errors = Errors::default();
        let lease = read_lease(&cbor, &mut errors);
        let (items, _) = errors.into_parts();
        let codes: Vec<_> = items.iter().map(|item| item.code).collect();
        if codes.is_empty() { Ok(lease) } else { Err(codes) }
    }

    #[test]
    fn leases_have_bounds_and_names_a_form() {
        assert_eq!(lease("\"100ms\""), Ok(Some(100)));
        assert_eq!(lease("\"24h\""), Ok(Some(LEASE_MAX_MS)));
        for (wrong, code) in
            [("\"99ms\"", "wrong_value"), ("\"25h\"", "wrong_value"), ("5", "wrong_type")]
        {
            assert_eq!(lease(wrong), Err(vec![code]), "{wrong}");
        }
        for good in ["a", "größe 1", "a.b:c", &"x".repeat(200)] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for wrong in ["", "a/b", "a\nb", "..", &"x".repeat(201)] {
            assert!(check_name(wrong).is_err(), "{wrong}");
        }
    }
}
