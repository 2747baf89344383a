//! What is known about an uploaded module.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{ModuleId, Timestamp};

/// A module, as its `describe` told it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ModuleInfo {
    /// The hash of the uploaded bytes.
    pub id: ModuleId,
    /// Number of uploaded bytes.
    pub size: u64,
    /// When it was uploaded first.
    pub created_at: Timestamp,
    /// Whether it imports nothing that could make two calls differ.
    pub pure: bool,
    /// The host functions it imports.
    pub imports: Vec<String>,
    /// Its task functions.
    pub functions: Vec<FunctionInfo>,
}

impl ModuleInfo {
    /// The function of that name.
    pub fn function(&self, name: &str) -> Option<&FunctionInfo> {
        self.functions.iter().find(|function| *function.name == *name)
    }

    /// The class of which this function is a method: `Counter.add` is one if the module makes
    /// actors of a class `Counter`.
    pub fn class_of<'f>(&self, function: &'f str) -> Option<&'f str> {
        let (class, _) = function.split_once('.')?;
        self.function(class).is_some_and(FunctionInfo::is_actor).then_some(class)
    }

    /// The method of that name, without its class.
    pub fn method(&self, class: &str, name: &str) -> Option<&FunctionInfo> {
        self.functions.iter().find(|function| method_of(function, class) == Some(name))
    }

    /// The names of a class's methods.
    pub fn methods<'m>(&'m self, class: &'m str) -> impl Iterator<Item = &'m str> {
        self.functions.iter().filter_map(move |function| method_of(function, class))
    }
}

fn method_of<'f>(function: &'f FunctionInfo, class: &str) -> Option<&'f str> {
    function.name.strip_prefix(class)?.strip_prefix('.')
}

/// A task function.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FunctionInfo {
    /// Its name.
    pub name: Arc<str>,
    /// Its doc comment.
    pub doc: String,
    /// Its parameters, in order.
    pub params: Vec<ParamInfo>,
    /// Its result.
    pub result: ResultInfo,
    /// Default for `retries`.
    pub retries: Option<u32>,
    /// Default for `timeout`, in milliseconds.
    pub timeout_ms: Option<u64>,
    /// Default for `memory`, in bytes.
    pub memory_max_bytes: Option<u64>,
}

impl FunctionInfo {
    /// Whether it makes actors: its result's schema is an object with `"x-wask-actor": true`.
    pub fn is_actor(&self) -> bool {
        self.result.schema.contains(ACTOR_MARK) && has_true_member(&self.result.schema, ACTOR_MARK)
    }
}

/// The member of a result's schema that marks a constructor.
const ACTOR_MARK: &str = "x-wask-actor";

/// Whether a JSON object has `true` as that member, itself and not somewhere inside. The text was
/// found to be JSON when the module was uploaded.
fn has_true_member(json: &str, name: &str) -> bool {
    let (mut rest, mut depth) = (json, 0u32);
    while let Some(first) = rest.chars().next() {
        rest = &rest[first.len_utf8()..];
        match first {
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.saturating_sub(1),
            '"' => {
                let (text, after) = split_text(rest);
                let value = after.trim_start().strip_prefix(':').map(str::trim_start);
                if depth == 1 && text == name && value.is_some_and(|v| v.starts_with("true")) {
                    return true;
                }
                rest = after;
            }
            _ => {}
        }
    }
    false
}

/// Splits behind a JSON text, whose opening quote is gone; the text keeps its escapes.
fn split_text(json: &str) -> (&str, &str) {
    let mut escaped = false;
    let end = json.find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    end.map_or((json, ""), |end| (&json[..end], &json[end + 1..]))
}

/// A parameter.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ParamInfo {
    /// Its name.
    pub name: String,
    /// JSON Schema (draft 2020-12) of its values, as JSON text.
    pub schema: String,
    /// Whether the guest takes it as raw bytes instead of CBOR.
    pub raw: bool,
}

/// A result.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ResultInfo {
    /// JSON Schema of the result, as JSON text.
    pub schema: String,
    /// Whether the guest returns raw bytes instead of CBOR.
    pub raw: bool,
    /// Media type of a raw result.
    pub media_type: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(name: &str, schema: &str) -> FunctionInfo {
        FunctionInfo {
            name: name.into(),
            doc: String::new(),
            params: Vec::new(),
            result: ResultInfo { schema: schema.to_owned(), raw: false, media_type: None },
            retries: None,
            timeout_ms: None,
            memory_max_bytes: None,
        }
    }

    #[test]
    fn a_constructor_is_known_by_the_mark_of_its_own_schema() {
        for schema in [
            r#"{"type":"object","x-wask-actor":true}"#,
            r#"{ "title" : "a \"b\" {", "x-wask-actor" : true }"#,
        ] {
            assert!(function("Counter", schema).is_actor(), "{schema}");
        }
        for schema in [
            "true",
            r#"{"x-wask-actor":false}"#,
            r#"{"title":"x-wask-actor"}"#,
            r#"{"properties":{"x-wask-actor":true}}"#,
            r#"{"title":"\"x-wask-actor\":true"}"#,
        ] {
            assert!(!function("Counter", schema).is_actor(), "{schema}");
        }
    }

    #[test]
    fn methods_belong_to_classes_of_actors() {
        let mark = r#"{"x-wask-actor":true}"#;
        let functions = vec![
            function("Counter", mark),
            function("Counter.add", "true"),
            function("Counter.value", "true"),
            function("plain", "true"),
            function("plain.dotted", "true"),
        ];
        let info = ModuleInfo {
            id: ModuleId([0; 32]),
            size: 0,
            created_at: Timestamp(0),
            pure: true,
            imports: Vec::new(),
            functions,
        };
        assert_eq!(info.class_of("Counter.add"), Some("Counter"));
        assert_eq!((info.class_of("plain.dotted"), info.class_of("Counter")), (None, None));
        assert_eq!(info.methods("Counter").collect::<Vec<_>>(), ["add", "value"]);
        assert!(info.method("Counter", "add").is_some() && info.method("Counter", "").is_none());
    }
}
