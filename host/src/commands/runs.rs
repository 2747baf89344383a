//! `wask runs`: lists runs, newest first.

use std::time::SystemTime;

use serde_json::Value;

use crate::{
    cli::RunsArgs,
    client::Path,
    dto::{Page, Run},
    exit_code::Exit,
    output::{Table, age_of},
    session::Session,
};

/// Lists the runs.
pub(crate) fn run(session: &Session, args: &RunsArgs) -> anyhow::Result<Exit> {
    let path = Path::of(&["runs"])
        .with("limit", args.limit)
        .with_some("state", args.state.as_deref())
        .with_some("name", args.name.as_deref());
    let reply = session.client.get(&path)?;
    if session.output.json {
        session.output.value(&reply.json::<Value>()?)?;
        return Ok(Exit::Ok);
    }
    let page: Page<Run> = reply.json()?;
    let is_filtered = args.state.is_some() || args.name.is_some();
    if !page.items.is_empty() {
        session.output.table(&table(&page.items, SystemTime::now()))?;
    }
    if page.items.is_empty() && is_filtered {
        session.output.message("no run matches");
    } else if page.items.is_empty() {
        session.output.message("no runs; submit a graph with: wask submit GRAPH");
    } else if page.next.is_some() {
        session.output.message("there are more; show them with --limit N");
    }
    Ok(Exit::Ok)
}

fn table(runs: &[Run], now: SystemTime) -> Table {
    let mut table =
        Table::new(&["RUN", "NAME", "STATE", ">TASKS", ">DONE", ">FAILED", "SUBMITTED"]);
    for run in runs {
        let count = |state: &str| run.counts.get(state).copied().unwrap_or(0);
        let done = count("succeeded") + count("failed") + count("cancelled") + count("aborted");
        table.row([
            run.id.clone(),
            run.name.clone().unwrap_or_else(|| "-".to_owned()),
            run.state.clone(),
            count("total").to_string(),
            done.to_string(),
            count("failed").to_string(),
            age_of(&run.created_at, now),
        ]);
    }
    table
}
