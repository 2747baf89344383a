//! `$file` and `$files` in a graph: local files that become objects.
//!
//! `{"$file": "a.csv", "media_type"?: "text/csv"}` becomes `{"$object": id}`. `{"$files": "*.csv"}`
//! becomes the list of such, sorted by name; as the whole of `map.each` every file makes one
//! element with one part.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use serde_json::{Map, Value, json};

use crate::exit_code::Usage;

/// Uploads a file's bytes with their media type and returns the object's id.
pub(crate) type Upload<'a> = dyn FnMut(&Path, &str, Vec<u8>) -> anyhow::Result<String> + 'a;

/// Replaces every file in the graph's tasks. Each file is uploaded once, however often it is named.
pub(crate) fn expand_files(
    mut graph: Value,
    folder: &Path,
    upload: &mut Upload<'_>,
) -> anyhow::Result<Value> {
    let mut expander = Expander { folder, upload, known: HashMap::new() };
    let Some(tasks) = graph.get_mut("tasks").and_then(Value::as_object_mut) else {
        return Ok(graph);
    };
    for (key, task) in tasks {
        let Some(task) = task.as_object_mut() else { continue };
        expander.expand_task(task).with_context(|| format!("in the task `{key}`"))?;
    }
    Ok(graph)
}

/// The media type that a file's name suggests.
pub(crate) fn media_type_of(path: &Path) -> &'static str {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    match extension.to_ascii_lowercase().as_str() {
        "json" => "application/json",
        "cbor" => "application/cbor",
        "csv" => "text/csv",
        "txt" | "md" => "text/plain",
        "html" => "text/html",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "svg" => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

struct Expander<'a, 'u> {
    folder: &'a Path,
    upload: &'a mut Upload<'u>,
    known: HashMap<(PathBuf, String), String>,
}

impl Expander<'_, '_> {
    /// Files may stand in `args` and in `map`; all other members of a task are words and numbers.
    fn expand_task(&mut self, task: &mut Map<String, Value>) -> anyhow::Result<()> {
        if let Some(args) = task.get_mut("args") {
            self.expand(args)?;
        }
        let Some(map) = task.get_mut("map").and_then(Value::as_object_mut) else { return Ok(()) };
        for (name, source) in map {
            let wrap = name == "each" && source.get("$files").is_some();
            self.expand(source)?;
            if wrap && let Value::Array(files) = source {
                files.iter_mut().for_each(|file| *file = Value::Array(vec![file.take()]));
            }
        }
        Ok(())
    }

    fn expand(&mut self, value: &mut Value) -> anyhow::Result<()> {
        match value {
            Value::Array(items) => items.iter_mut().try_for_each(|item| self.expand(item)),
            Value::Object(object) if object.contains_key("$file") => {
                let (name, media_type) = file_reference(object, "$file")?;
                *value = self.object(&self.folder.join(name), media_type.as_deref())?;
                Ok(())
            }
            Value::Object(object) if object.contains_key("$files") => {
                let (pattern, media_type) = file_reference(object, "$files")?;
                let paths = matching_files(self.folder, &pattern)?;
                let objects = paths.iter().map(|path| self.object(path, media_type.as_deref()));
                *value = Value::Array(objects.collect::<anyhow::Result<_>>()?);
                Ok(())
            }
            Value::Object(object) => object.values_mut().try_for_each(|item| self.expand(item)),
            _ => Ok(()),
        }
    }

    fn object(&mut self, path: &Path, media_type: Option<&str>) -> anyhow::Result<Value> {
        let media_type = media_type.unwrap_or_else(|| media_type_of(path)).to_owned();
        let known = (path.to_owned(), media_type);
        if let Some(id) = self.known.get(&known) {
            return Ok(json!({ "$object": id }));
        }
        let bytes = std::fs::read(path)
            .map_err(|error| Usage(format!("cannot read {}: {error}", path.display())))?;
        let id = (self.upload)(path, &known.1, bytes)?;
        let reference = json!({ "$object": id });
        self.known.insert(known, id);
        Ok(reference)
    }
}

/// The path or pattern, and the media type, of a reference to files.
fn file_reference(
    object: &Map<String, Value>,
    kind: &str,
) -> anyhow::Result<(String, Option<String>)> {
    let text = |name: &str| match object.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Usage(format!("`{name}` beside `{kind}` has to be a text"))),
    };
    if let Some(other) = object.keys().find(|key| *key != kind && *key != "media_type") {
        return Err(Usage(format!("`{other}` may not stand beside `{kind}`")).into());
    }
    let name = text(kind)?.ok_or_else(|| Usage(format!("`{kind}` is missing")))?;
    Ok((name, text("media_type")?))
}

/// The files of one folder whose names match the pattern's last part, sorted by name.
fn matching_files(folder: &Path, pattern: &str) -> anyhow::Result<Vec<PathBuf>> {
    let (below, name_pattern) = pattern.rsplit_once('/').unwrap_or(("", pattern));
    if below.contains(['*', '?']) {
        let hint = "only the last part of the path may have `*` and `?`";
        return Err(Usage(format!("`$files`: \"{pattern}\": {hint}")).into());
    }
    // `join("")` would add a slash, which `read_dir` takes, but messages should not show it.
    let dir = if below.is_empty() { folder.to_owned() } else { folder.join(below) };
    let entries = std::fs::read_dir(&dir)
        .map_err(|error| Usage(format!("cannot read the folder {}: {error}", dir.display())))?;
    let mut paths = Vec::new();
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot read the folder {}", dir.display()))?;
        let name = entry.file_name();
        let matched = name.to_str().is_some_and(|name| matches_pattern(name, name_pattern));
        if matched && entry.path().is_file() {
            paths.push(entry.path());
        }
    }
    if paths.is_empty() {
        return Err(Usage(format!("no file matches \"{pattern}\" in {}", dir.display())).into());
    }
    paths.sort();
    Ok(paths)
}

