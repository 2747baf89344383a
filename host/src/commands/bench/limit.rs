//! What sandboxes alone can do: as many processes as slots, each of which calls `inc` in fresh
//! sandboxes without messages, worker or server.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, ensure};

use crate::{exit_code::Exit, session::Session};

/// How long they are measured.
const SANDBOX_TIME: Duration = Duration::from_secs(2);

/// 1 000, as CBOR.
const INC_ARGUMENT: [u8; 3] = [0x19, 0x03, 0xe8];

/// Calls that bare sandboxes make.
#[derive(Clone, Copy, Debug)]
pub(super) struct SandboxLimit {
    /// Processes that were measured side by side.
    pub(super) processes: usize,
    /// Calls per second of all of them.
    pub(super) calls_per_s: f64,
}

impl SandboxLimit {
    /// Measures so many processes.
    pub(super) fn measure(module: &Path, processes: usize) -> anyhow::Result<Self> {
        let started: Vec<Child> =
            (0..processes).map(|_| start(module)).collect::<anyhow::Result<_>>()?;
        let ended: Vec<anyhow::Result<f64>> = started.into_iter().map(calls_of).collect();
        let calls_per_s = ended.into_iter().sum::<anyhow::Result<f64>>()?;
        Ok(Self { processes, calls_per_s })
    }

    /// What part of it a throughput is.
    pub(super) fn share(&self, per_s: f64) -> f64 {
        per_s / self.calls_per_s.max(1.0)
    }
}

fn start(module: &Path) -> anyhow::Result<Child> {
    let program = std::env::current_exe().context("cannot tell where this program is")?;
    let mut command = Command::new(&program);
    command.args(["bench", "--bare", "--module"]).arg(module).stdout(Stdio::piped());
    command.spawn().with_context(|| format!("cannot start {}", program.display()))
}

fn calls_of(process: Child) -> anyhow::Result<f64> {
    let output = process.wait_with_output().context("bare sandboxes cannot be awaited")?;
    ensure!(output.status.success(), "bare sandboxes cannot be measured ({})", output.status);
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().with_context(|| format!("`{}` is no number of calls", text.trim()))
}

/// What such a process does.
pub(super) fn run_bare(session: &Session, module: &Path) -> anyhow::Result<Exit> {
    let component =
        fs::read(module).with_context(|| format!("cannot read {}", module.display()))?;
    let calls = wask_sandbox::fresh_calls_per_s(&component, "inc", &INC_ARGUMENT, SANDBOX_TIME)
        .context("bare sandboxes cannot be measured")?;
    session.output.line(calls.to_string())?;
    Ok(Exit::Ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: the argument of the bare sandboxes is the number it claims to be.
    #[test]
    fn the_argument_is_one_thousand() {
        let [_, high, low] = INC_ARGUMENT;
        assert_eq!((INC_ARGUMENT[0], u16::from_be_bytes([high, low])), (0x19, 1_000));
    }
}
