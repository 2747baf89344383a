//! `wask submit`: submits a graph and, if asked, follows it to its end.

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::{
    cli::SubmitArgs,
    client::{Client, Path},
    dto::Run,
    exit_code::Exit,
    follow::{Finished, follow},
    graph_file::{self, GraphFile, expand_files},
    output::{Output, Table, escape},
    session::Session,
};

/// Outputs that are shown after `--follow`, and characters of each.
const OUTPUTS_SHOWN_MAX: usize = 20;
const OUTPUT_SHOWN_MAX_CHARS: usize = 120;

/// Submits the graph.
pub(crate) fn run(session: &Session, args: &SubmitArgs) -> anyhow::Result<Exit> {
    let mut file = graph_file::read(&args.graph)?;
    if let (Some(name), Some(graph)) = (&args.name, file.graph.as_object_mut()) {
        graph.insert("name".to_owned(), json!(name));
    }
    let accepted = submit_graph(&session.client, file, args.idempotency_key.as_deref())?;
    let output = session.output;
    if !output.json {
        output.line(format!("run        {}", accepted.run))?;
        output.line(format!("dashboard  {}", accepted.dashboard))?;
    }
    if !args.follow {
        if output.json {
            output.value(&accepted.json)?;
        }
        return Ok(Exit::Ok);
    }
    let finished = follow(session, &accepted.run)?;
    show_finished(output, &finished)?;
    if let Some(text) = failures_line(&finished.run).filter(|_| !output.json) {
        output.message(text);
    }
    Ok(if finished.run.state == "succeeded" { Exit::Ok } else { Exit::Failed })
}

/// A run that the server accepted.
#[derive(Clone, Debug)]
pub(crate) struct Accepted {
    /// What the server said.
    pub(crate) json: Value,
    /// The run's id.
    pub(crate) run: String,
    /// Where people look at it.
    pub(crate) dashboard: String,
}

/// Uploads the files that the graph names and submits it.
pub(crate) fn submit_graph(
    client: &Client,
    file: GraphFile,
    idempotency_key: Option<&str>,
) -> anyhow::Result<Accepted> {
    let graph = expand_files(file.graph, &file.folder, &mut |path, media_type, bytes| {
        let reply = client
            .post_bytes(&Path::of(&["objects"]), media_type, bytes)
            .with_context(|| format!("{} was not uploaded", path.display()))?;
        let object: Value = reply.json()?;
        Ok(object.get("id").and_then(Value::as_str).context("the object has no id")?.to_owned())
    })?;
    let headers: Vec<(&str, &str)> =
        idempotency_key.map(|key| ("idempotency-key", key)).into_iter().collect();
    let json: Value = client.post_with(&Path::of(&["runs"]), &graph, &headers)?.json()?;
    let text = |name: &str| json.get(name).and_then(Value::as_str).unwrap_or_default();
    let dashboard = text("dashboard");
    let dashboard = if dashboard.contains("://") {
        dashboard.to_owned()
    } else {
        format!("{}{dashboard}", client.server())
    };
    let run = text("id").to_owned();
    Ok(Accepted { dashboard, run, json })
}

fn show_finished(output: Output, finished: &Finished) -> anyhow::Result<()> {
    if output.json {
        return output.value(&finished.json);
    }
    let table = outputs_table(&finished.run);
    if !table.is_empty() {
        output.table(&table)?;
    }
    let hidden = finished.run.outputs.len().saturating_sub(OUTPUTS_SHOWN_MAX);
    if hidden > 0 {
        output.message(format!("{hidden} more; see them with: wask result last KEY"));
    }
    Ok(())
}

/// How many tasks failed, the first of them, and how to see all.
fn failures_line(run: &Run) -> Option<String> {
    let failed = run.counts.get("failed").copied().filter(|count| *count > 0)?;
    let keys: Vec<String> = run.failures.iter().map(|failure| escape(&failure.key)).collect();
    let more = if failed > keys.len() as u64 { ", …" } else { "" };
    let (keys, run) = (keys.join(", "), escape(&run.id));
    Some(format!("{failed} failed: {keys}{more}; `wask tasks {run} --state failed`"))
}

/// The first outputs of a run, cut to a readable length.
pub(crate) fn outputs_table(run: &Run) -> Table {
    let mut table = Table::new(&["OUTPUT", "VALUE"]);
    for (key, value) in run.outputs.iter().take(OUTPUTS_SHOWN_MAX) {
        table.row([key.clone(), shorten(&value.to_string())]);
    }
    table
}

fn shorten(text: &str) -> String {
    let mut short: String = text.chars().take(OUTPUT_SHOWN_MAX_CHARS).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: failures are counted and named, and the line says that there are more of them.
    #[test]
    fn failures_are_counted() {
        let run = |failed: u64| -> Run {
            serde_json::from_value(json!({ "id": "1e8a", "counts": { "failed": failed },
                "failures": [{ "key": "x" }, { "key": "t[3]" }] }))
            .unwrap()
        };
        assert_eq!(failures_line(&run(0)), None);
        let told = failures_line(&run(2)).unwrap();
        assert_eq!(told, "2 failed: x, t[3]; `wask tasks 1e8a --state failed`");
        assert!(failures_line(&run(12)).unwrap().starts_with("12 failed: x, t[3], …;"));
    }

    /// Goal: long outputs are cut at a character, not within one.
    #[test]
    fn long_outputs_are_cut() {
        assert_eq!(shorten("41541750"), "41541750");
        let short = shorten(&"é".repeat(500));
        assert_eq!(short.chars().count(), OUTPUT_SHOWN_MAX_CHARS + 1);
    }
}
