//! The shapes of requests. They are read by hand (all errors at once), so that they are written
//! down by hand as well.

use serde_json::{Map, Value, json};

/// The schemas of bodies.
pub(super) fn schemas() -> Map<String, Value> {
    let named = [
        ("Submission", submission()),
        ("MoreTasks", more_tasks()),
        ("TaskSpec", task()),
        ("Options", options()),
        ("Arguments", arguments()),
        ("MapSource", map_source()),
        ("Gather", gather()),
        ("Keys", keys(json!({}), &["keys"])),
        ("OptionalKeys", keys(json!({}), &[])),
        ("Cancel", keys(json!({"reason": {"type": "string", "maxLength": 1000}}), &[])),
    ];
    named.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect()
}

fn submission() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "name": {"type": ["string", "null"], "description": "A name for people."},
            "open": {"type": "boolean", "default": false,
                     "description": "Whether more tasks may be added until the run is closed."},
            "lease": {"type": "string", "examples": ["60s"],
                      "description": "For open runs: without a word from the client for so long, \
                                      the run is closed and its results are released, but for \
                                      those with `keep`."},
            "profile": {"type": "boolean", "default": false,
                        "description": "Whether to look at the stacks of running guests every \
                                        few milliseconds, for `/runs/{id}/profile`."},
            "outputs": outputs(),
            "defaults": {"$ref": "#/components/schemas/Options"},
            "tasks": tasks(),
        },
        "anyOf": [
            {"required": ["tasks"]},
            {"required": ["open"], "properties": {"open": {"const": true}}},
        ],
    })
}

fn more_tasks() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "outputs": outputs(),
            "defaults": {"$ref": "#/components/schemas/Options"},
            "tasks": tasks(),
        },
        "required": ["tasks"],
    })
}

fn outputs() -> Value {
    json!({"type": "array", "items": {"type": "string"},
           "description": "Keys whose results stay until the run is deleted; by default those \
                           that nobody uses, in an open run all."})
}

fn tasks() -> Value {
    json!({"type": "object", "additionalProperties": {"$ref": "#/components/schemas/TaskSpec"},
           "description": "A task for each key. Keys have 1 to 200 bytes, no `/`, `[`, `]` or \
                           control characters."})
}

fn task() -> Value {
    let mut properties = json!({
        "call": {"type": "string", "description": "`module/function`; the module by name, id, or \
                                                   unique prefix of at least 8 digits."},
        "args": {"$ref": "#/components/schemas/Arguments"},
        "map": {"$ref": "#/components/schemas/MapSource"},
        "after": {"type": "array", "items": {"type": "string"},
                  "description": "Keys to wait for without using their results."},
        "import": {"type": "object", "additionalProperties": false, "required": ["run"],
                   "properties": {"run": {"type": "string"}, "task": {"type": "string"},
                                  "tasks": {"type": "string"}},
                   "oneOf": [{"required": ["task"]}, {"required": ["tasks"]}],
                   "description": "Instead of `call`: a task (`task`) or an array (`tasks`) of \
                                   another run, for which this entry stands."},
    });
    if let (Some(properties), Some(Value::Object(options))) =
        (properties.as_object_mut(), options().get("properties").cloned())
    {
        properties.extend(options);
    }
    json!({"type": "object", "additionalProperties": false, "properties": properties,
           "oneOf": [{"required": ["call"]}, {"required": ["import"]}]})
}

fn options() -> Value {
    let duration = json!({"type": "string", "examples": ["250ms", "30s", "5m"]});
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "retries": {"type": "integer", "minimum": 0, "maximum": 1000, "default": 0},
            "retry_delay": duration,
            "timeout": duration,
            "memory": {"type": "string", "examples": ["64MiB", "1GiB"]},
            "priority": {"type": "integer", "default": 0, "description": "Higher goes first."},
            "resources": {"type": "object", "additionalProperties": {"type": "number", "minimum": 0}},
            "on_failed": {"enum": ["abort", "run"], "default": "abort"},
            "cache": {"type": "boolean", "default": true},
            "keep": {"type": "boolean", "default": false},
            "max_fails": {"type": "integer", "minimum": 0,
                          "description": "Elements of an array that may fail before the others \
                                          are aborted."},
        },
    })
}

fn arguments() -> Value {
    json!({
        "type": ["array", "object"],
        "description": "A list, or an object by parameter name. At any depth: {\"$task\": \
                        \"key\"}, {\"$task\": \"sq[3]\"}, {\"$tasks\": \"sq\"}, {\"$object\": \
                        \"id\"}, {\"$bytes\": \"base64\"}, {\"$float\": \"NaN\"}; in arrays \
                        {\"$item\": n}. A literal key that begins with `$` gets another one.",
        "examples": [[1, {"$task": "a"}], {"x": 1}],
    })
}

fn map_source() -> Value {
    let one = |name: &str, schema: Value| {
        json!({"type": "object", "properties": {name: schema}, "required": [name],
               "additionalProperties": false})
    };
    json!({"oneOf": [
        one("range", json!({"type": "array", "items": {"type": "integer"}, "minItems": 2,
                            "maxItems": 3, "description": "start, end, step"})),
        one("each", json!({"type": "array", "items": {"type": "array"},
                           "description": "The parts of each element."})),
        one("zip", json!({"type": "array", "minItems": 1, "items": {"type": ["array", "object"]},
                          "description": "Sides of the same length: {\"$tasks\": \"key\"} or a \
                                          list of values."})),
    ]})
}

fn gather() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "keys": {"type": "array", "items": {"type": "string"}},
            "tasks": {"type": "string", "description": "The key of an array."},
        },
    })
}

fn keys(more: Value, required: &[&str]) -> Value {
    let mut properties = json!({"keys": {"type": "array", "items": {"type": "string"},
                                         "description": "Tasks or whole arrays."}});
    if let (Some(properties), Value::Object(more)) = (properties.as_object_mut(), more) {
        properties.extend(more);
    }
    json!({"type": "object", "additionalProperties": false, "properties": properties,
           "required": required})
}