/// Whether a name matches a pattern of `*` (any text) and `?` (any character). Hidden files only
/// match when the pattern begins with a dot.
fn matches_pattern(name: &str, pattern: &str) -> bool {
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let (name, pattern): (Vec<char>, Vec<char>) =
        (name.chars().collect(), pattern.chars().collect());
    // reachable[i]: the part of the pattern read so far matches the first i characters.
    let mut reachable = vec![false; name.len() + 1];
    reachable.iter_mut().take(1).for_each(|first| *first = true);
    for want in pattern {
        let mut next = vec![false; name.len() + 1];
        let mut any_before = false;
        for (index, slot) in next.iter_mut().enumerate() {
            let here = reachable.get(index).copied().unwrap_or(false);
            any_before |= here;
            let stepped = index.checked_sub(1).is_some_and(|before| {
                let fits = want == '?' || name.get(before) == Some(&want);
                fits && reachable.get(before).copied().unwrap_or(false)
            });
            *slot = if want == '*' { any_before } else { stepped };
        }
        reachable = next;
    }
    reachable.last().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("data")).unwrap();
        for name in ["b.csv", "a.csv", "c.txt", ".hidden.csv"] {
            std::fs::write(dir.path().join("data").join(name), name).unwrap();
        }
        dir
    }

    /// Uploads by pretending that the id of a file is its type and content.
    fn expand(graph: Value) -> (anyhow::Result<Value>, usize) {
        let (dir, mut uploads) = (folder(), 0);
        let graph = expand_files(graph, dir.path(), &mut |_, media_type, bytes| {
            uploads += 1;
            Ok(format!("{media_type}:{}", String::from_utf8(bytes).unwrap()))
        });
        (graph, uploads)
    }

    /// Goal: files at any depth of arguments become objects, each uploaded once.
    #[test]
    fn files_become_objects() {
        let (graph, uploads) = expand(json!({"name": {"$file": "not here"}, "tasks": {
            "t": {"call": "m/f", "args": [{"deep": [{"$file": "data/a.csv"}]}, 1]},
            "u": {"call": "m/f", "args": {"x": {"$file": "data/a.csv"},
                  "y": {"$file": "data/a.csv", "media_type": "application/json"}}}}}));
        let graph = graph.unwrap();
        assert_eq!(graph["tasks"]["t"]["args"][0]["deep"][0], json!({"$object": "text/csv:a.csv"}));
        assert_eq!(graph["tasks"]["u"]["args"]["y"], json!({"$object": "application/json:a.csv"}));
        assert_eq!(graph["name"], json!({"$file": "not here"}));
        assert_eq!(uploads, 2);
    }

    /// Goal: a glob makes a sorted list in arguments and one-part elements in `map.each`.
    #[test]
    fn globs_become_lists() {
        let (graph, _) = expand(json!({"tasks": {
            "all": {"args": [{"$files": "data/*.csv"}]},
            "each": {"map": {"each": {"$files": "data/*.csv"}}},
            "zip": {"map": {"zip": [{"$files": "data/?.csv"}]}}}}));
        let graph = graph.unwrap();
        let (a, b) = (json!({"$object": "text/csv:a.csv"}), json!({"$object": "text/csv:b.csv"}));
        assert_eq!(graph["tasks"]["all"]["args"], json!([[a, b]]));
        assert_eq!(graph["tasks"]["each"]["map"]["each"], json!([[a], [b]]));
        assert_eq!(graph["tasks"]["zip"]["map"]["zip"], json!([[a, b]]));
    }

    /// Goal: what is missing or misspelt is an error of usage that names the task.
    #[test]
    fn wrong_references_are_errors() {
        for args in [
            json!([{"$file": "data/none.csv"}]),
            json!([{"$files": "data/*.png"}]),
            json!([{"$files": "*/a.csv"}]),
            json!([{"$file": "data/a.csv", "media-type": "x"}]),
            json!([{"$file": 1}]),
        ] {
            let (graph, uploads) = expand(json!({"tasks": {"t": {"args": args}}}));
            let error = graph.unwrap_err();
            assert!(error.to_string().contains("`t`"), "{error:#}");
            assert_eq!(crate::exit_code::Exit::of_error(&error).code(), 2, "{error:#}");
            assert_eq!(uploads, 0);
        }
    }

    /// Goal: `*` and `?` mean what shells mean by them.
    #[test]
    fn patterns() {
        for (name, pattern, matched) in [
            ("a.csv", "*.csv", true),
            ("a.csv", "*", true),
            ("a.csv", "?.csv", true),
            ("ab.csv", "?.csv", false),
            ("a.csv.bak", "*.csv", false),
            ("", "*", true),
            (".a", "*", false),
            (".a", ".*", true),
            ("aXbXc", "a*b*c", true),
        ] {
            assert_eq!(matches_pattern(name, pattern), matched, "{name} {pattern}");
        }
    }
}
