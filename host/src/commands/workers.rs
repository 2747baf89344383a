//! `wask workers`: lists workers.

use std::{collections::BTreeMap, time::SystemTime};

use serde::Deserialize;
use serde_json::Value;

use crate::{
    cli::WorkersArgs,
    client::Path,
    dto::{Page, text_or_dash},
    exit_code::Exit,
    output::{Table, age_of},
    session::Session,
};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Worker {
    id: Value,
    name: String,
    slots: u64,
    running: u64,
    assigned: u64,
    draining: bool,
    resources: BTreeMap<String, Amount>,
    joined_at: String,
    finished: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Amount {
    free: f64,
    total: f64,
}

/// Lists the workers.
pub(crate) fn run(session: &Session, _: &WorkersArgs) -> anyhow::Result<Exit> {
    let reply = session.client.get(&Path::of(&["workers"]))?;
    if session.output.json {
        session.output.value(&reply.json::<Value>()?)?;
        return Ok(Exit::Ok);
    }
    let page: Page<Worker> = reply.json()?;
    let now = SystemTime::now();
    let columns =
        ["WORKER", "NAME", ">SLOTS", ">RUNNING", ">ASSIGNED", ">FINISHED", "RESOURCES", "JOINED"];
    let mut table = Table::new(&columns);
    for worker in page.items {
        let draining = if worker.draining { " (draining)" } else { "" };
        table.row([
            text_or_dash(&worker.id),
            format!("{}{draining}", worker.name),
            worker.slots.to_string(),
            worker.running.to_string(),
            worker.assigned.to_string(),
            worker.finished.to_string(),
            resources(&worker.resources),
            age_of(&worker.joined_at, now),
        ]);
    }
    session.output.table(&table)?;
    Ok(Exit::Ok)
}

/// `gpu 1/2, cpu 4/4`: free and total amounts.
fn resources(resources: &BTreeMap<String, Amount>) -> String {
    let parts: Vec<String> = resources
        .iter()
        .map(|(name, amount)| format!("{name} {}/{}", amount.free, amount.total))
        .collect();
    if parts.is_empty() { "-".to_owned() } else { parts.join(", ") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Goal: resources read as free of total.
    #[test]
    fn resources_read_as_free_of_total() {
        let told = json!({"cpu": {"free": 0.5, "total": 4.0}, "gpu": {"free": 1.0, "total": 2.0}});
        let told = serde_json::from_value(told).unwrap();
        assert_eq!(resources(&told), "cpu 0.5/4, gpu 1/2");
        assert_eq!(resources(&BTreeMap::new()), "-");
    }
}
