//! What has to be written for people, and what must not be written into it.

use std::fs;

use crate::{report, tree};

/// Goal: the documents that a newcomer looks for are there.
#[test]
fn the_documents_are_there() {
    let names = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE"];
    let wrong: Vec<String> = names
        .iter()
        .filter(|name| fs::metadata(tree::root().join(name)).map_or(0, |it| it.len()) < 200)
        .map(|name| format!("{name} is missing or empty"))
        .collect();
    report("the root has its documents", &wrong);
}

/// Goal: the map of the code shows every crate.
#[test]
fn the_map_shows_every_crate() {
    let map = fs::read_to_string(tree::root().join("ARCHITECTURE.md")).unwrap_or_default();
    let crates = fs::read_dir(tree::root().join("host/crates")).expect("host/crates can be read");
    let names = crates.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into());
    let others = ["sdk/macros", "guest-examples", "tests"].map(str::to_owned);
    let wrong: Vec<String> = names
        .map(|name: String| format!("host/crates/{name}"))
        .chain(others)
        .filter(|path| !map.contains(path.as_str()))
        .map(|path| format!("{path} is not in ARCHITECTURE.md"))
        .collect();
    report("ARCHITECTURE.md shows every crate", &wrong);
}

/// Goal: nothing holds on one machine only.
#[test]
fn no_file_names_a_place_on_somebodys_machine() {
    let places = ["root", "home", "work", "Users"].map(|folder| format!("/{folder}/"));
    let mut wrong = Vec::new();
    for file in tree::files() {
        for (number, line) in file.lines() {
            let found = places.iter().filter(|place| begins_a_path(line, place));
            wrong.extend(found.map(|place| format!("{}:{number}: {place}…", file.path)));
        }
    }
    report("paths are relative, or come from the environment", &wrong);
}

/// Whether this text stands in the line as the beginning of a path, not in its middle.
fn begins_a_path(line: &str, place: &str) -> bool {
    line.match_indices(place).any(|(at, _)| {
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        before.is_none_or(|c| !c.is_alphanumeric() && !"._-~})>*".contains(c))
    })
}

/// Goal: the check for paths sees absolute ones and passes over the rest.
#[test]
fn absolute_paths_are_told_from_relative_ones() {
    let place = format!("/{}/", "home");
    assert!(begins_a_path(&format!("see {place}x"), &place));
    assert!(begins_a_path(&format!("\"{place}x\""), &place));
    assert!(!begins_a_path(&format!("a{place}x"), &place));
    assert!(!begins_a_path(&format!("$(HOME){place}x"), &place));
}
