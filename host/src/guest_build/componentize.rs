//! Wraps a core module that was built with the SDK as a component.

use anyhow::{Context, Result, bail, ensure};
use wasmparser::{Parser, Payload};
use wit_component::ComponentEncoder;

use super::names;

/// What `wask::export!` makes a crate export, followed by the version: see `sdk/wit/task.wit`.
const GUEST_INTERFACE: &str = "wask:task/guest@";

/// The component that holds this core module.
///
/// # Errors
/// Fails if the bytes are no core module, or one without `wask::export!`.
pub(crate) fn componentize(core: &[u8]) -> Result<Vec<u8>> {
    check_header(core)?;
    let exports = exports_tasks(core).context("the module is damaged")?;
    ensure!(exports, "no tasks are exported; add `wask::export![f];` to its lib.rs");
    let core = names::shorten(core).context("the module is damaged")?;
    ComponentEncoder::default()
        .module(&core)
        .context("the module is not one that the SDK made")?
        .validate(true)
        .encode()
        .context("the module cannot be wrapped as a component")
}

/// Whether the module has the functions that `wask::export!` makes. The types of the world are in
/// every module that uses the SDK and say nothing of it.
fn exports_tasks(core: &[u8]) -> wasmparser::Result<bool> {
    for payload in Parser::new(0).parse_all(core) {
        let Payload::ExportSection(exports) = payload? else { continue };
        for export in exports {
            if export?.name.starts_with(GUEST_INTERFACE) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Whether the file is a component already, which needs no wrapping.
fn is_component(bytes: &[u8]) -> bool {
    bytes.get(..8) == Some(b"\0asm\x0d\0\x01\0")
}

fn check_header(bytes: &[u8]) -> Result<()> {
    match bytes.get(..8) {
        Some(b"\0asm\x01\0\0\0") => Ok(()),
        _ if is_component(bytes) => bail!("the file is a component already"),
        _ => bail!("the file is not a WebAssembly module"),
    }
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{CodeSection, ExportKind, ExportSection, Function, FunctionSection};
    use wasm_encoder::{Module, TypeSection};

    use super::*;

    /// A module with one function, exported under this name.
    fn module(export: &str) -> Vec<u8> {
        let (mut types, mut functions) = (TypeSection::new(), FunctionSection::new());
        types.ty().function([], []);
        functions.function(0);
        let mut exports = ExportSection::new();
        exports.export(export, ExportKind::Func, 0);
        let mut body = Function::new([]);
        body.instructions().end();
        let mut code = CodeSection::new();
        code.function(&body);
        let mut module = Module::new();
        module.section(&types).section(&functions).section(&exports).section(&code);
        module.finish()
    }

    /// Goal: a crate that compiles but exports no tasks is told what to add.
    #[test]
    fn modules_without_tasks_are_refused() {
        assert!(exports_tasks(&module("wask:task/guest@0.1.0#run")).expect("well-formed"));
        let error = componentize(&module("memory")).expect_err("no tasks");
        let wanted = "no tasks are exported; add `wask::export![f];` to its lib.rs";
        assert_eq!(error.to_string(), wanted);
    }
}
