//! Objects in files named by their hash: `objects/ab/ab…`, and `spill/…` for those that may go.
//!
//! A durable object is written aside, synced, renamed, and its directory synced, before anybody
//! hears of it. A crash leaves garbage in `tmp/`, never a name without its bytes.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom, Write},
    ops::Range,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
};

use wask_proto::ObjectId;

use super::{
    ObjectError, Objects,
    trust::{Known, Trust},
};
use crate::{DataDir, disk};

/// Objects in the files of a data directory.
#[derive(Debug)]
pub struct FileObjects {
    objects: PathBuf,
    spill: PathBuf,
    tmp: PathBuf,
    quarantine: PathBuf,
    next_temporary: AtomicU64,
    known: Known,
    /// Set for good when a directory could not be synced.
    poisoned: AtomicBool,
}

impl FileObjects {
    /// Opens the store in `dir`. What an earlier process has spilled or left half-written goes.
    pub fn open(dir: &DataDir) -> Result<Self, ObjectError> {
        for path in [dir.spill(), dir.tmp()] {
            disk::remove_files_in(&path).map_err(|source| failed("empty", &path, source))?;
        }
        Ok(Self {
            objects: dir.objects(),
            spill: dir.spill(),
            tmp: dir.tmp(),
            quarantine: dir.quarantine(),
            next_temporary: AtomicU64::new(0),
            known: Known::default(),
            poisoned: AtomicBool::new(false),
        })
    }

    fn shard(&self, id: &ObjectId) -> PathBuf {
        let [first, ..] = id.0;
        self.objects.join(format!("{first:02x}"))
    }

    fn durable_path(&self, id: &ObjectId) -> PathBuf {
        self.shard(id).join(id.to_string())
    }

    fn spilled_path(&self, id: &ObjectId) -> PathBuf {
        self.spill.join(id.to_string())
    }

    /// The object's file, opened: the durable one, or else the spilled one.
    fn find(&self, id: &ObjectId) -> Result<Option<(PathBuf, File)>, ObjectError> {
        for path in [self.durable_path(id), self.spilled_path(id)] {
            match File::open(&path) {
                Ok(file) => return Ok(Some((path, file))),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(failed("open", &path, source)),
            }
        }
        Ok(None)
    }

    /// Writes bytes to a file of their own that is gone again unless it is renamed.
    fn write_aside(&self, bytes: &[u8], sync: Sync) -> Result<Temporary, ObjectError> {
        let number = self.next_temporary.fetch_add(1, Ordering::Relaxed);
        let path = self.tmp.join(format!("object-{number}"));
        let temporary = Temporary { path, renamed: false };
        let write = || -> io::Result<()> {
            let mut file = disk::create_private_file(&temporary.path)?;
            file.write_all(bytes)?;
            match sync {
                Sync::Now => file.sync_data(),
                Sync::Never => Ok(()),
            }
        };
        write().map_err(|source| failed("write", &temporary.path, source))?;
        Ok(temporary)
    }

