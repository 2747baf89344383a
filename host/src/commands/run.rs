//! `wask run`: calls one function and prints its result.

use anyhow::Context as _;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::result::await_result;
use crate::{
    cli::RunArgs,
    client::{Client, ClientError, Path, Reply},
    exit_code::{Exit, Usage},
    result_output::{print_result, print_task_failure},
    session::Session,
};

/// How long the server may hold back its first answer.
const WAIT: &str = "30s";

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
    match call(session, module, function, &values) {
        Ok(reply) => print_result(session, &reply, args.output.as_deref()),
        Err(ClientError::Refused(problem)) if problem.is_task_outcome() => {
            print_task_failure(session, &problem)
        }
        Err(error) => Err(error.into()),
    }
}

fn call(
    session: &Session,
    module: &str,
    function: &str,
    args: &[Value],
) -> Result<Reply, ClientError> {
    let path = Path::of(&["call", module, function]).with("wait", WAIT);
    let reply = session.client.post(&path, &args)?;
    if reply.status != 202 {
        return Ok(reply);
    }
    let pending: Value = reply.json()?;
    let (run, key) = place_of(&pending).ok_or_else(|| ClientError::Unexpected {
        path: path.to_string(),
        message: "the server accepted the call but does not say where".to_owned(),
    })?;
    session.output.message(format!("run {run} goes on; Ctrl-C leaves it running"));
    await_result(&session.client, &run, &key)
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
