//! `wask retry`: runs failed and aborted tasks again.

use serde_json::{Map, Value, json};

use crate::{cli::RetryArgs, client::Path, exit_code::Exit, output::escape, session::Session};

/// Retries.
pub(crate) fn run(session: &Session, args: &RetryArgs) -> anyhow::Result<Exit> {
    let mut body = Map::new();
    if !args.keys.is_empty() {
        body.insert("keys".to_owned(), json!(args.keys));
    }
    let reply = session.client.post_json(&Path::of(&["runs", &args.run, "retry"]), &body)?;
    if session.output.json {
        session.output.value(&reply)?;
    } else {
        let count = reply.get("retried").and_then(Value::as_u64);
        let tasks = count.map_or("its tasks".to_owned(), |count| format!("{count} tasks"));
        session.output.message(format!("run {}: {tasks} run again", escape(&args.run)));
    }
    Ok(Exit::Ok)
}
