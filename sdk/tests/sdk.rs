//! The macros from outside: what compiles, what does not and with which words, and what a guest
//! built with them does when it is called.
#![expect(clippy::expect_used, clippy::panic, reason = "a test")]

use serde_json::{Value, json};
use wask::__private::{Entry, Exports, Failure, run};
use wask::prelude::*;

/// A place.
#[wask::value]
#[derive(Clone, PartialEq, Debug)]
struct Place {
    /// Its name.
    name: String,
    height: f64,
}

/// The higher one.
///
/// Ties go to the first.
#[wask::task(retries = 2, timeout = "30s", memory = "64MiB")]
fn higher(a: Place, b: Place) -> Place {
    if b.height > a.height { b } else { a }
}

#[wask::task(media_type = "image/png", name = "flip-bits")]
fn flip(bits: Bytes) -> Result<Bytes, std::io::Error> {
    match bits.is_empty() {
        true => Err(std::io::Error::other("no bits")),
        false => Ok(bits.iter().map(|byte| !byte).collect()),
    }
}

#[wask::task]
fn logged(ctx: &Ctx, times: u32) -> String {
    (0..times).for_each(|time| ctx.log(Level::Info, format!("line {time}")));
    ctx.task()
}

#[wask::task]
fn fails(
    #[expect(unused_mut, reason = "a pattern that is allowed")] mut message: String,
) -> Result<(), Error> {
    Err(Error::new("inner").context(message))
}

#[wask::task]
fn nothing() {}

mod nested {
    #[wask::task]
    pub(crate) fn r#type(r#type: u8) -> u8 {
        r#type
    }
}

wask::export![higher, self::flip, crate::logged, fails, nothing, nested::r#type];

fn entry(name: &str) -> &'static Entry {
    described().find(|entry| entry.name == name).expect("an exported function")
}

fn described() -> impl Iterator<Item = &'static Entry> {
    WaskExportOncePerCrate::ALL.iter().flat_map(|entries| entries.described)
}

/// Calls a function as the component's `run` does, with arguments in CBOR.
fn call(name: &str, args: &[Vec<u8>]) -> Result<Vec<u8>, Failure> {
    run(WaskExportOncePerCrate::ALL, name, args.to_vec())
}

fn cbor(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).expect("it encodes");
    bytes
}

fn json_of(bytes: &[u8]) -> Value {
    ciborium::from_reader(bytes).expect("CBOR")
}

fn invalid(name: &str, args: &[Vec<u8>]) -> String {
    match call(name, args) {
        Err(Failure::Invalid(message)) => message,
        other => panic!("{other:?}"),
    }
}

/// Goal: wrong use gives a compile error that says what to write, and right use compiles.
#[test]
fn compile_errors_say_what_to_write() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/pass/*.rs");
    cases.compile_fail("tests/compile_fail/*.rs");
}

/// Goal: names, docs, options and schemas are those of the source.
#[test]
fn entries_describe_the_functions() {
    let names: Vec<_> = described().map(|entry| entry.name).collect();
    assert_eq!(names, ["higher", "flip-bits", "logged", "fails", "nothing", "type"]);
    let higher = entry("higher");
    assert_eq!(higher.doc, "The higher one.\n\nTies go to the first.");
    assert_eq!(higher.params.iter().map(|param| param.name).collect::<Vec<_>>(), ["a", "b"]);
    let options = higher.options;
    assert_eq!(
        (options.retries, options.timeout_ms, options.memory_bytes),
        (Some(2), Some(30_000), Some(64 << 20))
    );
    let schema: Value = serde_json::from_str(&(higher.params[0].schema)()).expect("JSON");
    assert_eq!(schema["properties"]["name"], json!({"type": "string", "description": "Its name."}));
    assert_eq!(schema["required"], json!(["name", "height"]));
    let logged = entry("logged");
    assert_eq!(logged.params.len(), 1, "the context is no parameter");
    assert_eq!((logged.params[0].schema)(), r#"{"type":"integer","format":"uint32","minimum":0}"#);
    assert_eq!((entry("nothing").returns.schema)(), r#"{"type":"null"}"#);
}

/// Goal: `Bytes` crosses as it is and says so.
#[test]
fn bytes_cross_raw() {
    let flip = entry("flip-bits");
    assert!(flip.params[0].raw && flip.returns.raw);
    assert_eq!(flip.returns.media_type, Some("image/png"));
    assert_eq!(call("flip-bits", &[vec![0, 0xf0]]), Ok(vec![0xff, 0x0f]));
    assert!(!entry("higher").params[0].raw);
}

/// Goal: values arrive as the functions' types and leave as CBOR.
#[test]
fn calls_decode_and_encode() {
    let (low, high) = (json!({"name": "A", "height": 1}), json!({"name": "B", "height": 2.5}));
    let result = call("higher", &[cbor(&low), cbor(&high)]).expect("a result");
    assert_eq!(json_of(&result), high);
    assert_eq!(json_of(&call("nothing", &[]).expect("a result")), Value::Null);
    assert_eq!(json_of(&call("logged", &[cbor(&json!(3))]).expect("a result")), "test/task");
    assert_eq!(json_of(&call("type", &[cbor(&json!(3))]).expect("a result")), 3);
}

/// Goal: a function's own errors keep their causes.
#[test]
fn errors_become_app_failures() {
    let failure = call("fails", &[cbor(&json!("outer"))]).expect_err("it fails");
    assert_eq!(
        failure,
        Failure::App { message: "outer".to_owned(), causes: vec!["inner".to_owned()] }
    );
    let failure = call("flip-bits", &[vec![]]).expect_err("it fails");
    assert_eq!(failure, Failure::App { message: "no bits".to_owned(), causes: vec![] });
}

/// Goal: what does not fit is refused with the parameter, the place, and what was expected.
#[test]
fn misfits_are_invalid_and_named() {
    assert_eq!(invalid("lower", &[]), "the module has no function `lower`");
    assert_eq!(invalid("higher", &[vec![]]), "`higher` takes 2 arguments (a, b), but 1 was given");
    assert_eq!(
        invalid("nothing", &[vec![], vec![]]),
        "`nothing` takes no arguments, but 2 were given"
    );
    let good = cbor(&json!({"name": "A", "height": 1}));
    let bad = cbor(&json!({"name": "A", "height": "tall"}));
    assert_eq!(
        invalid("higher", &[good, bad]),
        "argument `b` at `.height`: expected f64, found the text \"tall\""
    );
    assert_eq!(invalid("type", &[cbor(&json!(256))]), "argument `type`: expected u8, found 256");
    assert_eq!(invalid("type", &[vec![]]), "argument `type`: the value ends too early");
}

/// Goal: the functions stay plain functions.
#[test]
fn functions_stay_callable() {
    let ctx = Ctx::for_test();
    assert_eq!(logged(&ctx, 2), "test/task");
    assert_eq!(ctx.logs()[1], (Level::Info, "line 1".to_owned()));
    assert_eq!(nested::r#type(4), 4);
    assert!(flip(Bytes::new()).is_err());
    nothing();
    assert_eq!(fails("m".to_owned()).expect_err("it fails").causes(), ["inner"]);
}
