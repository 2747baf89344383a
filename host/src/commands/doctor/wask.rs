//! Checks of what belongs to Wask: the toolchain for guests, the data directory, the server.

use std::path::{Path, PathBuf};

use rustix::fs::{statfs, statvfs};
use serde_json::Value;

use super::Check;
use crate::{
    client::{Client, ClientError, Path as ApiPath},
    guest_build::Toolchain,
    output::{escape, human_bytes},
};

/// Less free space than this fills up soon.
const FREE_SPACE_LOW_BYTES: u64 = 1 << 30;

/// Whether guests can be built.
pub(super) fn guest_toolchain() -> Check {
    match Toolchain::find(Path::new(".")) {
        Ok(toolchain) => Check::ok("guest toolchain", toolchain.describe()),
        Err(error) => Check::warn(
            "guest toolchain",
            "no compiler for wasm32-unknown-unknown",
            format!("{error:#}"),
        ),
    }
}

/// Whether the data directory, or the nearest folder above it that is there, can be written.
pub(super) fn data_dir_writable(dir: &Path) -> Check {
    let existing = nearest_existing(dir);
    let place = existing.display();
    let note = if existing == dir { "" } else { " (the data directory is made on first use)" };
    match tempfile::tempfile_in(&existing) {
        Ok(_) => Check::ok("data directory", format!("{} is writable{note}", dir.display())),
        Err(error) => Check::fail(
            "data directory",
            format!("{place} is not writable: {error}"),
            format!("make {place} writable, or name another one: wask serve --data-dir DIR"),
        ),
    }
}

/// Whether there is room for data.
pub(super) fn data_dir_space(dir: &Path) -> Check {
    match statvfs(nearest_existing(dir)) {
        Ok(stat) => {
            let free = stat.f_bavail.saturating_mul(stat.f_frsize);
            let found = format!("{} free", human_bytes(free));
            if free < FREE_SPACE_LOW_BYTES {
                let mend = "free some space; on a full disk the server refuses new work";
                Check::warn("free space", found, mend)
            } else {
                Check::ok("free space", found)
            }
        }
        Err(error) => Check::warn("free space", format!("unknown: {error}"), "check it with: df"),
    }
}

/// Whether the file system keeps what it is told to keep.
pub(super) fn data_dir_kind(dir: &Path) -> Check {
    let Ok(stat) = statfs(nearest_existing(dir)) else {
        return Check::warn("file system", "unknown", "check it with: df -T");
    };
    let name = "file system";
    match file_system(stat.f_type as u64) {
        Kind::Local(kind) => Check::ok(name, kind),
        Kind::Memory => Check::warn(
            name,
            "memory (tmpfs): data is gone after a restart of the machine",
            "choose a directory on a disk: wask serve --data-dir DIR",
        ),
        Kind::Network(kind) => Check::warn(
            name,
            format!("{kind}, a network file system"),
            "locks and syncs may not hold there; choose a directory on a local disk",
        ),
        Kind::Other => Check::ok(name, format!("type {:#x}", stat.f_type)),
    }
}

/// Whether a server answers. Most commands need none, so its absence is no failure.
pub(super) fn server(client: &Client) -> Check {
    let name = "server";
    match client.get(&ApiPath::of(&["health", "ready"])) {
        Ok(_) => version(client),
        Err(ClientError::Unreachable { cause, .. }) => Check::warn(
            name,
            format!("none at {} ({cause})", client.server()),
            "start one with: wask serve, or name another one with --server URL or WASK_SERVER",
        ),
        Err(error) => Check::fail(
            name,
            format!("{} is not ready: {error}", client.server()),
            "look at what the server printed, or set WASK_TOKEN if it asks for a token",
        ),
    }
}

/// Whether the server and this program are of the same version.
fn version(client: &Client) -> Check {
    let document: Value = client.get_json(&ApiPath::of(&["openapi.json"])).unwrap_or_default();
    let theirs = document.pointer("/info/version").and_then(Value::as_str).unwrap_or("unknown");
    let ours = env!("CARGO_PKG_VERSION");
    let found = format!("{} answers, version {}", client.server(), escape(theirs));
    if theirs == ours {
        Check::ok("server", found)
    } else {
        let mend = format!("this program has version {ours}; use the same on both sides");
        Check::warn("server", found, mend)
    }
}

fn nearest_existing(dir: &Path) -> PathBuf {
    let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    dir.ancestors().find(|dir| dir.is_dir()).unwrap_or(Path::new("/")).to_owned()
}

enum Kind {
    Local(&'static str),
    Network(&'static str),
    Memory,
    Other,
}

/// What `f_type` of statfs(2) means.
fn file_system(kind: u64) -> Kind {
    match kind & 0xffff_ffff {
        0xef53 => Kind::Local("ext4"),
        0x5846_5342 => Kind::Local("xfs"),
        0x9123_683e => Kind::Local("btrfs"),
        0xf2f5_2010 => Kind::Local("f2fs"),
        0x2fc1_2fc1 => Kind::Local("zfs"),
        0x794c_7630 => Kind::Local("overlayfs"),
        0x0102_1994 | 0x8584_58f6 => Kind::Memory,
        0x6969 => Kind::Network("nfs"),
        0xff53_4d42 | 0xfe53_4d42 => Kind::Network("smb"),
        0x00c3_6400 => Kind::Network("ceph"),
        0x6573_5546 => Kind::Network("fuse"),
        _ => Kind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::Verdict;

    /// Goal: a directory that is not there yet is judged by the one that it would be made in.
    #[test]
    fn directories_to_be_made() {
        let dir = tempfile::tempdir().unwrap();
        let missing = dir.path().join("a/b");
        assert_eq!(nearest_existing(&missing), dir.path());
        assert_eq!(data_dir_writable(&missing).verdict, Verdict::Ok);
        assert!(!missing.exists());
    }

    /// Goal: no server is a warning, told in one line.
    #[test]
    fn absent_servers() {
        let client = Client::new("http://127.0.0.1:1".into(), None);
        let check = server(&client);
        assert_eq!(check.verdict, Verdict::Warn);
        assert!(!check.found.contains('\n') && check.found.contains("127.0.0.1:1"), "{check:?}");
    }
}
