//! `{"$task": key, "$run": id}`: tasks of runs, named in values and in arguments of actors.

use std::collections::{BTreeMap, btree_map::Entry};

use wask_proto::{RunId, TaskId};

use crate::{
    codes::Code,
    errors::{Errors, Path},
    fields::read_text,
    names::find_one,
    problem::{Answer, Problem},
    state::ApiState,
};

/// A task that was named and not yet looked up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct TaskRef {
    /// The run.
    pub(crate) run: RunId,
    /// The name of the task.
    pub(crate) key: String,
    /// Where it was named.
    pub(crate) pointer: String,
}

/// Reads the two members.
pub(crate) fn read_task(
    key: &[u8],
    run: &[u8],
    path: &Path<'_>,
    errors: &mut Errors,
) -> Option<TaskRef> {
    let key = read_text(key, &path.key("$task"), errors);
    let run = read_text(run, &path.key("$run"), errors);
    let (key, run) = (key?, run?);
    match run.parse() {
        Ok(run) => Some(TaskRef { run, key: key.to_owned(), pointer: path.pointer() }),
        Err(error) => {
            errors.add(&path.key("$run"), "bad_reference", || format!("{error}, not `{run}`"));
            None
        }
    }
}

/// The tasks, in order. `invalid` is the code of the problem if one is not there.
pub(crate) async fn find_tasks(
    state: &ApiState,
    refs: &[TaskRef],
    invalid: Code,
) -> Answer<Vec<TaskId>> {
    let mut tables = BTreeMap::new();
    for run in refs.iter().map(|task| task.run) {
        if let Entry::Vacant(place) = tables.entry(run) {
            place.insert(state.node().keys(run).await);
        }
    }
    let mut errors = Errors::default();
    let mut tasks = Vec::new();
    for TaskRef { run, key, pointer } in refs {
        let Some(Some(table)) = tables.get(run) else {
            let detail = || format!("there is no run `{run}`");
            errors.add_at(|| format!("{pointer}/$run"), "unknown_run", detail);
            continue;
        };
        match find_one(table, key) {
            Ok(index) => tasks.push(TaskId { run: *run, index }),
            Err(detail) => {
                errors.add_at(|| format!("{pointer}/$task"), "unknown_key", || detail);
            }
        }
    }
    if errors.is_empty() { Ok(tasks) } else { Err(Problem::with_errors(invalid, errors)) }
}
