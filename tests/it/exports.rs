//! What leaves the server as a whole: traces, tables, reports, profiles, pictures.

use serde_json::{Value, json};
use wask_tests::{Cli, Server, ServerOptions};

/// A name that would be markup, and a formula, if anybody took it for that.
const NASTY: &str = "=<script><img src=x onerror=alert(1)>\u{202e}";

/// The same, as no key can be.
const NASTIER: &str = "</script><script>alert(1)</script>";

fn id_of(run: &Value) -> String {
    run["id"].as_str().expect("a run has an id").to_owned()
}

fn events(trace: &Value, phase: &str) -> Vec<Value> {
    let all = trace["traceEvents"].as_array().into_iter().flatten();
    all.filter(|event| event["ph"] == phase).cloned().collect()
}

/// Goal: a trace has each attempt on the track of its slot, nothing overlaps there, and arrows lead
/// from what was needed to who needed it.
#[test]
fn a_trace_has_every_attempt_and_arrows() {
    let server = Server::start_default();
    let run = server.finish(&json!({"tasks": {
        "a": {"call": "numbers/inc", "map": {"range": [0, 20]}, "cache": false},
        "sum": {"call": "numbers/sum", "args": [{"$tasks": "a"}]},
        "bad": {"call": "numbers/checked_div", "args": [1, 0], "retries": 1, "retry_delay": "1ms"}}}));
    let trace = server.get(&format!("/runs/{}/trace", id_of(&run))).status(200).json();
    let spans = events(&trace, "X");
    assert_eq!(spans.len(), 23, "two attempts of one task, one of each other");
    let failed = spans.iter().filter(|span| span["args"]["key"] == "bad");
    let states: Vec<&Value> = failed.map(|span| &span["args"]["state"]).collect();
    assert_eq!(states, ["retried", "failed"]);
    assert_eq!((events(&trace, "s").len(), events(&trace, "f").len()), (20, 20));
    let mut by_track: Vec<(u64, f64, f64)> = spans
        .iter()
        .filter_map(|s| Some((s["tid"].as_u64()?, s["ts"].as_f64()?, s["dur"].as_f64()?)))
        .collect();
    by_track.sort_by(|a, b| a.partial_cmp(b).expect("numbers"));
    for pair in by_track.windows(2) {
        let [(track, start, took), (next_track, next, _)] = pair else { continue };
        assert!(track != next_track || start + took <= next + 1.0, "{pair:?}");
    }
}

/// Goal: the table has a line for each task, and no name is taken for a formula.
#[test]
fn the_table_has_every_task() {
    let server = Server::start_default();
    let run = server.finish(&json!({"tasks": {
        NASTY: {"call": "numbers/inc", "args": [1]},
        "many": {"call": "numbers/inc", "map": {"range": [0, 6_000]}}}}));
    let reply = server.get(&format!("/runs/{}/tasks.csv", id_of(&run))).status(200);
    assert!(reply.header("content-disposition").contains(".csv"));
    let text = reply.text();
    let lines: Vec<&str> = text.split_terminator("\r\n").collect();
    assert_eq!(lines.len(), 6_002);
    let nasty = lines.iter().filter(|line| line.starts_with("'=<script>")).count();
    assert_eq!(nasty, 1, "{:?}", lines.get(..3));
}

/// Goal: a report holds the run's data, and no name ends the element that it stands in.
#[test]
fn a_report_is_whole_and_harmless() {
    let server = Server::start_default();
    let run = server.finish(&json!({"name": NASTIER, "tasks": {
        NASTY: {"call": "numbers/checked_div", "args": [1, 0]}}}));
    let page = server.get(&format!("/runs/{}/report", id_of(&run))).status(200).text();
    let (_, data) = page.split_once("id=\"wask-data\">").expect("a place for data");
    let (data, _) = data.split_once("</script>").expect("the end of the data");
    let data: Value = serde_json::from_str(data).expect("the data are JSON up to their end");
    assert_eq!((&data["run"]["name"], &data["names"]["0"]), (&json!(NASTIER), &json!(NASTY)));
    assert_eq!(data["manifest"]["total"], 1);
    assert_eq!(data["blocks"].as_array().map(Vec::len), Some(1));
    assert_eq!(data["failures"]["groups"][0]["count"], 1);
    assert!(!page.contains("http://") || !page.contains("src=\"http"), "nothing from elsewhere");
}

