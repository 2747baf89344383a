//! What an uploaded module must satisfy before the compiler sees it. Cheap, and far stricter than
//! the formats' own limits, because a small file can ask for a large amount of compiling.

use std::borrow::Cow;

use wask_proto::MODULE_MAX_BYTES;
use wasmparser::{
    BinaryReaderError, Encoding, FunctionBody, Parser, Payload, Validator, WasmFeatures,
};
use wit_component::ComponentEncoder;

use crate::{
    engine::{CORE_INSTANCES_MAX_PER_GUEST, MEMORIES_MAX_PER_GUEST, TABLES_MAX_PER_GUEST},
    guest::HOST_INTERFACE,
    text,
};

/// Functions in all core modules together.
const FUNCTIONS_MAX: usize = 100_000;
/// Bytes of one function's body. An interpreter's main loop has a few hundred KiB.
const FUNCTION_MAX_BYTES: usize = 1024 * 1024;
/// Locals of one function.
const LOCALS_MAX: u64 = 10_000;
/// Exports of one module or component.
const EXPORTS_MAX: u32 = 1_000;
/// Imports of one core module.
const IMPORTS_MAX: u32 = 1_000;
/// Types of one module or component.
const TYPES_MAX: u32 = 10_000;
/// Components inside components.
const COMPONENTS_MAX: usize = 16;
/// Component instances, aliases and canonical functions of one component.
const COMPONENT_ITEMS_MAX: u32 = 10_000;
/// Data and element segments of one core module.
const SEGMENTS_MAX: u32 = 100_000;
/// Globals of one core module.
const GLOBALS_MAX: u32 = 10_000;

/// Why a module is not taken: what is wrong and what to change.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Refusal(String);

impl Refusal {
    pub(crate) fn new(reason: impl AsRef<str>) -> Self {
        Self(text::shown(reason.as_ref()))
    }
}

/// The component in `wasm`: itself, or wrapped when it is a core module with the world's metadata.
pub(crate) fn component(wasm: &[u8]) -> Result<Cow<'_, [u8]>, Refusal> {
    let encoding = encoding(wasm)?;
    within_limits(wasm)?;
    validate(wasm)?;
    match encoding {
        Encoding::Component => Ok(Cow::Borrowed(wasm)),
        Encoding::Module => wrap(wasm).map(Cow::Owned),
    }
}

fn encoding(wasm: &[u8]) -> Result<Encoding, Refusal> {
    if wasm.len() > MODULE_MAX_BYTES {
        return Err(Refusal::new(format!(
            "the module has {}, more than the {} allowed: strip it, or pass data as arguments",
            text::bytes(wasm.len() as u64),
            text::bytes(MODULE_MAX_BYTES as u64),
        )));
    }
    if Parser::is_component(wasm) {
        return Ok(Encoding::Component);
    }
    if Parser::is_core_wasm(wasm) {
        return Ok(Encoding::Module);
    }
    Err(Refusal::new(if wasm.starts_with(b"\x7fELF") {
        "this is machine code, not WebAssembly: upload the `.wasm` file that it was made from"
    } else {
        "this is not WebAssembly: it does not begin with `\\0asm` and a known version. Upload what \
         `wask build` wrote"
    }))
}

fn validate(wasm: &[u8]) -> Result<(), Refusal> {
    let absent = WasmFeatures::THREADS
        | WasmFeatures::GC
        | WasmFeatures::EXCEPTIONS
        | WasmFeatures::MEMORY64
        | WasmFeatures::CM_ASYNC
        | WasmFeatures::CM_ASYNC_STACKFUL;
    let mut validator = Validator::new_with_features(WasmFeatures::default().difference(absent));
    validator.validate_all(wasm).map(drop).map_err(|error| malformed(&error))
}

fn malformed(error: &BinaryReaderError) -> Refusal {
    Refusal::new(format!(
        "the module does not validate (at byte {}): {}",
        error.offset(),
        error.message()
    ))
}

fn wrap(wasm: &[u8]) -> Result<Vec<u8>, Refusal> {
    let mut encoder = ComponentEncoder::default();
    encoder.validate(true).module(wasm).and_then(|encoder| encoder.encode()).map_err(|error| {
        Refusal::new(format!(
            "the core module cannot be made a component: {error:#}. Build it with `wask build`, \
             for `wasm32-unknown-unknown` and without WASI"
        ))
    })
}

/// What was counted so far, over the whole file.
#[derive(Default)]
struct Counts {
    functions: usize,
    modules: usize,
    components: usize,
    memories: u32,
    tables: u32,
    /// How many modules and components surround the next payload.
    depth: usize,
}

