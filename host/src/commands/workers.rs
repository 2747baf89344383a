//! `wask workers`: lists workers.

use std::time::SystemTime;

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
    resources: Value,
    joined_at: String,
    finished: u64,
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
fn resources(resources: &Value) -> String {
    let one = |name: &str, value: &Value| match (value.get("free"), value.get("total")) {
        (Some(free), Some(total)) => format!("{name} {free}/{total}"),
        _ => format!("{name} {value}"),
    };
    let parts: Vec<String> = match resources {
        Value::Object(map) => map.iter().map(|(name, value)| one(name, value)).collect(),
        Value::Array(list) => list
            .iter()
            .map(|item| one(item.get("name").and_then(Value::as_str).unwrap_or("?"), item))
            .collect(),
        _ => Vec::new(),
    };
    if parts.is_empty() { "-".to_owned() } else { parts.join(", ") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Goal: resources read as free of total.
    #[test]
    fn resources_read_as_free_of_total() {
        assert_eq!(resources(&json!({"gpu": {"free": 1, "total": 2}})), "gpu 1/2");
        assert_eq!(resources(&json!([{"name": "cpu", "free": 0.5, "total": 4}])), "cpu 0.5/4");
        assert_eq!(resources(&json!({})), "-");
    }
}
