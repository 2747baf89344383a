//! Makes a core module's function names short and readable.
//!
//! Traces need the names, but the compiler's mangled ones take a third of a small module. This
//! rewrites the `name` section (WebAssembly core specification, appendix "Custom Sections") and
//! leaves every other byte as it is.

use std::ops::Range;

use anyhow::Result;
use wasm_encoder::{NameMap, NameSection, Section};
use wasmparser::{KnownCustom, Name, NameSectionReader, Parser, Payload};

/// The same module with readable function names, and no names of anything else.
///
/// # Errors
/// Fails if the bytes are no well-formed core module.
pub(crate) fn shorten(core: &[u8]) -> Result<Vec<u8>> {
    let Some((section, reader)) = find(core)? else { return Ok(core.to_vec()) };
    let mut names = NameMap::new();
    for part in reader {
        let Name::Function(functions) = part? else { continue };
        for function in functions {
            let function = function?;
            names.append(function.index, &readable(function.name));
        }
    }
    let mut replacement = NameSection::new();
    replacement.functions(&names);
    let (before, after) = (core.get(..section.start), core.get(section.end..));
    let mut module = before.unwrap_or_default().to_vec();
    replacement.append_to(&mut module);
    module.extend_from_slice(after.unwrap_or_default());
    Ok(module)
}

/// The `name` section: where it lies, its head included, and its contents.
fn find(core: &[u8]) -> Result<Option<(Range<usize>, NameSectionReader<'_>)>> {
    let mut end_of_last = 8_u64;
    for payload in Parser::new(0).parse_all(core) {
        let payload = payload?;
        if let Payload::CustomSection(custom) = &payload
            && let KnownCustom::Name(reader) = custom.as_known()
        {
            let section = end_of_last.try_into()?..custom.range().end.try_into()?;
            return Ok(Some((section, reader)));
        }
        if let Some((_, range)) = payload.as_section() {
            end_of_last = range.end;
        }
    }
    Ok(None)
}

/// `numbers::square` instead of `_RNvCs8VnmtXWWJcx_7numbers6square`, and `_` for type arguments.
fn readable(mangled: &str) -> String {
    let name = format!("{:#}", rustc_demangle::demangle(mangled));
    let mut short = String::with_capacity(name.len());
    // For each open bracket whether it holds type arguments; that of `<T as Trait>` does not.
    let mut open = Vec::new();
    let mut previous = ' ';
    for c in name.chars() {
        let within = open.contains(&true);
        match c {
            '<' => {
                let arguments = previous.is_alphanumeric() || matches!(previous, '_' | ':');
                if !within {
                    short.push_str(if arguments { "<_" } else { "<" });
                }
                open.push(arguments);
            }
            '>' if !matches!(previous, '-' | '=') => {
                open.pop();
                if !open.contains(&true) {
                    short.push('>');
                }
            }
            _ if within => {}
            _ => short.push(c),
        }
        previous = c;
    }
    short.replace("::<_>", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: names lose hash and nested type arguments, and arrows are no brackets.
    #[test]
    fn names_become_readable() {
        assert_eq!(readable("_ZN7numbers6square17h0123456789abcdefE"), "numbers::square");
        assert_eq!(readable("wask:task/guest@0.1.0#run"), "wask:task/guest@0.1.0#run");
        assert_eq!(readable("f::<a::B<c::D>, E<F>>::g"), "f::g");
        assert_eq!(readable("<fn() -> u8 as T>::x"), "<fn() -> u8 as T>::x");
        let method = "<<my::Type<u8> as T>::Item as U<A<fn() -> B>>>::x::<C>";
        assert_eq!(readable(method), "<<my::Type<_> as T>::Item as U<_>>::x");
    }

    /// Goal: only the name section changes.
    #[test]
    fn other_sections_stay_as_they_are() {
        let mut names = NameMap::new();
        names.append(0, "_ZN7numbers6square17h0123456789abcdefE");
        let mut section = NameSection::new();
        section.module("left out");
        section.functions(&names);
        let custom = wasm_encoder::CustomSection { name: "other".into(), data: b"data".into() };
        let mut module = wasm_encoder::Module::new();
        module.section(&custom).section(&section).section(&custom);

        let mut shorter = NameMap::new();
        shorter.append(0, "numbers::square");
        let mut section = NameSection::new();
        section.functions(&shorter);
        let mut expected = wasm_encoder::Module::new();
        expected.section(&custom).section(&section).section(&custom);
        assert_eq!(shorten(&module.finish()).expect("a module"), expected.finish());
    }
}
