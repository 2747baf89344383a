//! What the kernel tells of processes: their threads' processor time, their memory, their
//! children. Systems without `/proc` tell nothing.

use std::{fmt, fs};

use serde_json::{Value, json};

use crate::output::human_bytes;

/// Resident memory of a server and its executors.
#[derive(Clone, Debug)]
pub(super) struct Memory {
    /// Of the server process.
    pub(super) server_bytes: u64,
    /// Of each process below it.
    children_bytes: Vec<u64>,
}

impl Memory {
    /// For programs.
    pub(super) fn json(&self) -> Value {
        json!({ "server_bytes": self.server_bytes, "executors_bytes": self.children_bytes })
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let executors: Vec<String> = self.children_bytes.iter().map(|b| human_bytes(*b)).collect();
        let server = human_bytes(self.server_bytes);
        write!(f, "server {server}, executors {}", executors.join(" + "))
    }
}

/// Resident memory of a process and of all processes below it.
pub(super) fn memory_of(pid: u32) -> Option<Memory> {
    let server_bytes = resident_bytes(pid)?;
    // A child may end while we look; then it takes no memory.
    let children_bytes = descendants(pid).into_iter().filter_map(resident_bytes).collect();
    Some(Memory { server_bytes, children_bytes })
}

/// A thread and its processor time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Thread {
    /// Its id, which no other living thread has.
    pub(super) id: u32,
    /// Its name, cut to 15 bytes by the kernel.
    pub(super) name: String,
    /// Nanoseconds that it ran.
    pub(super) cpu_ns: u64,
}

/// The threads of a process; none where the system does not tell.
pub(super) fn threads(pid: u32) -> Vec<Thread> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    tasks
        .filter_map(|task| {
            let read = |file| fs::read_to_string(task.path().join(file)).ok();
            Some(Thread {
                id: task.file_name().to_str()?.parse().ok()?,
                name: read("comm")?.trim_end().to_owned(),
                cpu_ns: read("schedstat")?.split(' ').next()?.parse().ok()?,
            })
        })
        .collect()
}

/// All processes below a process, however deep.
pub(super) fn descendants(pid: u32) -> Vec<u32> {
    let mut found = Vec::new();
    let mut open = vec![pid];
    while let Some(parent) = open.pop() {
        let threads = fs::read_dir(format!("/proc/{parent}/task")).into_iter().flatten().flatten();
        for thread in threads {
            let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            let children =
                children.split_whitespace().filter_map(|child| child.parse::<u32>().ok());
            open.extend(children.clone());
            found.extend(children);
        }
    }
    found
}

fn resident_bytes(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    /// Goal: memory is read of a process and of its children, in bytes; threads have names.
    #[test]
    fn figures_of_this_process() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let memory = memory_of(std::process::id()).unwrap();
        assert!(descendants(std::process::id()).contains(&child.id()));
        assert!(memory.server_bytes > 1 << 20, "{}", memory.server_bytes);
        assert!(!memory.children_bytes.is_empty());
        let threads = threads(std::process::id());
        assert!(threads.iter().any(|thread| thread.cpu_ns > 0 && !thread.name.is_empty()));
        drop(child.stdin.take());
        child.wait().unwrap();
        assert!(memory_of(u32::MAX).is_none());
    }
}
