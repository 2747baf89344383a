//! `wask push`: uploads modules.

use std::path::Path as FilePath;

use anyhow::Context as _;
use serde_json::Value;

use crate::{
    cli::PushArgs,
    client::{Client, Path},
    dto::Module,
    exit_code::{Exit, Usage},
    session::Session,
};

/// Media type of WebAssembly.
const WASM: &str = "application/wasm";

/// Uploads every file under its name.
pub(crate) fn run(session: &Session, args: &PushArgs) -> anyhow::Result<Exit> {
    if args.name.is_some() && args.files.len() > 1 {
        let message = "--name names one module, but several files are given";
        return Err(Usage(message.to_owned()).into());
    }
    let mut pushed = Vec::new();
    for file in &args.files {
        let name = args.name.clone().unwrap_or_else(|| module_name(file));
        let json = upload(&session.client, file, &name)
            .with_context(|| format!("{} was not uploaded", file.display()))?;
        let module: Module = serde_json::from_value(json.clone())?;
        if !session.output.json {
            let functions: Vec<String> =
                module.functions.iter().map(|f| format!("{name}/{}", f.name)).collect();
            session.output.line(format!("{name}  {}", module.id))?;
            session.output.message(format!("  {}", functions.join("  ")));
        }
        pushed.push(json);
    }
    if session.output.json {
        session.output.value(&Value::Array(pushed))?;
    }
    Ok(Exit::Ok)
}

/// Uploads one file and returns what the server says of the module.
pub(crate) fn upload(client: &Client, file: &FilePath, name: &str) -> anyhow::Result<Value> {
    let bytes = std::fs::read(file)
        .map_err(|error| Usage(format!("cannot read {}: {error}", file.display())))?;
    let path = Path::of(&["modules"]).with("name", name);
    Ok(client.post_bytes(&path, WASM, bytes)?.json()?)
}

/// The name that a module gets from its file: without folder and `.wasm`.
fn module_name(file: &FilePath) -> String {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or("module");
    name.strip_suffix(".wasm").unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: a module is named as its file.
    #[test]
    fn names() {
        assert_eq!(module_name(FilePath::new("target/guests/numbers.wasm")), "numbers");
        assert_eq!(module_name(FilePath::new("hello")), "hello");
    }
}
