//! Compiled modules on disk: one file for each module and engine, in a directory of our own.
//!
//! Loading such a file means running its machine code, so the directory must belong to us alone,
//! and files appear in it only whole.

use std::{
    fs::{self, DirBuilder, File},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use wask_proto::ModuleId;

/// The cache directory as one engine sees it.
pub(crate) struct Cache {
    dir: PathBuf,
    compatibility: String,
}

/// The cache directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CacheError {
    #[error("cannot use the cache directory {}", .0.display())]
    Io(PathBuf, #[source] io::Error),
    #[error(
        "the cache directory {} must belong to the user that runs Wask and be closed to others \
         (mode 0700): compiled modules are run as they are",
        .0.display()
    )]
    Open(PathBuf),
}

impl Cache {
    /// Opens the directory, which is made if it does not exist.
    pub(crate) fn open(dir: &Path, compatibility: String) -> Result<Self, CacheError> {
        let failed = |error| CacheError::Io(dir.to_owned(), error);
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(failed)?;
        let metadata = fs::metadata(dir).map_err(failed)?;
        let ours = metadata.uid() == rustix::process::geteuid().as_raw();
        if !ours || metadata.permissions().mode() & 0o077 != 0 {
            return Err(CacheError::Open(dir.to_owned()));
        }
        Ok(Self { dir: dir.to_owned(), compatibility })
    }

    /// Where the module's machine code is.
    pub(crate) fn code_path(&self, id: ModuleId) -> PathBuf {
        self.path(id, "cwasm")
    }

    /// Where the module's description is.
    pub(crate) fn reply_path(&self, id: ModuleId) -> PathBuf {
        self.path(id, "reply")
    }

    /// Writes a file so that it is there as a whole or not at all, also after a power cut.
    pub(crate) fn put(&self, path: &Path, bytes: &[u8]) -> Result<(), CacheError> {
        let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
        let written = File::create(&temporary).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_data()?;
            fs::rename(&temporary, path)
        });
        written.map_err(|error| {
            // What cannot be written to may not be removable either; the first error counts.
            let _ = fs::remove_file(&temporary);
            CacheError::Io(self.dir.clone(), error)
        })
    }

    fn path(&self, id: ModuleId, extension: &str) -> PathBuf {
        self.dir.join(format!("{id}-{}.{extension}", self.compatibility))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_open_to_others_is_refused() {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("cache");
        assert!(Cache::open(&dir, "x".into()).is_ok());
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(matches!(Cache::open(&dir, "x".into()), Err(CacheError::Open(_))));
    }

    #[test]
    fn files_are_named_by_module_and_engine_and_leave_nothing_else() {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("cache");
        let cache = Cache::open(&dir, "0123".into()).unwrap();
        let id = ModuleId::of(b"module");
        cache.put(&cache.code_path(id), b"code").unwrap();
        let names: Vec<_> = fs::read_dir(&dir).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(names, [format!("{id}-0123.cwasm").as_str()]);
    }
}
