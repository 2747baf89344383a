//! A task's failure for people: whose fault, what happened, and the frames that are the guest's.

use crate::{
    dto::Failure,
    output::{Color, Output, escape, escape_lines},
};

/// Where frames begin that belong to Rust's own machinery of panics.
const RUNTIME_PREFIXES: [&str; 9] = [
    "__rust",
    "rust_begin_unwind",
    "rust_panic",
    "std::",
    "core::",
    "alloc::",
    "<std::",
    "<core::",
    "<alloc::",
];

/// Title, kind and message, then cause and trace.
pub(crate) fn describe_failure(output: Output, title: &str, failure: &Failure) -> String {
    let kind = output.paint_stderr(&escape(&failure.kind), Color::Red);
    let mut text = format!("{}: {kind}: {}", escape(title), escape_lines(&failure.message, "  "));
    if let Some(cause) = failure.cause.as_deref().filter(|cause| !cause.is_empty()) {
        text.push_str(&format!("\n  cause: {}", escape_lines(cause, "  ")));
    }
    for frames in of_the_guest(&failure.trace).chunk_by(|a, b| a == b) {
        let shown = if frames.len() > 2 { 1 } else { frames.len() };
        for frame in frames.iter().take(shown) {
            text.push_str(&format!("\n    at {}", escape(frame)));
        }
        if frames.len() > shown {
            text.push_str(&format!("\n    … {} more of the same", frames.len() - shown));
        }
    }
    text
}

/// The frames from the guest's innermost one on; all of them where there is none.
fn of_the_guest(trace: &[String]) -> &[String] {
    let is_runtime = |frame: &String| RUNTIME_PREFIXES.iter().any(|p| frame.starts_with(p));
    let first = trace.iter().position(|frame| !is_runtime(frame)).unwrap_or(0);
    trace.get(first..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(kind: &str, message: &str, cause: Option<&str>, trace: &[&str]) -> String {
        let failure = Failure {
            kind: kind.to_owned(),
            message: message.to_owned(),
            cause: cause.map(str::to_owned),
            trace: trace.iter().map(|frame| (*frame).to_owned()).collect(),
        };
        let text = describe_failure(Output::new(true), "t", &failure);
        text.replace("\u{1b}[31m", "").replace("\u{1b}[0m", "")
    }

    /// Goal: a failure shows kind, message, cause and trace, and its control characters do no harm.
    #[test]
    fn failures_are_told_whole() {
        let text = told("trap", "a\u{1b}[2J\nb", Some("why"), &["f", "g"]);
        assert_eq!(text, "t: trap: a\\u{1b}[2J\n  b\n  cause: why\n    at f\n    at g");
    }

    /// Goal: frames of the panic machinery are left out, repeated ones folded; never all of them.
    #[test]
    fn traces_begin_with_the_guest() {
        let panicked = ["__rustc::rust_panic", "core::panicking::panic_fmt", "m::f", "core::g"];
        assert_eq!(told("trap", "x", None, &panicked), "t: trap: x\n    at m::f\n    at core::g");
        let deep = ["m::f", "m::f", "m::f", "m::g", "m::g"];
        let folded = "t: trap: x\n    at m::f\n    … 2 more of the same\n    at m::g\n    at m::g";
        assert_eq!(told("trap", "x", None, &deep), folded);
        assert_eq!(told("trap", "x", None, &["std::a"]), "t: trap: x\n    at std::a");
    }
}
