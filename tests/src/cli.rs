//! The command line, as a person or a script uses it.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;

use crate::places::wask_program;

/// The `wask` program, pointed at one server.
#[derive(Clone, Debug)]
pub struct Cli {
    server: Option<String>,
    folder: PathBuf,
}

/// What a command printed and how it ended.
#[derive(Clone, Debug)]
pub struct Printed {
    /// The command line.
    pub command: String,
    /// Exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Cli {
    /// Commands that are told a server by `WASK_SERVER`, and run in `folder`.
    pub fn new(server: Option<&str>, folder: &Path) -> Self {
        Self { server: server.map(str::to_owned), folder: folder.to_owned() }
    }

    /// A command that has not been started.
    pub fn command(&self, args: &[impl AsRef<OsStr>]) -> Command {
        let mut command = Command::new(wask_program());
        command.args(args).current_dir(&self.folder).env("NO_COLOR", "1");
        command.env_remove("WASK_TOKEN").env_remove("WASK_SERVER");
        if let Some(server) = &self.server {
            command.env("WASK_SERVER", server);
        }
        command
    }

    /// Runs a command to its end.
    #[track_caller]
    pub fn run(&self, args: &[&str]) -> Printed {
        let Output { status, stdout, stderr } =
            self.command(args).output().expect("the program can be started");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let command = format!("wask {}", args.join(" "));
        let (stdout, stderr) = (text(&stdout), text(&stderr));
        Printed { command, code: status.code(), stdout, stderr }
    }

    /// Runs a command that must end with exit code 0; its output.
    #[track_caller]
    pub fn ok(&self, args: &[&str]) -> String {
        self.run(args).code(0).stdout
    }

    /// Runs a command with `--json`; the one value that it prints.
    #[track_caller]
    pub fn json(&self, args: &[&str]) -> Value {
        let mut args = args.to_vec();
        args.push("--json");
        self.run(&args).code(0).json()
    }
}

impl Printed {
    /// The same, if it ended with that exit code.
    #[track_caller]
    pub fn code(self, wanted: i32) -> Self {
        assert!(self.code == Some(wanted), "expected exit code {wanted} of {self}");
        self
    }

    /// Its output as exactly one JSON value.
    #[track_caller]
    pub fn json(&self) -> Value {
        match serde_json::from_str(&self.stdout) {
            Ok(value) => value,
            Err(error) => panic!("expected one JSON value ({error}) of {self}"),
        }
    }
}

impl std::fmt::Display for Printed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { command, code, stdout, stderr } = self;
        write!(f, "`{command}` -> {code:?}\n-- stdout\n{stdout}\n-- stderr\n{stderr}")
    }
}
