//! `wask logs`: prints what tasks logged, attempt by attempt.

use serde::Deserialize;
use serde_json::Value;

use super::run_ref::{Title, find_run};
use crate::{
    cli::LogsArgs,
    client::Path,
    exit_code::Exit,
    output::{Color, escape, escape_lines},
    session::Session,
};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Logs {
    attempts: Vec<AttemptLogs>,
    truncated: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct AttemptLogs {
    key: String,
    attempt: u32,
    lines: Vec<Line>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Line {
    at: String,
    level: String,
    message: String,
}

/// Prints the lines.
pub(crate) fn run(session: &Session, args: &LogsArgs) -> anyhow::Result<Exit> {
    let output = session.output;
    let run = find_run(session, &args.run)?;
    let path = match &args.key {
        Some(key) => Path::of(&["runs", &run.id, "tasks", key, "logs"]),
        None => Path::of(&["runs", &run.id, "logs"]),
    };
    let reply = session.client.get(&path)?;
    if output.json {
        output.value(&reply.json::<Value>()?)?;
        return Ok(Exit::Ok);
    }
    output.message(Title(&run).to_string());
    let logs: Logs = reply.json()?;
    for attempt in &logs.attempts {
        for line in &attempt.lines {
            output.line(line_of(session, attempt, line))?;
        }
    }
    if logs.attempts.iter().all(|attempt| attempt.lines.is_empty()) {
        output.message("nothing was logged");
    } else if logs.truncated {
        output.message("there are more lines; ask for the logs of one task");
    }
    Ok(Exit::Ok)
}

fn line_of(session: &Session, attempt: &AttemptLogs, line: &Line) -> String {
    let color = match line.level.as_str() {
        "error" => Some(Color::Red),
        "warn" => Some(Color::Yellow),
        "debug" => Some(Color::Dim),
        _ => None,
    };
    let level = format!("{:5}", escape(&line.level));
    let level = color.map_or(level.clone(), |color| session.output.paint_stdout(&level, color));
    let attempt_no =
        if attempt.attempt > 1 { format!("#{}", attempt.attempt) } else { String::new() };
    let message = escape_lines(&line.message, "    ");
    format!("{}  {level}  {}{attempt_no}  {message}", escape(&line.at), escape(&attempt.key))
}
