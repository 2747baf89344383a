//! Functions that tests of the scheduler need: work of a chosen length, failures on demand, values
//! that come back as they went.

use std::{collections::BTreeMap, hint::black_box};

use wask::prelude::*;

/// Works for so many million steps, each about a nanosecond, and returns the second argument:
/// calls that differ in it are different calls.
#[wask::task]
fn work(million_steps: u64, tag: i64) -> i64 {
    let mut state = tag as u64;
    for _ in 0..million_steps * 1_000_000 {
        state = black_box(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
    }
    black_box(state);
    tag
}

/// Works as above before it logs the tag, so that the log tells when it ran.
#[wask::task]
fn work_aloud(ctx: &Ctx, million_steps: u64, tag: i64) -> i64 {
    ctx.log(Level::Info, format!("begin {tag}"));
    let result = work(million_steps, tag);
    ctx.log(Level::Info, format!("end {tag}"));
    result
}

/// Fails in the first so many attempts, then returns the number of the attempt.
#[wask::task]
fn fail_times(ctx: &Ctx, times: u32) -> Result<u32, Error> {
    let attempt = ctx.attempt();
    if attempt <= times {
        return Err(Error::new(format!("attempt {attempt} fails as asked")));
    }
    Ok(attempt)
}

/// Returns numbers that are no multiple of the second argument; the others are errors.
#[wask::task]
fn fail_multiples(x: i64, of: i64) -> Result<i64, Error> {
    if x % of == 0 { Err(Error::new(format!("{x} is a multiple of {of}"))) } else { Ok(x) }
}

/// Fails with causes behind it.
#[wask::task]
fn fail_with_cause(message: String) -> Result<i64, Error> {
    Err(Error::new("the disk is full").context("cannot write").context(message))
}

/// Panics with this message.
#[wask::task]
fn panic_with(message: String) -> i64 {
    panic!("{message}")
}

/// Returns its argument.
#[wask::task]
fn same_number(x: i64) -> i64 {
    x
}

/// Returns its argument.
#[wask::task]
fn same_text(text: String) -> String {
    text
}

/// Returns its argument: texts by name.
#[wask::task]
fn same_map(map: BTreeMap<String, String>) -> BTreeMap<String, String> {
    map
}

/// Returns its argument: numbers nested in lists by name.
#[wask::task]
fn same_lists(lists: BTreeMap<String, Vec<Vec<i64>>>) -> BTreeMap<String, Vec<Vec<i64>>> {
    lists
}

/// Whether the number is not a number.
#[wask::task]
fn is_nan(x: f64) -> bool {
    x.is_nan()
}

/// Half of a number.
#[wask::task]
fn half(x: f64) -> f64 {
    x / 2.0
}

/// The first number minus the second: arguments must not change places.
#[wask::task]
fn minus(from: i64, take: i64) -> i64 {
    from - take
}

/// The number of bytes.
#[wask::task]
fn len(data: Bytes) -> u64 {
    data.len() as u64
}

/// Bytes inside a list, each list's length.
#[wask::task]
fn lens(parts: Vec<Bytes>) -> Vec<u64> {
    parts.iter().map(|part| part.len() as u64).collect()
}

/// So many bytes of that value.
#[wask::task]
fn bytes_of(count: u64, value: u8) -> Bytes {
    vec![value; count as usize].into()
}

/// The same bytes, but the first is one more.
#[wask::task]
fn bytes_after(mut bytes: Bytes) -> Bytes {
    if let Some(first) = bytes.first_mut() {
        *first = first.wrapping_add(1);
    }
    bytes
}

/// The first byte, and how many there are.
#[wask::task]
fn first_of(bytes: Bytes) -> Vec<u64> {
    vec![bytes.first().copied().unwrap_or_default().into(), bytes.len() as u64]
}

/// A text of so many letters.
#[wask::task]
fn text_of(count: u64) -> String {
    "x".repeat(count as usize)
}

/// How many of the values are there: the results of failed tasks are not.
#[wask::task]
fn count_present(values: Vec<Option<i64>>) -> u64 {
    values.iter().flatten().count() as u64
}

/// Logs so many lines.
#[wask::task]
fn log_lines(ctx: &Ctx, count: u64) -> u64 {
    for line in 0..count {
        ctx.log(Level::Info, format!("line {line}"));
    }
    count
}

/// The number of this attempt and the name of this task, as the host tells them.
#[wask::task]
fn who(ctx: &Ctx) -> String {
    format!("{} {}", ctx.attempt(), ctx.task())
}

/// Options that come with the function.
#[wask::task(retries = 2, timeout = "200ms", memory = "32MiB")]
fn with_options(million_steps: u64) -> u64 {
    work(million_steps, 1) as u64
}

wask::export![
    work,
    work_aloud,
    fail_times,
    fail_multiples,
    fail_with_cause,
    panic_with,
    same_number,
    same_text,
    same_map,
    same_lists,
    is_nan,
    half,
    minus,
    len,
    lens,
    bytes_of,
    bytes_after,
    first_of,
    text_of,
    count_present,
    log_lines,
    who,
    with_options
];
