//! Uploads that are no guests, or that are meant to hurt the compiler: each is refused with a
//! text that says what to change, and the next module is taken.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use wask_proto::ModuleId;

use crate::{
    compiler::CompileError,
    harness::{Call, Workshop, guest},
    raw::{self, Raw},
};

fn component(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

#[test]
fn a_good_module_tells_its_functions_and_that_it_is_pure() {
    let workshop = Workshop::new();
    let compiled = workshop.compile(&guest("numbers")).unwrap();
    assert!(compiled.pure);
    assert_eq!(compiled.imports, [""; 0]);
    let names: Vec<_> = compiled.functions.iter().map(|f| f.name.to_string()).collect();
    assert_eq!(names, ["inc", "dec", "add", "square", "sum", "checked_div"]);
    let add = &compiled.functions[2];
    assert_eq!(add.params.len(), 2);
    assert!(add.params[0].schema.contains("integer"), "{}", add.params[0].schema);
}

#[test]
fn imports_decide_whether_a_module_is_pure() {
    let workshop = Workshop::new();
    let compiled = workshop.compile(&guest("hostile")).unwrap();
    assert!(!compiled.pure);
    assert_eq!(compiled.imports, ["attempt", "cancelled", "log", "progress", "task"]);
    let logs = r#"(import "wask:task/host@0.1.0" "log" (func (param i32 i32 i32)))"#;
    let compiled = workshop.compile(&Raw { imports: logs, ..Raw::default() }.wasm()).unwrap();
    assert!(compiled.pure);
    assert_eq!(compiled.imports, ["log"]);
}

#[test]
fn a_module_is_compiled_once() {
    let workshop = Workshop::new();
    let wasm = guest("hostile");
    let first = workshop.compile(&wasm).unwrap();
    // The bytes are not even looked at again, which only their absence can prove.
    let id = ModuleId::of(&wasm);
    let again = workshop.compiler.compile("/nonexistent".as_ref(), id).unwrap();
    assert_eq!(first, again);
}

#[test]
fn truncated_modules_are_refused() {
    let workshop = Workshop::new();
    let wasm = guest("numbers");
    for length in [0, 1, 7, 8, 9, 100, wasm.len() / 2, wasm.len() - 1] {
        let refusal = workshop.refusal(&wasm[..length]);
        // The eight bytes of the head alone are a whole component, an empty one.
        let words = ["not WebAssembly", "does not validate", "no guest"];
        assert!(words.iter().any(|words| refusal.contains(words)), "{length} bytes: {refusal}");
    }
    workshop.module(&wasm);
}

#[test]
fn random_bytes_are_refused() {
    let workshop = Workshop::new();
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut noise = |length: usize| -> Vec<u8> {
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as u8
        };
        (0..length).map(|_| next()).collect()
    };
    for head in [&b""[..], b"\0asm\x01\0\0\0", b"\0asm\x0d\0\x01\0"] {
        for length in [10, 1_000, 100_000] {
            workshop.refusal(&[head, &noise(length)].concat());
        }
    }
    let elf = workshop.refusal(&[b"\x7fELF", &noise(1_000)[..]].concat());
    assert!(elf.contains("machine code"), "{elf}");
}

#[test]
fn flipped_bytes_never_take_the_host_down() {
    let workshop = Workshop::new();
    let wasm = raw::run("");
    for at in (8..wasm.len()).step_by(wasm.len() / 16) {
        let mut damaged = wasm.clone();
        damaged[at] ^= 0x55;
        // Some damage lies in names and does no harm; none may be a fault of the host.
        match workshop.compile(&damaged) {
            Ok(_) | Err(CompileError::Invalid { .. }) => {}
            Err(error) => panic!("byte {at}: {error}"),
        }
    }
}

