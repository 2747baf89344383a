//! Heads, sizes, leftovers and `unsafe` in sources.

use crate::{report, tree};

const FILE_MAX_LINES: usize = 600;

/// Where wrong programs are kept on purpose, to see what the compiler says.
const WRONG_ON_PURPOSE: &str = "sdk/tests/compile_fail/";

/// The files that may hold `unsafe`. Each is small and does one thing.
const UNSAFE: [&str; 14] = [
    "host/crates/node/src/server/bell.rs",
    "host/crates/node/src/worker/page.rs",
    "host/crates/node/src/worker/spawn.rs",
    "host/crates/sandbox/src/compile.rs",
    "host/crates/sandbox/src/fds.rs",
    "host/crates/sandbox/src/huge_pages.rs",
    "host/crates/sandbox/src/instances.rs",
    "host/crates/sandbox/src/lifted.rs",
    "host/crates/sandbox/src/process.rs",
    "host/crates/sandbox/tests/sandbox/spawn.rs",
    "sdk/src/guest.rs",
    "sdk/src/memory.rs",
    "sdk/src/panic_record.rs",
    "tests/guests/hostile/src/lib.rs",
];

/// How far above an `unsafe` its reason may stand.
const REASON_MAX_LINES: usize = 8;

/// Goal: whoever opens a file reads first what it owns.
#[test]
fn files_begin_with_what_they_own() {
    let files = tree::rust_files();
    let files = files.iter().filter(|file| !file.path.starts_with(WRONG_ON_PURPOSE));
    let wrong: Vec<String> = files
        .filter(|file| !file.text.starts_with("//! "))
        .map(|file| format!("{}: begin with `//!` and say what it owns", file.path))
        .collect();
    report("each file begins with what it owns", &wrong);
}

/// Goal: a file fits into a reader's head.
#[test]
fn files_are_short() {
    let is_code = |file: &tree::File| ["rs", "ts", "tsx", "py"].contains(&file.extension());
    let wrong: Vec<String> = tree::files()
        .iter()
        .filter(|file| is_code(file) && !file.path.contains("/dist/"))
        .map(|file| (file, file.lines().count()))
        .filter(|(_, lines)| *lines > FILE_MAX_LINES)
        .map(|(file, lines)| format!("{}: {lines} lines; a part has to move out", file.path))
        .collect();
    report(&format!("a file has at most {FILE_MAX_LINES} lines"), &wrong);
}

/// Goal: no editor's leftovers.
#[test]
fn lines_end_where_the_text_ends() {
    let kinds = ["rs", "ts", "tsx", "py", "md", "toml", "json", "yaml", "yml", "wit", "css", "sh"];
    let mut wrong = Vec::new();
    for file in tree::files() {
        if !kinds.contains(&file.extension()) || file.path.contains("/dist/") {
            continue;
        }
        if !file.text.is_empty() && !file.text.ends_with('\n') {
            wrong.push(format!("{}: the last line does not end", file.path));
        }
        for (number, line) in file.lines() {
            if line.ends_with([' ', '\t', '\r']) {
                wrong.push(format!("{}:{number}: space at the end", file.path));
            }
            if file.extension() == "rs" && line.contains('\t') {
                wrong.push(format!("{}:{number}: a tab", file.path));
            }
        }
    }
    report("lines end where the text ends, and Rust has no tabs", &wrong);
}

/// Goal: nothing is left for later: no notes to oneself, no holes, no tests that do not run.
#[test]
fn nothing_is_left_for_later() {
    // Put together here, so that this file does not find itself.
    let words =
        [["TO", "DO"], ["FIX", "ME"], ["to", "do!("], ["unimple", "mented!("], ["#[ig", "nore"]]
            .map(|parts| parts.concat());
    let mut wrong = Vec::new();
    for file in tree::files() {
        let source = ["rs", "ts", "tsx", "py", "toml", "wit", "sh"].contains(&file.extension());
        if !source || file.path.contains("/dist/") {
            continue;
        }
        for (number, line) in file.lines() {
            let found = words.iter().filter(|word| line.contains(word.as_str()));
            wrong.extend(found.map(|word| format!("{}:{number}: `{word}`", file.path)));
        }
    }
    report("nothing is left for later", &wrong);
}

/// Goal: `unsafe` is rare, known by file, and explained each time.
#[test]
fn unsafe_code_is_listed_and_explained() {
    let mut wrong = Vec::new();
    for file in tree::rust_files() {
        if file.path.starts_with(WRONG_ON_PURPOSE) || file.path.starts_with("tests/tidy/") {
            continue;
        }
        let lines: Vec<&str> = file.text.lines().collect();
        for (index, _) in lines.iter().enumerate().filter(|(_, line)| is_unsafe(line)) {
            let above = lines.get(index.saturating_sub(REASON_MAX_LINES)..=index).unwrap_or(&[]);
            if !UNSAFE.contains(&file.path.as_str()) {
                wrong.push(format!("{}:{}: not a file for `unsafe`", file.path, index + 1));
            } else if !above.iter().any(|line| line.contains("SAFETY:")) {
                wrong.push(format!("{}:{}: no `SAFETY:` comment above", file.path, index + 1));
            }
        }
    }
    report("`unsafe` stays in its files, each time with a reason", &wrong);
}

/// A block or an `impl`; an `unsafe fn` inside one of these is explained by it.
fn is_unsafe(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or("");
    code.contains("unsafe {") || code.contains("unsafe impl") || code.contains("#[unsafe(")
}

/// Goal: the check for `unsafe` sees code and passes over words.
#[test]
fn unsafe_is_told_from_words() {
    assert!(is_unsafe("    let x = unsafe { *p };"));
    assert!(is_unsafe("unsafe impl Send for X {}"));
    assert!(!is_unsafe("// unsafe { would be wrong here"));
    assert!(!is_unsafe("fn is_unsafe(c: char) -> bool {"));
}
