//! Imports: entries of a graph that stand for tasks of other runs.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use wask_node::view::{KeyTable, KeyView};
use wask_proto::{CallSpec, Few, MapSource, NodeSpec, TaskId, TaskIndex, TaskOptions};

use super::options::OptionsPatch;
use crate::{
    cbor::{Members, text_of},
    errors::{Errors, Path},
    fields::{read_fields, read_text},
    names::find_tasks,
};

/// The keys of the runs that a request names, as it names them.
pub(crate) type Runs = HashMap<String, KeyTable>;

/// Tasks of another run.
#[derive(Debug)]
pub(super) struct Import<'r> {
    key: &'r KeyView,
    first: TaskId,
    /// How many they are.
    pub(super) length: u64,
    /// Whether they are used as an array.
    pub(super) is_array: bool,
}

/// The runs that the imports of a body name. What is no proper body names none.
pub(crate) fn imported_runs(body: &[u8]) -> BTreeSet<String> {
    if !body.windows(IMPORT.len()).any(|bytes| bytes == IMPORT) {
        return BTreeSet::new();
    }
    let member = |body, name: &str| {
        let mut members = Members::of_map(body).into_iter().flatten();
        members.find(|(key, _)| text_of(key) == Some(name)).map(|(_, value)| value)
    };
    let tasks = member(body, "tasks").and_then(Members::of_map).into_iter().flatten();
    let runs = tasks.filter_map(|(_, task)| text_of(member(member(task, "import")?, "run")?));
    runs.map(str::to_owned).collect()
}

const IMPORT: &[u8] = b"import";

/// Finds the tasks that an import names.
pub(super) fn resolve_import<'r>(
    value: &[u8],
    runs: &'r Runs,
    path: &Path<'_>,
    errors: &mut Errors,
) -> Option<Import<'r>> {
    let (mut run, mut task, mut tasks) = (None, None, None);
    read_fields(value, path, &["run", "task", "tasks"], errors, |name, value, errors| {
        let text = read_text(value, &path.key(name), errors);
        match name {
            "run" => run = text,
            "task" => task = text,
            _ => tasks = text,
        }
    });
    let (Some(run), Some((name, is_array)), true) = (
        run,
        task.map(|task| (task, false)).or(tasks.map(|tasks| (tasks, true))),
        task.is_none() || tasks.is_none(),
    ) else {
        errors.add(path, "missing_field", || {
            "write {\"run\": \"id\", \"task\": \"key\"}, or `tasks` for a whole array".to_owned()
        });
        return None;
    };
    let Some(table) = runs.get(run) else {
        errors.add(&path.key("run"), "unknown_run", || format!("there is no run `{run}`"));
        return None;
    };
    let path = path.key(if is_array { "tasks" } else { "task" });
    let named = match find_tasks(table, name) {
        Ok(named) => named,
        Err(detail) => {
            errors.add(&path, "unknown_key", || detail);
            return None;
        }
    };
    let key = named.key();
    let is_whole = key.is_array && !name.ends_with(']');
    if is_whole != is_array {
        errors.add(&path, "bad_reference", || {
            if is_array {
                format!("`{name}` is a single task; write `task` instead of `tasks`")
            } else {
                format!("`{name}` is an array; write `tasks` for all of it or name one element")
            }
        });
        return None;
    }
    let first = TaskId { run: table.run, index: named.tasks.start };
    Some(Import { key, first, length: named.tasks.len() as u64, is_array })
}

impl Import<'_> {
    /// What they call.
    pub(super) fn call(&self, options: TaskOptions) -> CallSpec {
        CallSpec { options, ..(*self.key.call).clone() }
    }

    /// The node that stands for them.
    pub(super) fn into_node(
        self,
        key: &str,
        tasks: std::ops::Range<TaskIndex>,
        call: Arc<CallSpec>,
    ) -> NodeSpec {
        NodeSpec {
            key: key.into(),
            call,
            tasks,
            map: self.is_array.then(|| Box::new(MapSource::Imported)),
            args: Few::default(),
            after: Few::default(),
            output: false,
            import: Some(Box::new(self.first)),
        }
    }
}

/// What an import may have beside itself.
pub(super) fn check_alone(
    task: &super::parse::TaskDraft<'_>,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    let written = [
        ("call", task.call.is_some()),
        ("args", task.args.is_some()),
        ("map", task.map.is_some()),
        ("after", task.after.is_some()),
    ];
    for (name, _) in written.into_iter().filter(|(_, there)| *there) {
        errors.add(&path.key(name), "wrong_value", || {
            format!("an import runs nothing, so it has no `{name}`")
        });
    }
    if task.options.without_keep() != OptionsPatch::default() {
        errors.add(path, "wrong_value", || "an import has no options but `keep`".to_owned());
    }
}
