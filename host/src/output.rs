//! How commands print: data to stdout, messages to stderr, tables for people, one JSON value for
//! programs. Texts that come from guests never reach a terminal with control characters in them.

mod escape;
mod table;
mod units;

use std::io::{self, IsTerminal as _, Write as _};

use serde_json::Value;

pub(crate) use self::{
    escape::{escape, escape_lines},
    table::Table,
    units::{age_of, human_bytes, human_us},
};

/// Where and how to print.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    /// One JSON value on stdout and nothing else.
    pub(crate) json: bool,
    stdout_is_terminal: bool,
    stdout_colors: bool,
    stderr_is_terminal: bool,
    stderr_colors: bool,
}

/// A color that means something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Color {
    /// It went well.
    Green,
    /// It failed.
    Red,
    /// It needs attention.
    Yellow,
    /// It goes on.
    Cyan,
    /// It is of little importance.
    Dim,
}

impl Output {
    /// Output of this process.
    pub(crate) fn new(json: bool) -> Self {
        // https://no-color.org: any value but the empty one switches colors off.
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let stdout_is_terminal = io::stdout().is_terminal();
        let stderr_is_terminal = io::stderr().is_terminal();
        Self {
            json,
            stdout_is_terminal,
            stdout_colors: stdout_is_terminal && !no_color,
            stderr_is_terminal,
            stderr_colors: stderr_is_terminal && !no_color,
        }
    }

    /// Whether stdout is a terminal.
    pub(crate) fn stdout_is_terminal(&self) -> bool {
        self.stdout_is_terminal
    }

    /// Whether progress bars make sense.
    pub(crate) fn shows_bars(&self) -> bool {
        self.stderr_is_terminal && !self.json
    }

    /// A line of data on stdout.
    pub(crate) fn line(&self, text: impl AsRef<str>) -> anyhow::Result<()> {
        let mut stdout = io::stdout().lock();
        writeln!(stdout, "{}", text.as_ref())?;
        Ok(stdout.flush()?)
    }

    /// A JSON value on stdout: spread over lines on a terminal, in one line elsewhere.
    pub(crate) fn value(&self, value: &Value) -> anyhow::Result<()> {
        let text = if self.stdout_is_terminal {
            serde_json::to_string_pretty(value)?
        } else {
            serde_json::to_string(value)?
        };
        self.line(escape::escape_json(&text))
    }

    /// Bytes on stdout, as they are.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> anyhow::Result<()> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes)?;
        Ok(stdout.flush()?)
    }

    /// A table on stdout.
    pub(crate) fn table(&self, table: &Table) -> anyhow::Result<()> {
        let mut stdout = io::stdout().lock();
        write!(stdout, "{}", table.render(self.stdout_colors))?;
        Ok(stdout.flush()?)
    }

    /// A message for people, on stderr.
    pub(crate) fn message(&self, text: impl AsRef<str>) {
        // Nothing can be done when stderr is gone.
        let _ = writeln!(io::stderr(), "{}", text.as_ref());
    }

    /// Text for stderr in a color.
    pub(crate) fn paint_stderr(&self, text: &str, color: Color) -> String {
        if self.stderr_colors { paint(text, color) } else { text.to_owned() }
    }

    /// Text for stdout in a color.
    pub(crate) fn paint_stdout(&self, text: &str, color: Color) -> String {
        if self.stdout_colors { paint(text, color) } else { text.to_owned() }
    }
}

/// The color of a state of tasks, runs or checks.
pub(crate) fn color_of_state(state: &str) -> Option<Color> {
    match state {
        "succeeded" | "ok" => Some(Color::Green),
        "failed" | "fail" => Some(Color::Red),
        "no-worker" | "warn" => Some(Color::Yellow),
        "running" => Some(Color::Cyan),
        "aborted" | "cancelled" | "waiting" => Some(Color::Dim),
        _ => None,
    }
}

/// `text` in `color`, by ANSI sequences.
fn paint(text: &str, color: Color) -> String {
    let code = match color {
        Color::Green => 32,
        Color::Red => 31,
        Color::Yellow => 33,
        Color::Cyan => 36,
        Color::Dim => 2,
    };
    format!("\u{1b}[{code}m{text}\u{1b}[0m")
}
