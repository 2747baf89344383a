//! The compile child: one module in, its machine code in the cache directory, its description on
//! standard output. It lives for one module and has limits of its own, because compiling is work
//! that an uploader chooses.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, Read, Write},
    process::ExitCode,
};

use wask_proto::{
    MODULE_MAX_BYTES, ModuleId,
    compile::{CompileReply, CompiledModule},
    decode_frame, encode_frame,
};
use wasmtime::{
    Engine,
    component::{Component, types::ComponentItem},
};

use crate::{
    args::CompileArgs,
    cache::Cache,
    check::{self, Refusal},
    describe, engine,
    guest::{self, Guest, HOST_FUNCTIONS, HOST_INTERFACE, PURE_FUNCTIONS},
    process, text,
    ticker::Ticker,
};

/// Compiles one module. Everything it has to say is in the frame on standard output; the exit
/// code only tells whether there is one.
pub fn compile_child(args: &CompileArgs) -> ExitCode {
    let reply = match compile(args) {
        Ok(compiled) => CompileReply::Compiled(compiled),
        Err(Unfit::Module(refusal)) => CompileReply::Refused { reason: refusal.to_string() },
        Err(Unfit::Host(error)) => fault(&error, args.memory_max_bytes),
    };
    match answer(&reply) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("wask compile: cannot answer: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What the host lacked is the module's fault where it is memory: the child has only so much, and
/// starts with nearly none of it used.
fn fault(error: &wasmtime::Error, memory_max_bytes: u64) -> CompileReply {
    const OUT_OF_MEMORY: &str = "(os error 12)";
    let message = format!("{error:#}");
    if !message.contains(OUT_OF_MEMORY) {
        return CompileReply::Fault { message };
    }
    let max = text::bytes(memory_max_bytes);
    CompileReply::Refused {
        reason: format!("the module needs more than {max} of memory to compile: make it smaller"),
    }
}

/// Whose fault it is that there is no compiled form.
enum Unfit {
    Module(Refusal),
    Host(wasmtime::Error),
}

impl From<Refusal> for Unfit {
    fn from(refusal: Refusal) -> Self {
        Self::Module(refusal)
    }
}

fn host(error: impl Into<wasmtime::Error>) -> Unfit {
    Unfit::Host(error.into())
}

fn answer(reply: &CompileReply) -> io::Result<()> {
    let mut frame = Vec::new();
    encode_frame(reply, &mut frame).map_err(io::Error::other)?;
    let mut stdout = io::stdout().lock();
    stdout.write_all(&frame)?;
    stdout.flush()
}

fn compile(args: &CompileArgs) -> Result<CompiledModule, Unfit> {
    process::confine_compile_child(args.memory_max_bytes).map_err(host)?;
    let engine = engine::compile_engine().map_err(host)?;
    // Before the compiler has used up the memory that a thread needs.
    let ticker = Ticker::start(engine.clone()).map_err(host)?;
    let cache = Cache::open(&args.cache_dir, engine::compatibility(&engine)).map_err(host)?;
    if let Some(known) = known(&cache, args.id) {
        return Ok(known);
    }
    let wasm = read(args)?;
    let component = check::component(&wasm)?;
    let code = engine
        .precompile_component(&component)
        .map_err(|error| Refusal::new(format!("the module cannot be compiled: {error:#}")))?;
    ticker.work();
    let compiled = load_and_describe(&engine, &code)?;
    store(&cache, args.id, &code, &compiled)?;
    Ok(compiled)
}

/// What an earlier child found out about the same module, if its work is still there.
fn known(cache: &Cache, id: ModuleId) -> Option<CompiledModule> {
    let reply = fs::read(cache.reply_path(id)).ok()?;
    let (compiled, _) = decode_frame(&reply).ok()??;
    cache.code_path(id).is_file().then_some(compiled)
}

fn read(args: &CompileArgs) -> Result<Vec<u8>, Unfit> {
    let mut wasm = Vec::new();
    // One byte more than allowed, so that the check of the size sees that it is too large.
    let limit = MODULE_MAX_BYTES as u64 + 1;
    let file = File::open(&args.wasm).map_err(host)?;
    file.take(limit).read_to_end(&mut wasm).map_err(host)?;
    if wasm.len() <= MODULE_MAX_BYTES && ModuleId::of(&wasm) != args.id {
        return Err(host(io::Error::other("the file's bytes do not have the module's id")));
    }
    Ok(wasm)
}

fn store(cache: &Cache, id: ModuleId, code: &[u8], compiled: &CompiledModule) -> Result<(), Unfit> {
    let mut reply = Vec::new();
    encode_frame(compiled, &mut reply).map_err(host)?;
    // The description comes second: where it is, the code is whole too.
    cache.put(&cache.code_path(id), code).map_err(host)?;
    cache.put(&cache.reply_path(id), &reply).map_err(host)
}

fn load_and_describe(engine: &Engine, code: &[u8]) -> Result<CompiledModule, Unfit> {
    let component = load(engine, code).map_err(host)?;
    let imports = imports(engine, &component)?;
    let linker = guest::linker(engine).map_err(host)?;
    let guest = Guest::new(&linker, &component)
        .map_err(|error| Refusal::new(format!("the module is no guest: {error}")))?;
    let functions = describe::describe(engine, &guest)
        .map_err(|refusal| Refusal::new(format!("the module was refused: {refusal}")))?;
    let pure = imports.iter().all(|import| PURE_FUNCTIONS.contains(&import.as_str()));
    Ok(CompiledModule { functions, imports, pure })
}

#[expect(unsafe_code, reason = "wasmtime loads compiled code unchecked")]
fn load(engine: &Engine, code: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: these are the bytes that this very process has just compiled.
    unsafe { Component::deserialize(engine, code) }
}

/// The host functions that the component imports, sorted.
fn imports(engine: &Engine, component: &Component) -> Result<Vec<String>, Refusal> {
    let ty = component.component_type();
    let mut names = BTreeSet::new();
    for (interface, item) in ty.imports(engine) {
        let ComponentItem::ComponentInstance(instance) = item.ty else {
            return Err(Refusal::new(format!("the module imports `{interface}`, unknown here")));
        };
        for (name, item) in instance.exports(engine) {
            // Types come along with the functions that need them, and ask for nothing.
            if matches!(item.ty, ComponentItem::Type(_)) {
                continue;
            }
            if interface != HOST_INTERFACE || !HOST_FUNCTIONS.contains(&name) {
                return Err(Refusal::new(format!(
                    "the module imports `{interface}#{name}`, and `{HOST_INTERFACE}` has only {}",
                    HOST_FUNCTIONS.join(", ")
                )));
            }
            names.insert(name.to_owned());
        }
    }
    Ok(names.into_iter().collect())
}
