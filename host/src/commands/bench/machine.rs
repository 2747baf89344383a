//! The machine that is measured on: what it is, what memory a server takes there, and how many
//! bare sandboxes it makes.

use std::{fmt, fs, path::Path, thread, time::Duration};

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::output::human_bytes;

/// What a reader of a report has to know of the machine.
#[derive(Clone, Debug)]
pub(super) struct Machine {
    processor: String,
    cores: usize,
    kernel: String,
}

impl Machine {
    /// For programs.
    pub(super) fn json(&self) -> Value {
        json!({ "processor": self.processor, "cores": self.cores, "kernel": self.kernel })
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} cores, Linux {}", self.processor, self.cores, self.kernel)
    }
}

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

/// Reads resident memory of a process and of all processes below it.
pub(super) fn memory_of(pid: u32) -> anyhow::Result<Memory> {
    let server_bytes = resident_bytes(pid)
        .with_context(|| format!("cannot read the memory of the server, process {pid}"))?;
    // A child may end while we look; then it takes no memory.
    let children_bytes = descendants(pid).into_iter().filter_map(resident_bytes).collect();
    Ok(Memory { server_bytes, children_bytes })
}

/// Describes this machine.
pub(super) fn describe() -> Machine {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let processor = info.lines().find_map(|line| line.strip_prefix("model name"));
    let processor = processor.and_then(|rest| rest.split_once(':')).map(|(_, name)| name.trim());
    Machine {
        processor: processor.unwrap_or("unknown processor").to_owned(),
        cores: cores(),
        kernel: rustix::system::uname().release().to_string_lossy().into_owned(),
    }
}

/// The number of cores that this process may use.
pub(super) fn cores() -> usize {
    thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Calls of `inc` per second, each in a fresh sandbox, on so many threads at once, without any
/// server.
pub(super) fn sandbox_limit(module: &Path, threads: usize, time: Duration) -> anyhow::Result<f64> {
    let component =
        fs::read(module).with_context(|| format!("cannot read {}", module.display()))?;
    let per_thread: Vec<anyhow::Result<f64>> = thread::scope(|scope| {
        let measure = || {
            let calls = wask_sandbox::fresh_calls_per_s(&component, "inc", &INC_ARGUMENT, time);
            calls.context("bare sandboxes cannot be measured")
        };
        let started: Vec<_> = (0..threads).map(|_| scope.spawn(measure)).collect();
        started
            .into_iter()
            .map(|thread| thread.join().map_err(|_| anyhow::anyhow!("a measuring thread died"))?)
            .collect()
    });
    per_thread.into_iter().sum()
}

/// 1 000, as CBOR.
const INC_ARGUMENT: [u8; 3] = [0x19, 0x03, 0xe8];

fn resident_bytes(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// All processes below a process, however deep.
fn descendants(pid: u32) -> Vec<u32> {
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

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    /// Goal: memory is read of a process and of its children, in bytes.
    #[test]
    fn memory_of_this_process() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let memory = memory_of(std::process::id()).unwrap();
        assert!(descendants(std::process::id()).contains(&child.id()));
        assert!(memory.server_bytes > 1 << 20, "{}", memory.server_bytes);
        assert!(!memory.children_bytes.is_empty());
        drop(child.stdin.take());
        child.wait().unwrap();
    }

    /// Goal: the argument of the bare sandboxes is the number it claims to be.
    #[test]
    fn the_argument_is_one_thousand() {
        let [_, high, low] = INC_ARGUMENT;
        assert_eq!((INC_ARGUMENT[0], u16::from_be_bytes([high, low])), (0x19, 1_000));
    }
}
