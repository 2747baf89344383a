//! How many files and connections this process may have open, and what share of them clients get.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::exit_code::Usage;

/// Connections that a server takes when nothing else is said and the system allows it.
const CONNECTIONS_DEFAULT: u64 = 16_384;

/// Descriptors that a server needs for itself: journal, index, modules, values on their way.
const OWN: u64 = 256;

/// The same for each slot: what leads to its executor.
const OWN_PER_SLOT: u64 = 8;

/// The fewest connections with which a server is of any use.
const CONNECTIONS_MIN: u64 = 16;

/// Raises the limit of open files as far as it goes, and tells where it is now; `None` without
/// any.
pub(crate) fn raise_limit() -> Option<u64> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current == maximum {
        return current;
    }
    match setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        Ok(()) => maximum,
        Err(error) => {
            tracing::warn!(%error, "the limit of open files stays as it is");
            current
        }
    }
}

/// How many connections a server takes: what is asked for, or else what goes well with the limit
/// of open files.
pub(crate) fn connections(
    asked: Option<u32>,
    limit: Option<u64>,
    slots: u16,
) -> Result<u64, Usage> {
    let own = OWN + OWN_PER_SLOT * u64::from(slots);
    let room = limit.map_or(u64::MAX, |limit| limit.saturating_sub(own));
    match asked.map(u64::from) {
        None => Ok(CONNECTIONS_DEFAULT.min(room).max(CONNECTIONS_MIN)),
        Some(asked) if asked <= room => Ok(asked),
        Some(asked) => Err(Usage(format!(
            "{asked} connections do not fit: this process may open {} files and needs {own} of \
             them itself; raise the limit (`ulimit -n {}`, or `LimitNOFILE=` of a systemd unit), \
             or pass `--connections-max {room}`",
            limit.unwrap_or(u64::MAX),
            asked.saturating_add(own),
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: the default follows the limit of open files, and more than that is refused with what
    /// helps.
    #[test]
    fn connections_fit_the_limit_of_open_files() {
        let taken = |asked, limit| connections(asked, limit, 4).map_err(|error| error.to_string());
        assert_eq!(taken(None, None), Ok(CONNECTIONS_DEFAULT));
        assert_eq!(taken(None, Some(1_000_000)), Ok(CONNECTIONS_DEFAULT));
        assert_eq!(taken(None, Some(1_024)), Ok(1_024 - 288));
        assert_eq!(taken(None, Some(64)), Ok(CONNECTIONS_MIN));
        assert_eq!(taken(Some(50_000), None), Ok(50_000));
        assert_eq!(taken(Some(736), Some(1_024)), Ok(736));
        let refused = taken(Some(737), Some(1_024)).unwrap_err();
        assert!(refused.contains("may open 1024 files"), "{refused}");
        assert!(refused.contains("`ulimit -n 1025`"), "{refused}");
        assert!(refused.contains("`--connections-max 736`"), "{refused}");
    }

    /// Goal: after raising it, the limit is the highest that the system grants.
    #[test]
    fn the_limit_goes_as_far_as_it_may() {
        let limit = raise_limit();
        let now = getrlimit(Resource::Nofile);
        assert_eq!((now.current, now.current), (limit, now.maximum));
    }
}
