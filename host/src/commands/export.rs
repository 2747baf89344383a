//! `wask trace`, `wask graph` and `wask report`: what the server makes of a run, written to a file or
//! to stdout.

use std::path::PathBuf;

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::{
    cli::{GraphArgs, GraphFormat, ReportArgs, TraceArgs},
    client::{Path, Reply},
    exit_code::Exit,
    output::human_bytes,
    session::Session,
};

/// Writes a run's timeline in Chrome's trace format.
pub(crate) fn trace(session: &Session, args: &TraceArgs) -> anyhow::Result<Exit> {
    let reply = session.client.get(&Path::of(&["runs", &args.run, "trace"]))?;
    write(session, &reply, args.output.as_ref(), "open it in https://ui.perfetto.dev")
}

/// Writes a run's graph as text or picture.
pub(crate) fn graph(session: &Session, args: &GraphArgs) -> anyhow::Result<Exit> {
    let path = Path::of(&["runs", &args.run, "graph"])
        .with("format", args.format.name())
        .with_some("by", args.by.map(|by| by.name()));
    let hint = match args.format {
        GraphFormat::Dot => "`dot -Tsvg` draws it",
        GraphFormat::Mermaid => "Markdown viewers draw it",
        GraphFormat::Svg => "a browser shows it",
        GraphFormat::Json => "programs read it",
    };
    write(session, &session.client.get(&path)?, args.output.as_ref(), hint)
}

/// Writes a run as one HTML file.
pub(crate) fn report(session: &Session, args: &ReportArgs) -> anyhow::Result<Exit> {
    let reply = session.client.get(&Path::of(&["runs", &args.run, "report"]))?;
    write(session, &reply, args.output.as_ref(), "a browser opens it, without a server")
}

fn write(
    session: &Session,
    reply: &Reply,
    file: Option<&PathBuf>,
    hint: &str,
) -> anyhow::Result<Exit> {
    let output = session.output;
    let Some(file) = file else {
        match reply.is_json() {
            true => output.value(&reply.json::<Value>()?)?,
            false if output.json => output.value(&json!(String::from_utf8_lossy(&reply.body)))?,
            false => output.bytes(&reply.body)?,
        }
        return Ok(Exit::Ok);
    };
    std::fs::write(file, &reply.body)
        .with_context(|| format!("cannot write {}", file.display()))?;
    if output.json {
        output.value(&json!({ "file": file, "size": reply.body.len() }))?;
    } else {
        let size = human_bytes(reply.body.len() as u64);
        output.message(format!("wrote {size} to {}; {hint}", file.display()));
    }
    Ok(Exit::Ok)
}
