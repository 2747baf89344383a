//! The outer shape of a submission: its members, its tasks and their members. Arguments are kept
//! as slices of the body.

use super::{
    imports::check_alone,
    keys::fault_of_key,
    options::{OPTIONS, OptionsPatch},
};
use crate::{
    cbor::{Members, text_of},
    config::ApiLimits,
    errors::{Errors, Path},
    fields::{expected, read_bool, read_fields, read_text},
    units::parse_duration,
};

/// What was sent, not yet resolved.
#[derive(Debug, Default)]
pub(super) struct Submission<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) open: bool,
    pub(super) lease_ms: Option<u64>,
    pub(super) profile: bool,
    pub(super) outputs: Option<&'a [u8]>,
    pub(super) defaults: OptionsPatch,
    /// The same, as it was written.
    pub(super) defaults_text: &'a [u8],
    pub(super) tasks: Vec<TaskDraft<'a>>,
}

/// One member of `tasks`.
#[derive(Debug, Default)]
pub(super) struct TaskDraft<'a> {
    pub(super) key: &'a str,
    pub(super) call: Option<&'a str>,
    pub(super) args: Option<&'a [u8]>,
    pub(super) map: Option<&'a [u8]>,
    pub(super) after: Option<&'a [u8]>,
    pub(super) import: Option<&'a [u8]>,
    pub(super) options: OptionsPatch,
}

/// Which members a body may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Form {
    /// A new run.
    Run,
    /// More tasks for an open run.
    MoreTasks,
}

const NAME_MAX_BYTES: usize = 1_000;

/// Reads a whole body.
pub(super) fn parse_submission<'a>(
    body: &'a [u8],
    form: Form,
    limits: &ApiLimits,
    errors: &mut Errors,
) -> Submission<'a> {
    let known: &[&str] = match form {
        Form::Run => &["tasks", "name", "open", "lease", "profile", "outputs", "defaults"],
        Form::MoreTasks => &["tasks", "outputs", "defaults"],
    };
    let mut read = Submission::default();
    let mut has_tasks = false;
    let root = Path::ROOT;
    read_fields(body, &root, known, errors, |name, value, errors| {
        let path = root.key(name);
        match name {
            "name" => read.name = read_name(value, &path, errors),
            "open" => read.open = read_bool(value, &path, errors).unwrap_or(false),
            "lease" => read.lease_ms = read_lease(value, &path, errors),
            "profile" => read.profile = read_bool(value, &path, errors).unwrap_or(false),
            "outputs" => read.outputs = Some(value),
            "defaults" => {
                read.defaults_text = value;
                read.defaults = parse_defaults(value, &path, limits, errors);
            }
            _ => {
                has_tasks = true;
                read.tasks = parse_tasks(value, &path, limits, errors);
            }
        }
    });
    if read.lease_ms.is_some() && !read.open {
        errors.add(&root.key("lease"), "wrong_value", || {
            "only open runs have a lease; set `open` to true".to_owned()
        });
    }
    let may_be_empty = read.open && form == Form::Run;
    if !has_tasks && Members::of_map(body).is_some() && !may_be_empty {
        errors.add(&root, "missing_field", || {
            "`tasks` is missing: an object with a task for each key".to_owned()
        });
    } else if read.tasks.is_empty() && !may_be_empty && errors.is_empty() {
        errors.add(&root.key("tasks"), "empty_graph", || {
            "there are no tasks; add one, or set `open` to true to add tasks later".to_owned()
        });
    }
    read
}

/// Reads how long an open run goes on without a word from its client.
fn read_lease(value: &[u8], path: &Path<'_>, errors: &mut Errors) -> Option<u64> {
    const SHORTEST_MS: u64 = 1_000;
    const LONGEST_MS: u64 = 7 * 24 * 3_600 * 1_000;
    let lease = match parse_duration(read_text(value, path, errors)?) {
        Ok(lease) => u64::try_from(lease.as_millis()).unwrap_or(u64::MAX),
        Err(fault) => {
            errors.add(path, "wrong_value", || fault);
            return None;
        }
    };
    if !(SHORTEST_MS..=LONGEST_MS).contains(&lease) {
        errors.add(path, "limit", || "a lease lasts from `1s` to `7d`".to_owned());
        return None;
    }
    Some(lease)
}

