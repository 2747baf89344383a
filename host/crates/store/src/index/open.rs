//! Opening the index, whatever a crash has left of it.
//!
//! What cannot be used is set aside and replaced by an empty one; the caller replays the journal.
//! An error of the machine (no permission, no space) is reported instead, for the data is not to
//! blame.

use std::{
    fs::{self, File, OpenOptions},
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rustix::fs::{FlockOperation, flock};
use wask_proto::Seq;

use super::{
    Entries, Index, IndexError, IndexOptions, IndexState,
    entry::{COVERED_KEY, VERSION, VERSION_KEY},
    memo::MemoTrees,
};
use crate::disk;

/// How many indexes that were set aside are kept for inspection.
const SET_ASIDE_MAX: usize = 2;

/// How long a lock may outlive its holder: sled's threads end after the database was dropped, and
/// a process that is being forked holds a copy until it becomes another program.
const LOCK_WAIT_MAX: Duration = Duration::from_secs(1);
const LOCK_POLL: Duration = Duration::from_millis(10);

impl Index {
    /// Opens the index in `dir`, or an empty one in its place when it cannot be used.
    pub fn open(dir: &Path, options: IndexOptions) -> Result<(Self, IndexState), IndexError> {
        disk::create_private_dir(dir).map_err(|source| failed("create", dir, source))?;
        check_unlocked(dir)?;
        remove_unfinished_snapshots(dir).map_err(|source| failed("clean", dir, source))?;
        let fault = if marker(dir).exists() {
            Fault::Damage("it was found to be damaged".to_owned())
        } else {
            match try_open(dir, options, 0) {
                Ok(opened) => return Ok(opened),
                Err(Fault::Machine(error)) => return Err(error),
                Err(fault) => fault,
            }
        };
        set_aside(dir, &fault)?;
        match try_open(dir, options, 1) {
            Ok(opened) => Ok(opened),
            Err(Fault::Machine(error)) => Err(error),
            Err(Fault::Damage(_)) => Err(IndexError::Damaged),
        }
    }
}

/// Whether an error speaks of the data and not of the machine.
pub(super) fn is_damage(error: &sled::Error) -> bool {
    use io::ErrorKind::{
        OutOfMemory, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull, WouldBlock,
    };
    match error {
        sled::Error::Io(error) => {
            let machine = [
                OutOfMemory,
                PermissionDenied,
                QuotaExceeded,
                ReadOnlyFilesystem,
                StorageFull,
                WouldBlock,
            ];
            // EMFILE, ENFILE and EIO have no kind of their own.
            let machine_code = error.raw_os_error().is_some_and(|code| {
                [rustix::io::Errno::MFILE, rustix::io::Errno::NFILE, rustix::io::Errno::IO]
                    .iter()
                    .any(|errno| errno.raw_os_error() == code)
            });
            !machine.contains(&error.kind()) && !machine_code
        }
        _ => true,
    }
}

/// Why an index did not open.
enum Fault {
    Damage(String),
    Machine(IndexError),
}

fn try_open(
    dir: &Path,
    options: IndexOptions,
    set_aside: u64,
) -> Result<(Index, IndexState), Fault> {
    let config = sled::Config::new()
        .path(dir)
        .cache_capacity(options.cache_max_bytes)
        .flush_every_ms(Some(500))
        .use_compression(false)
        .mode(sled::Mode::LowSpace);
    // sled asserts what it reads, so damaged files may also end in a panic.
    let opened = catch_unwind(AssertUnwindSafe(|| {
        let db = config.open()?;
        let state = state_of(&db)?;
        let memo = MemoTrees::open(&db)?;
        Ok((db, memo, state))
    }));
    let (db, memo, state) = match opened {
        Ok(Ok(opened)) => opened,
        Ok(Err(error)) if is_damage(&error) => return Err(Fault::Damage(error.to_string())),
        Ok(Err(error)) => return Err(Fault::Machine(error.into())),
        Err(_) => return Err(Fault::Damage("sled panicked".to_owned())),
    };
    let path = dir.join("db");
    let file = File::open(&path).map_err(|source| Fault::Machine(failed("open", &path, source)))?;
    let entries = Entries::Sled { db, file, marker: marker(dir), memo };
    Ok((Index { entries, set_aside }, state))
}

/// What an open index covers. An empty one gets its version.
fn state_of(db: &sled::Db) -> sled::Result<IndexState> {
    let version = db.get(VERSION_KEY)?;
    if version.as_deref().is_some_and(|version| version != VERSION) {
        return Err(sled::Error::Unsupported("an unknown version of the index".to_owned()));
    }
    let covered = match db.get(COVERED_KEY)?.as_deref() {
        Some(bytes) => Some(bytes.first_chunk().map(|bytes| u64::from_le_bytes(*bytes)).ok_or(
            sled::Error::Unsupported("a damaged sequence number in the index".to_owned()),
        )?),
        None => None,
    };
    match (version, covered) {
        (Some(_), Some(covered)) => Ok(IndexState::Ready { covered: Seq(covered) }),
        (None, Some(_)) => Err(sled::Error::Unsupported("an index without a version".to_owned())),
        (_, None) => {
            db.insert(VERSION_KEY, VERSION)?;
            Ok(IndexState::Rebuilt)
        }
    }
}

/// sled holds a lock on its file, and reports it in a way that cannot be told from damage.
fn check_unlocked(dir: &Path) -> Result<(), IndexError> {
    let path = dir.join("db");
    let file = match OpenOptions::new().read(true).write(true).open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(failed("open", &path, source)),
    };
    let deadline = Instant::now() + LOCK_WAIT_MAX;
    loop {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(()),
            Err(rustix::io::Errno::WOULDBLOCK) if Instant::now() < deadline => {
                std::thread::sleep(LOCK_POLL);
            }
            Err(rustix::io::Errno::WOULDBLOCK) => {
                return Err(IndexError::Locked { path: dir.to_path_buf() });
            }
            Err(errno) => return Err(failed("lock", &path, errno.into())),
        }
    }
}

