//! Which failure an error of wasmtime is, and how it is told. The rule is: a limit that the host
//! imposed explains the error before the trap that followed from it does.

use wask_proto::{Failure, FailureKind, executor::JobOutcome};
use wasmtime::{AsContextMut, Error, FrameInfo, Store, Trap, WasmBacktrace, WasmCoreDump};

use crate::{
    call::{CallState, Stop},
    engine::GUEST_STACK_MAX_BYTES,
    guest::GuestFailure,
    logs::LogBudget,
    panic_record, text,
};

/// How wasmtime words it when a guest hands over more than the host-call budget. The error has no
/// public type; the tests of giant results notice if the words change.
const HOSTCALL_BUDGET_SPENT: &str = "fuel allocated for hostcalls has been exhausted";

/// The failure that the guest itself returned.
pub(crate) fn of_guest(failure: GuestFailure) -> Failure {
    match failure {
        GuestFailure::Invalid(message) => Failure::new(FailureKind::Invalid, text::shown(&message)),
        GuestFailure::App(error) => Failure {
            kind: FailureKind::App,
            message: text::shown(&error.message),
            cause: (!error.causes.is_empty()).then(|| text::shown(&error.causes.join(": "))),
            trace: Vec::new(),
        },
    }
}

/// The outcome of a call that wasmtime ended with an error.
pub(crate) fn of_error(error: &Error, store: &mut Store<CallState>) -> JobOutcome {
    let (kind, message) = match error.downcast_ref::<Stop>() {
        Some(Stop::Cancelled | Stop::WorkerGone) => return JobOutcome::Cancelled,
        Some(Stop::Deadline) => (FailureKind::Timeout, timeout(store.data())),
        None => of_guest_error(error, store),
    };
    let trace = match kind {
        FailureKind::Invalid => Vec::new(),
        _ => trace(error),
    };
    JobOutcome::Failure(Box::new(Failure { kind, message, cause: None, trace }))
}

fn of_guest_error(error: &Error, store: &mut Store<CallState>) -> (FailureKind, String) {
    if let Some(budget) = error.downcast_ref::<LogBudget>() {
        return (FailureKind::Output, budget.to_string());
    }
    if is_hostcall_budget(error) {
        return (FailureKind::Output, output(store.data()));
    }
    if let Some(refused) = store.data().limiter.refused() {
        return (FailureKind::Memory, refused.to_string());
    }
    match error.downcast_ref::<Trap>() {
        Some(trap) => (FailureKind::Trap, of_trap(*trap, error, store)),
        None => (FailureKind::Trap, text::shown(&format!("the guest misbehaved: {}", root(error)))),
    }
}

fn timeout(state: &CallState) -> String {
    let limit = match state.limits.wall_max_ms {
        ms if ms.is_multiple_of(1_000) => format!("{} s", ms / 1_000),
        ms => format!("{ms} ms"),
    };
    format!("the call ran longer than its timeout of {limit}")
}

fn output(state: &CallState) -> String {
    format!(
        "the guest handed over more than its limit of {} for a result, a failure or a message",
        text::bytes(state.limits.result_max_bytes)
    )
}

fn of_trap(trap: Trap, error: &Error, store: &mut Store<CallState>) -> String {
    let dump = error.downcast_ref::<WasmCoreDump>();
    let panic = dump.and_then(|dump| panic_record::find(dump, &*store));
    match (trap, panic) {
        (Trap::UnreachableCodeReached, Some(message)) => text::shown(&message),
        (Trap::UnreachableCodeReached, None) => {
            "the guest executed an `unreachable` instruction".to_owned()
        }
        (Trap::StackOverflow, _) => stack_overflow(),
        (Trap::MemoryOutOfBounds, _) if dump.is_some_and(|dump| is_stack_sunk(dump, store)) => {
            stack_overflow()
        }
        (Trap::MemoryOutOfBounds, _) => "out of bounds memory access".to_owned(),
        (trap, _) => {
            let words = trap.to_string();
            words.strip_prefix("wasm trap: ").unwrap_or(&words).to_owned()
        }
    }
}

fn stack_overflow() -> String {
    format!(
        "stack overflow: calls nest deeper than the guest's stack of {}",
        text::bytes(GUEST_STACK_MAX_BYTES as u64)
    )
}

/// Whether the guest's stack pointer has sunk below address 0. Compilers keep a stack of their own
/// at the bottom of linear memory, and its pointer in the first mutable global; when calls nest
/// too deep it wraps around, and the next access is out of bounds.
fn is_stack_sunk(dump: &WasmCoreDump, mut store: impl AsContextMut) -> bool {
    const SUNK_MAX_BYTES: i32 = 64 * 1024 * 1024;
    let pointers = dump.globals().iter().filter(|global| {
        let ty = global.ty(&store);
        ty.mutability().is_var() && ty.content().is_i32()
    });
    let first = pointers.copied().next().and_then(|global| global.get(&mut store).i32());
    first.is_some_and(|pointer| (-SUNK_MAX_BYTES..0).contains(&pointer))
}

fn is_hostcall_budget(error: &Error) -> bool {
    error.chain().any(|cause| cause.to_string().contains(HOSTCALL_BUDGET_SPENT))
}

fn root(error: &Error) -> String {
    error.chain().last().map(ToString::to_string).unwrap_or_default()
}

fn trace(error: &Error) -> Vec<String> {
    let frames = match (error.downcast_ref::<WasmBacktrace>(), error.downcast_ref::<WasmCoreDump>())
    {
        (Some(backtrace), _) => backtrace.frames(),
        (None, Some(dump)) => dump.frames(),
        (None, None) => &[],
    };
    frames.iter().map(function_name).collect()
}

/// The name of a frame's function, for people.
pub(crate) fn function_name(frame: &FrameInfo) -> String {
    const NAME_MAX_BYTES: usize = 256;
    let name = match frame.func_name() {
        Some(name) => format!("{:#}", rustc_demangle::demangle(name)),
        None => format!("function {}", frame.func_index()),
    };
    let mut name = text::shown(&name);
    let end = (0..=NAME_MAX_BYTES.min(name.len())).rev().find(|end| name.is_char_boundary(*end));
    name.truncate(end.unwrap_or(0));
    name
}
