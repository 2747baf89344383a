//! Follows a run until it is finished: a bar for each function on a terminal, plain lines
//! elsewhere, and the first failure as soon as there is one. Only reads from the server.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde_json::Value;

use crate::{
    client::{ClientError, Path},
    dto::{Counts, Run},
    failure_text::describe_failure,
    interrupt::Farewell,
    output::{Color, Output, escape},
    patience::Patience,
    session::Session,
};

/// How long the server may hold back an answer while the run goes on.
const REFRESH: &str = "200ms";

/// The least time between two plain lines.
const LINE_INTERVAL: Duration = Duration::from_secs(1);

/// A finished run, as the server told it and as it is shown.
#[derive(Clone, Debug)]
pub(crate) struct Finished {
    /// What the server said.
    pub(crate) json: Value,
    /// The same, for showing.
    pub(crate) run: Run,
}

/// Shows progress until the run is finished. A restart of the server only delays that.
pub(crate) fn follow(session: &Session, run: &str) -> Result<Finished, ClientError> {
    let mut view = View::new(session.output);
    let _farewell = Farewell::new(format!(
        "run {run} goes on; `wask tasks {run}` shows it, `wask cancel {run}` stops it"
    ));
    let mut patience = Patience::new(session.output);
    let mut failure_shown = false;
    let path = Path::of(&["runs", run]).with("wait", REFRESH);
    loop {
        let reply = match session.client.get(&path) {
            Ok(reply) => reply,
            Err(error) => {
                patience.bear(error)?;
                continue;
            }
        };
        patience.renew();
        let (json, run): (Value, Run) = (reply.json()?, reply.json()?);
        view.show(&run);
        if let Some(first) = run.failures.first().filter(|_| !failure_shown) {
            failure_shown = true;
            let title = format!("first failure, {}", first.key);
            view.interrupt(&describe_failure(session.output, &title, &first.failure));
        }
        if run.is_finished() {
            view.finish(&run);
            return Ok(Finished { json, run });
        }
    }
}

/// What is shown while a run goes on.
enum View {
    Bars { output: Output, all: MultiProgress, by_call: HashMap<String, ProgressBar> },
    Lines { output: Output, last: String, next_at: Instant },
    Nothing { output: Output },
}

impl View {
    fn new(output: Output) -> Self {
        if output.shows_bars() {
            Self::Bars { output, all: MultiProgress::new(), by_call: HashMap::new() }
        } else if output.json {
            Self::Nothing { output }
        } else {
            Self::Lines { output, last: String::new(), next_at: Instant::now() }
        }
    }

    fn show(&mut self, run: &Run) {
        match self {
            Self::Bars { all, by_call, .. } => {
                for function in &run.functions {
                    let bar = by_call
                        .entry(function.call.clone())
                        .or_insert_with(|| all.add(new_bar(&function.call)));
                    bar.set_length(total(&function.counts));
                    bar.set_position(done(&function.counts));
                    bar.set_message(remarks(&function.counts));
                }
            }
            Self::Lines { output, last, next_at } => {
                if run.is_finished() || Instant::now() >= *next_at {
                    *next_at = Instant::now() + LINE_INTERVAL;
                    let line = progress_line(run);
                    if line != *last {
                        output.message(&line);
                        *last = line;
                    }
                }
            }
            Self::Nothing { .. } => {}
        }
    }

    /// Shows a text above what is shown already.
    fn interrupt(&self, text: &str) {
        match self {
            // Without a bar that can be drawn there is nothing to suspend.
            Self::Bars { output, all, .. } => all.suspend(|| output.message(text)),
            Self::Lines { output, .. } | Self::Nothing { output } => output.message(text),
        }
    }

    fn finish(&self, run: &Run) {
        if let Self::Bars { by_call, .. } = self {
            by_call.values().for_each(ProgressBar::abandon);
        }
        let (Self::Bars { output, .. } | Self::Lines { output, .. }) = self else { return };
        let color = if run.state == "succeeded" { Color::Green } else { Color::Red };
        let state = output.paint_stderr(&escape(&run.state), color);
        output.message(format!("run {} {state}{}", escape(&run.id), took(run)));
    }
}

fn new_bar(call: &str) -> ProgressBar {
    // The template is constant; should it not parse, the default style serves as well.
    let style =
        ProgressStyle::with_template("{prefix:24!} {bar:32.cyan/dim} {pos:>7}/{len:<7} {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::no_length().with_style(style.progress_chars("━╸─"));
    bar.with_prefix(escape(call))
}

fn total(counts: &Counts) -> u64 {
    let by_state = || counts.iter().filter(|(name, _)| *name != "total").map(|(_, n)| n).sum();
    counts.get("total").copied().unwrap_or_else(by_state)
}

fn done(counts: &Counts) -> u64 {
    let of = |name: &str| counts.get(name).copied().unwrap_or(0);
    of("succeeded") + of("failed") + of("cancelled") + of("aborted")
}

/// The states that deserve a word beside the bar.
fn remarks(counts: &Counts) -> String {
    let states = ["running", "no-worker", "failed", "cancelled", "aborted"];
    let with_tasks = states.iter().filter_map(|state| {
        counts.get(*state).filter(|count| **count > 0).map(|count| format!("{count} {state}"))
    });
    with_tasks.collect::<Vec<_>>().join(", ")
}

fn progress_line(run: &Run) -> String {
    let part = |call: &str, counts: &Counts| {
        let remarks = remarks(counts);
        let remarks = if remarks.is_empty() { remarks } else { format!(" ({remarks})") };
        format!("{} {}/{}{remarks}", escape(call), done(counts), total(counts))
    };
    if run.functions.is_empty() {
        return part("tasks", &run.counts);
    }
    let parts = run.functions.iter().map(|function| part(&function.call, &function.counts));
    parts.collect::<Vec<_>>().join(" · ")
}

/// How long the run took, if both ends are known.
fn took(run: &Run) -> String {
    let parse = |time: &str| humantime::parse_rfc3339_weak(time).ok();
    let begun = parse(&run.created_at);
    let ended = run.finished_at.as_deref().and_then(parse);
    match (begun, ended) {
        (Some(begun), Some(ended)) => {
            let us = ended.duration_since(begun).unwrap_or_default().as_micros();
            format!(" in {}", crate::output::human_us(u64::try_from(us).unwrap_or(u64::MAX)))
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(text: &str) -> Run {
        serde_json::from_str(text).unwrap()
    }

    /// Goal: a plain line names each function with what is done and what went wrong.
    #[test]
    fn plain_lines() {
        let run = run(r#"{"id":"r","state":"running","functions":[
                {"call":"n/sq","counts":{"total":500,"succeeded":120,"running":2}},
                {"call":"n/sum","counts":{"total":1,"waiting":1}},
                {"call":"n/div","counts":{"failed":1,"aborted":2,"queued":1}}]}"#);
        assert_eq!(
            progress_line(&run),
            "n/sq 120/500 (2 running) · n/sum 0/1 · n/div 3/4 (1 failed, 2 aborted)"
        );
        assert!(!run.is_finished());
    }
}
