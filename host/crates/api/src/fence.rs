//! The header `Wask-Guard`: a lease on which a change depends. Whether it is held is decided by
//! the server, together with the change.

use std::sync::Arc;

use axum::http::HeaderMap;
use wask_node::view::sync::Guard;
use wask_proto::{LeaseKind, LeaseName};

use crate::{
    codes,
    problem::{Answer, Problem},
};

/// The lease that a request depends on: `NAME=TOKEN` for a lock, `semaphore/NAME=TOKEN` for a
/// semaphore, the name percent-encoded.
pub(crate) fn guard_of(headers: &HeaderMap) -> Answer<Option<Guard>> {
    let mut given = headers.get_all("wask-guard").iter();
    let Some(guard) = given.next() else { return Ok(None) };
    let guard = guard.to_str().ok().and_then(parse).filter(|_| given.next().is_none());
    guard.map(Some).ok_or_else(|| {
        let detail = "`Wask-Guard` is given once, as `LOCK_NAME=TOKEN` or \
                      `semaphore/NAME=TOKEN`, with the name percent-encoded";
        Problem::new(codes::INVALID_HEADER, detail)
    })
}

fn parse(text: &str) -> Option<Guard> {
    let (name, token) = text.trim().rsplit_once('=')?;
    let (kind, name) = match name.split_once('/') {
        None => (LeaseKind::Lock, name),
        Some(("lock", name)) => (LeaseKind::Lock, name),
        Some(("semaphore", name)) => (LeaseKind::Semaphore, name),
        Some(_) => return None,
    };
    let name: Arc<str> = decode(name).filter(|name| !name.is_empty())?.into();
    let token = token.parse().ok()?;
    Some(Guard { of: LeaseName { kind, name }, token })
}

/// Undoes percent-encoding.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, after) = after.split_at_checked(2)?;
        let digits = std::str::from_utf8(digits).ok().filter(|d| !d.starts_with('+'))?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn guard(text: &'static str) -> Result<(LeaseKind, String, u64), &'static str> {
        let mut headers = HeaderMap::new();
        headers.insert("wask-guard", HeaderValue::from_static(text));
        let guard = guard_of(&headers).map_err(|problem| problem.code())?.unwrap();
        Ok((guard.of.kind, guard.of.name.to_string(), guard.token))
    }

    #[test]
    fn guards_name_a_lock_or_a_semaphore_and_a_token() {
        let lock = |name: &str, token| Ok((LeaseKind::Lock, name.to_owned(), token));
        assert_eq!(guard("leader=7"), lock("leader", 7));
        assert_eq!(guard("a%3Db%20%C3%BC=18446744073709551615"), lock("a=b ü", u64::MAX));
        assert_eq!(guard("lock/x=1"), lock("x", 1));
        assert_eq!(guard("semaphore/s=2"), Ok((LeaseKind::Semaphore, "s".to_owned(), 2)));
        for wrong in ["", "leader", "leader=", "=1", "x/y=1", "a=-1", "a%2=1", "%ff=1", "a=b"] {
            assert_eq!(guard(wrong), Err("invalid_header"), "{wrong}");
        }
        assert!(guard_of(&HeaderMap::new()).unwrap().is_none());
    }
}
