//! Checks of the kernel and of this process's limits.

use std::fs;

use rustix::process::{Resource, getrlimit};

use super::Check;
use crate::output::human_bytes;

/// The first kernel with PAGEMAP_SCAN, by which executors find the few pages that a call wrote.
const PAGEMAP_SCAN_SINCE: (u32, u32) = (6, 7);

/// Address space that an executor reserves for its pools; it takes no memory by that.
const EXECUTOR_ADDRESS_SPACE_BYTES: u64 = 64 << 30;

/// Memory maps that an executor with all its sandboxes may need.
const MAPS_MIN: u64 = 65_530;

/// Files and sockets that a busy server may have open.
const OPEN_FILES_MIN: u64 = 1_024;

/// Whether the kernel has what makes sandboxes quick.
pub(super) fn kernel() -> Check {
    let release = rustix::system::uname().release().to_string_lossy().into_owned();
    match version_of(&release) {
        Some(version) if version >= PAGEMAP_SCAN_SINCE => {
            Check::ok("kernel", format!("Linux {release}, has PAGEMAP_SCAN"))
        }
        _ => Check::warn(
            "kernel",
            format!("Linux {release}, has no PAGEMAP_SCAN"),
            "a kernel of 6.7 or later makes fresh sandboxes twice as quick",
        ),
    }
}

/// Whether the page that worker and executor share can be made.
pub(super) fn memfd() -> Check {
    match rustix::fs::memfd_create("wask-doctor", rustix::fs::MemfdFlags::CLOEXEC) {
        Ok(_) => Check::ok("shared memory", "memfd_create works"),
        Err(error) => Check::fail(
            "shared memory",
            format!("memfd_create fails: {error}"),
            "executors need memfd_create; allow it in the container's seccomp profile",
        ),
    }
}

/// Whether address space is limited.
pub(super) fn address_space() -> Check {
    match getrlimit(Resource::As).current {
        Some(limit) if limit < EXECUTOR_ADDRESS_SPACE_BYTES => Check::fail(
            "address space",
            format!("limited to {}", human_bytes(limit)),
            "executors reserve address space without using memory; lift the limit with: \
             ulimit -v unlimited",
        ),
        Some(limit) => Check::ok("address space", format!("limited to {}", human_bytes(limit))),
        None => Check::ok("address space", "unlimited"),
    }
}

/// Whether the kernel lets reservations exceed memory.
pub(super) fn overcommit() -> Check {
    match read_number("/proc/sys/vm/overcommit_memory") {
        Some(2) => Check::warn(
            "overcommit",
            "strict (vm.overcommit_memory = 2)",
            "executors may fail to reserve their pools; allow it with: \
             sysctl vm.overcommit_memory=0",
        ),
        Some(mode) => Check::ok("overcommit", format!("vm.overcommit_memory = {mode}")),
        None => Check::warn("overcommit", "cannot be read", "mount /proc"),
    }
}

/// Whether enough memory maps are allowed.
pub(super) fn map_count() -> Check {
    match read_number("/proc/sys/vm/max_map_count") {
        Some(count) if count < MAPS_MIN => Check::warn(
            "memory maps",
            format!("vm.max_map_count = {count}"),
            format!("raise it with: sysctl vm.max_map_count={MAPS_MIN}"),
        ),
        Some(count) => Check::ok("memory maps", format!("vm.max_map_count = {count}")),
        None => Check::warn("memory maps", "cannot be read", "mount /proc"),
    }
}

/// Whether enough files may be open.
pub(super) fn open_files() -> Check {
    match getrlimit(Resource::Nofile).current {
        Some(limit) if limit < OPEN_FILES_MIN => Check::warn(
            "open files",
            format!("at most {limit}"),
            format!("many clients at once need more; raise it with: ulimit -n {OPEN_FILES_MIN}"),
        ),
        Some(limit) => Check::ok("open files", format!("at most {limit}")),
        None => Check::ok("open files", "unlimited"),
    }
}

fn read_number(path: &str) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// Major and minor number of a kernel's release, such as `6.18.5-200.fc40`.
fn version_of(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: releases of distributions are read, and compared as numbers.
    #[test]
    fn kernel_versions() {
        assert_eq!(version_of("6.18.5-200.fc40.x86_64"), Some((6, 18)));
        assert_eq!(version_of("5.15.0-1-generic"), Some((5, 15)));
        assert!(version_of("6.12.0").unwrap() >= PAGEMAP_SCAN_SINCE);
        assert!(version_of("6.6.9").unwrap() < PAGEMAP_SCAN_SINCE);
        assert_eq!(version_of("unknown"), None);
    }
}