fn within_limits(wasm: &[u8]) -> Result<(), Refusal> {
    let mut counts = Counts::default();
    for payload in Parser::new(0).parse_all(wasm) {
        counts.look_at(&payload.map_err(|error| malformed(&error))?)?;
    }
    Ok(())
}

impl Counts {
    fn look_at(&mut self, payload: &Payload<'_>) -> Result<(), Refusal> {
        match payload {
            Payload::Version { .. } => self.depth += 1,
            Payload::End(_) => self.depth -= 1,
            Payload::ModuleSection { .. } => {
                self.modules += 1;
                at_most("core modules", self.modules, CORE_INSTANCES_MAX_PER_GUEST as usize)?;
            }
            Payload::ComponentSection { .. } => {
                self.components += 1;
                at_most("nested components", self.components, COMPONENTS_MAX)?;
            }
            Payload::CodeSectionStart { count, .. } => {
                self.functions += *count as usize;
                at_most("functions", self.functions, FUNCTIONS_MAX)?;
            }
            Payload::CodeSectionEntry(body) => function(body)?,
            Payload::MemorySection(section) => {
                self.memories += section.count();
                at_most("memories", self.memories, MEMORIES_MAX_PER_GUEST)?;
            }
            Payload::TableSection(section) => {
                self.tables += section.count();
                at_most("tables", self.tables, TABLES_MAX_PER_GUEST)?;
            }
            Payload::ComponentImportSection(section) if self.depth == 1 => {
                for import in section.clone() {
                    import_known(import.map_err(|error| malformed(&error))?.name.name)?;
                }
            }
            other => section_within_limits(other)?,
        }
        Ok(())
    }
}

fn section_within_limits(payload: &Payload<'_>) -> Result<(), Refusal> {
    match payload {
        Payload::ExportSection(section) => at_most("exports", section.count(), EXPORTS_MAX),
        Payload::ComponentExportSection(section) => {
            at_most("exports", section.count(), EXPORTS_MAX)
        }
        Payload::ImportSection(section) => at_most("imports", section.count(), IMPORTS_MAX),
        Payload::TypeSection(section) => at_most("types", section.count(), TYPES_MAX),
        Payload::CoreTypeSection(section) => at_most("types", section.count(), TYPES_MAX),
        Payload::ComponentTypeSection(section) => at_most("types", section.count(), TYPES_MAX),
        Payload::GlobalSection(section) => at_most("globals", section.count(), GLOBALS_MAX),
        Payload::DataSection(section) => at_most("data segments", section.count(), SEGMENTS_MAX),
        Payload::ElementSection(section) => {
            at_most("element segments", section.count(), SEGMENTS_MAX)
        }
        Payload::InstanceSection(section) => {
            at_most("core instances", section.count(), COMPONENT_ITEMS_MAX)
        }
        Payload::ComponentInstanceSection(section) => {
            at_most("instances", section.count(), COMPONENT_ITEMS_MAX)
        }
        Payload::ComponentAliasSection(section) => {
            at_most("aliases", section.count(), COMPONENT_ITEMS_MAX)
        }
        Payload::ComponentCanonicalSection(section) => {
            at_most("canonical functions", section.count(), COMPONENT_ITEMS_MAX)
        }
        _ => Ok(()),
    }
}

fn function(body: &FunctionBody<'_>) -> Result<(), Refusal> {
    at_most("bytes in one function", body.as_bytes().len(), FUNCTION_MAX_BYTES)?;
    let mut locals = 0;
    for group in body.get_locals_reader().map_err(|error| malformed(&error))? {
        let (count, _) = group.map_err(|error| malformed(&error))?;
        locals += u64::from(count);
    }
    at_most("locals in one function", locals, LOCALS_MAX)
}

fn import_known(name: &str) -> Result<(), Refusal> {
    if name == HOST_INTERFACE {
        return Ok(());
    }
    let hint = if name.starts_with("wasi:") {
        "Guests get no WASI: build for `wasm32-unknown-unknown`"
    } else {
        "Remove it, or build with the SDK of this version"
    };
    Err(Refusal::new(format!(
        "the module imports `{name}`, and the host gives only `{HOST_INTERFACE}`. {hint}"
    )))
}

fn at_most<N: PartialOrd + std::fmt::Display>(what: &str, count: N, max: N) -> Result<(), Refusal> {
    if count <= max {
        return Ok(());
    }
    Err(Refusal::new(format!(
        "the module has {count} {what}, more than the {max} allowed: split it into smaller modules"
    )))
}
