//! The command line against a real server: what it prints, and with which code it ends.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;
use wask_tests::{Borrowed, Cli, ServerOptions, Shared, guest_variant, items};

/// These tests name runs by `last`, so they have a server to themselves and take turns.
fn server() -> Borrowed {
    static SERVER: Shared = Shared::new(|| ServerOptions::default().guests(&["numbers", "lab"]));
    SERVER.get()
}

/// A server and the program pointed at it, in a folder of its own.
fn setup() -> (Borrowed, Cli, TempDir) {
    let server = server();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cli = Cli::new(Some(server.origin()), folder.path());
    (server, cli, folder)
}

/// Submits a graph by file, follows it; the run's id.
#[track_caller]
fn submit(cli: &Cli, folder: &TempDir, graph: &Value, code: i32) -> String {
    fs::write(folder.path().join("graph.json"), graph.to_string()).expect("a writable folder");
    let printed = cli.run(&["submit", "graph.json", "--follow", "--json"]).code(code);
    printed.json()["id"].as_str().expect("an id").to_owned()
}

/// Goal: `run` prints the result and nothing else on stdout, and ends with 0, 1, 2, 3 or 4.
#[test]
fn run_prints_results_and_codes() {
    let (_server, cli, folder) = setup();
    assert_eq!(cli.ok(&["run", "numbers/add", "40", "2"]), "42\n");
    assert_eq!(cli.ok(&["run", "numbers/inc", "-5"]), "-4\n");
    assert_eq!(cli.json(&["run", "lab/same_text", "\"a b\""]), "a b");
    assert_eq!(cli.ok(&["run", "numbers/sum", "[1, 2, 3]"]), "6\n");
    fs::write(folder.path().join("data.bin"), [0; 1_234]).expect("a writable folder");
    assert_eq!(cli.ok(&["run", "lab/len", "@data.bin"]), "1234\n");
    cli.run(&["run", "lab/bytes_of", "5", "7", "-o", "out.bin"]).code(0);
    assert_eq!(fs::read(folder.path().join("out.bin")).expect("written"), [7; 5]);

    let failed = cli.run(&["run", "numbers/checked_div", "1", "0"]).code(1);
    assert!(failed.stdout.is_empty() && failed.stderr.contains("cannot divide 1 by 0"), "{failed}");
    for usage in [
        &["run", "numbers"][..],
        &["run", "numbers/add", "one"],
        &["runn"],
        &["runs", "--limit", "x"],
    ] {
        let printed = cli.run(usage).code(2);
        assert!(printed.stdout.is_empty() && !printed.stderr.is_empty(), "{printed}");
    }
    let away = Cli::new(Some("http://127.0.0.1:9"), folder.path());
    let printed = away.run(&["run", "numbers/add", "1", "2"]).code(3);
    assert!(
        printed.stderr.contains("127.0.0.1:9") && printed.stderr.contains("wask serve"),
        "{printed}"
    );
    for refused in
        [&["run", "numbers/sqare", "1"][..], &["run", "numbers/add", "1"], &["tasks", "ffff0000"]]
    {
        let printed = cli.run(refused).code(4);
        assert!(printed.stdout.is_empty() && !printed.stderr.is_empty(), "{printed}");
    }
    let meant = cli.run(&["run", "numbers/sqare", "1"]).stderr;
    assert!(meant.contains("did you mean `square`?"), "{meant}");
}

