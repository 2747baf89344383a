//! `wask trace`: writes a run's timeline in Chrome's trace format.

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::{cli::TraceArgs, client::Path, exit_code::Exit, output::human_bytes, session::Session};

/// Writes the trace to a file, or to stdout.
pub(crate) fn run(session: &Session, args: &TraceArgs) -> anyhow::Result<Exit> {
    let reply = session.client.get(&Path::of(&["runs", &args.run, "trace"]))?;
    let output = session.output;
    let Some(file) = &args.output else {
        output.value(&reply.json::<Value>()?)?;
        return Ok(Exit::Ok);
    };
    std::fs::write(file, &reply.body)
        .with_context(|| format!("cannot write {}", file.display()))?;
    if output.json {
        output.value(&json!({ "file": file, "size": reply.body.len() }))?;
    } else {
        let size = human_bytes(reply.body.len() as u64);
        let name = file.display();
        output.message(format!("wrote {size} to {name}; open it in https://ui.perfetto.dev"));
    }
    Ok(Exit::Ok)
}
