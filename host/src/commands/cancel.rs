//! `wask cancel`: stops a run or one of its tasks.

use serde_json::{Map, Value, json};

use super::run_ref::{Title, find_run, states, tasks};
use crate::{cli::CancelArgs, client::Path, exit_code::Exit, session::Session};

/// Cancels.
pub(crate) fn run(session: &Session, args: &CancelArgs) -> anyhow::Result<Exit> {
    let run = find_run(session, &args.run)?;
    let mut body = Map::new();
    if let Some(key) = &args.key {
        body.insert("keys".to_owned(), json!([key]));
    }
    if let Some(reason) = &args.reason {
        body.insert("reason".to_owned(), json!(reason));
    }
    let reply = session.client.post_json(&Path::of(&["runs", &run.id, "cancel"]), &body)?;
    let count = reply.get("cancelled").and_then(Value::as_u64).unwrap_or(0);
    let title = Title(&run);
    if session.output.json {
        session.output.value(&json!({ "run": run.id, "name": run.name, "cancelled": count }))?;
    } else if count == 0 {
        let states = states(session, &run, args.key.as_slice())?;
        session.output.message(format!("{title}: {states}; nothing to cancel"));
    } else {
        session.output.message(format!("{title}: {} cancelled", tasks(count)));
    }
    Ok(Exit::Ok)
}
