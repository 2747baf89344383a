//! Asks a guest for its task functions, once, and checks the answer: what it says ends up in
//! URLs, terminals, graphs and JSON documents.

use std::{collections::HashSet, pin::pin, sync::Arc, time::Instant};

use wask_proto::{
    DESCRIBE_LIMITS, FunctionInfo, ParamInfo, ResultInfo,
    executor::{JobOutcome, SharedPage},
};
use wasmtime::{Engine, Store};

use crate::{
    call::{self, CallState, Caller, Surroundings},
    check::Refusal,
    clock::Clock,
    failure,
    guest::{
        DescribeResult, Guest, GuestFunction, GuestParameter, GuestReturned, RunParams, RunResult,
    },
    text,
};

const FUNCTIONS_MAX: usize = 1_000;
const PARAMS_MAX: usize = 64;
const NAME_MAX_BYTES: usize = 128;
const DOC_MAX_BYTES: usize = 64 * 1024;
const SCHEMA_MAX_BYTES: usize = 256 * 1024;
const MEDIA_TYPE_MAX_BYTES: usize = 255;
/// The largest memory that a 32-bit guest can use.
const MEMORY_MAX_BYTES: u64 = 4 << 30;
const RETRIES_MAX: u32 = 1_000;

/// Runs `describe` within its limits. The engine's epoch must move meanwhile.
pub(crate) fn describe(engine: &Engine, guest: &Guest) -> Result<Vec<FunctionInfo>, Refusal> {
    let around = Surroundings {
        page: Box::leak(Box::<SharedPage>::default()),
        clock: Clock::new(),
        caller: Caller::Describe,
        exchange: Arc::default(),
    };
    // Sequence number 1, because the page's zero means that nothing is to be cancelled.
    let name = (1, 1, Arc::from("describe"));
    let state = CallState::new(DESCRIBE_LIMITS, Instant::now(), name, around);
    let mut store = call::new_store(engine, state);
    // Outside of a task a guest cannot ask for anything, and so never waits.
    let described = call::poll(pin!(run(&mut store, guest)));
    match described {
        Some(Ok(described)) => checked(described),
        Some(Err(error)) => Err(told(&error, &mut store)),
        None => Err(Refusal::new("its `describe` waits for something")),
    }
}

async fn run(store: &mut Store<CallState>, guest: &Guest) -> wasmtime::Result<Vec<GuestFunction>> {
    let instance = guest.pre.instantiate_async(&mut *store).await?;
    // `run` is not called, but its type must be right before the first task finds out.
    instance.get_typed_func::<RunParams<'_>, RunResult>(&mut *store, &guest.run)?;
    let describe = instance.get_typed_func::<(), DescribeResult>(&mut *store, &guest.describe)?;
    let (functions,) = describe.call_async(&mut *store, ()).await?;
    Ok(functions)
}

fn told(error: &wasmtime::Error, store: &mut Store<CallState>) -> Refusal {
    let JobOutcome::Failure(failure) = failure::of_error(error, store) else {
        return Refusal::new("its `describe` was interrupted");
    };
    let (kind, message) = (failure.kind.name(), failure.message);
    Refusal::new(format!("its `describe` failed ({kind}): {message}"))
}

fn checked(functions: Vec<GuestFunction>) -> Result<Vec<FunctionInfo>, Refusal> {
    if functions.is_empty() {
        return Err(Refusal::new(
            "it exports no task function: list at least one in `wask::export![]`",
        ));
    }
    if functions.len() > FUNCTIONS_MAX {
        return Err(Refusal::new(format!(
            "it exports {} task functions, more than the {FUNCTIONS_MAX} allowed",
            functions.len()
        )));
    }
    let mut names = HashSet::new();
    if let Some(twice) = functions.iter().find(|function| !names.insert(function.name.as_str())) {
        return Err(Refusal::new(format!("it exports `{}` twice", twice.name)));
    }
    functions.into_iter().map(function).collect()
}

fn function(function: GuestFunction) -> Result<FunctionInfo, Refusal> {
    let GuestFunction { name, doc, parameters, returns, retries, timeout_ms, memory_bytes } =
        function;
    check_name("function", &name)?;
    let at = |refusal: Refusal| Refusal::new(format!("function `{name}`: {refusal}"));
    fits("its doc comment", doc.len(), DOC_MAX_BYTES).map_err(at)?;
    if timeout_ms == Some(0) {
        return Err(at(Refusal::new("a timeout of 0 leaves no time to run")));
    }
    if memory_bytes.is_some_and(|bytes| bytes == 0 || bytes > MEMORY_MAX_BYTES) {
        return Err(at(Refusal::new("its memory must be between 1 byte and 4 GiB")));
    }
    if retries.is_some_and(|retries| retries > RETRIES_MAX) {
        return Err(at(Refusal::new(format!("retries are at most {RETRIES_MAX}"))));
    }
    Ok(FunctionInfo {
        doc: doc.lines().map(text::escaped).collect::<Vec<_>>().join("\n"),
        params: params(parameters).map_err(at)?,
        result: result(returns).map_err(at)?,
        name: name.into(),
        retries,
        timeout_ms,
        memory_max_bytes: memory_bytes,
    })
}

