//! Every operation of the API: one entry each.

use crate::codes::{self, Code};

/// A body.
pub(super) enum Content {
    /// JSON or CBOR of this shape.
    Shape(&'static str),
    /// The same, but it may be left out.
    Optional(&'static str),
    /// A page of a list of these.
    Page(&'static str),
    /// Any value: JSON, CBOR, or bytes of the value's own type.
    Value,
    /// Bytes of this type.
    Type(&'static str),
}

use Content::{Optional, Page, Shape, Type};

/// What can be answered: status, meaning, body.
type AnswerRow = (u16, &'static str, Option<Content>);

/// One operation.
pub(super) struct Operation {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) tag: &'static str,
    pub(super) summary: &'static str,
    pub(super) parameters: &'static [&'static str],
    pub(super) body: Option<Content>,
    pub(super) answers: &'static [AnswerRow],
    pub(super) problems: &'static [Code],
}

/// A parameter that operations share.
pub(super) struct Parameter {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) place: &'static str,
    pub(super) kind: &'static str,
    pub(super) doc: &'static str,
}

macro_rules! parameters {
    ($($id:literal $name:literal $place:literal $kind:literal $doc:literal)*) => {
        /// All parameters.
        pub(super) const PARAMETERS: &[Parameter] =
            &[$(Parameter { id: $id, name: $name, place: $place, kind: $kind, doc: $doc }),*];
    };
}

parameters! {
    "run" "id" "path" "string" "A run: its id, a unique prefix, or `last`."
    "key" "key" "path" "string" "A task: `key`, or `key[n]` in arrays, percent-encoded."
    "module" "reference" "path" "string" "A module: its id, a unique prefix of 8 digits, or a name."
    "module_called" "module" "path" "string" "A module: its id, a unique prefix of 8 digits, or a name."
    "function" "function" "path" "string" "A function of the module."
    "object" "id" "path" "string" "An object: the BLAKE3 hash of its bytes."
    "new_name" "name" "path" "string" "A name for the module."
    "module_name" "name" "query" "string" "A name that is to point to the module."
    "wait" "wait" "query" "string" "How long to wait at most: `250ms`, `30s`, `5m`."
    "run_state" "state" "query" "string" "Only runs in this state."
    "run_name" "name" "query" "string" "Only runs whose name contains this."
    "task_state" "state" "query" "string" "Only tasks in this state."
    "task_call" "call" "query" "string" "Only tasks of this function, `module/function`."
    "task_key" "key" "query" "string" "Only the tasks of this key."
    "task_search" "search" "query" "string" "Only tasks whose keys contain this, or the one of that name."
    "cursor" "cursor" "query" "string" "The `next` of the page before."
    "limit" "limit" "query" "integer" "How many items to answer with at most."
    "after" "after" "query" "integer" "The `next` of the answer before."
    "after_event" "after" "query" "integer" "The id of the last event that was seen."
    "last_event" "Last-Event-ID" "header" "integer" "The id of the last event that was seen."
    "block" "block" "path" "integer" "Number of a block."
    "places" "tasks" "query" "string" "Places of tasks, at most 1 000, with commas between."
    "live_run" "run" "query" "string" "Only this run."
    "live_from" "from" "query" "integer" "Number of the first span that is wanted."
    "live_epoch" "epoch" "query" "string" "The life of the server to which `from` belongs; only for all runs."
    "format" "format" "query" "string" "`json`, `dot`, `mermaid`, `svg`, or `columns` with `by=task`."
    "by" "by" "query" "string" "`node`, `function`, or `task` with `format=columns`."
    "actor" "id" "path" "string" "An actor."
    "method" "method" "path" "string" "A method, without its class."
    "sync_name" "name" "path" "string" "A name: 1 to 200 bytes without `/` and control characters, percent-encoded."
    "guard" "Wask-Guard" "header" "string" "`LOCK_NAME=TOKEN` or `semaphore/NAME=TOKEN`, the name percent-encoded: nothing is done unless that token holds that lease."
    "batch" "batch" "query" "integer" "How many items to take at most; 1 unless said otherwise."
    "after_offset" "after" "query" "integer" "The offset of the last item that was seen."
    "last_offset" "Last-Event-ID" "header" "integer" "The same, when a stream of events is resumed."
    "idempotency" "Idempotency-Key" "header" "string" "A repetition with the same key and body has the same effect as one request."
    "range" "Range" "header" "string" "`bytes=first-last`; only for bytes that are not rendered."
    "if_none_match" "If-None-Match" "header" "string" "ETags that the client has."
}

const GRAPH_PROBLEMS: &[Code] = &[
    codes::MALFORMED_JSON,
    codes::MALFORMED_CBOR,
    codes::INVALID_GRAPH,
    codes::UNKNOWN_PARAMETER,
    codes::INVALID_PARAMETER,
    codes::INVALID_HEADER,
    codes::BODY_INTERRUPTED,
    codes::SLOW_BODY,
    codes::IDEMPOTENCY_MISMATCH,
    codes::STALE_TOKEN,
    codes::BODY_TOO_LARGE,
    codes::UNSUPPORTED_MEDIA_TYPE,
    codes::TOO_MUCH_WORK,
    codes::BUSY,
    codes::SHUTTING_DOWN,
    codes::DISK_FULL,
];

const ORDER_PROBLEMS: &[Code] = &[
    codes::MALFORMED_JSON,
    codes::MALFORMED_CBOR,
    codes::INVALID_REQUEST,
    codes::AMBIGUOUS,
    codes::UNKNOWN_RUN,
    codes::UNKNOWN_TASK,
    codes::UNSUPPORTED_MEDIA_TYPE,
    codes::SHUTTING_DOWN,
];

const RUN_PROBLEMS: &[Code] =
    &[codes::UNKNOWN_PARAMETER, codes::INVALID_PARAMETER, codes::AMBIGUOUS, codes::UNKNOWN_RUN];

const GRAPH_OF_PROBLEMS: &[Code] = &[
    codes::UNKNOWN_PARAMETER,
    codes::INVALID_PARAMETER,
    codes::TOO_MANY_TASKS,
    codes::AMBIGUOUS,
    codes::UNKNOWN_RUN,
];

const TASK_PROBLEMS: &[Code] = &[
    codes::UNKNOWN_PARAMETER,
    codes::INVALID_PARAMETER,
    codes::AMBIGUOUS,
    codes::UNKNOWN_RUN,
    codes::UNKNOWN_TASK,
];

const RESULT_PROBLEMS: &[Code] = &[
    codes::INVALID_PARAMETER,
    codes::UNKNOWN_RUN,
    codes::UNKNOWN_TASK,
    codes::TASK_FAILED,
    codes::TASK_CANCELLED,
    codes::TASK_ABORTED,
    codes::RELEASED,
    codes::RANGE_NOT_SATISFIABLE,
];

const OBJECT_PROBLEMS: &[Code] = &[
    codes::MALFORMED_JSON,
    codes::MALFORMED_CBOR,
    codes::INVALID_REQUEST,
    codes::INVALID_PARAMETER,
    codes::HASH_MISMATCH,
    codes::SLOW_BODY,
    codes::BODY_TOO_LARGE,
    codes::DISK_FULL,
];

const MODULE_PROBLEMS: &[Code] = &[codes::AMBIGUOUS, codes::UNKNOWN_MODULE];

macro_rules! operations {
    ($name:ident: $($method:ident $path:literal $tag:literal $summary:literal
       [$($parameter:literal),*] $body:expr, [$($status:literal $doc:literal $answer:expr),*],
       $problems:expr;)*) => {
        /// Operations.
        pub(super) const $name: &[Operation] = &[$(Operation {
            method: stringify!($method),
            path: $path,
            tag: $tag,
            summary: $summary,
            parameters: &[$($parameter),*],
            body: $body,
            answers: &[$(($status, $doc, $answer)),*],
            problems: $problems,
        }),*];
    };
}

pub(super) use operations;

operations! {
    OPERATIONS:
    post "/modules" "modules" "Upload a module: the wasm bytes."
        ["module_name"] Some(Type("application/wasm")),
        [201 "It is new." Some(Shape("Module")), 200 "It was known." Some(Shape("Module"))],
        &[codes::UNKNOWN_PARAMETER, codes::INVALID_PARAMETER, codes::SLOW_BODY,
          codes::BODY_TOO_LARGE, codes::INVALID_MODULE, codes::BUSY, codes::DISK_FULL];
    get "/modules" "modules" "All modules, newest first."
        [] None, [200 "The modules." Some(Page("Module"))], &[codes::UNKNOWN_PARAMETER];
    get "/modules/{reference}" "modules" "A module."
        ["module"] None, [200 "The module." Some(Shape("Module"))], MODULE_PROBLEMS;
    delete "/modules/{reference}" "modules" "Delete a module that no unfinished run needs."
        ["module"] None, [204 "It is gone." None],
        &[codes::AMBIGUOUS, codes::UNKNOWN_MODULE, codes::MODULE_IN_USE];
    get "/modules/{reference}/wasm" "modules" "The uploaded bytes."
        ["module"] None, [200 "The bytes." Some(Type("application/wasm"))], MODULE_PROBLEMS;
    put "/modules/{reference}/name/{name}" "modules" "Point a name to a module."
        ["module", "new_name"] None, [200 "The module." Some(Shape("Module"))],
        &[codes::INVALID_PARAMETER, codes::AMBIGUOUS, codes::UNKNOWN_MODULE];

    post "/objects" "objects" "Store bytes. JSON is stored as CBOR, any other type as it is."
        [] Some(Content::Value),
        [201 "It is new." Some(Shape("Object")), 200 "It was known." Some(Shape("Object"))],
        OBJECT_PROBLEMS;
    put "/objects/{id}" "objects" "Store bytes that must have this hash."
        ["object"] Some(Content::Value),
        [201 "It is new." Some(Shape("Object")), 200 "It was known." Some(Shape("Object"))],
        OBJECT_PROBLEMS;
    get "/objects/{id}" "objects" "An object's bytes; CBOR is rendered as JSON unless `Accept` asks for CBOR."
        ["object", "range", "if_none_match"] None,
        [200 "The bytes." Some(Content::Value), 206 "A part of them." Some(Content::Value),
         304 "The client has them." None],
        &[codes::UNKNOWN_OBJECT, codes::RANGE_NOT_SATISFIABLE];
    head "/objects/{id}" "objects" "An object's type and size."
        ["object"] None, [200 "It is there." None], &[codes::UNKNOWN_OBJECT];
    delete "/objects/{id}" "objects" "Delete an object that nothing needs."
        ["object"] None, [204 "It is gone." None], &[codes::UNKNOWN_OBJECT, codes::OBJECT_IN_USE];

    post "/runs" "runs" "Submit a graph."
        ["wait", "idempotency", "guard"] Some(Shape("Submission")),
        [202 "It is durable." Some(Shape("Submitted")),
         200 "It is finished." Some(Shape("Submitted"))],
        GRAPH_PROBLEMS;
    get "/runs" "runs" "Runs, newest first."
        ["run_state", "run_name", "cursor", "limit"] None,
        [200 "A page of runs." Some(Page("Run"))],
        &[codes::UNKNOWN_PARAMETER, codes::INVALID_PARAMETER];
    get "/runs/{id}" "runs" "Everything about a run."
        ["run", "wait"] None, [200 "The run." Some(Shape("RunDetail"))], RUN_PROBLEMS;
    delete "/runs/{id}" "runs" "Forget a finished run, its results and history."
        ["run"] None, [204 "It is gone." None],
        &[codes::AMBIGUOUS, codes::UNKNOWN_RUN, codes::RUN_UNFINISHED, codes::RUN_IN_USE];
    post "/runs/{id}/tasks" "runs" "Add tasks to an open run."
        ["run", "guard"] Some(Shape("MoreTasks")),
        [202 "They are durable." Some(Shape("TasksAdded"))],
        &[codes::MALFORMED_JSON, codes::MALFORMED_CBOR, codes::INVALID_GRAPH, codes::UNKNOWN_RUN,
          codes::RUN_CLOSED, codes::DUPLICATE_KEY, codes::STALE_TOKEN, codes::BODY_TOO_LARGE, codes::TOO_MUCH_WORK,
          codes::BUSY, codes::DISK_FULL];
    post "/runs/{id}/close" "runs" "Close an open run."
        ["run"] None, [200 "The run." Some(Shape("Run"))], RUN_PROBLEMS;
    post "/runs/{id}/renew" "runs" "Renew the lease of an open run. Whatever changes the run or waits for it does so too."
        ["run"] None, [200 "When it ends now." Some(Shape("Renewed"))],
        &[codes::AMBIGUOUS, codes::UNKNOWN_RUN, codes::RUN_CLOSED, codes::NO_LEASE];
    post "/runs/{id}/release" "runs" "Drop interest in results; work that only they needed is cancelled."
        ["run"] Some(Shape("Keys")), [200 "Done." Some(Shape("Released"))], ORDER_PROBLEMS;
    post "/runs/{id}/cancel" "runs" "Stop tasks, or the whole run."
        ["run"] Some(Optional("Cancel")), [200 "Done." Some(Shape("Cancelled"))], ORDER_PROBLEMS;
    post "/runs/{id}/retry" "runs" "Run failed, cancelled and aborted tasks again."
        ["run"] Some(Optional("OptionalKeys")), [200 "Done." Some(Shape("Retried"))],
        ORDER_PROBLEMS;
    post "/runs/{id}/gather" "results" "Results in the order asked for."
        ["run", "wait"] Some(Shape("Gather")), [200 "The results." Some(Shape("Gathered"))],
        ORDER_PROBLEMS;
    get "/runs/{id}/completed" "results" "Tasks in order of completion."
        ["run", "after", "wait", "limit"] None,
        [200 "The tasks." Some(Shape("Completed"))], RUN_PROBLEMS;
    get "/runs/{id}/logs" "runs" "What the tasks of a run logged."
        ["run", "limit"] None, [200 "The lines by task and attempt." Some(Shape("Logs"))],
        RUN_PROBLEMS;
    get "/runs/{id}/graph" "runs" "The graph by keys or by functions."
        ["run", "format", "by"] None,
        [200 "The graph; as text or picture with `format`." Some(Shape("Graph"))], GRAPH_OF_PROBLEMS;
    get "/runs/{id}/trace" "runs" "The timeline for Chrome's and Perfetto's viewers."
        ["run"] None, [200 "Trace events." Some(Type("application/json"))], RUN_PROBLEMS;
    get "/runs/{id}/events" "events" "What happens in a run, as Server-Sent Events of the shape `Event`."
        ["run", "after_event", "last_event"] None,
        [200 "The feed." Some(Type("text/event-stream"))], RUN_PROBLEMS;

    get "/runs/{id}/tasks" "tasks" "The tasks of a run."
        ["run", "task_state", "task_call", "task_key", "task_search", "cursor", "limit"] None,
        [200 "A page of tasks." Some(Page("Task"))], TASK_PROBLEMS;
    get "/runs/{id}/tasks/{key}" "tasks" "Everything about a task."
        ["run", "key"] None, [200 "The task." Some(Shape("TaskDetail"))], TASK_PROBLEMS;
    get "/runs/{id}/tasks/{key}/result" "results" "A task's result."
        ["run", "key", "wait", "range", "if_none_match"] None,
        [200 "The value." Some(Content::Value), 202 "It is not finished." Some(Shape("TaskDetail"))],
        RESULT_PROBLEMS;
    get "/runs/{id}/tasks/{key}/logs" "tasks" "What a task logged, by attempt."
        ["run", "key", "limit"] None, [200 "The lines." Some(Shape("Logs"))], TASK_PROBLEMS;
    get "/runs/{id}/tasks/{key}/explain" "tasks" "Why a task is not running, worker by worker."
        ["run", "key"] None, [200 "The reasons." Some(Shape("Explanation"))], TASK_PROBLEMS;

    post "/call/{module}/{function}" "results" "Call one function and wait, 30 seconds unless said otherwise."
        ["module_called", "function", "wait", "idempotency", "guard"] Some(Optional("Arguments")),
        [200 "The result. `Wask-Run` names the run." Some(Content::Value),
         202 "It is not finished." Some(Shape("TaskDetail"))],
        &[codes::MALFORMED_JSON, codes::MALFORMED_CBOR, codes::INVALID_ARGUMENTS,
          codes::UNKNOWN_MODULE, codes::UNKNOWN_FUNCTION, codes::NOT_A_TASK, codes::TASK_FAILED,
          codes::TASK_CANCELLED, codes::TASK_ABORTED, codes::IDEMPOTENCY_MISMATCH,
          codes::STALE_TOKEN,
          codes::TOO_MUCH_WORK, codes::DISK_FULL];

    get "/events" "events" "What happens anywhere, as Server-Sent Events of the shape `Event`."
        ["after_event", "last_event"] None, [200 "The feed." Some(Type("text/event-stream"))],
        &[codes::UNKNOWN_PARAMETER, codes::INVALID_HEADER];
    get "/workers" "server" "Who runs tasks."
        [] None, [200 "The workers." Some(Page("Worker"))], &[codes::UNKNOWN_PARAMETER];
    get "/health/live" "server" "Whether the process lives. Also at the root."
        [] None, [200 "It does." Some(Shape("Health"))], &[];
    get "/health/ready" "server" "Whether it can do work. Also at the root."
        [] None, [200 "It can." Some(Shape("Health"))], &[codes::NOT_READY];
    get "/metrics" "server" "Figures for Prometheus. Also at the root."
        [] None, [200 "OpenMetrics text." Some(Type("application/openmetrics-text"))], &[];
    get "/openapi.json" "server" "This document. Also at the root."
        [] None, [200 "OpenAPI 3.1." Some(Type("application/json"))], &[];
}
