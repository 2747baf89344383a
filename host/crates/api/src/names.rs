//! Names of tasks in requests about a run that exists: `total`, `sq`, `sq[3]`.

use std::ops::Range;

use wask_node::view::{KeyTable, KeyView};
use wask_proto::TaskIndex;

use crate::{
    codes,
    errors::{Errors, Path},
    graph::split_name,
    nearest::hint,
    problem::{Answer, Problem},
};

/// The tasks behind a name.
#[derive(Clone, Debug)]
pub(crate) struct Named<'t> {
    key: &'t KeyView,
    /// Their places.
    pub(crate) tasks: Range<TaskIndex>,
}

impl<'t> Named<'t> {
    /// The key that they belong to.
    pub(crate) const fn key(&self) -> &'t KeyView {
        self.key
    }

    /// Appends the names of all of them.
    pub(crate) fn add_names(&self, names: &mut Vec<String>) {
        if !self.key.is_array {
            names.push(self.key.key.to_string());
            return;
        }
        let key = &self.key.key;
        let start = self.key.tasks.start;
        names.extend(self.tasks.clone().map(|index| format!("{key}[{}]", index - start)));
    }
}

/// The tasks of a name, which may be a whole array.
pub(crate) fn find_tasks<'t>(table: &'t KeyTable, name: &str) -> Result<Named<'t>, String> {
    let split = split_name(name);
    let key = split.and_then(|(key, _)| table.find(key));
    let (Some(key), Some((_, element))) = (key, split) else {
        let word = split.map_or(name, |(key, _)| key);
        let hint = hint(word, table.iter().map(|key| &*key.key));
        return Err(format!("the run has no task `{name}`{hint}"));
    };
    let Some(element) = element else { return Ok(Named { key, tasks: key.tasks.clone() }) };
    let length = key.tasks.len() as u64;
    match u32::try_from(element) {
        Ok(element) if key.is_array && u64::from(element) < length => {
            let at = key.tasks.start + element;
            Ok(Named { key, tasks: at..at + 1 })
        }
        _ if key.is_array => {
            Err(format!("`{name}` does not exist; the array has {length} elements"))
        }
        _ => Err(format!("`{name}` asks for an element, but `{}` is not an array", key.key)),
    }
}

/// The place of a single task.
pub(crate) fn find_task(table: &KeyTable, name: &str) -> Answer<TaskIndex> {
    find_one(table, name).map_err(|detail| Problem::new(codes::UNKNOWN_TASK, detail))
}

/// The place of a single task, or why there is none.
pub(crate) fn find_one(table: &KeyTable, name: &str) -> Result<TaskIndex, String> {
    let named = find_tasks(table, name)?;
    if named.key.is_array && !name.ends_with(']') {
        let last = named.tasks.len().saturating_sub(1);
        return Err(format!(
            "`{name}` is an array; name one element, `{name}[0]` to `{name}[{last}]`"
        ));
    }
    Ok(named.tasks.start)
}

/// The tasks of several names that stand in a body at `path`.
pub(crate) fn find_all<'t>(
    table: &'t KeyTable,
    names: &[&str],
    path: &Path<'_>,
) -> Answer<Vec<Named<'t>>> {
    let mut errors = Errors::default();
    let mut found = Vec::with_capacity(names.len());
    for (name, index) in names.iter().zip(0..) {
        match find_tasks(table, name) {
            Ok(named) => found.push(named),
            Err(detail) => errors.add(&path.index(index), "unknown_key", || detail),
        }
    }
    if errors.is_empty() {
        Ok(found)
    } else {
        Err(Problem::with_errors(codes::UNKNOWN_TASK, errors))
    }
}

/// Their places, neighbours joined.
pub(crate) fn places(named: &[Named<'_>]) -> Vec<Range<TaskIndex>> {
    let mut places: Vec<Range<TaskIndex>> = Vec::new();
    for tasks in named.iter().map(|named| &named.tasks) {
        match places.last_mut() {
            Some(last) if last.end == tasks.start => last.end = tasks.end,
            _ => places.push(tasks.clone()),
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use wask_proto::{CallSpec, ModuleId, RunId, TaskOptions};

    use super::*;

    fn table() -> KeyTable {
        let key = |name: &str, tasks: Range<u32>, is_array| KeyView {
            key: name.into(),
            call: Arc::new(CallSpec {
                module: ModuleId([0; 32]),
                module_name: "m".into(),
                function: "f".into(),
                options: TaskOptions::default(),
            }),
            tasks,
            is_array,
            needs: wask_proto::Few::default(),
            parent: None,
        };
        let keys = vec![key("sq", 0..3, true), key("total", 3..4, false)];
        let mut table = KeyTable::new(RunId(1), false);
        table.append(keys);
        table
    }

    #[test]
    fn names_lead_to_places_and_back() {
        let table = table();
        let named = find_all(&table, &["sq[1]", "sq", "total"], &Path::ROOT).unwrap();
        let mut names = Vec::new();
        named.iter().for_each(|named| named.add_names(&mut names));
        assert_eq!(names, ["sq[1]", "sq[0]", "sq[1]", "sq[2]", "total"]);
        assert_eq!(places(&named), [1..2, 0..4]);
    }

    #[test]
    fn wrong_names_are_unknown_tasks() {
        let table = table();
        assert_eq!(find_task(&table, "total").unwrap(), 3);
        assert_eq!(find_task(&table, "sq[2]").unwrap(), 2);
        for wrong in ["sq", "sq[3]", "total[0]", "totl", "", "sq[", "sq[-1]"] {
            assert_eq!(find_task(&table, wrong).unwrap_err().code(), "unknown_task", "{wrong}");
        }
    }
}
