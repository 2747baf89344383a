//! Submits that are sent again.

use serde_json::{Value, json};
use wask_tests::{Api, Reply, Server};

fn submit(server: &Api, key: &str, graph: &Value) -> Reply {
    let request = server.request("POST", "/runs?wait=30s").header("idempotency-key", key);
    request.json(graph).send()
}

/// Goal: the same key and body are the same run, also after a crash; another body is refused.
#[test]
fn a_submit_that_is_sent_again_is_the_same_run() {
    let mut server = Server::start_default();
    let graph = json!({"tasks": {"a": {"call": "numbers/inc", "args": [1], "cache": false}}});
    let first = submit(&server, "order 66", &graph).status(200).json();
    let again = submit(&server, "order 66", &graph).status(200).json();
    assert_eq!(again["id"], first["id"]);
    let other = json!({"tasks": {"a": {"call": "numbers/inc", "args": [2]}}});
    submit(&server, "order 66", &other).problem(409, "idempotency_mismatch");
    let different = submit(&server, "order 67", &graph).status(200).json();
    assert_ne!(different["id"], first["id"]);
    assert_eq!(server.run_ids().len(), 2);

    server.restart_hard();
    let again = submit(&server, "order 66", &graph).status(200).json();
    assert_eq!((&again["id"], &again["outputs"]), (&first["id"], &first["outputs"]));
    submit(&server, "order 66", &other).problem(409, "idempotency_mismatch");
    assert_eq!(server.run_ids().len(), 2, "nothing was submitted anew");
}

/// Goal: many clients that send the same submit at once make one run.
#[test]
fn the_same_submit_from_many_at_once_is_one_run() {
    let server = Server::start_default();
    let graph = json!({"tasks": {"a": {"call": "numbers/inc", "args": [5]}}});
    let ids: Vec<Value> = std::thread::scope(|scope| {
        let send = || submit(&server, "at once", &graph).json()["id"].clone();
        let senders: Vec<_> = (0..8).map(|_| scope.spawn(send)).collect();
        senders.into_iter().map(|sender| sender.join().expect("a reply")).collect()
    });
    assert!(ids.iter().all(|id| id == &ids[0]), "{ids:?}");
    assert_eq!(server.run_ids().len(), 1);
}
