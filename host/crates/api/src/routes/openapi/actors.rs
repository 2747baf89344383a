//! The operations and shapes of actors.

use serde_json::{Map, Value, json};
use utoipa::openapi::{RefOr, schema::Schema};

use super::{
    add,
    table::{
        Content::{self, Optional, Page, Shape},
        Operation, operations,
    },
};
use crate::{codes, dto};

/// The shapes of answers.
pub(super) fn add_responses(found: &mut Vec<(String, RefOr<Schema>)>) {
    add::<dto::MadeActorDto>(found);
    add::<dto::ActorDto>(found);
}

/// The shapes of bodies.
pub(super) fn requests() -> Map<String, Value> {
    let arguments = json!({
        "type": ["array", "object"],
        "description": "A list, or an object by parameter name. At any depth: {\"$object\": \
                        \"id\"}, {\"$task\": \"key\", \"$run\": \"id\"} for the result of a \
                        finished task, {\"$bytes\": \"base64\"}, {\"$float\": \"NaN\"}. A \
                        literal key that begins with `$` gets another one.",
        "default": [],
        "examples": [[1, "two"], {"amount": 1}],
    });
    let new = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["call"],
        "properties": {
            "call": {"type": "string", "examples": ["counter/Counter"],
                     "description": "`module/class`; the module by name, id, or unique prefix of \
                                     at least 8 digits."},
            "args": {"$ref": "#/components/schemas/ActorArguments"},
            "name": {"type": "string", "maxLength": 1000, "description": "A name for people."},
        },
    });
    let named = [("NewActor", new), ("ActorArguments", arguments)];
    named.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect()
}

operations! {
    OPERATIONS:
    post "/actors" "actors" "Make an actor; answered when its constructor has run, within 30 seconds unless said otherwise."
        ["wait", "guard"] Some(Shape("NewActor")),
        [201 "It is durable." Some(Shape("MadeActor"))],
        &[codes::MALFORMED_JSON, codes::MALFORMED_CBOR, codes::INVALID_REQUEST,
          codes::INVALID_ARGUMENTS, codes::INVALID_PARAMETER, codes::INVALID_HEADER,
          codes::TIMEOUT, codes::NO_RESULT, codes::TASK_FAILED, codes::STALE_TOKEN,
          codes::BODY_TOO_LARGE, codes::TOO_MUCH_WORK, codes::SHUTTING_DOWN, codes::DISK_FULL];
    get "/actors" "actors" "Actors, newest first."
        ["cursor", "limit"] None, [200 "A page of them." Some(Page("Actor"))],
        &[codes::UNKNOWN_PARAMETER, codes::INVALID_PARAMETER];
    get "/actors/{id}" "actors" "An actor."
        ["actor"] None, [200 "The actor." Some(Shape("Actor"))], &[codes::UNKNOWN_ACTOR];
    delete "/actors/{id}" "actors" "Delete an actor. Calls in its line do not take place."
        ["actor", "guard"] None, [204 "It is gone." None],
        &[codes::INVALID_HEADER, codes::UNKNOWN_ACTOR, codes::STALE_TOKEN,
          codes::SHUTTING_DOWN, codes::DISK_FULL];
    post "/actors/{id}/{method}" "actors" "Call a method and wait, 30 seconds unless said otherwise. Calls take place in order of arrival, one at a time; what is answered is durable."
        ["actor", "method", "wait", "guard"] Some(Optional("ActorArguments")),
        [200 "The result." Some(Content::Value)],
        &[codes::MALFORMED_JSON, codes::MALFORMED_CBOR, codes::INVALID_ARGUMENTS,
          codes::INVALID_PARAMETER, codes::INVALID_HEADER, codes::UNKNOWN_ACTOR,
          codes::UNKNOWN_METHOD, codes::TIMEOUT, codes::NO_RESULT, codes::TASK_FAILED,
          codes::STALE_TOKEN, codes::ACTOR_DELETED, codes::BODY_TOO_LARGE,
          codes::TOO_MUCH_WORK, codes::SHUTTING_DOWN, codes::DISK_FULL];
}