    /// Whether the durable file is there with the right bytes. Another content is set aside.
    fn holds(&self, id: &ObjectId) -> Result<bool, ObjectError> {
        let path = self.durable_path(id);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(source) => return Err(failed("open", &path, source)),
        };
        match self.check(id, &path, &file) {
            // A file of an earlier process may have been renamed just before it died.
            Ok(()) => file.sync_data().map(|()| true).map_err(|e| failed("sync", &path, e)),
            Err(ObjectError::Corrupt { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Compares a file's bytes with its name, unless that was done before.
    fn check(&self, id: &ObjectId, path: &Path, mut file: &File) -> Result<(), ObjectError> {
        if self.known.is(id, Trust::Checked) {
            return Ok(());
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(file).map_err(|source| failed("read", path, source))?;
        self.judge(id, path, hasher.finalize())?;
        file.seek(SeekFrom::Start(0)).map_err(|source| failed("read", path, source))?;
        Ok(())
    }

    /// Sets the file aside if its bytes have another hash than its name.
    fn judge(&self, id: &ObjectId, path: &Path, hash: blake3::Hash) -> Result<(), ObjectError> {
        if *hash.as_bytes() == id.0 {
            self.known.learn(*id, Trust::Checked);
            return Ok(());
        }
        let quarantined = self.quarantine.join(id.to_string());
        tracing::error!(object = %id, file = %path.display(), "an object is damaged on disk");
        fs::rename(path, &quarantined).map_err(|source| failed("set aside", path, source))?;
        self.known.forget(id);
        Err(ObjectError::Corrupt { id: *id, quarantined })
    }

    fn sync_shard(&self, shard: &Path) -> Result<(), ObjectError> {
        disk::sync_dir(shard).map_err(|source| {
            self.poisoned.store(true, Ordering::Release);
            ObjectError::Io { action: "sync", path: shard.to_path_buf(), source }
        })
    }

    fn check_sound(&self) -> Result<(), ObjectError> {
        match self.poisoned.load(Ordering::Acquire) {
            true => Err(ObjectError::Poisoned),
            false => Ok(()),
        }
    }
}

impl Objects for FileObjects {
    fn put_named(&self, values: &[(ObjectId, &[u8])]) -> Result<(), ObjectError> {
        self.check_sound()?;
        let mut fresh = BTreeSet::new();
        let mut shards = BTreeSet::new();
        let mut written = Vec::new();
        for (id, bytes) in values {
            if self.known.is(id, Trust::Durable) || !fresh.insert(*id) {
                continue;
            }
            shards.insert(self.shard(id));
            if !self.holds(id)? {
                written.push((*id, self.write_aside(bytes, Sync::Now)?));
            }
        }
        for (id, temporary) in written {
            temporary.rename_to(&self.durable_path(&id))?;
        }
        shards.iter().try_for_each(|shard| self.sync_shard(shard))?;
        for id in fresh {
            self.known.learn(id, Trust::Durable);
            // The durable file is found first, so a spilled one is only a waste of space.
            let _ = disk::remove_if_there(&self.spilled_path(&id));
        }
        Ok(())
    }

    fn spill_named(&self, id: ObjectId, bytes: &[u8]) -> Result<(), ObjectError> {
        let spilled = self.spilled_path(&id);
        let stored = self.known.is(&id, Trust::Checked) && self.durable_path(&id).exists();
        if !stored && !spilled.exists() {
            self.write_aside(bytes, Sync::Never)?.rename_to(&spilled)?;
        }
        Ok(())
    }

    fn get(&self, id: &ObjectId) -> Result<Option<Vec<u8>>, ObjectError> {
        let Some((path, mut file)) = self.find(id)? else { return Ok(None) };
        let size = length(&path, &file)?;
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
        file.read_to_end(&mut bytes).map_err(|source| failed("read", &path, source))?;
        if !self.known.is(id, Trust::Checked) {
            self.judge(id, &path, blake3::hash(&bytes))?;
        }
        Ok(Some(bytes))
    }

    fn get_range(&self, id: &ObjectId, range: Range<u64>) -> Result<Option<Vec<u8>>, ObjectError> {
        let Some((path, mut file)) = self.find(id)? else { return Ok(None) };
        self.check(id, &path, &file)?;
        let end = range.end.min(length(&path, &file)?);
        let wanted = end.saturating_sub(range.start);
        let mut bytes = Vec::with_capacity(usize::try_from(wanted).unwrap_or(0));
        file.seek(SeekFrom::Start(range.start))
            .and_then(|_| file.take(wanted).read_to_end(&mut bytes))
            .map_err(|source| failed("read", &path, source))?;
        Ok(Some(bytes))
    }

    fn size(&self, id: &ObjectId) -> Result<Option<u64>, ObjectError> {
        self.find(id)?.map(|(path, file)| length(&path, &file)).transpose()
    }

    fn delete(&self, id: &ObjectId) -> Result<bool, ObjectError> {
        self.known.forget(id);
        let mut found = false;
        for path in [self.durable_path(id), self.spilled_path(id)] {
            let removed = disk::remove_if_there(&path);
            found |= removed.map_err(|source| failed("remove", &path, source))?;
        }
        Ok(found)
    }

    fn path(&self, id: &ObjectId) -> Option<PathBuf> {
        [self.durable_path(id), self.spilled_path(id)].into_iter().find(|path| path.exists())
    }

    fn list(&self, each: &mut dyn FnMut(ObjectId, u64)) -> Result<(), ObjectError> {
        for byte in 0..=u8::MAX {
            let shard = self.objects.join(format!("{byte:02x}"));
            list_shard(&shard, each).map_err(|source| failed("list", &shard, source))?;
        }
        Ok(())
    }
}

/// Whether a file has to reach the disk.
#[derive(Clone, Copy)]
enum Sync {
    Now,
    Never,
}

/// A file on its way to its name. Dropped before that, it is removed.
struct Temporary {
    path: PathBuf,
    renamed: bool,
}

impl Temporary {
    fn rename_to(mut self, path: &Path) -> Result<(), ObjectError> {
        fs::rename(&self.path, path).map_err(|source| failed("create", path, source))?;
        self.renamed = true;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.renamed {
            let _ = disk::remove_if_there(&self.path);
        }
    }
}

fn list_shard(shard: &Path, each: &mut dyn FnMut(ObjectId, u64)) -> io::Result<()> {
    for entry in fs::read_dir(shard)? {
        let entry = entry?;
        if let Some(id) = entry.file_name().to_str().and_then(|name| name.parse().ok()) {
            each(id, entry.metadata()?.len());
        }
    }
    Ok(())
}

fn length(path: &Path, file: &File) -> Result<u64, ObjectError> {
    file.metadata().map(|found| found.len()).map_err(|source| failed("read", path, source))
}

/// The error for a failed step on a file: a full disk is told apart from a broken one.
fn failed(action: &'static str, path: &Path, source: io::Error) -> ObjectError {
    let path = path.to_path_buf();
    if disk::is_full(&source) {
        ObjectError::Full { path, source }
    } else {
        ObjectError::Io { action, path, source }
    }
}
