//! The example guests: short, complete, one idea each.

use std::{collections::BTreeSet, fs};

use serde_json::Value;

use crate::{report, tree};

const LIB_MAX_LINES: usize = 80;
const DATA_MAX_BYTES: u64 = 1_500_000;

/// The folders of the examples.
fn examples() -> BTreeSet<String> {
    let folder = tree::root().join("guest-examples");
    let entries = fs::read_dir(folder).expect("guest-examples can be read");
    let entries = entries.map(|entry| entry.expect("an entry").path());
    let examples = entries.filter(|path| path.join("Cargo.toml").is_file());
    examples.map(|path| path.file_name().expect("a name").to_string_lossy().into()).collect()
}

/// Goal: an example can be read at a glance and run by `wask demo`.
#[test]
fn examples_are_short_and_complete() {
    let (examples, mut wrong) = (examples(), Vec::new());
    assert!(examples.len() >= 6, "{examples:?}");
    for name in &examples {
        let folder = tree::root().join("guest-examples").join(name);
        let lib = fs::read_to_string(folder.join("src/lib.rs")).unwrap_or_default();
        if lib.lines().count() > LIB_MAX_LINES || lib.is_empty() {
            wrong.push(format!("{name}: src/lib.rs has {} lines", lib.lines().count()));
        }
        let has = |file: &str| folder.join(file).is_file();
        if !has("README.md") {
            wrong.push(format!("{name}: no README.md"));
        }
        let has_graph = has("graph.json") || has("graph.yaml");
        if has_graph != has("expected.json") {
            wrong.push(format!("{name}: a graph and expected.json go together"));
        }
        if has("demo.json") && !has_graph {
            wrong.push(format!("{name}: demo.json, but nothing to run"));
        }
    }
    report(&format!("an example has at most {LIB_MAX_LINES} lines and all its files"), &wrong);
}

/// Goal: what an example expects and how it is shown can be parsed.
#[test]
fn expectations_are_json_objects() {
    let mut wrong = Vec::new();
    for name in examples() {
        for file in ["expected.json", "demo.json"] {
            let path = tree::root().join("guest-examples").join(&name).join(file);
            // Which of them there have to be is another test's affair.
            let Ok(text) = fs::read_to_string(path) else { continue };
            match serde_json::from_str(&text) {
                Ok(Value::Object(object)) if !object.is_empty() => {}
                other => wrong.push(format!("{name}/{file}: {other:?}")),
            }
        }
    }
    report("expected.json and demo.json are objects", &wrong);
}

/// Goal: a clone stays small.
#[test]
fn data_is_small() {
    let mut wrong = Vec::new();
    for name in examples() {
        let size = size_of(&tree::root().join("guest-examples").join(&name).join("data"));
        if size > DATA_MAX_BYTES {
            wrong.push(format!("{name}: data/ has {size} bytes"));
        }
    }
    report(&format!("an example ships at most {DATA_MAX_BYTES} bytes of data"), &wrong);
}

fn size_of(folder: &std::path::Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => size_of(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    });
    sizes.sum()
}