/// A kill while sled opens leaves a snapshot that it would later take for a finished one. Without
/// it sled uses the snapshot before, or its log.
fn remove_unfinished_snapshots(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            disk::remove_if_there(&entry.path())?;
        }
    }
    Ok(())
}

/// Renames the index to `index.broken-N` and makes room for a new one.
fn set_aside(dir: &Path, fault: &Fault) -> Result<(), IndexError> {
    let reason = match fault {
        Fault::Damage(reason) => reason.clone(),
        Fault::Machine(error) => error.to_string(),
    };
    let wrong = |source| failed("set aside", dir, source);
    let mut kept = broken(dir).map_err(wrong)?;
    let number = kept.last().map_or(1, |(number, _)| number + 1);
    let target = broken_path(dir, number);
    tracing::error!(
        index = %dir.display(), kept_in = %target.display(), reason,
        "the index cannot be used; it is set aside and rebuilt from the journal"
    );
    fs::rename(dir, &target).map_err(wrong)?;
    kept.push((number, target));
    for (_, path) in kept.iter().rev().skip(SET_ASIDE_MAX) {
        fs::remove_dir_all(path).map_err(|source| failed("remove", path, source))?;
    }
    disk::create_private_dir(dir).map_err(wrong)
}

/// The indexes that were set aside, oldest first.
fn broken(dir: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut found = Vec::new();
    let mut number_of = |path: PathBuf| {
        let name = path.file_name()?.to_str()?;
        let own = dir.file_name()?.to_str()?;
        let number = name.strip_prefix(own)?.strip_prefix(".broken-")?.parse().ok()?;
        found.push((number, path));
        Some(())
    };
    if let Some(parent) = dir.parent() {
        for entry in fs::read_dir(parent)? {
            number_of(entry?.path());
        }
    }
    found.sort();
    Ok(found)
}

fn broken_path(dir: &Path, number: u64) -> PathBuf {
    let mut name = dir.as_os_str().to_owned();
    name.push(format!(".broken-{number}"));
    PathBuf::from(name)
}

fn marker(dir: &Path) -> PathBuf {
    dir.join("rebuild-at-next-start")
}

fn failed(action: &'static str, path: &Path, source: io::Error) -> IndexError {
    IndexError::Io { action, path: path.to_path_buf(), source }
}
