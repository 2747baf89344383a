//! `wask bench` on servers that it starts itself: small loads, whose report has every figure.

use serde_json::Value;
use tempfile::TempDir;
use wask_tests::{Cli, guest_path};

/// The stages that a task's processor time is told by.
const STAGES: [&str; 8] =
    ["api", "loop", "journal", "index", "history", "other", "sandbox", "outside_sandbox"];

fn bench(args: &[&str]) -> Value {
    let folder: TempDir = tempfile::tempdir().expect("a temporary folder");
    let module = guest_path("numbers");
    let module = module.to_str().expect("a path of text");
    let args = [&["bench", "--module", module, "--repeat", "1"], args].concat();
    Cli::new(None, folder.path()).json(&args)
}

/// Goal: a shape's report tells throughput, latency, processor time by stage, memory and journal.
#[test]
fn a_shape_is_told_with_its_stages() {
    let report = bench(&["--shape", "map", "--tasks", "200"]);
    let map = &report["shapes"]["map"];
    assert_eq!(map["tasks"], 200);
    assert!(map["tasks_per_s"].as_f64().is_some_and(|it| it > 0.0), "{map}");
    let latency = |name: &str| map["latency_us"][name].as_f64().unwrap_or(f64::NAN);
    assert!(latency("p50") <= latency("p99"), "{map}");
    for stage in STAGES {
        assert!(map["cpu_us_per_task"][stage].as_f64().is_some(), "{stage} is not in {map}");
    }
    let sandbox = map["cpu_us_per_task"]["sandbox"].as_f64();
    assert!(sandbox.is_some_and(|us| us > 0.0), "{map}");
    assert!(map["journal_bytes_per_task"].as_f64().is_some_and(|it| it > 10.0), "{map}");
    assert!(report["sandbox_calls_per_s"].as_f64().is_some_and(|it| it > 0.0), "{report}");
}

/// Goal: data through a chain arrives as it should, and the report tells how much of it in a second.
#[test]
fn data_through_a_chain_is_told_with_its_rate() {
    let report = bench(&["--shape", "bulk", "--tasks", "3"]);
    let bulk = &report["shapes"]["bulk"];
    assert_eq!(bulk["tasks"], 3, "{report}");
    assert!(bulk["gigabytes_per_s"].as_f64().is_some_and(|it| it > 0.0), "{bulk}");
}

/// Goal: without work there is nothing but the way there and back, and it is told in the same way.
#[test]
fn zero_work_needs_no_sandbox() {
    let report = bench(&["--zero-work", "--tasks", "500"]);
    assert_eq!(report["shapes"]["zero-work"]["tasks"], 500, "{report}");
}

/// Goal: a curve has a point for each step up to the limit.
#[test]
fn growth_goes_up_to_its_limit() {
    let report = bench(&["--up-to", "1000", "--growth", "tasks", "restart"]);
    let series = &report["curves"]["tasks"]["series"]["time, us"];
    assert_eq!(series.as_array().map(Vec::len), Some(1), "{report}");
    assert_eq!(series[0][0], 1_000, "{report}");
    assert!(report["curves"]["restart"]["series"].is_object(), "{report}");
}

/// Goal: null is no answer to runs that somebody submitted before.
#[test]
fn zero_work_is_refused_where_runs_are() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::create_dir_all(folder.path().join("data/journal")).expect("a writable folder");
    std::fs::write(folder.path().join("data/journal/1"), "a segment").expect("a writable folder");
    let cli = Cli::new(None, folder.path());
    let args = ["serve", "--zero-work", "--data-dir", "data", "--listen", "127.0.0.1:0"];
    let refused = cli.run(&args).code(2);
    assert!(refused.stderr.contains("null"), "{refused}");
}
