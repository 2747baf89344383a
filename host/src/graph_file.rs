//! Graph files: JSON or YAML in, the body of `POST /runs` out. Files named in a graph are replaced
//! by objects through a callback; this module reads directories but sends nothing.

mod expand;
mod strict;

use std::{
    io::Read as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use serde_json::Value;

pub(crate) use self::expand::expand_files;
use crate::exit_code::Usage;

/// A graph as it was written, and the folder that its paths are relative to.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct GraphFile {
    /// The graph.
    pub(crate) graph: Value,
    /// Where its files are.
    pub(crate) folder: PathBuf,
}

/// Reads a graph file; `-` is standard input.
pub(crate) fn read(path: &Path) -> anyhow::Result<GraphFile> {
    let mut text = String::new();
    if path.as_os_str() == "-" {
        std::io::stdin().read_to_string(&mut text).context("cannot read standard input")?;
        return Ok(GraphFile { graph: parse(&text, Format::Either)?, folder: ".".into() });
    }
    text = std::fs::read_to_string(path)
        .map_err(|error| Usage(format!("cannot read the graph {}: {error}", path.display())))?;
    let format = match path.extension().and_then(|extension| extension.to_str()) {
        Some("yaml" | "yml") => Format::Yaml,
        Some("json") => Format::Json,
        _ => Format::Either,
    };
    let graph = parse(&text, format)
        .map_err(|error| Usage(format!("{} is no graph: {error:#}", path.display())))?;
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    Ok(GraphFile { graph, folder: folder.unwrap_or(Path::new(".")).to_owned() })
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Format {
    Json,
    Yaml,
    Either,
}

/// Parses a graph. A key that stands twice in one object is refused: one of the two would
/// silently be lost.
fn parse(text: &str, format: Format) -> anyhow::Result<Value> {
    let looks_like_json = text.trim_start().starts_with('{');
    let value = if format == Format::Json || (format == Format::Either && looks_like_json) {
        serde_json::from_str::<strict::Strict>(text)?.0
    } else {
        serde_yaml_ng::from_str::<strict::Strict>(text)?.0
    };
    if !value.is_object() {
        bail!("it is no object with `tasks`");
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Goal: YAML and JSON of the same graph are the same value.
    #[test]
    fn yaml_and_json_agree() {
        let yaml = "name: sum\ntasks:\n  sq:\n    call: numbers/square\n    map: {range: [0, 5]}\n  \
                    t: {call: numbers/sum, args: [{$tasks: sq}, -1, 2.5, null, \"1\"]}\n";
        let json = json!({"name": "sum", "tasks": {
            "sq": {"call": "numbers/square", "map": {"range": [0, 5]}},
            "t": {"call": "numbers/sum", "args": [{"$tasks": "sq"}, -1, 2.5, null, "1"]}}});
        assert_eq!(parse(yaml, Format::Yaml).unwrap(), json);
        assert_eq!(parse(&json.to_string(), Format::Json).unwrap(), json);
        assert_eq!(parse(&json.to_string(), Format::Either).unwrap(), json);
    }

    /// Goal: a key that stands twice is refused in both formats, with its name and place.
    #[test]
    fn duplicate_keys_are_refused() {
        for (text, format) in [
            ("{\"tasks\": {\"a\": 1,\n \"a\": 2}}", Format::Json),
            ("tasks:\n  a: 1\n  a: 2\n", Format::Yaml),
        ] {
            let error = parse(text, format).unwrap_err().to_string();
            assert!(error.contains("`a`") && error.contains("line"), "{error}");
        }
    }

    /// Goal: what JSON cannot write becomes a typed float; lists are no graphs.
    #[test]
    fn odd_values() {
        let value = parse("a: .nan\nb: -.inf\n", Format::Yaml).unwrap();
        assert_eq!(value, json!({"a": {"$float": "NaN"}, "b": {"$float": "-Infinity"}}));
        assert!(parse("[1]", Format::Json).is_err());
        assert!(parse("", Format::Yaml).is_err());
    }
}