/// Goal: a graph is submitted from JSON or YAML, with files, and followed to its end.
#[test]
fn submit_follows_to_the_end() {
    let (server, cli, folder) = setup();
    let yaml = "name: from yaml\ntasks:\n  sq:\n    call: numbers/square\n    map: {range: [0, 500]}\n  \
                total:\n    call: numbers/sum\n    args: [{$tasks: sq}]\n";
    fs::write(folder.path().join("graph.yaml"), yaml).expect("a writable folder");
    let printed = cli.run(&["submit", "graph.yaml", "--follow"]).code(0);
    assert!(printed.stdout.contains("41541750"), "{printed}");
    assert!(printed.stdout.contains("http://"), "the dashboard's URL: {printed}");
    let accepted = cli.json(&["submit", "graph.yaml"]);
    let run = server.wait_run(accepted["id"].as_str().expect("an id"));
    assert_eq!(
        (&run["name"], &run["outputs"]),
        (&json!("from yaml"), &json!({"total": 41_541_750}))
    );

    fs::write(folder.path().join("a.txt"), "some text").expect("a writable folder");
    let graph = json!({"tasks": {"n": {"call": "lab/len", "args": [{"$file": "a.txt"}]}}});
    fs::write(folder.path().join("file.json"), graph.to_string()).expect("a writable folder");
    let run = cli.json(&["submit", "file.json", "--follow"]);
    assert_eq!(run["outputs"], json!({"n": 9}));

    let bad = json!({"tasks": {"d": {"call": "numbers/checked_div", "args": [5, 0]}}});
    fs::write(folder.path().join("bad.json"), bad.to_string()).expect("a writable folder");
    let printed = cli.run(&["submit", "bad.json", "--follow"]).code(1);
    assert!(printed.stderr.contains("cannot divide 5 by 0"), "{printed}");
    fs::write(folder.path().join("no.json"), r#"{"tasks": {"a": {"call": "numbers/nope"}}}"#)
        .expect("a writable folder");
    let printed = cli.run(&["submit", "no.json"]).code(4);
    assert!(printed.stderr.contains("/tasks/a/call"), "{printed}");
    cli.run(&["submit", "missing.json"]).code(2);
}

/// Goal: the same key makes the same run.
#[test]
fn submit_takes_an_idempotency_key() {
    let (_server, cli, folder) = setup();
    let graph = json!({"tasks": {"a": {"call": "numbers/inc", "args": [1]}}});
    fs::write(folder.path().join("g.json"), graph.to_string()).expect("a writable folder");
    let submit = || cli.json(&["submit", "g.json", "--idempotency-key", "once"])["id"].clone();
    assert_eq!(submit(), submit());
}

/// Goal: every reading command prints one JSON value with `--json`, and something for people
/// without it.
#[test]
fn reading_commands_print_what_there_is() {
    let (_server, cli, folder) = setup();
    let run = submit(
        &cli,
        &folder,
        &json!({"name": "read me", "tasks": {
        "lines": {"call": "lab/log_lines", "args": [3]},
        "d": {"call": "numbers/checked_div", "map": {"each": [[6, 2], [1, 0]]}}}}),
        1,
    );
    let run = run.as_str();
    let commands: [(&[&str], &str); 9] = [
        (&["runs"], "read me"),
        (&["tasks", run], "d[1]"),
        (&["tasks", run, "--state", "failed"], "d[1]"),
        (&["result", run, "d[0]"], "3"),
        (&["logs", run, "lines"], "line 2"),
        (&["logs", run], "line 0"),
        (&["explain", run, "d[1]"], "failed"),
        (&["modules"], "same_number"),
        (&["workers"], "local"),
    ];
    for (command, shown) in commands {
        let printed = cli.run(command).code(0);
        assert!(printed.stdout.contains(shown), "{printed}");
        assert!(!printed.stdout.contains('\u{1b}'), "colors in a file: {printed}");
        cli.json(command);
    }
    let failed = cli.json(&["tasks", run, "--state", "failed"]);
    assert_eq!(items(&failed).len(), 1);
    assert!(cli.ok(&["modules", "numbers"]).contains("add(x: "));
    let prefix = &run[..10];
    assert_eq!(cli.ok(&["result", prefix, "d[0]"]), "3\n");
    let printed = cli.run(&["result", run, "d[1]"]).code(1);
    assert!(printed.stderr.contains("cannot divide 1 by 0"), "{printed}");
}

/// Goal: `trace` writes a file that a trace viewer reads.
#[test]
fn trace_writes_a_file() {
    let (_server, cli, folder) = setup();
    let run = submit(
        &cli,
        &folder,
        &json!({"tasks": {
        "i": {"call": "numbers/inc", "map": {"range": [0, 5]}, "cache": false}}}),
        0,
    );
    cli.run(&["trace", &run, "-o", "trace.json"]).code(0);
    let trace = fs::read(folder.path().join("trace.json")).expect("written");
    let trace: Value = serde_json::from_slice(&trace).expect("JSON");
    assert!(trace["traceEvents"].as_array().is_some_and(|events| events.len() >= 5));
}

/// Goal: `cancel` stops a run or a task, `retry` brings failures back, `last` names the newest run.
#[test]
fn cancel_and_retry() {
    let server = ServerOptions::default().slots(1).guests(&["numbers", "lab"]).start();
    let cli = Cli::new(Some(server.origin()), server.folder());
    let long = server.submit(&json!({"tasks": {
        "w": {"call": "lab/work", "args": [1_000_000, 1]},
        "v": {"call": "lab/work", "args": [1_000_000, 2]}}}));
    cli.run(&["cancel", "last", "v"]).code(0);
    assert_eq!(server.wait_task(&long, "v", &["cancelled"])["state"], "cancelled");
    cli.run(&["cancel", "last", "--reason", "too slow"]).code(0);
    assert_eq!(server.wait_run(&long)["state"], "cancelled");
    let task = server.task(&long, "w");
    assert!(task["reason"].as_str().is_some_and(|reason| reason.contains("too slow")), "{task}");

    let run = server.finish(&json!({"tasks": {"t": {"call": "lab/fail_times", "args": [1]}}}));
    assert_eq!(run["state"], "failed");
    assert_eq!(cli.json(&["retry", "last", "--failed"])["retried"], 1);
    assert_eq!(cli.ok(&["result", "last", "t"]), "2\n");
    cli.run(&["cancel", "ffff0000"]).code(4);
}

/// Goal: `push` uploads modules under their file names or the name asked for.
#[test]
fn push_uploads() {
    let (server, cli, folder) = setup();
    let file = folder.path().join("other.wasm");
    fs::write(&file, guest_variant("numbers", "pushed")).expect("a writable folder");
    let printed = cli.run(&["push", "other.wasm"]).code(0);
    assert!(printed.stdout.contains("other"), "{printed}");
    assert_eq!(cli.ok(&["run", "other/inc", "1"]), "2\n");
    let pushed = cli.json(&["push", "other.wasm", "--name", "named"]);
    assert_eq!(pushed[0]["id"], server.get("/modules/named").status(200).json()["id"]);
    let listed = cli.ok(&["modules"]);
    assert!(listed.contains("named") && listed.contains("other"), "all names: {listed}");
    fs::write(&file, "no module").expect("a writable folder");
    let printed = cli.run(&["push", "other.wasm"]).code(4);
    assert!(printed.stderr.contains("other.wasm"), "{printed}");
    cli.run(&["push", "missing.wasm"]).code(2);
}

/// Goal: `doctor` runs everywhere and says what it found; `completions` prints a script.
#[test]
fn doctor_and_completions() {
    let (server, cli, folder) = setup();
    let data = folder.path().join("data");
    let data = data.to_str().expect("a path in UTF-8");
    let printed = cli.run(&["doctor", "--data-dir", data, "--json"]);
    let told = printed.json();
    let checks = told["checks"].as_array().expect("checks");
    assert!(checks.len() >= 5, "{told}");
    let server_check = checks.iter().find(|check| check["name"] == "server").expect("a check");
    assert_eq!(server_check["verdict"], "ok", "{told}");
    assert!(server_check["found"].as_str().is_some_and(|found| found.contains(server.authority())));
    assert_eq!(printed.code, Some(i32::from(told["ok"] == false)), "{printed}");
    for shell in ["bash", "zsh", "fish"] {
        assert!(cli.ok(&["completions", shell]).contains("wask"), "{shell}");
    }
    assert!(cli.ok(&["--version"]).starts_with("wask "));
    assert!(cli.ok(&["--help"]).contains("Exit codes"));
}

/// Goal: errors, too, are one JSON value for programs.
#[test]
fn errors_are_json_for_programs() {
    let (_server, cli, folder) = setup();
    let refused = cli.run(&["run", "numbers/add", "1", "--json"]).code(4).json();
    assert_eq!(refused["error"]["code"], "invalid_arguments", "{refused}");
    let failed = cli.run(&["run", "numbers/checked_div", "1", "0", "--json"]).code(1).json();
    assert_eq!(failed["error"]["failure"]["kind"], "app", "{failed}");
    let usage = cli.run(&["runs", "--limit", "x", "--json"]).code(2).json();
    assert_eq!(usage["error"]["code"], "usage", "{usage}");
    let away = Cli::new(Some("http://127.0.0.1:9"), folder.path());
    let error = away.run(&["runs", "--json"]).code(3).json()["error"].clone();
    assert!(error["detail"].is_string() && error["code"] == "unreachable", "{error}");
}

/// Goal: a server that would be open to others without a token does not start.
#[test]
fn an_open_server_needs_a_token() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cli = Cli::new(None, folder.path());
    let printed = cli.run(&["serve", "--listen", "0.0.0.0:0", "--ephemeral"]).code(2);
    assert!(printed.stderr.contains("token"), "{printed}");
}
