//! `wask new`: a guest project from the template in `sdk/templates/guest`.

use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::{Context, Result, bail, ensure};

/// The template's files: where they go, and their text with `{{name}}` and `{{sdk}}` in it.
const FILES: [(&str, &str); 4] = [
    ("Cargo.toml", include_str!("../../../sdk/templates/guest/Cargo.toml.template")),
    ("README.md", include_str!("../../../sdk/templates/guest/README.md.template")),
    (".gitignore", include_str!("../../../sdk/templates/guest/gitignore.template")),
    ("src/lib.rs", include_str!("../../../sdk/templates/guest/src/lib.rs")),
];

/// Names a path to the SDK's crate, for projects outside a checkout.
const SDK_ENV: &str = "WASK_SDK";

const NAME_MAX_CHARS: usize = 64;

/// A project that was made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct NewProject {
    /// Its directory.
    pub(crate) folder: PathBuf,
    /// What it depends on.
    pub(crate) sdk: Sdk,
}

/// Where a project's SDK comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Sdk {
    /// Its source is in this directory.
    Source(PathBuf),
    /// The registry is to have it.
    Registry,
}

impl Sdk {
    /// The right-hand side of `wask =`.
    fn dependency(&self) -> Result<String> {
        match self {
            Self::Source(path) => path_dependency(path),
            Self::Registry => Ok(format!("\"{}\"", env!("CARGO_PKG_VERSION"))),
        }
    }
}

/// Creates the directory `name` below `parent` with a guest project in it.
///
/// # Errors
/// Fails if the name is no crate's name, the directory exists, or it cannot be written.
pub(crate) fn new_project(name: &str, parent: &Path) -> Result<NewProject> {
    check_name(name)?;
    let dir = parent.join(name);
    ensure!(!dir.exists(), "{} exists already; choose another name", dir.display());
    let sdk = find_sdk(parent)?;
    fs::create_dir_all(dir.join("src"))
        .with_context(|| format!("cannot create {}", dir.display()))?;
    for (path, text) in FILES {
        let text = text.replace("{{name}}", name).replace("{{sdk}}", &sdk.dependency()?);
        let path = dir.join(path);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(NewProject { folder: dir, sdk })
}

fn check_name(name: &str) -> Result<()> {
    const TAKEN: [&str; 7] = ["wask", "std", "core", "alloc", "test", "proc_macro", "serde"];
    let begins = name.starts_with(|c: char| c.is_ascii_lowercase());
    let goes_on =
        name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_');
    ensure!(
        begins && goes_on && name.len() <= NAME_MAX_CHARS,
        "{name:?} is not a project's name; use up to {NAME_MAX_CHARS} small letters, digits, `-` \
         and `_`, a letter first"
    );
    if TAKEN.contains(&name) || is_keyword(name) {
        bail!("`{name}` is a name that Rust or Wask uses itself; choose another");
    }
    Ok(())
}

fn is_keyword(name: &str) -> bool {
    const KEYWORDS: &str = "abstract as async await become box break const continue crate do dyn \
        else enum extern false final fn for gen if impl in let loop macro match mod move mut \
        override priv pub ref return self static struct super trait true try type typeof unsafe \
        unsized use virtual where while yield";
    KEYWORDS.split_whitespace().any(|keyword| keyword == name)
}

/// The SDK's source where it is at hand, else the version that belongs to this binary.
fn find_sdk(parent: &Path) -> Result<Sdk> {
    if let Some(path) = env::var_os(SDK_ENV).filter(|path| !path.is_empty()) {
        let path = PathBuf::from(path);
        ensure!(
            is_sdk(&path),
            "{SDK_ENV} is {}, which does not hold the `wask` crate",
            path.display()
        );
        return Ok(Sdk::Source(path));
    }
    let parent = fs::canonicalize(parent)
        .with_context(|| format!("{} is not a directory", parent.display()))?;
    let program = env::current_exe().unwrap_or_default();
    let nearby = parent.ancestors().chain(program.ancestors()).map(|dir| dir.join("sdk"));
    Ok(nearby.into_iter().find(|dir| is_sdk(dir)).map_or(Sdk::Registry, Sdk::Source))
}

fn is_sdk(dir: &Path) -> bool {
    let manifest = fs::read_to_string(dir.join("Cargo.toml")).unwrap_or_default();
    manifest.lines().any(|line| line == "name = \"wask\"") && dir.join("wit/task.wit").is_file()
}

fn path_dependency(sdk: &Path) -> Result<String> {
    let path = fs::canonicalize(sdk)?;
    let path = path.to_str().context("the path to the SDK is not UTF-8")?;
    // A JSON string is also a TOML string.
    Ok(format!("{{ path = {} }}", serde_json::to_string(path)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: a project holds the template's files with its name in them, and is never overwritten.
    #[test]
    fn new_project_writes_the_template_once() {
        let parent = tempfile::tempdir().expect("a directory");
        let project = new_project("my-guest", parent.path()).expect("a new project");
        let dir = project.folder;
        let manifest = fs::read_to_string(dir.join("Cargo.toml")).expect("a manifest");
        assert!(manifest.contains("name = \"my-guest\""), "{manifest}");
        assert!(manifest.contains("wask = "), "{manifest}");
        assert!(!manifest.contains("{{"), "{manifest}");
        for file in ["README.md", ".gitignore", "src/lib.rs"] {
            assert!(dir.join(file).is_file(), "{file}");
        }
        let again = new_project("my-guest", parent.path()).expect_err("it exists");
        assert!(again.to_string().contains("exists already"), "{again}");
    }

    /// Goal: names that cargo or the compiler would refuse are refused here, with the rule.
    #[test]
    fn bad_names_are_refused() {
        let parent = tempfile::tempdir().expect("a directory");
        for name in ["", "1st", "Upper", "a/b", "..", "a b", "ümlaut", "wask", "fn"] {
            assert!(new_project(name, parent.path()).is_err(), "{name:?}");
        }
        assert_eq!(fs::read_dir(parent.path()).expect("readable").count(), 0);
    }
}
