//! Who may depend on whom. The design lives in these tables: a new line here is a decision.

use std::{collections::BTreeMap, process::Command};

use serde_json::Value;

use crate::{report, tree};

/// Each crate, and those of ours that it may name.
const OURS: [(&str, &[&str]); 10] = [
    ("wask-proto", &[]),
    ("wask-engine", &["wask-proto"]),
    ("wask-store", &["wask-proto"]),
    ("wask-sandbox", &["wask-proto"]),
    ("wask-node", &["wask-engine", "wask-proto", "wask-store"]),
    ("wask-api", &["wask-node", "wask-proto"]),
    ("wask-host", &["wask-api", "wask-node", "wask-proto", "wask-sandbox", "wask-store"]),
    ("wask-macros", &[]),
    ("wask", &["wask-macros"]),
    ("wask-tests", &["wask-engine", "wask-proto", "wask-store"]),
];

/// Crates of others that have one home: only there may they be named, tests aside.
const HOMES: [(&str, &[&str]); 9] = [
    ("anyhow", &["wask-host", "wask-tests"]),
    ("axum", &["wask-api"]),
    ("clap", &["wask-host"]),
    ("indicatif", &["wask-host"]),
    ("prometheus-client", &["wask-api"]),
    ("schemars", &["wask"]),
    ("sled", &["wask-store"]),
    ("utoipa", &["wask-api"]),
    ("wasmtime", &["wask-sandbox"]),
];

/// All that the scheduler's decisions may be made of.
const ENGINE: [&str; 2] = ["thiserror", "wask-proto"];

/// A line of a manifest's dependencies.
struct Dependency {
    package: String,
    name: String,
    for_tests: bool,
}

/// Cargo's own view of the workspace, without its dependencies' dependencies.
fn dependencies() -> Vec<Dependency> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--no-deps", "--offline", "--locked", "--format-version", "1"]);
    let output = cargo.current_dir(tree::root()).output().expect("cargo can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
    let list = |value: &Value| value.as_array().cloned().expect("a list");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let packages = list(&metadata["packages"]).into_iter();
    packages
        .flat_map(|package| {
            list(&package["dependencies"]).into_iter().map(move |dependency| Dependency {
                package: text(&package["name"]),
                name: text(&dependency["name"]),
                for_tests: dependency["kind"] == "dev",
            })
        })
        .collect()
}

/// Goal: the arrows between our crates are those of the table, tests included, and no crate is
/// missing from it.
#[test]
fn our_crates_depend_in_one_direction() {
    let allowed = BTreeMap::from(OURS);
    let mut wrong = Vec::new();
    for Dependency { package, name, .. } in dependencies() {
        match allowed.get(package.as_str()) {
            None => wrong.push(format!("{package} is not in the table")),
            Some(names) if !allowed.contains_key(name.as_str()) || names.contains(&&*name) => {}
            Some(_) => wrong.push(format!("{package} may not depend on {name}")),
        }
    }
    report("dependencies between crates go in one direction", &wrong);
}

/// Goal: each large dependency is known to one crate alone, and the engine to nearly none.
#[test]
fn other_crates_stay_in_their_homes() {
    let homes = BTreeMap::from(HOMES);
    let mut wrong = Vec::new();
    for Dependency { package, name, .. } in dependencies().iter().filter(|it| !it.for_tests) {
        if homes.get(name.as_str()).is_some_and(|homes| !homes.contains(&package.as_str())) {
            wrong.push(format!("{package} may not depend on {name}"));
        }
        if package == "wask-engine" && !ENGINE.contains(&name.as_str()) {
            wrong.push(format!("the engine may not depend on {name}"));
        }
    }
    report("dependencies have one home", &wrong);
}

/// Goal: a version is written once, in the root manifest.
#[test]
fn versions_are_in_the_root_manifest() {
    let mut wrong = Vec::new();
    for file in tree::files() {
        let guest =
            file.path.starts_with("guest-examples/") || file.path.starts_with("tests/guests/");
        if guest || file.path == "Cargo.toml" || !file.path.ends_with("/Cargo.toml") {
            continue;
        }
        let mut in_dependencies = false;
        for (number, line) in file.lines().filter(|(_, line)| !line.starts_with('#')) {
            if line.starts_with('[') {
                in_dependencies = line.trim_end_matches(']').ends_with("dependencies");
            } else if in_dependencies && line.contains('=') && !line.contains("workspace = true") {
                wrong.push(format!("{}:{number}: {line}", file.path));
            }
        }
    }
    report("write the version into [workspace.dependencies], here `workspace = true`", &wrong);
}

/// Goal: what a build downloads comes from the public registry by its public name.
#[test]
fn lock_files_name_the_public_registry_only() {
    let public = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";
    let mut wrong = Vec::new();
    for file in tree::files().into_iter().filter(|file| file.path.ends_with("Cargo.lock")) {
        for (number, line) in file.lines() {
            if line.starts_with("source = ") && line != public {
                wrong.push(format!("{}:{number}: {line}", file.path));
            }
        }
    }
    report("lock files name public registries only", &wrong);
}
