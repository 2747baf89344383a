//! `wask retry`: runs failed and aborted tasks again.

use serde_json::{Map, Value, json};

use super::run_ref::{Title, find_run, states, tasks};
use crate::{cli::RetryArgs, client::Path, exit_code::Exit, session::Session};

/// Retries.
pub(crate) fn run(session: &Session, args: &RetryArgs) -> anyhow::Result<Exit> {
    let run = find_run(session, &args.run)?;
    let mut body = Map::new();
    if !args.keys.is_empty() {
        body.insert("keys".to_owned(), json!(args.keys));
    }
    let reply = session.client.post_json(&Path::of(&["runs", &run.id, "retry"]), &body)?;
    let count = reply.get("retried").and_then(Value::as_u64).unwrap_or(0);
    let title = Title(&run);
    if session.output.json {
        session.output.value(&json!({ "run": run.id, "name": run.name, "retried": count }))?;
    } else if count == 0 {
        let states = states(session, &run, &args.keys)?;
        session.output.message(format!("{title}: {states}; nothing to retry"));
    } else {
        let verb = if count == 1 { "runs" } else { "run" };
        session.output.message(format!("{title}: {} {verb} again", tasks(count)));
    }
    Ok(Exit::Ok)
}
