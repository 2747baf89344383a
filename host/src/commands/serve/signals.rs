//! What asks a server to stop: SIGINT, SIGTERM, or the end of its standard input.

use std::{io::Read as _, thread};

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::mpsc,
};

/// Requests to stop.
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    stdin_closed: Option<mpsc::Receiver<()>>,
}

impl Signals {
    /// Listens from now on.
    pub(super) fn new(stop_with_stdin: bool) -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            stdin_closed: if stop_with_stdin { Some(watch_stdin()?) } else { None },
        })
    }

    /// The next request to stop.
    pub(super) async fn next(&mut self) {
        let stdin_closed = &mut self.stdin_closed;
        let stdin = async {
            match stdin_closed {
                Some(closed) => drop(closed.recv().await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            () = stdin => self.stdin_closed = None,
        }
    }
}

/// A thread of its own, because a blocking read of tokio's would keep the runtime from ending.
fn watch_stdin() -> std::io::Result<mpsc::Receiver<()>> {
    let (closed, receiver) = mpsc::channel(1);
    thread::Builder::new().name("stdin".into()).spawn(move || {
        let mut buffer = [0; 64];
        while std::io::stdin().read(&mut buffer).is_ok_and(|count| count > 0) {}
        // The server may be on its way out already.
        let _ = closed.blocking_send(());
    })?;
    Ok(receiver)
}