#[test]
fn thousands_of_exports_are_refused() {
    let workshop = Workshop::new();
    let mut items = String::new();
    for n in 0..5_000 {
        let _ = write!(items, r#"(export "e{n}" (func $run))"#);
    }
    let mut wasm = wat::parse_str(format!("(module (func $run) {items})")).unwrap();
    raw::embed(&mut wasm);
    let refusal = workshop.refusal(&wasm);
    assert!(refusal.contains("5000 exports, more than the 1000 allowed"), "{refusal}");
}

#[test]
fn unknown_imports_are_refused_by_name() {
    let workshop = Workshop::new();
    let wasi = component(r#"(component (import "wasi:cli/environment@0.2.0" (instance)))"#);
    let refusal = workshop.refusal(&wasi);
    assert!(refusal.contains("wasi:cli/environment@0.2.0"), "{refusal}");
    assert!(refusal.contains("wasm32-unknown-unknown"), "{refusal}");

    let other = component(r#"(component (import "evil:spy/keys@1.0.0" (instance)))"#);
    assert!(workshop.refusal(&other).contains("evil:spy/keys@1.0.0"));

    let newer = component(
        r#"(component (import "wask:task/host@0.1.0" (instance (export "steal" (func)))))"#,
    );
    let refusal = workshop.refusal(&newer);
    assert!(refusal.contains("wask:task/host@0.1.0#steal"), "{refusal}");

    let core = Raw { imports: r#"(import "env" "steal" (func))"#, ..Raw::default() };
    assert!(workshop.refusal(&core.wasm()).contains("env"));
}

#[test]
fn a_component_that_is_no_guest_is_refused() {
    let workshop = Workshop::new();
    for wasm in [component("(component)"), component("(module)")] {
        let refusal = workshop.refusal(&wasm);
        assert!(refusal.contains("wask:task/guest@0.1.0"), "{refusal}");
        assert!(refusal.contains("wask build"), "{refusal}");
    }
}

#[test]
fn a_guest_whose_functions_have_other_types_is_refused() {
    let workshop = Workshop::new();
    let wrong = component(
        r#"(component
          (core module $m (func (export "f")))
          (core instance $i (instantiate $m))
          (func $f (canon lift (core func $i "f")))
          (instance $guest (export "describe" (func $f)) (export "run" (func $f)))
          (export "wask:task/guest@0.1.0" (instance $guest)))"#,
    );
    let refusal = workshop.refusal(&wrong);
    assert!(refusal.contains("describe"), "{refusal}");
}

#[test]
fn too_much_of_anything_is_refused_before_it_is_compiled() {
    let workshop = Workshop::new();
    let locals = format!("(module (func (local {})))", "i64 ".repeat(20_000));
    let body = format!("(module (func {}))", "(drop (i32.const 1000000000))".repeat(200_000));
    let functions = format!("(module {})", "(func)".repeat(100_001));
    let memories = format!("(module {})", "(memory 0)".repeat(5));
    let tables = format!("(module {})", "(table 0 funcref)".repeat(9));
    let nested = format!("(component {})", "(component)".repeat(17));
    for (text, words) in [
        (locals, "20000 locals in one function"),
        (body, "bytes in one function"),
        (functions, "100001 functions"),
        (memories, "5 memories"),
        (tables, "9 tables"),
        (nested, "17 nested components"),
    ] {
        let started = Instant::now();
        let refusal = workshop.refusal(&component(&text));
        assert!(refusal.contains(words), "{refusal}");
        assert!(started.elapsed() < Duration::from_secs(10));
    }
}

/// A module of a few megabytes that takes the compiler far longer than its size suggests:
/// long functions in which everything depends on everything.
fn bomb() -> Vec<u8> {
    let mut body = String::new();
    for n in 0..50_000 {
        let _ = write!(
            body,
            "(local.set {} (i64.rotl (i64.mul (local.get {}) (local.get {})) (i64.const {n})))",
            n % 97,
            (n * 7 + 1) % 97,
            (n * 13 + 5) % 97,
        );
    }
    let locals = "i64 ".repeat(100);
    let function = format!("(func (local {locals}) {body})");
    Raw { items: &function.repeat(4), ..Raw::default() }.wasm()
}

#[test]
fn a_module_that_explodes_in_the_compiler_is_stopped_by_time_or_memory() {
    let workshop = Workshop::new();
    let wasm = bomb();
    let mut hasty = Workshop::new();
    hasty.compiler.limits.wall_max_ms = 300;
    let started = Instant::now();
    let refusal = hasty.refusal(&wasm);
    assert!(refusal.contains("takes longer than 1 s to compile"), "{refusal}");
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());

    let mut poor = Workshop::new();
    poor.compiler.limits.memory_max_bytes = 64 * 1024 * 1024;
    let refusal = poor.refusal(&wasm);
    assert!(refusal.contains("more than 64 MiB of memory to compile"), "{refusal}");
    // The compiler itself is fine.
    workshop.module(&raw::run(""));
}

#[test]
fn bytes_that_do_not_have_the_claimed_id_are_a_fault_of_the_host() {
    let workshop = Workshop::new();
    let path = workshop.cache_dir().with_extension("wasm");
    std::fs::write(&path, raw::run("")).unwrap();
    let error = workshop.compiler.compile(&path, ModuleId::of(b"other")).unwrap_err();
    assert!(matches!(error, CompileError::Fault { .. }), "{error:?}");
    assert!(error.to_string().contains("id"), "{error}");
}

#[test]
fn a_description_with_a_name_that_steers_a_terminal_is_refused() {
    let workshop = Workshop::new();
    // The description's only name, one byte long, becomes an escape character.
    let describe = "(i32.store8 (i32.const 1120) (i32.const 27))";
    let refusal = workshop.refusal(&Raw { describe, ..Raw::default() }.wasm());
    assert!(refusal.contains("cannot name a function"), "{refusal}");
    assert!(!refusal.contains('\u{1b}'), "{refusal:?}");
}

#[test]
fn a_core_module_with_metadata_is_wrapped_and_runs() {
    let workshop = Workshop::new();
    let wasm = raw::run("");
    assert!(wasm.starts_with(b"\0asm\x01\0\0\0"));
    let compiled = workshop.compile(&wasm).unwrap();
    assert_eq!(&*compiled.functions[0].name, "f");
    let mut executor = workshop.executor();
    let zero = executor.result(&Call::new(ModuleId::of(&wasm), "f"));
    assert_eq!(zero, ciborium::Value::from(0));
}
