//! Every code that a problem can carry, with its status and title: one place for the routes, the
//! OpenAPI document and readers.

/// What went wrong, in one word for programs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Code {
    /// The word.
    pub(crate) name: &'static str,
    /// The HTTP status.
    pub(crate) status: u16,
    /// The same for people, without details.
    pub(crate) title: &'static str,
}

macro_rules! codes {
    ($($ident:ident $status:literal $name:literal $title:literal)*) => {
        $(
            #[doc = $title]
            pub(crate) const $ident: Code = Code { name: $name, status: $status, title: $title };
        )*
        /// All of them, by status.
        pub(crate) const ALL: &[Code] = &[$($ident),*];
    };
}

codes! {
    MALFORMED_JSON 400 "malformed_json" "The body is not JSON"
    MALFORMED_CBOR 400 "malformed_cbor" "The body is not CBOR"
    INVALID_REQUEST 400 "invalid_request" "The body does not have the expected form"
    INVALID_GRAPH 400 "invalid_graph" "The graph is not valid"
    INVALID_ARGUMENTS 400 "invalid_arguments" "The arguments do not fit the function"
    UNKNOWN_PARAMETER 400 "unknown_parameter" "The query has a parameter that is not known"
    INVALID_PARAMETER 400 "invalid_parameter" "A parameter of the query or the path is not valid"
    INVALID_HEADER 400 "invalid_header" "A header is not valid"
    TOO_MANY_TASKS 400 "too_many_tasks" "The run has too many tasks for this"
    NOT_A_TASK 400 "not_a_task" "The function belongs to actors"
    HASH_MISMATCH 400 "hash_mismatch" "The bytes do not have the announced hash"
    AMBIGUOUS 400 "ambiguous" "The reference fits more than one thing"
    BODY_INTERRUPTED 400 "body_interrupted" "The body ended early"
    UNAUTHORIZED 401 "unauthorized" "A token is needed"
    WRONG_ORIGIN 403 "wrong_origin" "Requests from this origin are not served"
    NOT_FOUND 404 "not_found" "There is nothing at this path"
    NO_DEMO 404 "no_demo" "This server has no demo graph"
    UNKNOWN_RUN 404 "unknown_run" "There is no such run"
    UNKNOWN_TASK 404 "unknown_task" "There is no such task"
    UNKNOWN_MODULE 404 "unknown_module" "There is no such module"
    UNKNOWN_FUNCTION 404 "unknown_function" "There is no such function"
    UNKNOWN_OBJECT 404 "unknown_object" "There is no such object"
    UNKNOWN_QUEUE 404 "unknown_queue" "There is no such queue"
    UNKNOWN_VARIABLE 404 "unknown_variable" "The variable has no value"
    UNKNOWN_LOCK 404 "unknown_lock" "Nobody holds the lock"
    UNKNOWN_SEMAPHORE 404 "unknown_semaphore" "There is no such semaphore"
    UNKNOWN_TOPIC 404 "unknown_topic" "There is no such topic"
    UNKNOWN_ACTOR 404 "unknown_actor" "There is no such actor"
    UNKNOWN_METHOD 404 "unknown_method" "The actor has no such method"
    METHOD_NOT_ALLOWED 405 "method_not_allowed" "This path does not take this method"
    SLOW_BODY 408 "slow_body" "The body arrived too slowly"
    TIMEOUT 408 "timeout" "The wait ended without success"
    DUPLICATE_KEY 409 "duplicate_key" "The run has a task of that key already"
    RUN_CLOSED 409 "run_closed" "The run takes no more tasks"
    NO_LEASE 409 "no_lease" "The run has no lease"
    RUN_IN_USE 409 "run_in_use" "Results of the run are needed"
    RUN_UNFINISHED 409 "run_unfinished" "The run is not finished"
    IDEMPOTENCY_MISMATCH 409 "idempotency_mismatch" "The Idempotency-Key came with another body before"
    STALE_TOKEN 409 "stale_token" "The token does not hold the lock"
    MODULE_IN_USE 409 "module_in_use" "The module is needed"
    OBJECT_IN_USE 409 "object_in_use" "The object is needed"
    NO_RESULT 409 "no_result" "A task has no result that could be used"
    TASK_FAILED 409 "task_failed" "The task failed"
    TASK_CANCELLED 409 "task_cancelled" "The task was cancelled"
    TASK_ABORTED 409 "task_aborted" "Something the task needs did not succeed"
    RELEASED 410 "released" "The result was released"
    ACTOR_DELETED 410 "actor_deleted" "The actor was deleted during the wait"
    QUEUE_DELETED 410 "queue_deleted" "The queue was deleted during the wait"
    SEMAPHORE_DELETED 410 "semaphore_deleted" "The semaphore was deleted during the wait"
    BODY_TOO_LARGE 413 "body_too_large" "The body is larger than the limit"
    VALUE_TOO_LARGE 413 "value_too_large" "The value is larger than the limit"
    UNSUPPORTED_MEDIA_TYPE 415 "unsupported_media_type" "The body has a type that is not taken here"
    RANGE_NOT_SATISFIABLE 416 "range_not_satisfiable" "The range lies outside of the bytes"
    WRONG_HOST 421 "wrong_host" "This host name is not served here"
    INVALID_MODULE 422 "invalid_module" "The module cannot be used"
    UPGRADE_REQUIRED 426 "upgrade_required" "This path is a WebSocket"
    TOO_MUCH_WORK 429 "too_much_work" "The server holds its limit of work"
    BUSY 429 "busy" "The server is busy"
    INTERNAL 500 "internal" "The server failed"
    NOT_READY 503 "not_ready" "The server is not ready"
    SHUTTING_DOWN 503 "shutting_down" "The server is shutting down"
    DISK_FULL 507 "disk_full" "The disk is full"
}

/// Codes of single errors inside `errors`, with their meaning.
pub(crate) const ERROR_CODES: &[(&str, &str)] = &[
    ("unknown_field", "a member that is not known here"),
    ("missing_field", "a member that must be there"),
    ("duplicate_key", "a key that appears twice"),
    ("invalid_key", "a text that cannot be a key"),
    ("empty_graph", "a closed run without tasks"),
    ("unknown_key", "a reference to a task that is not there"),
    ("unknown_module", "a call of a module that is not there"),
    ("unknown_function", "a call of a function that the module lacks"),
    ("not_a_task", "a constructor or a method of actors where a task is wanted"),
    ("not_an_actor", "a function that makes no actors where a class is wanted"),
    ("unknown_object", "a reference to an object that is not there"),
    ("unknown_run", "a reference to a run that is not there"),
    ("ambiguous_module", "a prefix of several module ids"),
    ("cycle", "tasks that wait for each other"),
    ("missing_argument", "an argument that the function needs"),
    ("unknown_argument", "an argument that the function does not have"),
    ("too_many_arguments", "more arguments than the function has"),
    ("wrong_type", "a value of another type than expected"),
    ("wrong_value", "a value that the schema or the option does not allow"),
    ("bad_reference", "a reference that cannot be"),
    ("limit", "more than a limit allows"),
    ("too_deep", "more levels of nesting than the limit allows"),
    ("number_out_of_range", "a number that no 64-bit integer or float can hold"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_is_given_twice_and_every_status_is_an_error() {
        for (position, code) in ALL.iter().enumerate() {
            assert!(ALL[..position].iter().all(|other| other.name != code.name), "{}", code.name);
            assert!((400..600).contains(&code.status));
        }
    }
}
