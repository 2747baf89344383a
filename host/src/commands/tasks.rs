//! `wask tasks`: lists the tasks of a run with state, place and times.

use std::time::SystemTime;

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
    session.output.table(&table(&page.items, SystemTime::now()))?;
    let hidden = page.total.unwrap_or(0).saturating_sub(page.items.len() as u64);
    if hidden > 0 {
        session.output.message(format!("{hidden} more; show them with --limit N"));
    }
    Ok(Exit::Ok)
}

fn table(tasks: &[Task], now: SystemTime) -> Table {
    let columns = ["KEY", "CALL", "STATE", ">ATTEMPT", "WORKER/SLOT", ">QUEUED", ">RAN", ">MEMORY"];
    let shows_progress = tasks.iter().any(|task| progress(task).is_some());
    let progress_column = shows_progress.then_some(">PROGRESS");
    let columns: Vec<&str> = columns.into_iter().chain(progress_column).collect();
    let mut table = Table::new(&columns);
    for task in tasks {
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        let place = task.slot.map(|slot| format!("{}/{slot}", text_or_dash(&task.worker)));
        // What an attempt used is only known at its end.
        let memory = task.peak_memory.filter(|_| !is_running(task));
        let row = [
            task.key.clone(),
            task.call.clone(),
            task.state.clone(),
            task.attempt.to_string(),
            or_dash(place),
            or_dash(task.queue_us.map(human_us)),
            or_dash(ran(task, now)),
            or_dash(memory.map(human_bytes)),
        ];
        table.row(row.into_iter().chain(shows_progress.then(|| or_dash(progress(task)))));
    }
    table
}

fn is_running(task: &Task) -> bool {
    task.state == "running"
}

/// How long it ran, or has been running so far.
fn ran(task: &Task, now: SystemTime) -> Option<String> {
    if task.cached {
        return Some("cached".to_owned());
    }
    if !is_running(task) {
        return task.run_us.map(human_us);
    }
    let started = humantime::parse_rfc3339_weak(task.started_at.as_deref()?).ok()?;
    let us = now.duration_since(started).unwrap_or_default().as_micros();
    Some(format!("{}…", human_us(u64::try_from(us).unwrap_or(u64::MAX))))
}

/// `45/3000`, of a task that runs and tells.
fn progress(task: &Task) -> Option<String> {
    let progress = task.progress.filter(|_| is_running(task))?;
    Some(format!("{}/{}", progress.done, progress.total))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: a running task shows how long it has been running and how far it is, not zeros.
    #[test]
    fn running_tasks_show_how_far_they_are() {
        let task: Task = serde_json::from_str(
            r#"{"key":"c","call":"m/f","state":"running","attempt":1,"worker":1,"slot":2,
                "started_at":"2026-01-01T00:00:00Z","queue_us":1300,"run_us":0,"peak_memory":0,
                "progress":{"done":45,"total":3000}}"#,
        )
        .unwrap();
        let now = humantime::parse_rfc3339("2026-01-01T00:00:12Z").unwrap();
        let shown = table(std::slice::from_ref(&task), now).render(false);
        let row: Vec<&str> = shown.lines().last().unwrap().split("  ").map(str::trim).collect();
        let wanted = ["c", "m/f", "running", "1", "1/2", "1.3 ms", "12.00 s…", "-", "45/3000"];
        assert_eq!(row.into_iter().filter(|cell| !cell.is_empty()).collect::<Vec<_>>(), wanted);
        let done = Task { state: "succeeded".to_owned(), run_us: Some(7), ..task };
        let shown = table(&[done], now).render(false);
        assert!(shown.contains("7 us") && !shown.contains("PROGRESS"), "{shown}");
    }
}
