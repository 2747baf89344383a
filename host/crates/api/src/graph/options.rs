//! Options of tasks: read from a task or from the run's defaults, and laid over one another.
//! The task's own word counts first, then the run's, then the function's, then the server's.

use std::sync::Arc;

use wask_proto::{FunctionInfo, OnFailed, TaskOptions};

use crate::{
    cbor::{Item, Members, Reader, text_of},
    config::ApiLimits,
    errors::{Errors, Path},
    fields::{expected, read_bool, read_integer, read_text},
    nearest::hint,
    units::{parse_duration, parse_size, show_size},
};

/// The names of all options.
pub(super) const OPTIONS: [&str; 10] = [
    "retries",
    "retry_delay",
    "timeout",
    "memory",
    "priority",
    "resources",
    "on_failed",
    "cache",
    "keep",
    "max_fails",
];

const RETRIES_MAX: i64 = 1_000;
const MEMORY_MIN_BYTES: u64 = 64 << 10;
const RESOURCE_MAX: f64 = 1e12;

/// Options that were given; the others are left to the next layer.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct OptionsPatch {
    retries: Option<u32>,
    retry_delay_ms: Option<u64>,
    timeout_ms: Option<u64>,
    memory_max_bytes: Option<u64>,
    priority: Option<i32>,
    resources: Option<Vec<(Arc<str>, u64)>>,
    on_failed: Option<OnFailed>,
    cache: Option<bool>,
    keep: Option<bool>,
    max_fails: Option<u32>,
}

impl OptionsPatch {
    /// Takes one option.
    pub(super) fn set(
        &mut self,
        name: &str,
        value: &[u8],
        path: &Path<'_>,
        limits: &ApiLimits,
        errors: &mut Errors,
    ) {
        let path = &path.key(name);
        match name {
            "retries" => self.retries = read_u32(value, path, RETRIES_MAX, errors),
            "retry_delay" => self.retry_delay_ms = read_ms(value, path, 0, limits, errors),
            "timeout" => self.timeout_ms = read_ms(value, path, 1, limits, errors),
            "memory" => self.memory_max_bytes = read_memory(value, path, limits, errors),
            "priority" => self.priority = read_i32(value, path, errors),
            "resources" => self.resources = read_resources(value, path, errors),
            "on_failed" => self.on_failed = read_on_failed(value, path, errors),
            "cache" => self.cache = read_bool(value, path, errors),
            "keep" => self.keep = read_bool(value, path, errors),
            "max_fails" => self.max_fails = read_u32(value, path, i64::from(u32::MAX), errors),
            _ => {}
        }
    }

    /// Whether `max_fails` was given, which only arrays take.
    pub(super) const fn has_max_fails(&self) -> bool {
        self.max_fails.is_some()
    }

    /// The options without `keep`.
    pub(super) fn without_keep(&self) -> Self {
        Self { keep: None, ..self.clone() }
    }

    /// The options, and where they say nothing those below.
    pub(super) fn or(self, below: Self) -> Self {
        Self {
            retries: self.retries.or(below.retries),
            retry_delay_ms: self.retry_delay_ms.or(below.retry_delay_ms),
            timeout_ms: self.timeout_ms.or(below.timeout_ms),
            memory_max_bytes: self.memory_max_bytes.or(below.memory_max_bytes),
            priority: self.priority.or(below.priority),
            resources: self.resources.or(below.resources),
            on_failed: self.on_failed.or(below.on_failed),
            cache: self.cache.or(below.cache),
            keep: self.keep.or(below.keep),
            max_fails: self.max_fails.or(below.max_fails),
        }
    }

    /// The options with all layers below filled in; the function's where there is one.
    pub(super) fn over(&self, run: &Self, function: Option<&FunctionInfo>) -> TaskOptions {
        let server = TaskOptions::default();
        let timeout = self.timeout_ms.or(run.timeout_ms).or(function.and_then(|f| f.timeout_ms));
        let memory = self.memory_max_bytes.or(run.memory_max_bytes);
        let memory = memory.or(function.and_then(|f| f.memory_max_bytes));
        let retry_delay_ms = self.retry_delay_ms.or(run.retry_delay_ms);
        TaskOptions {
            retries: self
                .retries
                .or(run.retries)
                .or(function.and_then(|f| f.retries))
                .unwrap_or(server.retries),
            retry_delay_ms: retry_delay_ms.unwrap_or(server.retry_delay_ms),
            timeout_ms: timeout.unwrap_or(server.timeout_ms),
            memory_max_bytes: memory.unwrap_or(server.memory_max_bytes),
            priority: self.priority.or(run.priority).unwrap_or(0),
            resources: self.resources.clone().or_else(|| run.resources.clone()).unwrap_or_default(),
            on_failed: self.on_failed.or(run.on_failed).unwrap_or_default(),
            cache: self.cache.or(run.cache).unwrap_or(true),
            keep: self.keep.or(run.keep).unwrap_or(false),
            max_fails: self.max_fails.or(run.max_fails),
        }
    }
}

