//! The run that a command's RUN means: looked up first, so that the command works on one run and
//! can say which, also where it was named by a prefix or by `last`.

use std::fmt;

use crate::{
    client::{ClientError, Path},
    dto::{Run, Task},
    output::escape,
    session::Session,
};

/// Tasks whose states are told one by one.
const TOLD_MAX: usize = 5;

/// Looks a run up.
pub(crate) fn find_run(session: &Session, named: &str) -> Result<Run, ClientError> {
    session.client.get_json(&Path::of(&["runs", named]))
}

/// A run's id, and its name if it has one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Title<'r>(pub(crate) &'r Run);

impl fmt::Display for Title<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "run {}", escape(&self.0.id))?;
        match self.0.name.as_deref().filter(|name| !name.is_empty()) {
            Some(name) => write!(f, " ({})", escape(name)),
            None => Ok(()),
        }
    }
}

/// `1 task`, `2 tasks`.
pub(crate) fn tasks(count: u64) -> String {
    if count == 1 { "1 task".to_owned() } else { format!("{count} tasks") }
}

/// Why nothing happened to what was meant: `g succeeded`, or `it is running` of the whole run.
pub(crate) fn states(session: &Session, run: &Run, keys: &[String]) -> Result<String, ClientError> {
    if keys.is_empty() {
        return Ok(in_words("it", &run.state));
    }
    let mut told = Vec::new();
    for key in keys.iter().take(TOLD_MAX) {
        let path = Path::of(&["runs", &run.id, "tasks", key]);
        // Names of arrays stand for many tasks, which have no single state.
        if let Ok(task) = session.client.get_json::<Task>(&path) {
            told.push(in_words(&task.key, &task.state));
        }
    }
    Ok(if told.is_empty() { in_words("the run", &run.state) } else { told.join(", ") })
}

/// `g succeeded`, `g was cancelled`, `g is running`.
fn in_words(what: &str, state: &str) -> String {
    let verb = match state {
        "succeeded" | "failed" => "",
        "cancelled" | "aborted" => "was ",
        _ => "is ",
    };
    format!("{} {verb}{}", escape(what), escape(state))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: a run is named by its id and, where it has one, its name; counts agree with nouns.
    #[test]
    fn titles_and_counts() {
        let mut run = Run { id: "1e8a".to_owned(), ..Run::default() };
        assert_eq!(Title(&run).to_string(), "run 1e8a");
        run.name = Some("squares".to_owned());
        assert_eq!(Title(&run).to_string(), "run 1e8a (squares)");
        assert_eq!((tasks(0), tasks(1)), ("0 tasks".to_owned(), "1 task".to_owned()));
        assert_eq!(in_words("g", "cancelled"), "g was cancelled");
    }
}
