//! What a scenario's data mean: variables, and patterns that an answer is compared with. Pure; the
//! words are documented in `tests/conformance/README.md`.

use std::{cmp::Ordering, collections::BTreeMap};

use serde_json::Value;

/// What was captured so far, by name.
pub(super) type Variables = BTreeMap<String, Value>;

/// What a matcher's text may begin with.
const WORDS: [&str; 8] = ["text", ">=", "<=", "!=", "contains", "keys", "rising", "overlap"];

/// The value with `{name}` replaced: as it is where it stands alone, as text inside a text.
pub(super) fn fill(value: &Value, variables: &Variables) -> Value {
    let mut text = value.to_string();
    // Braces outside of texts are followed by quotes in JSON, never by a name.
    for (name, value) in variables {
        let (name, value) = (format!("{{{name}}}"), value.to_string());
        text = text.replace(&format!("\"{name}\""), &value);
        text = text.replace(&name, value.trim_matches('"'));
    }
    serde_json::from_str(&text).unwrap_or_default()
}

/// Every difference between a pattern and what is there, each with its place.
pub(super) fn differences(pattern: &Value, actual: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare(pattern, actual, "", &mut found);
    found
}

fn compare(pattern: &Value, actual: &Value, at: &str, found: &mut Vec<String>) {
    let is_right = match (pattern, actual) {
        (Value::Object(wanted), _) if wanted.contains_key("~") => {
            wanted["~"].as_str().is_some_and(|words| holds(words, actual))
        }
        (Value::Object(wanted), Value::Array(list)) if wanted.contains_key("~some") => {
            list.iter().any(|element| differences(&wanted["~some"], element).is_empty())
        }
        (Value::Object(wanted), Value::Object(object)) => {
            for (key, wanted) in wanted {
                let actual = object.get(key).unwrap_or(&Value::Null);
                compare(wanted, actual, &format!("{at}/{key}"), found);
            }
            true
        }
        (Value::Array(wanted), Value::Array(list)) if wanted.len() == list.len() => {
            for (n, (wanted, element)) in wanted.iter().zip(list).enumerate() {
                compare(wanted, element, &format!("{at}/{n}"), found);
            }
            true
        }
        _ => pattern == actual,
    };
    if !is_right {
        found.push(format!("{at}: expected {pattern}, is {actual}"));
    }
}

/// Whether all matchers in a pattern are some that there are.
pub(super) fn is_pattern(pattern: &Value) -> bool {
    let is_member = |(key, inner): (&String, &Value)| match key.strip_prefix('~') {
        Some("") => inner.as_str().is_some_and(|it| WORDS.contains(&first_word(it).0)),
        named => named.is_none_or(|name| name == "some") && is_pattern(inner),
    };
    pattern.as_object().is_none_or(|object| object.iter().all(is_member))
        && pattern.as_array().is_none_or(|list| list.iter().all(is_pattern))
}

fn first_word(words: &str) -> (&str, &str) {
    words.split_once(' ').unwrap_or((words, ""))
}

fn holds(words: &str, actual: &Value) -> bool {
    let list = actual.as_array().map_or(&[][..], Vec::as_slice);
    match first_word(words) {
        ("text", _) => actual.is_string(),
        (">=", least) => order(actual, least).is_some_and(Ordering::is_ge),
        ("<=", most) => order(actual, most).is_some_and(Ordering::is_le),
        ("!=", other) => !actual.is_null() && actual.to_string().trim_matches('"') != other,
        ("contains", part) => actual.as_str().is_some_and(|text| text.contains(part)),
        ("keys", array) => has_keys(list, array).unwrap_or(false),
        ("rising", member) => {
            let values: Option<Vec<f64>> = list.iter().map(|it| it[member].as_f64()).collect();
            values.is_some_and(|it| it.len() > 1 && it.windows(2).all(|it| it[0] < it[1]))
        }
        ("overlap", most) => {
            overlap(list).is_some_and(|it| most.parse().is_ok_and(|most| it <= most))
        }
        _ => false,
    }
}

/// Whether these are the elements of `sq[0..1000]`, by their keys, in order.
fn has_keys(list: &[Value], array: &str) -> Option<bool> {
    let (key, end) = array.strip_suffix(']')?.split_once("[0..")?;
    let fits = |(n, element): (usize, &Value)| element["key"] == format!("{key}[{n}]");
    Some(list.len() == end.parse::<usize>().ok()? && list.iter().enumerate().all(fits))
}

/// How a number or a time compares with the operand, which for a time may end with `+ 100ms`.
fn order(actual: &Value, operand: &str) -> Option<Ordering> {
    if let Some(number) = actual.as_f64() {
        return number.partial_cmp(&operand.parse().ok()?);
    }
    let (time, later) = operand.split_once(" + ").unwrap_or((operand, "0ms"));
    let later: i64 = later.strip_suffix("ms")?.parse().ok()?;
    Some(micros(actual)?.cmp(&(micros(&time.into())? + later * 1_000)))
}

/// The most elements that ran at the same moment, by their own times.
fn overlap(list: &[Value]) -> Option<usize> {
    let span = |it: &Value| Some((micros(&it["started_at"])?, micros(&it["finished_at"])?));
    let spans = list.iter().map(span).collect::<Option<Vec<_>>>()?;
    let at = |moment: i64| spans.iter().filter(|it| it.0 <= moment && moment < it.1).count();
    spans.iter().map(|span| at(span.0)).max()
}

/// Microseconds of an RFC 3339 time in UTC, counted from some day long ago.
fn micros(time: &Value) -> Option<i64> {
    let time = time.as_str()?;
    let part = |from: usize, to: usize| time.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (part(0, 4)?, part(5, 7)?, part(8, 10)?);
    let seconds: f64 = time.get(17..)?.strip_suffix('Z')?.parse().ok()?;
    // Years that begin in March end with the leap day.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day;
    let minutes = (days * 24 + part(11, 13)?) * 60 + part(14, 16)?;
    Some(minutes * 60_000_000 + (seconds * 1e6).round() as i64)
}