/// Reads options for all tasks.
pub(super) fn parse_defaults(
    value: &[u8],
    path: &Path<'_>,
    limits: &ApiLimits,
    errors: &mut Errors,
) -> OptionsPatch {
    let mut defaults = OptionsPatch::default();
    read_fields(value, path, &OPTIONS, errors, |name, value, errors| {
        defaults.set(name, value, path, limits, errors);
    });
    defaults
}

/// A name for people; `null` for none.
pub(crate) fn read_name<'a>(
    value: &'a [u8],
    path: &Path<'_>,
    errors: &mut Errors,
) -> Option<&'a str> {
    if crate::cbor::kind_of(value) == crate::cbor::Kind::Null {
        return None;
    }
    let name = read_text(value, path, errors)?;
    if name.len() > NAME_MAX_BYTES {
        errors.add(path, "limit", || format!("a name has {NAME_MAX_BYTES} bytes at most"));
    }
    Some(name)
}

fn parse_tasks<'a>(
    value: &'a [u8],
    path: &Path<'_>,
    limits: &ApiLimits,
    errors: &mut Errors,
) -> Vec<TaskDraft<'a>> {
    let Some(members) = Members::of_map(value) else {
        expected("an object with a task for each key", value, path, errors);
        return Vec::new();
    };
    let count = usize::try_from(members.len()).unwrap_or(0).min(value.len());
    let mut tasks = Vec::with_capacity(count);
    for (key, value) in members {
        let Some(key) = text_of(key) else {
            errors.add(path, "invalid_key", || "every key must be a text".to_owned());
            continue;
        };
        let path = path.key(key);
        if let Some(fault) = fault_of_key(key) {
            errors.add(&path, "invalid_key", || fault.to_owned());
        }
        tasks.push(parse_task(key, value, &path, limits, errors));
    }
    tasks
}

fn parse_task<'a>(
    key: &'a str,
    value: &'a [u8],
    path: &Path<'_>,
    limits: &ApiLimits,
    errors: &mut Errors,
) -> TaskDraft<'a> {
    const OWN: [&str; 5] = ["call", "args", "map", "after", "import"];
    const KNOWN: [&str; OWN.len() + OPTIONS.len()] = {
        let mut known = [""; OWN.len() + OPTIONS.len()];
        let mut at = 0;
        while at < OWN.len() {
            known[at] = OWN[at];
            at += 1;
        }
        at = 0;
        while at < OPTIONS.len() {
            known[at + OWN.len()] = OPTIONS[at];
            at += 1;
        }
        known
    };
    let mut task = TaskDraft { key, ..TaskDraft::default() };
    let mut has_call = false;
    read_fields(value, path, &KNOWN, errors, |name, value, errors| match name {
        "call" => {
            has_call = true;
            task.call = read_text(value, &path.key("call"), errors);
        }
        "args" => task.args = Some(value),
        "map" => task.map = Some(value),
        "after" => task.after = Some(value),
        "import" => task.import = Some(value),
        option => task.options.set(option, value, path, limits, errors),
    });
    if task.import.is_some() {
        check_alone(&task, path, errors);
    } else if !has_call && Members::of_map(value).is_some() {
        errors.add(path, "missing_field", || {
            "`call` is missing: the function to call, as `module/function`".to_owned()
        });
    }
    if task.options.has_max_fails() && task.map.is_none() {
        errors.add(&path.key("max_fails"), "wrong_value", || {
            "`max_fails` is for arrays; this task has no `map`".to_owned()
        });
    }
    task
}
