//! What a run looks like from outside: lists, filters, pages, logs, graph, trace, deletion.

use serde_json::{Value, json};
use wask_tests::{Server, items, items_of, keys_of};

use crate::shared;

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The query for the page after this one; `None` after the last.
fn next(page: &Value) -> Option<String> {
    match &page["next"] {
        Value::Null => None,
        Value::String(next) => Some(format!("&cursor={next}")),
        next => Some(format!("&cursor={next}")),
    }
}

/// Goal: runs are listed newest first; filters come before limits, and pages before repetition.
#[test]
fn runs_are_filtered_and_paged() {
    let server = Server::start_default();
    let mut wanted = Vec::new();
    for n in 0..12 {
        let name = if n % 2 == 0 { "red one" } else { "blue one" };
        let divisor = i32::from(n % 3 != 0);
        let run = server.finish(&json!({"name": name, "tasks": {
            "t": {"call": "numbers/checked_div", "args": [n, divisor]}}}));
        wanted.push((text(&run["id"]).to_owned(), name, text(&run["state"]).to_owned()));
    }
    wanted.reverse();
    let all: Vec<String> = wanted.iter().map(|(id, ..)| id.clone()).collect();
    assert_eq!(server.run_ids(), all);
    let (mut found, mut query) = (Vec::new(), String::new());
    loop {
        let path = format!("/runs?state=succeeded&name=red&limit=2{query}");
        let page = server.get(&path).status(200).json();
        assert!(items(&page).len() <= 2);
        found.extend(items_of(&page, "id"));
        match next(&page) {
            Some(next) => query = next,
            None => break,
        }
    }
    let fits =
        |(_, name, state): &&(String, &str, String)| *name == "red one" && state == "succeeded";
    let wanted: Vec<&str> = wanted.iter().filter(fits).map(|(id, ..)| id.as_str()).collect();
    assert_eq!(found, wanted);
    assert_eq!(found.len(), 4);
    server.get("/runs?state=sucseeded").problem(400, "invalid_parameter");
    server.get("/runs?limit=0").problem(400, "invalid_parameter");
    server.get("/runs?cursor=%20x").problem(400, "invalid_parameter");
}

/// Goal: tasks are listed in the graph's order, with filters by state and function, and a total.
#[test]
fn tasks_are_filtered_and_paged() {
    let server = shared();
    let run = server.finish(&json!({"tasks": {
        "div": {"call": "numbers/checked_div", "map": {"each": [[1, 1], [1, 0], [2, 1], [2, 0], [3, 1]]}},
        "inc": {"call": "numbers/inc", "map": {"range": [0, 40]}}}}));
    let id = text(&run["id"]);
    let page = |query: &str| server.get(&format!("/runs/{id}/tasks?{query}")).status(200).json();
    let failed = page("state=failed");
    assert_eq!(keys_of(&failed), ["div[1]", "div[3]"]);
    assert_eq!(failed["total"], 2);
    let first = page("call=numbers/inc&limit=3");
    assert_eq!(keys_of(&first), ["inc[0]", "inc[1]", "inc[2]"]);
    assert_eq!(first["total"], 40);
    assert_eq!(items(&first)[0]["call"], "numbers/inc");
    let second = page(&format!("call=numbers/inc&limit=3{}", next(&first).expect("more")));
    assert_eq!(keys_of(&second), ["inc[3]", "inc[4]", "inc[5]"]);
    assert!(items(&page("state=running")).is_empty());
    let states = server.states(id);
    assert_eq!(states.len(), 45);
    assert_eq!(states[0].0, "div[0]");
    server.get(&format!("/runs/{id}/tasks?state=done")).problem(400, "invalid_parameter");
}

/// Goal: a task tells all that was promised, in an order of times that makes sense.
#[test]
fn a_task_tells_its_life() {
    let server = shared();
    let run = server.finish(&json!({"tasks": {
        "w": {"call": "lab/work", "args": [30, 77]},
        "n": {"call": "lab/same_number", "args": [{"$task": "w"}]}}}));
    let task = server.task(text(&run["id"]), "n");
    assert_eq!((&task["key"], &task["call"]), (&json!("n"), &json!("lab/same_number")));
    assert_eq!((&task["attempt"], &task["cached"]), (&json!(1), &json!(false)));
    assert_eq!(task["deps"], json!(["w"]));
    let times = ["created_at", "queued_at", "started_at", "finished_at"].map(|at| text(&task[at]));
    assert!(times.iter().all(|time| time.ends_with('Z')) && times.is_sorted(), "{times:?}");
    for duration in ["queue_us", "start_us", "run_us"] {
        assert!(task[duration].as_u64().is_some_and(|us| us < 60_000_000), "{duration}: {task}");
    }
    assert!(task["peak_memory"].as_u64() > Some(1_000), "{task}");
    assert!(!task["worker"].is_null() && task["slot"].as_u64() < Some(2), "{task}");
    assert_eq!(task["failure"], Value::Null);
    let work = server.task(text(&run["id"]), "w");
    assert!(work["run_us"].as_u64() > Some(1_000), "30 million steps: {work}");
}

