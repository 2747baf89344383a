//! The machine that is measured on, as a reader of a report has to know it.

use std::{fmt, fs, thread};

use serde_json::{Value, json};

/// What a reader of a report has to know of the machine.
#[derive(Clone, Debug)]
pub(super) struct Machine {
    processor: String,
    cores: usize,
    system: String,
}

impl Machine {
    /// For programs.
    pub(super) fn json(&self) -> Value {
        json!({ "processor": self.processor, "cores": self.cores, "system": self.system })
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} cores, {}", self.processor, self.cores, self.system)
    }
}

/// Describes this machine.
pub(super) fn describe() -> Machine {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let processor = info.lines().find_map(|line| line.strip_prefix("model name"));
    let processor = processor.and_then(|rest| rest.split_once(':')).map(|(_, name)| name.trim());
    let system = rustix::system::uname();
    let word = |text: &std::ffi::CStr| text.to_string_lossy().into_owned();
    // What follows the version proper tells of a machine's maker, not of its speed.
    let version = word(system.release());
    let version = version.split('-').next().unwrap_or_default();
    Machine {
        processor: processor.unwrap_or("unknown processor").to_owned(),
        cores: cores(),
        system: format!("{} {version}", word(system.sysname())),
    }
}

/// The number of cores that this process may use.
pub(super) fn cores() -> usize {
    thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
