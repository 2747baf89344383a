//! `wask push`: uploads modules.

use std::path::Path as FilePath;

use anyhow::Context as _;
use serde_json::Value;

use crate::{
    cli::PushArgs,
    client::{Client, Path},
    dto::Module,
    exit_code::{Exit, Usage},
    output::escape,
    session::Session,
};

/// Media type of WebAssembly.
const WASM: &str = "application/wasm";

/// What a module may ask of the host and stay pure, as `sdk/wit/task.wit` has it.
const PURE_IMPORTS: [&str; 2] = ["log", "progress"];

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
            if let Some(remark) = remark_on_purity(&module) {
                session.output.message(format!("  {remark}"));
            }
        }
        pushed.push(json);
    }
    if session.output.json {
        session.output.value(&Value::Array(pushed))?;
    }
    Ok(Exit::Ok)
}

/// Why results of the module are not remembered, if they are not.
fn remark_on_purity(module: &Module) -> Option<String> {
    if module.pure {
        return None;
    }
    let imports = module.imports.iter().filter(|name| !PURE_IMPORTS.contains(&name.as_str()));
    let imports: Vec<String> = imports.map(|name| escape(name)).collect();
    let imports = imports.join(", ");
    Some(format!("not pure: it imports {imports}, so results are not remembered"))
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

    /// Goal: a module that is not pure says what makes it so.
    #[test]
    fn purity() {
        let module = |pure, imports: &[&str]| {
            let imports = imports.iter().map(|name| (*name).to_owned()).collect();
            remark_on_purity(&Module { pure, imports, ..Module::default() })
        };
        assert_eq!(module(true, &["log"]), None);
        let remark = module(false, &["attempt", "cancelled", "log"]);
        let wanted = "not pure: it imports attempt, cancelled, so results are not remembered";
        assert_eq!(remark.as_deref(), Some(wanted));
    }

    /// Goal: a module is named as its file.
    #[test]
    fn names() {
        assert_eq!(module_name(FilePath::new("target/guests/numbers.wasm")), "numbers");
        assert_eq!(module_name(FilePath::new("hello")), "hello");
    }
}
