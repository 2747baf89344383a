//! The operations and shapes of coordination.

use serde_json::{Map, Value, json};
use utoipa::openapi::{RefOr, schema::Schema};

use super::{
    add,
    table::{
        Content::{Optional, Page, Shape},
        Operation, operations,
    },
};
use crate::{
    codes::{self, Code},
    dto::sync as dto,
    routes,
};

/// The shapes of answers.
pub(super) fn add_responses(found: &mut Vec<(String, RefOr<Schema>)>) {
    add::<routes::sync::AllDto>(found);
    add::<dto::QueueDto>(found);
    add::<dto::QueueItemsDto>(found);
    add::<dto::ValueOfDto>(found);
    add::<dto::VariableDto>(found);
    add::<dto::IsSetDto>(found);
    add::<dto::FlagDto>(found);
    add::<dto::LeaseDto>(found);
    add::<dto::LeasesDto>(found);
    add::<dto::TopicDto>(found);
    add::<dto::PostedDto>(found);
    add::<dto::TopicItemsDto>(found);
}

/// The shapes of bodies.
pub(super) fn requests() -> Map<String, Value> {
    let value = json!({
        "description": "Any value up to 64 KiB. At any depth: {\"$object\": \"id\"}, {\"$task\": \
                        \"key\", \"$run\": \"id\"}, {\"$bytes\": \"base64\"}, {\"$float\": \
                        \"NaN\"}. A literal key that begins with `$` gets another one.",
    });
    let lease = json!({"type": "string", "default": "30s", "examples": ["100ms", "30s", "24h"]});
    let token = json!({"type": "integer", "minimum": 0});
    let count =
        |least: u64, doc: &str| json!({"type": "integer", "minimum": least, "description": doc});
    let named = [
        ("PutValue", json!({"value": value}), vec!["value"]),
        ("QueueSize", json!({"maxsize": count(0, "0 for as many items as come.")}), vec![]),
        ("LeaseCount", json!({"leases": count(1, "How many at the same time.")}), vec!["leases"]),
        ("LeaseTime", json!({"lease": lease}), vec![]),
        ("LeaseToken", json!({"token": token}), vec!["token"]),
        ("LeaseRenewal", json!({"token": token, "lease": lease}), vec!["token"]),
        ("TopicRetention", json!({"retain": count(1, "Items that are kept.")}), vec![]),
    ];
    let object = |(name, properties, required): (&str, Value, Vec<&str>)| {
        let schema = json!({"type": "object", "additionalProperties": false,
                            "properties": properties, "required": required});
        (name.to_owned(), schema)
    };
    named.into_iter().map(object).collect()
}

const LIST_PROBLEMS: &[Code] = &[codes::UNKNOWN_PARAMETER, codes::INVALID_PARAMETER];

/// What any change may be answered with.
const CHANGE_PROBLEMS: &[Code] = &[
    codes::MALFORMED_JSON,
    codes::MALFORMED_CBOR,
    codes::INVALID_REQUEST,
    codes::UNKNOWN_PARAMETER,
    codes::INVALID_PARAMETER,
    codes::INVALID_HEADER,
    codes::STALE_TOKEN,
    codes::BODY_TOO_LARGE,
    codes::VALUE_TOO_LARGE,
    codes::TOO_MUCH_WORK,
    codes::SHUTTING_DOWN,
    codes::DISK_FULL,
];

const QUEUE_WAITS: &[Code] = &[
    codes::INVALID_REQUEST,
    codes::INVALID_PARAMETER,
    codes::INVALID_HEADER,
    codes::TIMEOUT,
    codes::STALE_TOKEN,
    codes::QUEUE_DELETED,
    codes::VALUE_TOO_LARGE,
    codes::TOO_MUCH_WORK,
    codes::BUSY,
    codes::SHUTTING_DOWN,
    codes::DISK_FULL,
];

const READ_WAITS: &[Code] =
    &[codes::INVALID_PARAMETER, codes::TIMEOUT, codes::BUSY, codes::SHUTTING_DOWN];

const LEASE_PROBLEMS: &[Code] = &[
    codes::INVALID_REQUEST,
    codes::INVALID_PARAMETER,
    codes::INVALID_HEADER,
    codes::STALE_TOKEN,
    codes::DISK_FULL,
];