fn params(parameters: Vec<GuestParameter>) -> Result<Vec<ParamInfo>, Refusal> {
    if parameters.len() > PARAMS_MAX {
        return Err(Refusal::new(format!("it has more than {PARAMS_MAX} parameters")));
    }
    let mut names = HashSet::new();
    for parameter in &parameters {
        check_name("parameter", &parameter.name)?;
        check_schema(&parameter.schema)
            .map_err(|error| Refusal::new(format!("parameter `{}`: {error}", parameter.name)))?;
        if !names.insert(parameter.name.as_str()) {
            return Err(Refusal::new(format!("it has two parameters `{}`", parameter.name)));
        }
    }
    let info = |p: GuestParameter| ParamInfo { name: p.name, schema: p.schema, raw: p.raw };
    Ok(parameters.into_iter().map(info).collect())
}

fn result(returns: GuestReturned) -> Result<ResultInfo, Refusal> {
    check_schema(&returns.schema).map_err(|error| Refusal::new(format!("its result: {error}")))?;
    if let Some(media_type) = &returns.media_type {
        let printable =
            media_type.bytes().all(|byte| (b'!'..=b'~').contains(&byte) || byte == b' ');
        let fits = media_type.len() <= MEDIA_TYPE_MAX_BYTES && media_type.contains('/');
        if !printable || !fits {
            return Err(Refusal::new(format!("`{media_type}` is no media type")));
        }
    }
    let GuestReturned { schema, raw, media_type } = returns;
    Ok(ResultInfo { schema, raw, media_type })
}

fn check_name(what: &str, name: &str) -> Result<(), Refusal> {
    let mut bytes = name.bytes();
    let head = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    let tail = bytes.all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
    if head && tail && name.len() <= NAME_MAX_BYTES {
        return Ok(());
    }
    let shown: String = name.chars().take(40).collect();
    Err(Refusal::new(format!(
        "`{shown}` cannot name a {what}: begin with a letter or `_`, go on with letters, digits, \
         `_`, `-` and `.`, {NAME_MAX_BYTES} bytes at most"
    )))
}

fn check_schema(schema: &str) -> Result<(), Refusal> {
    fits("its schema", schema.len(), SCHEMA_MAX_BYTES)?;
    match serde_json::from_str::<serde_json::Value>(schema) {
        Ok(serde_json::Value::Object(_) | serde_json::Value::Bool(_)) => Ok(()),
        Ok(_) => Err(Refusal::new("its schema is neither a JSON object nor a boolean")),
        Err(error) => Err(Refusal::new(format!("its schema is no JSON: {error}"))),
    }
}

fn fits(what: &str, bytes: usize, max: usize) -> Result<(), Refusal> {
    if bytes <= max {
        return Ok(());
    }
    let (bytes, max) = (text::bytes(bytes as u64), text::bytes(max as u64));
    Err(Refusal::new(format!("{what} has {bytes}, more than the {max} allowed")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(name: &str) -> GuestFunction {
        let returns = GuestReturned { schema: "true".into(), raw: false, media_type: None };
        GuestFunction {
            name: name.into(),
            doc: String::new(),
            parameters: Vec::new(),
            returns,
            retries: None,
            timeout_ms: None,
            memory_bytes: None,
        }
    }

    fn refusal(functions: Vec<GuestFunction>) -> String {
        checked(functions).unwrap_err().to_string()
    }

    #[test]
    fn names_are_plain_and_unique() {
        assert!(checked(vec![plain("a_b-c.D9"), plain("_x")]).is_ok());
        for name in ["", "9a", "a b", "a/b", "a\n", "\u{1b}[31m", "é", &"a".repeat(129)] {
            assert!(refusal(vec![plain(name)]).contains("cannot name a function"), "{name}");
        }
        assert_eq!(refusal(vec![plain("a"), plain("a")]), "it exports `a` twice");
    }

    #[test]
    fn counts_are_bounded_at_both_ends() {
        assert!(refusal(Vec::new()).contains("no task function"));
        let many = (0..=FUNCTIONS_MAX).map(|n| plain(&format!("f{n}"))).collect();
        assert!(refusal(many).contains("1001 task functions"));
    }

    #[test]
    fn schemas_are_json_objects_or_booleans() {
        for (schema, words) in [("{", "no JSON"), ("3", "neither"), (&"[".repeat(500), "no JSON")] {
            let mut function = plain("f");
            function.returns.schema = schema.into();
            let refusal = refusal(vec![function]);
            assert!(refusal.contains("function `f`") && refusal.contains(words), "{refusal}");
        }
    }

    #[test]
    fn options_that_cannot_work_are_refused() {
        let no_time = GuestFunction { timeout_ms: Some(0), ..plain("f") };
        let no_memory = GuestFunction { memory_bytes: Some(0), ..plain("f") };
        assert!(refusal(vec![no_time]).contains("timeout"));
        assert!(refusal(vec![no_memory]).contains("memory"));
    }
}
