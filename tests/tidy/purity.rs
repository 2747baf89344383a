//! The engine is pure: the same events give the same actions, whenever and wherever.

use crate::{report, tree};

const ENGINE: &str = "host/crates/engine/src/";

/// Where the engine's own tests are: they may fail aloud and measure themselves.
const TESTS: [&str; 2] = ["host/crates/engine/src/testing.rs", "host/crates/engine/src/tests/"];

/// The one file that may name the standard hash map: it gives it a hasher without a random seed.
const FIXED_HASHER: &str = "host/crates/engine/src/hash.rs";

/// What a pure function cannot use, and what it would bring in.
const IMPURE: [(&str, &str); 15] = [
    ("std::time", "a clock"),
    ("Instant", "a clock"),
    ("SystemTime", "a clock"),
    ("std::thread", "threads"),
    ("std::sync::Mutex", "shared state"),
    ("std::sync::atomic", "shared state"),
    ("std::fs", "files"),
    ("std::io", "input and output"),
    ("std::net", "the network"),
    ("std::env", "the environment"),
    ("std::process", "processes"),
    ("println!", "output"),
    ("eprint", "output"),
    ("async ", "waiting"),
    (".await", "waiting"),
];

/// Goal: no part of the engine reaches outside.
#[test]
fn the_engine_reaches_nothing_outside() {
    let mut wrong = Vec::new();
    for file in engine().iter().filter(|file| !TESTS.iter().any(|it| file.path.starts_with(it))) {
        for (number, line) in code(file) {
            let found = IMPURE.iter().filter(|(word, _)| line.contains(word));
            wrong.extend(found.map(|(word, what)| {
                format!("{}:{number}: `{}` brings in {what}", file.path, word.trim())
            }));
        }
    }
    report("the engine is pure", &wrong);
}

/// Goal: no decision hangs on the order of a map whose hasher has a random seed.
#[test]
fn the_engine_hashes_without_a_random_seed() {
    let mut wrong = Vec::new();
    for file in engine().iter().filter(|file| file.path != FIXED_HASHER) {
        for (number, line) in code(file) {
            if line.contains("HashMap") || line.contains("HashSet") || line.contains("RandomState")
            {
                wrong.push(format!("{}:{number}: use `FixedMap` or `BTreeMap`", file.path));
            }
        }
    }
    report("the engine is deterministic", &wrong);
}

fn engine() -> Vec<tree::File> {
    let files = tree::rust_files().into_iter().filter(|file| file.path.starts_with(ENGINE));
    let files: Vec<tree::File> = files.collect();
    assert!(files.len() > 3, "the engine was not found at {ENGINE}");
    files
}

/// The lines that are not comments.
fn code(file: &tree::File) -> impl Iterator<Item = (usize, &str)> {
    file.lines().filter(|(_, line)| !line.trim_start().starts_with("//"))
}