/// Goal: a run that was submitted so tells where its guests spent their time; others tell nothing.
#[test]
fn a_profile_shows_where_time_went() {
    let server = ServerOptions::default().slots(2).guests(&["lab"]).start();
    let graph = json!({"profile": true, "tasks": {
        "w": {"call": "lab/work", "map": {"each": [[300, 1], [300, 2]]}, "cache": false}}});
    let run = server.finish(&graph);
    assert_eq!(run["profile"], true);
    let told = server.get(&format!("/runs/{}/profile", id_of(&run))).json();
    let function = &told["functions"][0];
    assert_eq!(function["call"], "lab/work");
    let samples = function["samples"].as_u64().expect("a number");
    assert!(samples >= 2, "{told}");
    assert_eq!(function["root"]["total"], samples);
    assert!(told.to_string().contains("lab::"), "frames have names: {told}");
    let plain = server.finish(&json!({"tasks": {"w": {"call": "lab/work", "args": [300, 3]}}}));
    let told = server.get(&format!("/runs/{}/profile", id_of(&plain))).json();
    assert_eq!(told["functions"], json!([]));
}

/// Goal: a profile survives a crash of the server.
#[test]
fn a_profile_survives_a_crash() {
    let mut server = ServerOptions::default().slots(1).guests(&["lab"]).start();
    let run = server.finish(&json!({"profile": true, "tasks": {
        "w": {"call": "lab/work", "args": [500, 1]}}}));
    let path = format!("/runs/{}/profile", id_of(&run));
    let before = server.get(&path).json();
    server.restart_hard();
    assert_eq!(server.get(&path).json(), before);
}

/// Goal: tasks are found by a part of their key, or by a whole name.
#[test]
fn tasks_are_found_by_parts_of_names() {
    let server = Server::start_default();
    let id = id_of(&server.finish(&json!({"tasks": {
        "left-half": {"call": "numbers/inc", "map": {"range": [0, 3]}},
        "right-half": {"call": "numbers/inc", "args": [7]},
        "whole": {"call": "numbers/inc", "args": [8]}}})));
    let found = |query: &str| {
        let page = server.get(&format!("/runs/{id}/tasks?{query}")).json();
        (wask_tests::keys_of(&page), page["total"].as_u64())
    };
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let halves = names(&["left-half[0]", "left-half[1]", "left-half[2]", "right-half"]);
    assert_eq!(found("search=half"), (halves.clone(), Some(4)));
    assert_eq!(found("search=half&limit=2&cursor=2").0, halves.get(2..).unwrap_or_default());
    assert_eq!(found("search=left-half[1]"), (names(&["left-half[1]"]), Some(1)));
    assert_eq!(found("search=nothing"), (Vec::new(), Some(0)));
    server.get(&format!("/runs/{id}/tasks?search=a&key=whole")).problem(400, "invalid_parameter");
}

/// Goal: the command line writes graphs and reports to files, or to stdout.
#[test]
fn the_command_line_writes_files() {
    let server = Server::start_default();
    let id = id_of(&server.finish(&json!({"tasks": {
        "a": {"call": "numbers/inc", "args": [1]},
        "b": {"call": "numbers/inc", "args": [{"$task": "a"}]}}})));
    let cli = Cli::new(Some(server.origin()), server.folder());
    let svg = cli.ok(&["graph", &id]);
    assert!(svg.starts_with("<svg") && svg.contains("<path"), "{svg}");
    assert!(cli.ok(&["graph", &id, "--format", "mermaid"]).contains("-->"));
    assert_eq!(cli.json(&["graph", &id, "--format", "json", "--by", "node"])["by"], "node");
    cli.run(&["report", &id, "-o", "run.html"]).code(0);
    let written = std::fs::read_to_string(server.folder().join("run.html")).expect("written");
    assert!(written.contains(&id));
    cli.run(&["report", "ffffffff"]).code(4);
}
