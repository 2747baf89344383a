//! Guests written by hand in WebAssembly text: cases that no SDK lets through. Each is a core
//! module with the world's metadata, as a language without an SDK would make it.

use std::fmt::Write as _;

use wit_component::{StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// Where the description lies.
const DESCRIPTION: u32 = 1024;
/// Where `run` may put its result: 16 zero bytes are `ok` with an empty list.
pub(crate) const RESULT: u32 = 2048;
/// One byte of CBOR, the integer 0.
const ZERO: u32 = 2100;
/// The first address that the allocator gives out.
const HEAP: u32 = 4096;

/// The parts of a guest that a test replaces.
pub(crate) struct Raw<'a> {
    /// Limits of the memory, in pages.
    pub(crate) memory: &'a str,
    /// Before everything else.
    pub(crate) imports: &'a str,
    /// After everything else.
    pub(crate) items: &'a str,
    /// Body of `cabi_realloc`, before it allocates.
    pub(crate) realloc: &'a str,
    /// Body of `describe`, before it answers.
    pub(crate) describe: &'a str,
    /// Body of `run`, before it returns the number zero.
    pub(crate) run: &'a str,
}

impl Default for Raw<'_> {
    fn default() -> Self {
        Self { memory: "1", imports: "", items: "", realloc: "", describe: "", run: "" }
    }
}

/// A guest that imports nothing and whose function `f` runs `run`.
pub(crate) fn run(run: &str) -> Vec<u8> {
    Raw { run, ..Raw::default() }.wasm()
}

impl Raw<'_> {
    /// The module's bytes.
    pub(crate) fn wasm(&self) -> Vec<u8> {
        let mut wasm = wat::parse_str(self.text()).unwrap();
        embed(&mut wasm);
        wasm
    }

    fn text(&self) -> String {
        let Self { memory, imports, items, realloc, describe, run } = self;
        let description = description();
        format!(
            r#"(module
              {imports}
              (memory $memory (export "memory") {memory})
              (global $heap (mut i32) (i32.const {HEAP}))
              (data (i32.const {DESCRIPTION}) "{description}")
              (data (i32.const {ZERO}) "\00")
              (data (i32.const {result_payload}) "{zero}\01\00\00\00")
              (func (export "cabi_realloc")
                (param $old i32) (param $old_size i32) (param $align i32) (param $size i32)
                (result i32)
                {realloc}
                (global.set $heap (i32.and (i32.add (global.get $heap) (i32.const 7)) (i32.const -8)))
                (global.get $heap)
                (global.set $heap (i32.add (global.get $heap) (local.get $size))))
              (func (export "wask:task/guest@0.1.0#describe") (result i32)
                {describe}
                (i32.const {DESCRIPTION}))
              (func $run (export "wask:task/guest@0.1.0#run")
                (param $name i32) (param $name_len i32) (param $args i32) (param $args_len i32)
                (result i32)
                {run}
                (i32.const {RESULT}))
              {items})"#,
            result_payload = RESULT + 4,
            zero = hex(ZERO),
        )
    }
}

/// Adds the section that makes a core module a guest of the world.
pub(crate) fn embed(wasm: &mut Vec<u8>) {
    let mut resolve = Resolve::default();
    let text = include_str!("../../../../../sdk/wit/task.wit");
    let package = resolve.push_str("task.wit", text).unwrap();
    let world = resolve.select_world(&[package], Some("task")).unwrap();
    embed_component_metadata(wasm, &resolve, world, StringEncoding::UTF8, false).unwrap();
}

/// `list<function>` with one function `f`, without parameters, that returns anything. Laid out
/// by the canonical ABI: the list, then the record of 88 bytes, then the texts.
fn description() -> String {
    let record = DESCRIPTION + 8;
    let (name, schema) = (record + 88, record + 89);
    let words = [
        record, 1, // the list
        name, 1, // name
        0, 0, // doc
        0, 0, // parameters
        schema, 4, // returns.schema
    ];
    let mut bytes: String = words.into_iter().map(hex).collect();
    for _ in 0..(88 - 8 * 4) {
        bytes.push_str("\\00");
    }
    bytes.push_str("ftrue");
    bytes
}

fn hex(word: u32) -> String {
    word.to_le_bytes().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "\\{byte:02x}");
        text
    })
}
