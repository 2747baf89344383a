//! The server that is measured when the user names none. Its journal is on disk, as a user's is.

use std::{ffi::OsString, path::PathBuf};

use anyhow::Context as _;

use super::{
    journal,
    process::{self, Memory},
    stages::CpuByStage,
};
use crate::{cli::BenchArgs, client::Client, server_child::ServerChild};

/// What a server is started with.
#[derive(Clone, Debug, Default)]
pub(super) struct ServerOptions {
    /// Slots, if not as many as cores.
    pub(super) slots: Option<u16>,
    /// Where its data is; a temporary directory if nowhere.
    pub(super) data_dir: Option<PathBuf>,
    /// Whether it keeps its journal in memory.
    pub(super) ephemeral: bool,
    /// Whether tasks are answered without a sandbox.
    pub(super) zero_work: bool,
}

impl ServerOptions {
    /// What the command line asks for.
    pub(super) fn of(args: &BenchArgs) -> Self {
        let (slots, data_dir) = (args.slots, args.data_dir.clone());
        Self { slots, data_dir, ephemeral: args.ephemeral, zero_work: false }
    }
}

/// A running server and its directory.
pub(super) struct OwnServer {
    // Dropped first: the server is gone before its directory is.
    child: ServerChild,
    data_dir: Option<PathBuf>,
    _passing: Option<tempfile::TempDir>,
}

impl OwnServer {
    /// Starts one and waits until it serves.
    pub(super) fn start(options: &ServerOptions) -> anyhow::Result<Self> {
        let mut flags: Vec<OsString> = vec!["--listen".into(), "127.0.0.1:0".into()];
        if let Some(slots) = options.slots {
            flags.extend(["--slots".into(), slots.to_string().into()]);
        }
        if options.zero_work {
            flags.push("--zero-work".into());
        }
        let (mut data_dir, mut passing) = (options.data_dir.clone(), None);
        if options.ephemeral {
            flags.push("--ephemeral".into());
        } else if data_dir.is_none() {
            let dir = tempfile::tempdir().context("cannot make a temporary directory")?;
            data_dir = Some(dir.path().to_owned());
            passing = Some(dir);
        }
        if let Some(dir) = &data_dir {
            flags.extend(["--data-dir".into(), dir.into()]);
        }
        Ok(Self { child: ServerChild::start(flags)?, data_dir, _passing: passing })
    }

    /// A client of it.
    pub(super) fn client(&self) -> Client {
        Client::new(self.child.url.clone(), None)
    }

    /// Whether its journal is on disk.
    pub(super) fn is_durable(&self) -> bool {
        self.data_dir.is_some()
    }

    /// Its memory and its executors', where the system tells it.
    pub(super) fn memory(&self) -> Option<Memory> {
        process::memory_of(self.child.pid())
    }

    /// What it has used of the machine so far, once it has come to rest.
    pub(super) fn usage(&self) -> Option<Usage> {
        let cpu = CpuByStage::at_rest(self.child.pid())?;
        let memory_bytes = self.memory()?.server_bytes;
        let journal_bytes = self.data_dir.as_ref().map(|dir| journal::bytes(dir));
        Some(Usage { cpu, memory_bytes, journal_bytes })
    }
}

/// What a server has used.
#[derive(Clone, Debug)]
pub(super) struct Usage {
    /// Processor time by stage.
    pub(super) cpu: CpuByStage,
    /// Resident memory of the server's process.
    pub(super) memory_bytes: u64,
    /// Bytes in its journal, if that is on disk.
    pub(super) journal_bytes: Option<u64>,
}
