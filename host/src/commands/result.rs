//! `wask result`: prints the result of a task, once it has one.

use crate::{
    cli::ResultArgs,
    client::{Client, ClientError, Path, Reply},
    exit_code::Exit,
    result_output::{print_result, print_task_failure},
    session::Session,
};

/// How long the server may hold back an answer while the task is not finished.
const WAIT: &str = "30s";

/// HTTP's "accepted": the task is not finished.
const ACCEPTED: u16 = 202;

/// Waits for the task and prints its result, or its failure.
pub(crate) fn run(session: &Session, args: &ResultArgs) -> anyhow::Result<Exit> {
    match await_result(&session.client, &args.run, &args.key) {
        Ok(reply) => print_result(session, &reply, args.output.as_deref()),
        Err(ClientError::Refused(problem)) if problem.is_task_outcome() => {
            print_task_failure(session, &problem, &args.run)
        }
        Err(error) => Err(error.into()),
    }
}

/// Waits until the task is finished and returns its result.
pub(crate) fn await_result(client: &Client, run: &str, key: &str) -> Result<Reply, ClientError> {
    let path = Path::of(&["runs", run, "tasks", key, "result"]).with("wait", WAIT);
    loop {
        let reply = client.get(&path)?;
        if reply.status != ACCEPTED {
            return Ok(reply);
        }
    }
}