/// Goal: what a task logged can be read afterwards, in order, by attempt.
#[test]
fn logs_are_kept_by_attempt() {
    let server = shared();
    let run = server.finish(&json!({"tasks": {
        "lines": {"call": "lab/log_lines", "args": [20]},
        "warn": {"call": "hostile/log_line", "args": ["a \u{1b}[31m b"]}}}));
    let id = text(&run["id"]);
    let logs = server.get(&format!("/runs/{id}/tasks/lines/logs")).status(200).json();
    let attempts = logs["attempts"].as_array().expect("attempts");
    assert_eq!((attempts.len(), &attempts[0]["attempt"]), (1, &json!(1)));
    let lines = attempts[0]["lines"].as_array().expect("lines");
    let messages: Vec<&str> = lines.iter().map(|line| text(&line["message"])).collect();
    assert_eq!(messages, (0..20).map(|n| format!("line {n}")).collect::<Vec<_>>());
    assert!(lines.iter().all(|line| line["level"] == "info" && text(&line["at"]).ends_with('Z')));
    let warn = server.get(&format!("/runs/{id}/tasks/warn/logs")).status(200).json();
    assert_eq!(warn["attempts"][0]["lines"][0]["level"], "warn");
    server.get(&format!("/runs/{id}/tasks/nobody/logs")).problem(404, "unknown_task");
}

/// Goal: the graph can be had by function or node, in four forms.
#[test]
fn the_graph_is_drawn() {
    let server = shared();
    let run = server.finish(&json!({"tasks": {
        "sq": {"call": "numbers/square", "map": {"range": [0, 10]}},
        "total": {"call": "numbers/sum", "args": [{"$tasks": "sq"}]}}}));
    let path = format!("/runs/{}/graph", text(&run["id"]));
    let graph = server.get(&format!("{path}?format=json")).status(200).json();
    let shown = graph.to_string();
    assert!(shown.contains("\"sq\"") && shown.contains("\"total\""), "{graph}");
    for (format, begin, edge) in
        [("dot", "digraph", "->"), ("mermaid", "graph", "-->"), ("svg", "<svg", "<path")]
    {
        let drawn = server.get(&format!("{path}?format={format}")).status(200).text();
        let start = drawn.trim_start();
        assert!(start.starts_with(begin) || start.starts_with("flowchart"), "{format}: {drawn}");
        assert!(drawn.contains("total") && drawn.contains(edge), "{format}: {drawn}");
    }
    server.get(&format!("{path}?format=png")).problem(400, "invalid_parameter");
}

/// Goal: a name with markup in it stays text in a drawing.
#[test]
fn drawings_escape_names() {
    let server = shared();
    let run = server.finish(&json!({"tasks": {
        "<script>\"x\" & y": {"call": "numbers/inc", "args": [1]}}}));
    let path = format!("/runs/{}/graph", text(&run["id"]));
    let svg = server.get(&format!("{path}?format=svg")).status(200);
    assert!(!svg.text().contains("<script"), "{}", svg.text());
    assert_eq!(svg.header("x-content-type-options"), "nosniff");
    let dot = server.get(&format!("{path}?format=dot")).status(200).text();
    assert!(!dot.contains("\"<script>\"x"), "quotes are escaped: {dot}");
}

/// Goal: the trace is what Chrome's tracing and Perfetto read, with one slice for each execution.
#[test]
fn the_trace_has_a_slice_for_each_execution() {
    let server = shared();
    let run = server.finish(&json!({"tasks": {
        "w": {"call": "lab/work", "map": {"range": [0, 30]}, "args": [1, {"$item": 0}]}}}));
    let trace = server.get(&format!("/runs/{}/trace", text(&run["id"]))).status(200).json();
    let events = trace["traceEvents"].as_array().expect("traceEvents");
    let slices: Vec<&Value> = events.iter().filter(|event| event["ph"] == "X").collect();
    assert_eq!(slices.len(), 30);
    for slice in slices {
        assert!(slice["ts"].is_number() && slice["dur"].is_number(), "{slice}");
        assert!(slice["pid"].is_number() && slice["tid"].is_number(), "{slice}");
        assert!(!text(&slice["name"]).is_empty());
    }
}

/// Goal: a finished run can be deleted with its history, an unfinished one cannot.
#[test]
fn finished_runs_can_be_deleted() {
    let server = shared();
    let id = server.submit(&json!({"tasks": {"w": {"call": "lab/work", "args": [1_000_000, 8]}}}));
    let path = format!("/runs/{id}");
    server.delete(&path).problem(409, "run_unfinished");
    server.post(&format!("{path}/cancel"), &json!({})).json();
    server.wait_run(&id);
    let deleted = server.delete(&path);
    assert!((200..300).contains(&deleted.status), "{deleted}");
    for gone in ["", "/tasks", "/tasks/w", "/tasks/w/result", "/trace", "/graph", "/events"] {
        server.get(&format!("{path}{gone}")).problem(404, "unknown_run");
    }
    server.delete(&path).problem(404, "unknown_run");
    assert!(!server.run_ids().contains(&id));
}
