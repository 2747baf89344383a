//! The directory that a server works in: a lasting one, or one that goes with the server.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use tempfile::TempDir;

use crate::{cli::ServeArgs, config};

/// A data directory.
pub(super) enum ServedData {
    /// It stays.
    Lasting(PathBuf),
    /// It is removed when this is dropped.
    Passing(TempDir),
}

impl ServedData {
    /// The directory that the flags ask for, made if it is missing.
    pub(super) fn open(args: &ServeArgs) -> anyhow::Result<Self> {
        if args.ephemeral {
            let dir = tempfile::Builder::new().prefix("wask-").tempdir();
            return Ok(Self::Passing(dir.context("cannot make a temporary directory")?));
        }
        let dir = config::data_dir(args.data_dir.as_deref())?;
        std::fs::create_dir_all(&dir)
            .with_context(|| format!("cannot make the data directory {}", dir.display()))?;
        Ok(Self::Lasting(std::path::absolute(dir)?))
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Lasting(path) => path,
            Self::Passing(dir) => dir.path(),
        }
    }
}