fn read_u32(value: &[u8], path: &Path<'_>, most: i64, errors: &mut Errors) -> Option<u32> {
    read_integer(value, path, (0, most), errors).and_then(|n| u32::try_from(n).ok())
}

fn read_i32(value: &[u8], path: &Path<'_>, errors: &mut Errors) -> Option<i32> {
    let range = (i64::from(i32::MIN), i64::from(i32::MAX));
    read_integer(value, path, range, errors).and_then(|n| i32::try_from(n).ok())
}

fn read_ms(
    value: &[u8],
    path: &Path<'_>,
    least: u64,
    limits: &ApiLimits,
    errors: &mut Errors,
) -> Option<u64> {
    let duration = match text_of(value).map(parse_duration) {
        Some(Ok(duration)) => duration,
        Some(Err(detail)) => {
            errors.add(path, "wrong_value", || detail);
            return None;
        }
        None => {
            expected("a duration such as \"30s\"", value, path, errors);
            return None;
        }
    };
    let most = limits.task_timeout_max.as_millis();
    let fits = u64::try_from(duration.as_millis()).ok();
    let fits = fits.filter(|ms| *ms >= least && u128::from(*ms) <= most);
    if fits.is_none() {
        errors.add(path, "limit", || format!("should be from {least}ms to {}s", most / 1_000));
    }
    fits
}

fn read_memory(
    value: &[u8],
    path: &Path<'_>,
    limits: &ApiLimits,
    errors: &mut Errors,
) -> Option<u64> {
    let bytes = match text_of(value).map(parse_size) {
        Some(Ok(bytes)) => bytes,
        Some(Err(detail)) => {
            errors.add(path, "wrong_value", || detail);
            return None;
        }
        None => {
            expected("a size such as \"64MiB\"", value, path, errors);
            return None;
        }
    };
    let most = limits.task_memory_max_bytes;
    if (MEMORY_MIN_BYTES..=most).contains(&bytes) {
        return Some(bytes);
    }
    let (least, most) = (show_size(MEMORY_MIN_BYTES), show_size(most));
    errors.add(path, "limit", || format!("should be from {least} to {most}"));
    None
}

fn read_on_failed(value: &[u8], path: &Path<'_>, errors: &mut Errors) -> Option<OnFailed> {
    match read_text(value, path, errors)? {
        "abort" => Some(OnFailed::Abort),
        "run" => Some(OnFailed::Run),
        other => {
            errors.add(path, "wrong_value", || {
                format!("should be `abort` or `run`, is `{other}`{}", hint(other, ["abort", "run"]))
            });
            None
        }
    }
}

fn read_resources(
    value: &[u8],
    path: &Path<'_>,
    errors: &mut Errors,
) -> Option<Vec<(Arc<str>, u64)>> {
    let Some(members) = Members::of_map(value) else {
        expected("an object of names and amounts, such as {\"gpu\": 1}", value, path, errors);
        return None;
    };
    let mut resources: Vec<(Arc<str>, u64)> = Vec::new();
    for (name, amount) in members {
        let name = text_of(name).unwrap_or_default();
        if resources.iter().any(|(other, _)| **other == *name) {
            errors.add(&path.key(name), "duplicate_key", || crate::fields::twice(name));
        } else if name.is_empty() || name.len() > 100 || name.chars().any(char::is_control) {
            errors.add(&path.key(name), "invalid_key", || {
                "a resource's name has 1 to 100 bytes and no control characters".to_owned()
            });
        } else if let Some(thousandths) = read_amount(amount) {
            resources.push((name.into(), thousandths));
        } else {
            errors.add(&path.key(name), "wrong_value", || {
                format!("should be a number from 0 to {RESOURCE_MAX}")
            });
        }
    }
    Some(resources)
}

/// An amount in thousandths, rounded up.
fn read_amount(value: &[u8]) -> Option<u64> {
    let amount = match Reader::new(value).item() {
        Ok(Item::Unsigned(n)) => n as f64,
        Ok(Item::Float(n)) => n,
        _ => return None,
    };
    (0.0..=RESOURCE_MAX).contains(&amount).then(|| (amount * 1_000.0).ceil() as u64)
}
