//! The files of the checkout: what git tracks or would track, or all but build output where there
//! is no git.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Folders that hold what programs made.
const OUTPUT_FOLDERS: [&str; 5] = [".git", "target", "node_modules", "__pycache__", ".venv"];

/// A text file of the checkout.
pub(crate) struct File {
    /// Its path below the root, with `/` between the parts.
    pub(crate) path: String,
    /// What is in it.
    pub(crate) text: String,
}

impl File {
    /// What follows the last dot of its name.
    pub(crate) fn extension(&self) -> &str {
        self.path.rsplit_once('.').map_or("", |(_, extension)| extension)
    }

    /// Its lines with their numbers, from 1.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.text.split_terminator('\n'))
    }
}

/// The root of the checkout.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is below the root").to_owned()
}

/// All text files that somebody wrote, sorted by path.
pub(crate) fn files() -> Vec<File> {
    let paths = tracked().unwrap_or_else(|| walked(&root(), ""));
    let mut files: Vec<File> = paths.into_iter().filter_map(read).collect();
    files.sort_by(|one, other| one.path.cmp(&other.path));
    assert!(files.len() > 50, "only {} files were found; the walk is broken", files.len());
    files
}

/// All Rust sources.
pub(crate) fn rust_files() -> Vec<File> {
    files().into_iter().filter(|file| file.extension() == "rs").collect()
}

/// Files that are not text, or that were deleted but not yet from the index, are left out.
fn read(path: String) -> Option<File> {
    let text = fs::read_to_string(root().join(&path)).ok()?;
    Some(File { path, text })
}

fn tracked() -> Option<Vec<String>> {
    let mut git = Command::new("git");
    git.args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"]).current_dir(root());
    let output = git.output().ok().filter(|output| output.status.success())?;
    let names = String::from_utf8(output.stdout).ok()?;
    let names = names.split_terminator('\0').map(str::to_owned).collect::<Vec<_>>();
    (!names.is_empty()).then_some(names)
}

fn walked(folder: &Path, prefix: &str) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder of the checkout can be read");
    let mut found = Vec::new();
    for entry in entries.map(|entry| entry.expect("an entry of a folder")) {
        let name = entry.file_name().to_string_lossy().into_owned();
        if OUTPUT_FOLDERS.contains(&name.as_str()) {
            continue;
        }
        let path = format!("{prefix}{name}");
        if entry.path().is_dir() {
            found.extend(walked(&entry.path(), &format!("{path}/")));
        } else {
            found.push(path);
        }
    }
    found
}

/// Goal: both ways to list the files find this one, so that no rule passes over nothing.
#[test]
fn the_walk_finds_the_files() {
    let this = "tests/tidy/tree.rs".to_owned();
    assert!(walked(&root(), "").contains(&this));
    assert!(files().iter().any(|file| file.path == this));
    assert!(rust_files().iter().all(|file| file.path.ends_with(".rs")));
}
