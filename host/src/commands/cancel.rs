//! `wask cancel`: stops a run or one of its tasks.

use serde_json::{Map, Value, json};

use crate::{cli::CancelArgs, client::Path, exit_code::Exit, output::escape, session::Session};

/// Cancels.
pub(crate) fn run(session: &Session, args: &CancelArgs) -> anyhow::Result<Exit> {
    let mut body = Map::new();
    if let Some(key) = &args.key {
        body.insert("keys".to_owned(), json!([key]));
    }
    if let Some(reason) = &args.reason {
        body.insert("reason".to_owned(), json!(reason));
    }
    let reply = session.client.post_json(&Path::of(&["runs", &args.run, "cancel"]), &body)?;
    if session.output.json {
        session.output.value(&reply)?;
    } else {
        let count = reply.get("cancelled").and_then(Value::as_u64);
        let tasks = count.map_or("its tasks".to_owned(), |count| format!("{count} tasks"));
        session.output.message(format!("run {}: {tasks} cancelled", escape(&args.run)));
    }
    Ok(Exit::Ok)
}