const ACQUIRE_PROBLEMS: &[Code] = &[
    codes::INVALID_REQUEST,
    codes::INVALID_PARAMETER,
    codes::INVALID_HEADER,
    codes::UNKNOWN_SEMAPHORE,
    codes::TIMEOUT,
    codes::STALE_TOKEN,
    codes::SEMAPHORE_DELETED,
    codes::TOO_MUCH_WORK,
    codes::BUSY,
    codes::SHUTTING_DOWN,
    codes::DISK_FULL,
];

operations! {
    OPERATIONS:
    get "/sync" "coordination" "All queues, variables, events, locks, semaphores and topics."
        [] None, [200 "The first thousand of each kind." Some(Shape("Coordination"))],
        &[codes::UNKNOWN_PARAMETER];

    get "/sync/queues" "coordination" "Queues by name."
        ["cursor", "limit"] None, [200 "A page of them." Some(Page("Queue"))], LIST_PROBLEMS;
    put "/sync/queues/{name}" "coordination" "Make a queue, or change how many items it takes."
        ["sync_name", "guard"] Some(Optional("QueueSize")),
        [200 "The queue." Some(Shape("Queue"))], CHANGE_PROBLEMS;
    get "/sync/queues/{name}" "coordination" "A queue's size."
        ["sync_name"] None, [200 "The queue." Some(Shape("Queue"))], &[codes::UNKNOWN_QUEUE];
    delete "/sync/queues/{name}" "coordination" "Delete a queue and its items."
        ["sync_name", "guard"] None, [204 "It is gone." None],
        &[codes::UNKNOWN_QUEUE, codes::STALE_TOKEN];
    post "/sync/queues/{name}/put" "coordination" "Put an item at the end; with `wait`, wait for room."
        ["sync_name", "wait", "guard"] Some(Shape("PutValue")),
        [200 "It is durable." Some(Shape("Queue"))], QUEUE_WAITS;
    post "/sync/queues/{name}/get" "coordination" "Take items from the front, at least one; with `wait`, wait for it."
        ["sync_name", "wait", "batch", "guard"] None,
        [200 "The items." Some(Shape("QueueItems"))], QUEUE_WAITS;

    get "/sync/variables" "coordination" "Variables that have a value, by name."
        ["cursor", "limit"] None, [200 "A page of them." Some(Page("Variable"))], LIST_PROBLEMS;
    put "/sync/variables/{name}" "coordination" "Give a variable a value."
        ["sync_name", "guard"] Some(Shape("PutValue")), [204 "It is durable." None],
        CHANGE_PROBLEMS;
    get "/sync/variables/{name}" "coordination" "A variable's value; with `wait`, wait until it has one."
        ["sync_name", "wait"] None, [200 "The value." Some(Shape("VariableValue"))],
        &[codes::UNKNOWN_VARIABLE, codes::TIMEOUT, codes::BUSY, codes::SHUTTING_DOWN];
    delete "/sync/variables/{name}" "coordination" "Take a variable's value away."
        ["sync_name", "guard"] None, [204 "It is gone." None],
        &[codes::UNKNOWN_VARIABLE, codes::STALE_TOKEN];

    get "/sync/events" "coordination" "Events that have come, by name."
        ["cursor", "limit"] None, [200 "A page of them." Some(Page("SetEvent"))], LIST_PROBLEMS;
    get "/sync/events/{name}" "coordination" "Whether an event has come; with `wait`, wait until it has."
        ["sync_name", "wait"] None, [200 "Whether it has." Some(Shape("EventState"))], READ_WAITS;
    post "/sync/events/{name}/set" "coordination" "Let an event come: all who wait go on."
        ["sync_name", "guard"] None, [200 "It is durable." Some(Shape("EventState"))],
        CHANGE_PROBLEMS;
    post "/sync/events/{name}/clear" "coordination" "Make an event as if it had never come."
        ["sync_name", "guard"] None, [200 "It is durable." Some(Shape("EventState"))],
        CHANGE_PROBLEMS;

    get "/sync/locks" "coordination" "Locks that are held, by name."
        ["cursor", "limit"] None, [200 "A page of them." Some(Page("Leases"))], LIST_PROBLEMS;
    get "/sync/locks/{name}" "coordination" "A lock and its holder."
        ["sync_name"] None, [200 "The lock." Some(Shape("Leases"))], &[codes::INVALID_PARAMETER];
    delete "/sync/locks/{name}" "coordination" "End the lease of a lock, whoever holds it."
        ["sync_name", "guard"] None, [204 "It is free, or the next one's." None],
        &[codes::UNKNOWN_LOCK, codes::STALE_TOKEN];
    post "/sync/locks/{name}/acquire" "coordination" "Take a lock for a time; with `wait`, wait for it."
        ["sync_name", "wait", "guard"] Some(Optional("LeaseTime")),
        [200 "It is yours." Some(Shape("Lease"))], ACQUIRE_PROBLEMS;
    post "/sync/locks/{name}/renew" "coordination" "Let a lease last longer, from now on."
        ["sync_name", "guard"] Some(Shape("LeaseRenewal")),
        [200 "It is." Some(Shape("Lease"))], LEASE_PROBLEMS;
    post "/sync/locks/{name}/release" "coordination" "Give a lock back."
        ["sync_name", "guard"] Some(Shape("LeaseToken")), [204 "It is." None], LEASE_PROBLEMS;

    get "/sync/semaphores" "coordination" "Semaphores by name."
        ["cursor", "limit"] None, [200 "A page of them." Some(Page("Leases"))], LIST_PROBLEMS;
    put "/sync/semaphores/{name}" "coordination" "Make a semaphore, or change how many leases it gives."
        ["sync_name", "guard"] Some(Shape("LeaseCount")),
        [200 "The semaphore." Some(Shape("Leases"))], CHANGE_PROBLEMS;
    get "/sync/semaphores/{name}" "coordination" "A semaphore and its holders."
        ["sync_name"] None, [200 "The semaphore." Some(Shape("Leases"))],
        &[codes::UNKNOWN_SEMAPHORE];
    delete "/sync/semaphores/{name}" "coordination" "Delete a semaphore and its leases."
        ["sync_name", "guard"] None, [204 "It is gone." None],
        &[codes::UNKNOWN_SEMAPHORE, codes::STALE_TOKEN];
    post "/sync/semaphores/{name}/acquire" "coordination" "Take a lease for a time; with `wait`, wait for one."
        ["sync_name", "wait", "guard"] Some(Optional("LeaseTime")),
        [200 "It is yours." Some(Shape("Lease"))], ACQUIRE_PROBLEMS;
    post "/sync/semaphores/{name}/renew" "coordination" "Let a lease last longer, from now on."
        ["sync_name", "guard"] Some(Shape("LeaseRenewal")),
        [200 "It is." Some(Shape("Lease"))], LEASE_PROBLEMS;
    post "/sync/semaphores/{name}/release" "coordination" "Give a lease back."
        ["sync_name", "guard"] Some(Shape("LeaseToken")), [204 "It is." None], LEASE_PROBLEMS;

    get "/sync/topics" "coordination" "Topics by name."
        ["cursor", "limit"] None, [200 "A page of them." Some(Page("Topic"))], LIST_PROBLEMS;
    put "/sync/topics/{name}" "coordination" "Make a topic, or change how many items it keeps."
        ["sync_name", "guard"] Some(Optional("TopicRetention")),
        [200 "The topic." Some(Shape("Topic"))], CHANGE_PROBLEMS;
    post "/sync/topics/{name}" "coordination" "Post an item."
        ["sync_name", "guard"] Some(Shape("PutValue")),
        [200 "It is durable." Some(Shape("Posted"))], CHANGE_PROBLEMS;
    get "/sync/topics/{name}" "coordination" "Items after an offset; as Server-Sent Events with `Accept: text/event-stream`."
        ["sync_name", "after_offset", "last_offset", "wait", "limit"] None,
        [200 "The items." Some(Shape("TopicItems"))], READ_WAITS;
    delete "/sync/topics/{name}" "coordination" "Delete a topic and its items."
        ["sync_name", "guard"] None, [204 "It is gone." None],
        &[codes::UNKNOWN_TOPIC, codes::STALE_TOKEN];
}
