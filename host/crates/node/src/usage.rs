//! What processes of this machine use, from the kernel's own figures.

use std::fs;

/// What a process uses.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Usage {
    /// Microseconds of processor time since its start.
    pub cpu_us: u64,
    /// Bytes of memory that are its own or shared, and present.
    pub resident_bytes: u64,
}

impl Usage {
    /// What the process of that id uses; `None` if there is none.
    pub fn of(process_id: u32) -> Option<Self> {
        Self::read(&format!("/proc/{process_id}/stat"))
    }

    /// What this process uses.
    pub fn own() -> Option<Self> {
        Self::read("/proc/self/stat")
    }

    fn read(path: &str) -> Option<Self> {
        Self::parse(&fs::read_to_string(path).ok()?, rustix::param::clock_ticks_per_second())
    }

    /// The line of `proc_pid_stat(5)`: the name in parentheses may hold anything.
    fn parse(line: &str, ticks_per_s: u64) -> Option<Self> {
        let (_, after) = line.rsplit_once(')')?;
        let mut fields = after.split_ascii_whitespace();
        // Fields 14 and 15 are user and system time, 24 is the number of resident pages.
        let user: u64 = fields.nth(11)?.parse().ok()?;
        let system: u64 = fields.next()?.parse().ok()?;
        let pages: u64 = fields.nth(8)?.parse().ok()?;
        Some(Self {
            cpu_us: (user + system) * 1_000_000 / ticks_per_s.max(1),
            resident_bytes: pages * rustix::param::page_size() as u64,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_line_is_read_whatever_the_name_is() {
        let line = "7 (a) b (c) S 1 7 7 0 -1 4194560 9 0 0 0 250 50 0 0 20 0 1 0 99 8192 3 18446";
        let usage = Usage::parse(line, 100).unwrap();
        assert_eq!(usage.cpu_us, 3_000_000);
        assert_eq!(usage.resident_bytes, 3 * rustix::param::page_size() as u64);
        assert!(Usage::own().is_some_and(|own| own.resident_bytes > 0));
        assert_eq!(Usage::of(u32::MAX), None);
    }
}
