//! `wask run`: calls one function and prints its result.

use anyhow::Context as _;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::result::await_result;
use crate::{
    cli::RunArgs,
    client::{Client, ClientError, Path, Problem},
    dto::{Page, Run},
    exit_code::{Exit, Usage},
    interrupt::Farewell,
    result_output::{print_result, print_task_failure},
    session::Session,
};

/// HTTP's "accepted": the call is not finished.
const ACCEPTED: u16 = 202;

/// Files up to this size travel inside the request; larger ones are uploaded first.
const INLINE_FILE_MAX_BYTES: usize = 64 * 1024;

/// Calls the function, waits, prints.
pub(crate) fn run(session: &Session, args: &RunArgs) -> anyhow::Result<Exit> {
    let (module, function) = args
        .call
        .rsplit_once('/')
        .filter(|(module, function)| !module.is_empty() && !function.is_empty())
        .ok_or_else(|| Usage(format!("`{}` is no call; write MODULE/FUNCTION", args.call)))?;
    let values: Vec<Value> = args
        .args
        .iter()
        .enumerate()
        .map(|(index, text)| argument(&session.client, index + 1, text))
        .collect::<anyhow::Result<_>>()?;
    // Without waiting, so that the run is known before anything can come in between.
    let path = Path::of(&["call", module, function]).with("wait", "0s");
    let reply = match session.client.post(&path, &values) {
        Ok(reply) => reply,
        Err(ClientError::Refused(problem)) if problem.is_task_outcome() => {
            let run = problem.run.clone().or_else(|| newest_run(&session.client, &args.call));
            return tell_failure(session, &problem, run.as_deref().unwrap_or("last"));
        }
        Err(error) => return Err(error.into()),
    };
    if reply.status != ACCEPTED {
        return print_result(session, &reply, args.output.as_deref());
    }
    let (run, key) = place_of(&reply.json()?).ok_or_else(|| ClientError::Unexpected {
        path: path.to_string(),
        message: "the server accepted the call but does not say where".to_owned(),
    })?;
    let resume = format!(
        "run {run} goes on; `wask result {run} {key}` waits for it, `wask cancel {run}` stops it"
    );
    let farewell = Farewell::new(resume.clone());
    let ended = await_result(&session.client, &run, &key);
    drop(farewell);
    match ended {
        Ok(reply) => print_result(session, &reply, args.output.as_deref()),
        Err(ClientError::Refused(problem)) if problem.is_task_outcome() => {
            tell_failure(session, &problem, &run)
        }
        Err(error) => {
            session.output.message(resume);
            Err(error.into())
        }
    }
}

fn tell_failure(session: &Session, problem: &Problem, run: &str) -> anyhow::Result<Exit> {
    let exit = print_task_failure(session, problem, run)?;
    session.output.message(format!("run {run}: `wask tasks {run}`, `wask logs {run}`"));
    Ok(exit)
}

/// The newest run of this call, for servers that do not say which run failed.
fn newest_run(client: &Client, call: &str) -> Option<String> {
    let path = Path::of(&["runs"]).with("name", call).with("limit", 1);
    let page: Page<Run> = client.get_json(&path).ok()?;
    page.items.into_iter().next().map(|run| run.id)
}

/// Run and key of a call that is not finished yet.
fn place_of(pending: &Value) -> Option<(String, String)> {
    let text = |name: &str| pending.get(name).and_then(Value::as_str).map(str::to_owned);
    let run = text("run").or_else(|| text("id"))?;
    Some((run, text("key").unwrap_or_else(|| "call".to_owned())))
}

/// One argument: JSON, or `@FILE`.
fn argument(client: &Client, position: usize, text: &str) -> anyhow::Result<Value> {
    let Some(file) = text.strip_prefix('@') else { return Ok(parse_json(position, text)?) };
    let bytes = std::fs::read(file)
        .map_err(|error| Usage(format!("argument {position}: cannot read {file}: {error}")))?;
    if bytes.len() <= INLINE_FILE_MAX_BYTES {
        return Ok(json!({ "$bytes": STANDARD.encode(&bytes) }));
    }
    let reply = client.post_bytes(&Path::of(&["objects"]), "application/octet-stream", bytes)?;
    let object: Value = reply.json()?;
    let id = object.get("id").and_then(Value::as_str).context("the object has no id")?;
    Ok(json!({ "$object": id }))
}

fn parse_json(position: usize, text: &str) -> Result<Value, Usage> {
    serde_json::from_str(text).map_err(|_| {
        let quoted = Value::from(text).to_string().replace('\'', r"'\''");
        Usage(format!("argument {position}: `{text}` is no JSON; did you mean '{quoted}'?"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: arguments are JSON, and a bare word is answered with how to quote it.
    #[test]
    fn arguments_are_json() {
        assert_eq!(parse_json(1, "-5").unwrap(), json!(-5));
        assert_eq!(parse_json(1, r#"{"a": [1, "x"]}"#).unwrap(), json!({"a": [1, "x"]}));
        let message = parse_json(2, "Ada").unwrap_err().to_string();
        assert_eq!(message, "argument 2: `Ada` is no JSON; did you mean '\"Ada\"'?");
        let message = parse_json(1, "it's").unwrap_err().to_string();
        assert!(message.ends_with(r#"did you mean '"it'\''s"'?"#), "{message}");
    }

    /// Goal: a small file becomes bytes inside the request, without a server.
    #[test]
    fn small_files_travel_inside() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.bin");
        std::fs::write(&file, [0, 255]).unwrap();
        let client = Client::new("http://127.0.0.1:1".into(), None);
        let value = argument(&client, 1, &format!("@{}", file.display())).unwrap();
        assert_eq!(value, json!({"$bytes": "AP8="}));
        assert!(argument(&client, 1, "@/no/such/file").is_err());
    }

    /// Goal: a server that does not answer is told from one that refuses.
    #[test]
    fn an_absent_server_is_unreachable() {
        let client = Client::new("http://127.0.0.1:1".into(), None);
        let error = client.get(&Path::of(&["runs"])).unwrap_err();
        assert!(error.to_string().contains("wask serve"), "{error}");
        assert_eq!(Exit::of_error(&error.into()), Exit::Unreachable);
    }
}
