//! Finds the example guests and their modules, and builds the modules that are missing. Never
//! talks to a server.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    exit_code::Usage,
    guest_build::{self, BuildOptions, Progress},
    output::Output,
};

/// The folder that holds the examples in a checkout.
const FOLDER: &str = "guest-examples";

/// The order in which the examples are told: from the simplest idea to the largest.
const ORDER: [&str; 6] = ["numbers", "tree", "wordcount", "letters", "pipeline", "sprites"];

/// The folder of examples and what belongs to it.
#[derive(Clone, Debug)]
pub(crate) struct Examples {
    /// `guest-examples`.
    pub(crate) folder: PathBuf,
}

/// One example.
#[derive(Clone, Debug)]
pub(crate) struct Example {
    /// Its name, which is also its module's.
    pub(crate) name: String,
    /// Its graph.
    pub(crate) graph: PathBuf,
    /// The outputs that its graph must have.
    pub(crate) expected: Value,
    /// What `demo.json` says.
    pub(crate) settings: Settings,
}

/// `demo.json`: how an example is shown.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// What it does, in a line.
    pub(crate) title: String,
    /// Results that are written to files: name of the file by task.
    pub(crate) save: BTreeMap<String, PathBuf>,
}

impl Examples {
    /// The folder asked for, or the nearest one above the working directory, or the one in the
    /// checkout that this program was built from.
    pub(crate) fn find(asked: Option<&Path>) -> anyhow::Result<Self> {
        if let Some(folder) = asked {
            let folder = std::path::absolute(folder)?;
            if !folder.is_dir() {
                return Err(Usage(format!("{} is no folder", folder.display())).into());
            }
            return Ok(Self { folder });
        }
        let working = std::env::current_dir().context("there is no working directory")?;
        let program = std::env::current_exe().unwrap_or_default();
        let nearest = |start: &Path| {
            start.ancestors().map(|dir| dir.join(FOLDER)).find(|folder| folder.is_dir())
        };
        match nearest(&working).or_else(|| nearest(&program)) {
            Some(folder) => Ok(Self { folder }),
            None => bail!(
                "no `{FOLDER}` here or above; run this in a checkout of wask, or name the folder"
            ),
        }
    }

    /// All examples that have a graph, or those named in `only`, in the order of telling.
    pub(crate) fn all(&self, only: &[String]) -> anyhow::Result<Vec<Example>> {
        let mut found = Vec::new();
        let names = self.names()?;
        if let Some(unknown) = only.iter().find(|name| !names.contains(name)) {
            let message =
                format!("there is no example `{unknown}`; there are {}", names.join(", "));
            return Err(Usage(message).into());
        }
        for name in names.iter().filter(|name| only.is_empty() || only.contains(name)) {
            if let Some(example) = self.example(name)? {
                found.push(example);
            }
        }
        if found.is_empty() {
            bail!("there is no example with a graph in {}", self.folder.display());
        }
        Ok(found)
    }

    /// The file of an example's module, built if it is missing.
    pub(crate) fn module(&self, name: &str, output: Output) -> anyhow::Result<PathBuf> {
        let file = self.root().join("target/guests").join(format!("{name}.wasm"));
        if !file.is_file() {
            output.message(format!("building {name} …"));
            let parent = file.parent().unwrap_or(&self.folder);
            std::fs::create_dir_all(parent)
                .with_context(|| format!("cannot make {}", parent.display()))?;
            let options = BuildOptions {
                dir: self.folder.join(name),
                output: Some(file.clone()),
                progress: if output.json { Progress::Quiet } else { Progress::Shown },
            };
            guest_build::build(&options).with_context(|| format!("{name} was not built"))?;
        }
        Ok(file)
    }

    /// Where a saved result goes: all of them into one folder below `target`.
    pub(crate) fn save_path(&self, file: &Path) -> PathBuf {
        let name = file.file_name().map_or_else(|| "result".into(), PathBuf::from);
        self.root().join("target/demo").join(name)
    }

    fn root(&self) -> &Path {
        self.folder.parent().unwrap_or(&self.folder)
    }

    fn names(&self) -> anyhow::Result<Vec<String>> {
        let mut names = Vec::new();
        let entries = std::fs::read_dir(&self.folder)
            .with_context(|| format!("cannot read {}", self.folder.display()))?;
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.path().join("Cargo.toml").is_file() {
                names.push(name);
            }
        }
        let place = |name: &String| ORDER.iter().position(|known| known == name);
        names.sort_by_key(|name| (place(name).unwrap_or(ORDER.len()), name.clone()));
        Ok(names)
    }

    fn example(&self, name: &str) -> anyhow::Result<Option<Example>> {
        let folder = self.folder.join(name);
        let graph = ["graph.json", "graph.yaml"].map(|file| folder.join(file));
        let Some(graph) = graph.into_iter().find(|file| file.is_file()) else { return Ok(None) };
        let expected = read_json(&folder.join("expected.json"))?;
        let settings = folder.join("demo.json");
        let settings = if settings.is_file() {
            serde_json::from_value(read_json(&settings)?)
                .with_context(|| format!("{} is not as it should be", settings.display()))?
        } else {
            Settings::default()
        };
        Ok(Some(Example { name: name.to_owned(), graph, expected, settings }))
    }
}

fn read_json(file: &Path) -> anyhow::Result<Value> {
    let text =
        std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is no JSON", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(dir: &Path, name: &str) {
        let folder = dir.join(FOLDER).join(name);
        std::fs::create_dir_all(&folder).unwrap();
        for (file, text) in
            [("Cargo.toml", ""), ("graph.json", "{}"), ("expected.json", r#"{"total": 1}"#)]
        {
            std::fs::write(folder.join(file), text).unwrap();
        }
    }

    /// Goal: examples come in the order of telling, those that are not known last, and folders
    /// without a graph are left out.
    #[test]
    fn examples_come_in_order() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["zebra", "tree", "numbers"] {
            example(dir.path(), name);
        }
        std::fs::create_dir_all(dir.path().join(FOLDER).join("target")).unwrap();
        let examples = Examples::find(Some(&dir.path().join(FOLDER))).unwrap();
        let names = |only: &[String]| -> Vec<String> {
            examples.all(only).unwrap().into_iter().map(|example| example.name).collect()
        };
        assert_eq!(names(&[]), ["numbers", "tree", "zebra"]);
        assert_eq!(names(&["tree".into()]), ["tree"]);
        assert!(examples.all(&["unknown".into()]).is_err());
    }

    /// Goal: a saved result never leaves the folder for results.
    #[test]
    fn saved_results_stay_in_their_folder() {
        let examples = Examples { folder: "/checkout/guest-examples".into() };
        for file in ["sprite.png", "target/demo/sprite.png", "../../sprite.png"] {
            let path = examples.save_path(Path::new(file));
            assert_eq!(path, Path::new("/checkout/target/demo/sprite.png"));
        }
    }
}
