//! The directory that a server works in: a lasting one, or one that goes with the server.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use tempfile::TempDir;

use crate::{cli::ServeArgs, config, exit_code::Usage};

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
        if args.zero_work {
            refuse_others_work(&dir)?;
        }
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

/// Without work every result is null. That must not happen to runs that somebody wants done.
fn refuse_others_work(dir: &Path) -> Result<(), Usage> {
    let journal = dir.join("journal");
    let holds_data =
        std::fs::read_dir(&journal).is_ok_and(|mut segments| segments.next().is_some());
    if !holds_data {
        return Ok(());
    }
    Err(Usage(format!(
        "--zero-work answers every task with null, and {} holds runs that would get such answers; \
         name an empty directory with --data-dir, or pass --ephemeral",
        dir.display()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: null is no answer to what was submitted before.
    #[test]
    fn a_directory_with_runs_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        assert!(refuse_others_work(dir.path()).is_ok());
        std::fs::create_dir(dir.path().join("journal")).unwrap();
        assert!(refuse_others_work(dir.path()).is_ok());
        std::fs::write(dir.path().join("journal/1"), "a segment").unwrap();
        assert!(refuse_others_work(dir.path()).is_err());
    }
}
