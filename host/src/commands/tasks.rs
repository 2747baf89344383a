//! `wask tasks`: lists the tasks of a run with state, place and times.

use serde_json::Value;

use crate::{
    cli::TasksArgs,
    client::Path,
    dto::{Page, Task, text_or_dash},
    exit_code::Exit,
    output::{Table, human_bytes, human_us},
    session::Session,
};

/// Lists the tasks.
pub(crate) fn run(session: &Session, args: &TasksArgs) -> anyhow::Result<Exit> {
    let path = Path::of(&["runs", &args.run, "tasks"])
        .with("limit", args.limit)
        .with_some("state", args.state.as_deref())
        .with_some("call", args.call.as_deref());
    let reply = session.client.get(&path)?;
    if session.output.json {
        session.output.value(&reply.json::<Value>()?)?;
        return Ok(Exit::Ok);
    }
    let page: Page<Task> = reply.json()?;
    session.output.table(&table(&page.items))?;
    let hidden = page.total.unwrap_or(0).saturating_sub(page.items.len() as u64);
    if hidden > 0 {
        session.output.message(format!("{hidden} more; show them with --limit N"));
    }
    Ok(Exit::Ok)
}

fn table(tasks: &[Task]) -> Table {
    let columns = ["KEY", "CALL", "STATE", ">ATTEMPT", "WORKER/SLOT", ">QUEUED", ">RAN", ">MEMORY"];
    let mut table = Table::new(&columns);
    for task in tasks {
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        let place = task.slot.map(|slot| format!("{}/{slot}", text_or_dash(&task.worker)));
        let ran = if task.cached { Some("cached".to_owned()) } else { task.run_us.map(human_us) };
        table.row([
            task.key.clone(),
            task.call.clone(),
            task.state.clone(),
            task.attempt.to_string(),
            or_dash(place),
            or_dash(task.queue_us.map(human_us)),
            or_dash(ran),
            or_dash(task.peak_memory.map(human_bytes)),
        ]);
    }
    table
}
