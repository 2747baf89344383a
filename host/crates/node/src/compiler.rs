//! Compiles modules in child processes: starts one, waits for its answer within a time limit, and
//! tells the module's fault from the host's. Never compiles in this process, which must survive
//! whatever is uploaded.

use std::{
    io::{self, Read},
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

use wask_proto::{
    ModuleId,
    compile::{CompileReply, CompiledModule},
    decode_frame,
};

/// What one compilation may use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CompileLimits {
    /// Wall time of the child.
    pub wall_max_ms: u64,
    /// Memory of the child.
    pub memory_max_bytes: u64,
}

impl Default for CompileLimits {
    fn default() -> Self {
        Self { wall_max_ms: 60_000, memory_max_bytes: 2 * 1024 * 1024 * 1024 }
    }
}

/// Starts compile children.
#[derive(Clone, Debug)]
pub struct Compiler {
    /// The program with the hidden subcommand `compile`: `wask` itself.
    pub program: PathBuf,
    /// Where compiled modules go; made with mode 0700 if it is not there.
    pub cache_dir: PathBuf,
    /// Limits of each child.
    pub limits: CompileLimits,
}

/// Why a module has no compiled form.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// The module does not fit; the text says what to change.
    #[error("{reason}")]
    Invalid {
        /// For the one who uploaded it.
        reason: String,
    },
    /// The host could not compile; the module may be fine.
    #[error("cannot compile modules: {message}")]
    Fault {
        /// For the one who runs the server.
        message: String,
    },
    /// The child could not be started or listened to.
    #[error("cannot run the compile child")]
    Child(#[from] io::Error),
}

/// The longest answer of a child: a description within its limits fits many times.
const REPLY_MAX_BYTES: u64 = 64 * 1024 * 1024;
/// How much of what a child says on standard error is kept.
const STDERR_MAX_BYTES: u64 = 16 * 1024;
/// How long a child may take to end after its answer.
const EXIT_GRACE: Duration = Duration::from_secs(1);

impl Compiler {
    /// Compiles and describes the module in the file `wasm`, unless that was done before. Blocks
    /// until the child has ended; must be called from a thread that lives as long, because the
    /// child dies with it.
    pub fn compile(&self, wasm: &Path, id: ModuleId) -> Result<CompiledModule, CompileError> {
        let mut child = Running(self.spawn(wasm, id)?);
        let stdout = child.0.stdout.take().map(|pipe| listen(pipe, REPLY_MAX_BYTES));
        let stderr = child.0.stderr.take().map(|pipe| listen(pipe, STDERR_MAX_BYTES));
        let wall = Duration::from_millis(self.limits.wall_max_ms);
        let Some(reply) = stdout.and_then(|stdout| stdout.recv_timeout(wall).ok()) else {
            return Err(self.too_slow());
        };
        let status = child.wait(EXIT_GRACE)?;
        let said = stderr.and_then(|stderr| stderr.recv_timeout(EXIT_GRACE).ok());
        match decode_frame::<CompileReply>(&reply) {
            Ok(Some((reply, _))) if status.success() => understood(reply),
            _ => Err(self.died(status, &String::from_utf8_lossy(&said.unwrap_or_default()))),
        }
    }

    fn spawn(&self, wasm: &Path, id: ModuleId) -> io::Result<Child> {
        Command::new(&self.program)
            .arg("compile")
            .arg("--wasm")
            .arg(wasm)
            .arg("--id")
            .arg(id.to_string())
            .arg("--cache-dir")
            .arg(&self.cache_dir)
            .arg("--memory-max-bytes")
            .arg(self.limits.memory_max_bytes.to_string())
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
    }

    fn too_slow(&self) -> CompileError {
        CompileError::Invalid {
            reason: format!(
                "the module takes longer than {} s to compile: make it smaller, or split its \
                 largest functions",
                self.limits.wall_max_ms.div_ceil(1_000)
            ),
        }
    }

    /// A child that ended without an answer. What ends it is nearly always the module: it is the
    /// only thing that differs between one child and the next.
    fn died(&self, status: ExitStatus, stderr: &str) -> CompileError {
        const OUT_OF_MEMORY: &str = "memory allocation of";
        let last_words = stderr.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("");
        let reason = match status.signal() {
            Some(libc_signal::ABORT) if stderr.contains(OUT_OF_MEMORY) => format!(
                "the module needs more than {} MiB of memory to compile: make it smaller",
                self.limits.memory_max_bytes / (1024 * 1024)
            ),
            Some(libc_signal::CPU_LIMIT) => return self.too_slow(),
            Some(libc_signal::KILL) => {
                let message = "a compile child was killed from outside".to_owned();
                return CompileError::Fault { message };
            }
            Some(signal) => {
                format!("the compiler crashed on the module (signal {signal}): {last_words}")
            }
            None => format!("the compiler failed on the module ({status}): {last_words}"),
        };
        CompileError::Invalid { reason }
    }
}

/// Numbers of the signals that tell how a child ended (`signal(7)`).
mod libc_signal {
    pub(super) const ABORT: i32 = 6;
    pub(super) const KILL: i32 = 9;
    pub(super) const CPU_LIMIT: i32 = 24;
}

fn understood(reply: CompileReply) -> Result<CompiledModule, CompileError> {
    match reply {
        CompileReply::Compiled(compiled) => Ok(compiled),
        CompileReply::Refused { reason } => Err(CompileError::Invalid { reason }),
        CompileReply::Fault { message } => Err(CompileError::Fault { message }),
    }
}

/// Reads a pipe to its end on a thread of its own; the receiver gets what was read.
fn listen(pipe: impl Read + Send + 'static, max_bytes: u64) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::sync_channel(1);
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // An error ends the stream like its end does: the child's exit tells the rest.
        let _ = pipe.take(max_bytes).read_to_end(&mut bytes);
        let _ = sender.send(bytes);
    });
    receiver
}

/// A child that does not outlive its owner.
struct Running(Child);

impl Running {
    fn wait(&mut self, grace: Duration) -> io::Result<ExitStatus> {
        let deadline = Instant::now() + grace;
        loop {
            if let Some(status) = self.0.try_wait()? {
                return Ok(status);
            }
            if Instant::now() >= deadline {
                self.0.kill()?;
                return self.0.wait();
            }
            thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only for a child that has already been waited for.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
