//! The way to the server from inside of a guest.

use std::time::Duration;

use crate::guest::bindings::wask::task::host;

pub(super) use host::{Reply, Request};

use super::{Of, Refusal, millis};

impl Of {
    pub(super) fn to_host(&self) -> host::Lease {
        match self {
            Self::Lock(name) => host::Lease::Lock(name.clone()),
            Self::Semaphore(name) => host::Lease::Semaphore(name.clone()),
        }
    }
}

pub(super) fn ask(
    request: Request,
    guard: Option<(host::Lease, u64)>,
    wait: Option<Duration>,
) -> Result<Reply, Refusal> {
    let answer =
        host::ask(&request, guard.as_ref().map(|(of, token)| (of, *token)), wait.map(millis));
    answer.map_err(|host::Refusal { code, message }| Refusal { code, message })
}
