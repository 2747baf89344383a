//! One server for many tests, for those whose outcome does not depend on what others do to it.

use std::{ops::Deref, sync::OnceLock, thread};

use crate::server::{Server, ServerOptions};

/// A server that the first test starts. It stops when the tests' process ends.
#[derive(Debug)]
pub struct Shared {
    server: OnceLock<Server>,
    options: fn() -> ServerOptions,
}

impl Shared {
    /// A server that will be started with these options.
    pub const fn new(options: fn() -> ServerOptions) -> Self {
        Self { server: OnceLock::new(), options }
    }

    /// The server.
    #[track_caller]
    pub fn get(&'static self) -> Borrowed {
        let server = self.server.get_or_init(|| (self.options)().start());
        Borrowed { server, log_start: server.log_length() }
    }
}

/// A shared server in the hands of one test, which shows the log of its own time if it fails.
#[derive(Debug)]
pub struct Borrowed {
    server: &'static Server,
    log_start: usize,
}

impl Deref for Borrowed {
    type Target = Server;

    fn deref(&self) -> &Server {
        self.server
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        if thread::panicking() {
            let log = self.server.log_since(self.log_start);
            eprintln!("---- the shared server's log since the test began\n{log}----");
        }
    }
}
