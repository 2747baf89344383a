//! Wraps a core module that was built with the SDK as a component.

use anyhow::{Context, Result, bail};
use wit_component::ComponentEncoder;

use super::names;

/// The section in which wit-bindgen leaves the world's types for the wrapping.
const TYPE_SECTION_PREFIX: &[u8] = b"component-type:";

/// The component that holds this core module.
///
/// # Errors
/// Fails if the bytes are no core module, or one without `wask::export!`.
pub(crate) fn componentize(core: &[u8]) -> Result<Vec<u8>> {
    check_header(core)?;
    if !core.windows(TYPE_SECTION_PREFIX.len()).any(|window| window == TYPE_SECTION_PREFIX) {
        bail!("the crate exports no tasks: add `wask::export![your_function];` to its lib.rs");
    }
    let core = names::shorten(core).context("the module is damaged")?;
    ComponentEncoder::default()
        .module(&core)
        .context("the module is not one that the SDK made")?
        .validate(true)
        .encode()
        .context("the module cannot be wrapped as a component")
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
