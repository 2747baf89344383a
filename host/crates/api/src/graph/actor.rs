//! Arguments of constructors and methods: checked like those of tasks, and put together at once.

use wask_proto::{ArgTemplate, ObjectId};

use super::{
    arguments::{Places, fit_arguments, read_args},
    build::{complete, is_map},
    keys::Keys,
    refs::{Refs, Scope},
    resolve::Callee,
};
use crate::{
    errors::{Errors, Path},
    task_refs::TaskRef,
};

/// Arguments without errors, but for objects and tasks that must exist.
#[derive(Debug)]
pub(crate) struct CheckedArgs {
    /// One for each parameter. `Part::Task(n)` stands for the n-th of `tasks`.
    pub(crate) templates: Vec<ArgTemplate>,
    /// Tasks that are referred to.
    pub(crate) tasks: Vec<TaskRef>,
    /// Objects that are referred to, and where each was named first.
    pub(crate) objects: Vec<(ObjectId, String)>,
}

/// Checks arguments that stand at `path`. Without a callee, only the references are.
pub(crate) fn check_actor_args(
    value: &[u8],
    callee: Option<&Callee>,
    path: &Path<'_>,
    errors: Errors,
) -> Result<CheckedArgs, Errors> {
    let keys = Keys::default();
    let mut refs = Refs::new(&keys, Scope::Actor, 0, errors);
    let args = read_args(value, callee.and_then(Callee::function), path, &mut refs);
    let mut templates = complete(args);
    if let Some(callee) = callee {
        let places = Places { args: path, by_name: is_map(value), map: path };
        fit_arguments(callee, &mut templates, None, places, &mut refs.errors);
    }
    let Refs { tasks, objects, errors, .. } = refs;
    if !errors.is_empty() {
        return Err(errors);
    }
    Ok(CheckedArgs { templates, tasks, objects: objects.into_iter().collect() })
}
