//! Compares a run's outputs with what its example expects.

use std::fmt;

use serde_json::Value;

use crate::{
    client::{Client, ClientError, Path},
    dto::Run,
    output::escape,
};

/// How much of a value is shown.
const SHOWN_MAX_CHARS: usize = 200;

/// An output that is not as expected.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Wrong {
    key: String,
    expected: Value,
    actual: Option<Value>,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = escape(&self.key);
        let shown = |value: &Value| -> String {
            escape(&value.to_string()).chars().take(SHOWN_MAX_CHARS).collect()
        };
        match &self.actual {
            None => write!(f, "`{key}` is missing, expected {}", shown(&self.expected)),
            Some(actual) => {
                write!(f, "`{key}` is {}, expected {}", shown(actual), shown(&self.expected))
            }
        }
    }
}

/// The outputs that differ from `expected`. Values that the run only refers to are fetched where
/// the expectation is no reference itself.
pub(crate) fn wrong_outputs(
    client: &Client,
    run: &Run,
    expected: &Value,
) -> Result<Vec<Wrong>, ClientError> {
    let mut wrong = Vec::new();
    for (key, expected) in expected.as_object().into_iter().flatten() {
        let mut actual = run.outputs.get(key).cloned();
        let reference = actual.as_ref().and_then(object_id);
        if let Some(id) = reference.filter(|_| object_id(expected).is_none()) {
            let reply = client.get(&Path::of(&["objects", &id]))?;
            if reply.is_json() {
                actual = Some(reply.json()?);
            }
        }
        if !actual.as_ref().is_some_and(|actual| same(actual, expected)) {
            wrong.push(Wrong { key: key.clone(), expected: expected.clone(), actual });
        }
    }
    Ok(wrong)
}

fn object_id(value: &Value) -> Option<String> {
    value.get("$object").and_then(Value::as_str).map(str::to_owned)
}

/// Whether two JSON values are equal, where `1` and `1.0` are the same number.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            left == right || (left.is_f64() || right.is_f64()) && left.as_f64() == right.as_f64()
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(l, r)| same(l, r))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, l)| right.get(key).is_some_and(|r| same(l, r)))
        }
        (left, right) => left == right,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Goal: what is missing or different is told, what agrees is not.
    #[test]
    fn differences_are_told() {
        let run = Run {
            outputs: serde_json::from_value(json!({"total": 1.0, "list": [1, {"a": 2}], "x": 3}))
                .unwrap(),
            ..Run::default()
        };
        let client = Client::new("http://127.0.0.1:1".into(), None);
        let check = |expected: Value| wrong_outputs(&client, &run, &expected).unwrap();
        assert_eq!(check(json!({"total": 1, "list": [1, {"a": 2}]})), []);
        let wrong = check(json!({"total": 2, "y": 1}));
        let told: Vec<String> = wrong.iter().map(ToString::to_string).collect();
        assert_eq!(told, ["`total` is 1.0, expected 2", "`y` is missing, expected 1"]);
    }

    /// Goal: large integers are compared exactly.
    #[test]
    fn large_integers_are_exact() {
        assert!(!same(&json!(9_007_199_254_740_993_i64), &json!(9_007_199_254_740_992_i64)));
        assert!(same(&json!(2), &json!(2.0)));
    }
}
