//! `wask explain`: says why a task is in its state, worker by worker.

use serde::Deserialize;
use serde_json::Value;

use super::run_ref::{Title, find_run};
use crate::{
    cli::ExplainArgs,
    client::Path,
    dto::text_or_dash,
    exit_code::Exit,
    output::{Table, escape},
    session::Session,
};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Explanation {
    key: String,
    state: String,
    reason: String,
    waiting_for: Vec<String>,
    waiting_total: u64,
    retry_at: Option<String>,
    workers: Vec<Worker>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Worker {
    #[serde(alias = "id")]
    worker: Value,
    name: Option<String>,
    reason: Option<String>,
}

/// Prints the explanation.
pub(crate) fn run(session: &Session, args: &ExplainArgs) -> anyhow::Result<Exit> {
    let output = session.output;
    let run = find_run(session, &args.run)?;
    let reply = session.client.get(&Path::of(&["runs", &run.id, "tasks", &args.key, "explain"]))?;
    if output.json {
        output.value(&reply.json::<Value>()?)?;
        return Ok(Exit::Ok);
    }
    output.message(Title(&run).to_string());
    let told: Explanation = reply.json()?;
    let key = if told.key.is_empty() { &args.key } else { &told.key };
    output.line(format!("{} is {}: {}", escape(key), escape(&told.state), escape(&told.reason)))?;
    if !told.waiting_for.is_empty() {
        let names: Vec<String> = told.waiting_for.iter().map(|name| escape(name)).collect();
        let more = told.waiting_total.saturating_sub(names.len() as u64);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let names = format!("it waits for {}{more}", names.join(", "));
        if names != escape(&told.reason) {
            output.line(names)?;
        }
    }
    if let Some(at) = &told.retry_at {
        output.line(format!("its next attempt begins at {}", escape(at)))?;
    }
    if !told.workers.is_empty() {
        output.table(&workers_table(told.workers))?;
    }
    Ok(Exit::Ok)
}

fn workers_table(workers: Vec<Worker>) -> Table {
    let mut table = Table::new(&["WORKER", "WHY NOT THERE"]);
    for worker in workers {
        let name = worker.name.unwrap_or_else(|| text_or_dash(&worker.worker));
        table.row([name, worker.reason.unwrap_or_else(|| "it could run there".to_owned())]);
    }
    table
}
