//! The modules whose functions are called: found in the checkout, built if they are missing.

use std::path::PathBuf;

use anyhow::Context as _;

use crate::{
    examples::Examples,
    guest_build::{self, BuildOptions, Progress},
    output::Output,
};

/// The example that has `inc`, `add` and `sum`.
const NUMBERS: &str = "numbers";

/// The guest of the tests that has calls of a chosen length and values of a chosen size.
const LAB: &str = "lab";

/// Finds modules.
#[derive(Clone, Debug)]
pub(super) struct BenchModules {
    numbers: Option<PathBuf>,
    output: Output,
}

impl BenchModules {
    /// Modules of the checkout; `numbers` stands for the example of that name if it is given.
    pub(super) fn new(numbers: Option<PathBuf>, output: Output) -> Self {
        Self { numbers, output }
    }

    /// The module with arithmetic.
    pub(super) fn numbers(&self) -> anyhow::Result<PathBuf> {
        self.numbers.clone().map_or_else(|| self.example(NUMBERS), Ok)
    }

    /// The module of an example.
    pub(super) fn example(&self, name: &str) -> anyhow::Result<PathBuf> {
        Examples::find(None)?.module(name, self.output)
    }

    /// The module of the tests' guest `lab`.
    pub(super) fn lab(&self) -> anyhow::Result<PathBuf> {
        let folder = Examples::find(None)?.folder;
        let root = folder.parent().context("the examples are in no checkout")?;
        let file = root.join("target/guests").join(format!("{LAB}.wasm"));
        if !file.is_file() {
            self.output.message(format!("building {LAB} …"));
            let dir = root.join("tests/guests").join(LAB);
            let options =
                BuildOptions { dir, output: Some(file.clone()), progress: Progress::Quiet };
            guest_build::build(&options).with_context(|| format!("{LAB} was not built"))?;
        }
        Ok(file)
    }

    /// The bytes of another module with the same functions.
    pub(super) fn variant(&self, number: u32) -> anyhow::Result<Vec<u8>> {
        let file = self.numbers()?;
        let module =
            std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        Ok(with_custom_section(module, &format!("variant {number}")))
    }
}

/// The same module under another hash: WebAssembly takes custom sections at the end.
fn with_custom_section(mut module: Vec<u8>, name: &str) -> Vec<u8> {
    // Names are short: both lengths fit seven bits, and so one byte of LEB128.
    let length = (name.len() % 100) as u8;
    module.extend_from_slice(&[0, length + 1, length]);
    module.extend_from_slice(name.as_bytes());
    module
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: a custom section ends the module and has the name that was asked for.
    #[test]
    fn a_variant_has_another_hash() {
        let module = with_custom_section(b"\0asm\x01\0\0\0".to_vec(), "variant 7");
        let parsed: Vec<_> =
            wasmparser::Parser::new(0).parse_all(&module).collect::<Result<_, _>>().unwrap();
        let name = parsed.iter().find_map(|payload| match payload {
            wasmparser::Payload::CustomSection(section) => Some(section.name()),
            _ => None,
        });
        assert_eq!(name, Some("variant 7"));
    }
}
