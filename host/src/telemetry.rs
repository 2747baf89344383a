//! Log lines on stderr, chosen by the variable `WASK_LOG` (`info`, `wask_node=debug`, …). Guests'
//! log lines never go here.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

/// Starts logging at `default_level` unless `WASK_LOG` says otherwise.
pub(crate) fn init(default_level: &str) {
    let filter =
        EnvFilter::try_from_env("WASK_LOG").unwrap_or_else(|_| EnvFilter::new(default_level));
    let colored = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    // A second call in one process (tests) finds a subscriber in place, which serves as well.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colored)
        .with_target(true)
        .try_init();
}
