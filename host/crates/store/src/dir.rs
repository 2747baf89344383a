//! The data directory: its layout, its permissions and the lock that keeps a second server out.
//!
//! Owns no file inside the directories it makes; the stores do.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, Read, Seek, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use rustix::fs::{FlockOperation, flock};

use crate::disk;

/// A data directory that this process owns until it drops the value.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    /// The lock lives as long as this open file. It is never inherited by child programs.
    _lock: File,
}

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DirError {
    /// Another process has it open.
    #[error("the data directory {} is in use by {}", path.display(), holder(*pid))]
    Locked {
        /// The data directory.
        path: PathBuf,
        /// The process that holds it, if it has said so.
        pid: Option<u32>,
    },
    /// A directory of the layout cannot be made or read.
    #[error("cannot create {}", path.display())]
    Create {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The directory exists, but nothing can be written into it.
    #[error("cannot write into the data directory {}", path.display())]
    NotWritable {
        /// The data directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Compiled code is only ever read from a directory that nobody else can write to.
    #[error("{} must be a directory that belongs to the user who runs the server", path.display())]
    NotPrivate {
        /// The directory.
        path: PathBuf,
    },
}

impl DataDir {
    /// Takes the lock and creates what is missing of the layout, for the owner's eyes only.
    pub fn open(path: &Path) -> Result<Self, DirError> {
        create(path)?;
        let lock = take_lock(path)?;
        let dir = Self { path: path.to_path_buf(), _lock: lock };
        for part in [dir.journal(), dir.objects(), dir.spill(), dir.compiled(), dir.index()] {
            create(&part)?;
        }
        for part in [dir.tmp(), dir.quarantine(), dir.history()] {
            create(&part)?;
        }
        for byte in 0..=u8::MAX {
            create(&dir.objects().join(format!("{byte:02x}")))?;
        }
        make_private(&dir.compiled())?;
        for part in [dir.objects(), dir.path.clone()] {
            disk::sync_dir(&part).map_err(|source| DirError::Create { path: part, source })?;
        }
        Ok(dir)
    }

    /// The directory itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the journal's segments are.
    pub fn journal(&self) -> PathBuf {
        self.path.join("journal")
    }

    /// Where durable objects are, in 256 directories named by the first byte of the hash.
    pub fn objects(&self) -> PathBuf {
        self.path.join("objects")
    }

    /// Where objects are that need not survive a restart.
    pub fn spill(&self) -> PathBuf {
        self.path.join("spill")
    }

    /// Where compiled modules are. Belongs to the owner alone (0700), checked at every start.
    pub fn compiled(&self) -> PathBuf {
        self.path.join("compiled")
    }

    /// Where the index is.
    pub fn index(&self) -> PathBuf {
        self.path.join("index")
    }

    /// Where the history of long runs is, made anew from the journal at every start.
    pub fn history(&self) -> PathBuf {
        self.path.join("history")
    }

    /// Where files grow before they are renamed to where they belong.
    pub fn tmp(&self) -> PathBuf {
        self.path.join("tmp")
    }

    /// Where objects go that are not what their name says.
    pub fn quarantine(&self) -> PathBuf {
        self.path.join("quarantine")
    }
}

fn holder(pid: Option<u32>) -> String {
    pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
}

fn create(path: &Path) -> Result<(), DirError> {
    disk::create_private_dir(path)
        .map_err(|source| DirError::Create { path: path.to_path_buf(), source })
}

fn take_lock(dir: &Path) -> Result<File, DirError> {
    let refused = |source: io::Error| DirError::NotWritable { path: dir.to_path_buf(), source };
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(dir.join("lock"))
        .map_err(refused)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(rustix::io::Errno::WOULDBLOCK) => {
            return Err(DirError::Locked { path: dir.to_path_buf(), pid: read_pid(&mut file) });
        }
        Err(errno) => return Err(refused(errno.into())),
    }
    write_pid(&mut file).map_err(refused)?;
    Ok(file)
}

fn read_pid(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

fn write_pid(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

fn make_private(path: &Path) -> Result<(), DirError> {
    let refused = |source| DirError::Create { path: path.to_path_buf(), source };
    let found = fs::symlink_metadata(path).map_err(refused)?;
    if !found.is_dir() || found.uid() != rustix::process::geteuid().as_raw() {
        return Err(DirError::NotPrivate { path: path.to_path_buf() });
    }
    // What others could have put there must not be run; it is a cache and can be made again.
    if found.mode() & 0o022 != 0 {
        disk::remove_files_in(path).map_err(refused)?;
    }
    fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layout_is_private_and_a_second_opening_names_the_holder() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("deep/data");
        let dir = DataDir::open(&path).unwrap();
        for part in [dir.path().to_path_buf(), dir.compiled(), dir.objects().join("ff")] {
            assert_eq!(fs::metadata(&part).unwrap().mode() & 0o777, 0o700, "{}", part.display());
        }
        let refused = DataDir::open(&path).unwrap_err();
        assert!(
            matches!(refused, DirError::Locked { pid: Some(pid), .. } if pid == std::process::id())
        );
        drop(dir);
        DataDir::open(&path).unwrap();
    }

    #[test]
    fn a_directory_for_compiled_code_that_others_may_write_to_is_closed_or_refused() {
        let root = tempfile::tempdir().unwrap();
        let compiled = DataDir::open(root.path()).unwrap().compiled();
        fs::set_permissions(&compiled, Permissions::from_mode(0o777)).unwrap();
        fs::write(compiled.join("planted.cwasm"), b"code of somebody else").unwrap();
        drop(DataDir::open(root.path()).unwrap());
        assert_eq!(fs::metadata(&compiled).unwrap().mode() & 0o777, 0o700);
        assert!(!compiled.join("planted.cwasm").exists());

        fs::remove_dir(&compiled).unwrap();
        std::os::unix::fs::symlink("/tmp", &compiled).unwrap();
        let refused = DataDir::open(root.path()).unwrap_err();
        assert!(matches!(refused, DirError::NotPrivate { .. }));
    }

    #[test]
    fn a_file_in_the_place_of_the_directory_is_an_error_with_its_path() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("data");
        fs::write(&path, b"").unwrap();
        let refused = DataDir::open(&path).unwrap_err();
        assert!(matches!(refused, DirError::Create { path: named, .. } if named == path));
    }
}
