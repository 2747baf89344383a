//! Actors: what is refused, and why.

use serde_json::json;
use wask_tests::Server;

use crate::shared;

/// Goal: who asks for an actor of something that makes none hears all that is wrong with it.
#[test]
fn wrong_orders_for_actors_are_refused() {
    let server = shared();
    server.upload(&["numbers"]);
    for (body, errors) in [
        (json!({"call": "numbers/square", "args": [1]}), vec!["not_an_actor /call"]),
        (json!({"call": "numbers/squar"}), vec!["unknown_function /call"]),
        (json!({"call": "nobody/Counter"}), vec!["unknown_module /call"]),
        (json!({"call": "Counter", "name": 1}), vec!["wrong_type /name", "wrong_value /call"]),
        (json!({"class": "numbers/square"}), vec!["unknown_field /class", "missing_field "]),
        (
            json!({"call": "numbers/square", "args": 1}),
            vec!["not_an_actor /call", "wrong_type /args"],
        ),
    ] {
        let reply = server.post("/actors", &body);
        assert_eq!(reply.errors(400, "invalid_request"), errors, "{body}");
    }
    server.post("/actors?wiat=1s", &json!({})).problem(400, "unknown_parameter");
}

/// Goal: an actor that is not there is unknown, whatever is asked of it.
#[test]
fn unknown_actors_are_unknown() {
    let server = shared();
    for id in ["0123456789abcdef", "last", "0123"] {
        let path = format!("/actors/{id}");
        server.get(&path).problem(404, "unknown_actor");
        server.delete(&path).problem(404, "unknown_actor");
        server.post(&format!("{path}/increment"), &json!([])).problem(404, "unknown_actor");
    }
    let server = Server::start_default();
    let page = server.get("/actors?limit=5").status(200).json();
    assert_eq!(page, json!({"items": [], "next": null, "total": 0}));
}
