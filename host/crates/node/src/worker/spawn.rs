//! Starts an executor process. The other of two files with `unsafe`.
//!
//! The child finds its end of the socket pair at descriptor 3 and the shared page at 4, an empty
//! environment and no standard input or output. It dies with the thread that started it.
#![expect(unsafe_code, reason = "descriptors are put into place between fork and exec")]

use std::{
    io,
    mem::forget,
    os::fd::{AsFd, FromRawFd, OwnedFd, RawFd},
    os::unix::process::CommandExt,
    process::{Child, Command, ExitStatus, Stdio},
};

use rustix::{
    io::{dup2, fcntl_dupfd_cloexec},
    net::{AddressFamily, SocketFlags, SocketType, socketpair},
    process::{Signal, getpid, getppid, set_parent_process_death_signal},
};

use super::{config::WorkerConfig, page::Page};

/// Where the executor finds its end of the socket pair.
const SOCKET_FD: RawFd = 3;

/// Where the executor finds the shared page.
const PAGE_FD: RawFd = 4;

/// Variables of the environment that an executor may see.
const ENVIRONMENT: [&str; 2] = ["RUST_BACKTRACE", "RUST_LOG"];

/// A running executor, not ready yet.
#[derive(Debug)]
pub(super) struct Spawned {
    pub(super) process: Process,
    pub(super) socket: OwnedFd,
    pub(super) page: Page,
}

/// An executor's process. Killed and reaped when dropped.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
}

impl Process {
    /// Ends it by force; it is reaped by [`Self::end`].
    pub(super) fn kill(&mut self) {
        // The only error is that it ended already.
        let _ = self.child.kill();
    }

    /// Makes sure that it has ended, and says how it did.
    pub(super) fn end(&mut self) -> String {
        self.kill();
        match self.child.wait() {
            Ok(status) => describe(status),
            Err(error) => format!("the executor is gone, and its end is unknown: {error}"),
        }
    }

    /// Its process id.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.end();
    }
}

/// Starts `PROGRAM executor --cache-dir DIR`. The calling thread must outlive the child: the
/// kernel kills the child when that thread ends.
pub(super) fn spawn(config: &WorkerConfig) -> io::Result<Spawned> {
    let flags = SocketFlags::CLOEXEC;
    let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    let (page, file) = Page::create()?;
    let mut command = Command::new(&config.executor_program);
    command.arg("executor").arg("--cache-dir").arg(&config.cache_dir);
    if config.zero_work {
        command.args(["--zero-work", "true"]);
    }
    command.env_clear().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit());
    for name in ENVIRONMENT {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    hand_over(&mut command, &theirs, &file)?;
    // Both numbers must be taken in this process: otherwise the pipe on which the child reports
    // a failed exec could get one of them and be overwritten.
    let _taken = (occupy(&theirs)?, occupy(&theirs)?);
    let child = command.spawn()?;
    Ok(Spawned { process: Process { child }, socket: ours, page })
}

/// Has the child put the two descriptors into their places.
fn hand_over(command: &mut Command, socket: &OwnedFd, page: &OwnedFd) -> io::Result<()> {
    // Sources above the targets, so that the first copy cannot overwrite the second source.
    let socket = fcntl_dupfd_cloexec(socket, PAGE_FD + 1)?;
    let page = fcntl_dupfd_cloexec(page, PAGE_FD + 1)?;
    let parent = getpid();
    let prepare = move || {
        set_parent_process_death_signal(Some(Signal::KILL))?;
        if getppid() != Some(parent) {
            return Err(io::Error::from_raw_os_error(rustix::io::Errno::SRCH.raw_os_error()));
        }
        place(&socket, SOCKET_FD)?;
        place(&page, PAGE_FD)
    };
    // SAFETY: `prepare` runs between fork and exec and makes system calls only: it neither
    // allocates nor takes a lock.
    unsafe { command.pre_exec(prepare) };
    Ok(())
}

/// Copies `source` to descriptor `number`, to be inherited.
fn place(source: &OwnedFd, number: RawFd) -> io::Result<()> {
    // SAFETY: only this child is concerned, in which nothing else uses that number before exec;
    // ownership is given up again right after the copy.
    let mut target = unsafe { OwnedFd::from_raw_fd(number) };
    let copied = dup2(source, &mut target);
    forget(target);
    Ok(copied?)
}

fn occupy(source: impl AsFd) -> io::Result<OwnedFd> {
    Ok(fcntl_dupfd_cloexec(source, SOCKET_FD)?)
}

fn describe(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("the executor ended with exit code {code}"),
        None => format!("the executor was killed by {status}").replace("signal:", "signal"),
    }
}

/// The executor's side of the convention, for tests: its socket and page.
#[cfg(test)]
pub(super) fn inherited() -> (OwnedFd, OwnedFd) {
    // SAFETY: called once, first thing, in a process that `spawn` started.
    unsafe { (OwnedFd::from_raw_fd(SOCKET_FD), OwnedFd::from_raw_fd(PAGE_FD)) }
}
