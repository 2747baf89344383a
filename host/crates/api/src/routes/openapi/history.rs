//! The operations and shapes of what displays read.

use utoipa::openapi::{RefOr, schema::Schema};

use super::{
    add,
    table::{
        Content::{Shape, Type},
        Operation, operations,
    },
};
use crate::{
    codes::{self, Code},
    dto,
};

const OF_RUN: &[Code] =
    &[codes::UNKNOWN_PARAMETER, codes::INVALID_PARAMETER, codes::AMBIGUOUS, codes::UNKNOWN_RUN];

/// The shapes of answers.
pub(super) fn add_responses(found: &mut Vec<(String, RefOr<Schema>)>) {
    add::<dto::SpansDto>(found);
    add::<dto::TaskNamesDto>(found);
    add::<dto::FailuresDto>(found);
    add::<dto::CriticalPathDto>(found);
    add::<dto::DurationsDto>(found);
    add::<dto::ProfileDto>(found);
}

operations! {
    OPERATIONS:
    get "/runs/{id}/spans" "history" "What attempts of the run took: how many spans there are, and the names behind their numbers."
        ["run"] None, [200 "What there is." Some(Shape("Spans"))], OF_RUN;
    get "/runs/{id}/spans/{block}" "history" "A complete block of spans, which never changes; docs/dashboard-data.md has its form."
        ["run", "block"] None,
        [200 "The block." Some(Type("application/octet-stream"))], OF_RUN;
    get "/runs/{id}/names" "history" "Names of tasks by their places."
        ["run", "places"] None, [200 "The names." Some(Shape("TaskNames"))], OF_RUN;
    get "/runs/{id}/failures" "history" "Failures by function, kind and message; messages that differ only in numbers are one group."
        ["run"] None, [200 "The groups, the largest first." Some(Shape("Failures"))], OF_RUN;
    get "/runs/{id}/critical-path" "history" "The chain of tasks, each of which began when the one before had ended, that ended last."
        ["run"] None, [200 "The chain." Some(Shape("CriticalPath"))], OF_RUN;
    get "/runs/{id}/profile" "history" "What the guests were seen doing, of a run submitted with `\"profile\": true`."
        ["run"] None, [200 "Trees of stacks by function." Some(Shape("Profile"))], OF_RUN;
    get "/runs/{id}/tasks.csv" "history" "Every task as a line of comma-separated values."
        ["run"] None, [200 "The table." Some(Type("text/csv"))], OF_RUN;
    get "/runs/{id}/report" "history" "The run as one HTML file that opens without a server."
        ["run"] None, [200 "The file." Some(Type("text/html"))], OF_RUN;
    get "/modules/{reference}/durations" "history" "How long the functions of the module took, in all runs."
        ["module"] None, [200 "The figures." Some(Shape("ModuleDurations"))],
        &[codes::UNKNOWN_PARAMETER, codes::AMBIGUOUS, codes::UNKNOWN_MODULE];
    post "/demo" "runs" "Run a small graph with tasks of every kind that the program carries with it. One of them fails; a retry mends that."
        [] None, [202 "It is accepted." Some(Shape("Submitted"))],
        &[codes::UNKNOWN_PARAMETER, codes::NO_DEMO, codes::INVALID_GRAPH, codes::TOO_MUCH_WORK,
          codes::BUSY, codes::SHUTTING_DOWN, codes::DISK_FULL];
    get "/live" "history" "The feed of displays, a WebSocket: spans as they end, and the present ten times a second; docs/dashboard-data.md has its messages."
        ["live_run", "live_from", "live_epoch"] None, [101 "The feed." None],
        &[codes::UNKNOWN_PARAMETER, codes::INVALID_PARAMETER, codes::AMBIGUOUS,
          codes::UNKNOWN_RUN, codes::UPGRADE_REQUIRED, codes::TOO_MUCH_WORK];
}
