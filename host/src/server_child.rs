//! A `wask serve` of our own, for `demo` and `bench`: started, awaited, stopped with its owner.
//!
//! The server watches its standard input, which is a pipe from this process: however this process
//! ends, the pipe closes and the server stops.

use std::{
    ffi::OsString,
    io::{BufRead as _, BufReader},
    os::unix::process::CommandExt as _,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};

/// How long the server may take to hand back its work before it is killed.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// A running server.
#[derive(Debug)]
pub(crate) struct ServerChild {
    child: Child,
    /// Its base URL.
    pub(crate) url: String,
}

impl ServerChild {
    /// Starts a server with these arguments of `wask serve` and waits until it serves.
    pub(crate) fn start<I: IntoIterator<Item = OsString>>(args: I) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("cannot tell where this program is")?;
        // What a server says of its ordinary life would only disturb what its owner shows.
        let log = std::env::var_os("WASK_LOG").unwrap_or_else(|| "warn".into());
        // Its own process group: Ctrl-C in the terminal reaches the owner alone, which decides.
        let mut child = Command::new(&program)
            .arg("serve")
            .arg("--stop-with-stdin")
            .args(args)
            .env_remove("WASK_SERVER")
            .env_remove("WASK_TOKEN")
            .env("WASK_LOG", log)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let mut line = String::new();
        let stdout = child.stdout.take().context("the server has no stdout")?;
        let read = BufReader::new(stdout).read_line(&mut line);
        let url = line.trim().strip_prefix("wask listening on ").map(str::to_owned);
        let mut server = Self { child, url: url.clone().unwrap_or_default() };
        read.context("cannot read the server's first line")?;
        if url.is_none() {
            let status = server.child.wait().context("the server cannot be awaited")?;
            bail!("the server did not start ({status})");
        }
        Ok(server)
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Stops it and waits for its end; kills it when it takes too long.
    fn stop(&mut self) {
        drop(self.child.stdin.take());
        let deadline = Instant::now() + STOP_TIMEOUT;
        while Instant::now() < deadline {
            match self.child.try_wait() {
                Ok(None) => thread::sleep(Duration::from_millis(10)),
                Ok(Some(_)) | Err(_) => return,
            }
        }
        // It may have ended in between, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for ServerChild {
    fn drop(&mut self) {
        self.stop();
    }
}
