//! Prints one result: JSON as JSON, raw bytes as they are where that does no harm. Used by `run`
//! and `result`, which differ only in how they come by it.

use std::path::Path as FilePath;

use anyhow::Context as _;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;

use crate::{
    client::{Problem, Reply},
    dto::Failure,
    exit_code::Exit,
    failure_text::describe_failure,
    output::{escape, human_bytes},
    session::Session,
};

/// Prints a result, or writes its bytes to `file`.
pub(crate) fn print_result(
    session: &Session,
    reply: &Reply,
    file: Option<&FilePath>,
) -> anyhow::Result<Exit> {
    let output = session.output;
    if let Some(file) = file {
        std::fs::write(file, &reply.body)
            .with_context(|| format!("cannot write {}", file.display()))?;
        let size = reply.body.len() as u64;
        if output.json {
            output.value(&json!({ "file": file, "size": size }))?;
        } else {
            output.message(format!("wrote {} to {}", human_bytes(size), file.display()));
        }
        return Ok(Exit::Ok);
    }
    if reply.is_json() {
        output.value(&reply.json()?)?;
    } else if output.json {
        let bytes = STANDARD.encode(&reply.body);
        output.value(&json!({ "$bytes": bytes, "media_type": reply.media_type }))?;
    } else if output.stdout_is_terminal() {
        let (size, media_type) = (human_bytes(reply.body.len() as u64), escape(&reply.media_type));
        output.message(format!(
            "the result is {size} of {media_type}; write it to a file with -o FILE, or pipe it on"
        ));
    } else {
        output.bytes(&reply.body)?;
    }
    Ok(Exit::Ok)
}

/// Tells that a task has no result, and why.
pub(crate) fn print_task_failure(
    session: &Session,
    problem: &Problem,
    run: &str,
) -> anyhow::Result<Exit> {
    let failure = problem.failure.clone().unwrap_or_default();
    if session.output.json {
        session
            .output
            .value(&json!({ "error": { "code": problem.code, "detail": problem.detail,
            "run": run, "failure": failure } }))?;
    }
    match serde_json::from_value::<Failure>(failure) {
        Ok(failure) if !failure.kind.is_empty() => {
            session.output.message(describe_failure(session.output, &problem.title, &failure));
        }
        _ => session.output.message(problem.to_string()),
    }
    Ok(Exit::Failed)
}
