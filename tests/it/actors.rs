//! Actors: calls in order, results, failures, and what is refused.

use std::thread;

use serde_json::{Value, json};
use wask_tests::{Api, Reply, Server, ServerOptions};

use crate::shared;

/// What actors can be asked over HTTP.
pub(crate) trait ActorCalls {
    /// Makes an actor; its id.
    fn make(&self, call: &str, args: &Value) -> String;

    /// Calls a method.
    fn ask(&self, actor: &str, method: &str, args: &Value) -> Reply;
}

impl ActorCalls for Api {
    #[track_caller]
    fn make(&self, call: &str, args: &Value) -> String {
        let made = self.post("/actors", &json!({"call": call, "args": args})).status(201).json();
        made["id"].as_str().expect("an actor has an id").to_owned()
    }

    #[track_caller]
    fn ask(&self, actor: &str, method: &str, args: &Value) -> Reply {
        self.post(&format!("/actors/{actor}/{method}"), args)
    }
}

fn server(guests: &[&'static str]) -> Server {
    ServerOptions::default().guests(guests).start()
}

/// Goal: calls happen one after the other, those of one client in its order, however many there are.
#[test]
fn calls_of_many_clients_happen_in_order() {
    let server = server(&["counter"]);
    let counter = server.make("counter/Counter", &json!([]));
    let clients: Vec<Vec<i64>> = thread::scope(|scope| {
        let client = || {
            let number = |_| server.ask(&counter, "increment", &json!([])).json().as_i64();
            (0..125).map(|call| number(call).expect("a number")).collect()
        };
        let clients: Vec<_> = (0..8).map(|_| scope.spawn(client)).collect();
        clients.into_iter().map(|client| client.join().expect("a client")).collect()
    });
    assert!(clients.iter().all(|numbers| numbers.is_sorted()));
    let mut all = clients.concat();
    all.sort_unstable();
    assert!(all.into_iter().eq(1..=1_000));
    assert_eq!(server.ask(&counter, "value", &json!([])).json(), 1_000);
    let shown = server.get(&format!("/actors/{counter}")).status(200).json();
    assert_eq!((&shown["calls"], &shown["waiting"]), (&json!(1_001), &json!(0)), "{shown}");
}

/// Goal: results are shown as those of tasks are; arguments go by place or name, and may be objects.
#[test]
fn arguments_and_results_are_those_of_functions() {
    let server = server(&["params", "actors"]);
    let params = server.make("params/Params", &json!([]));
    assert_eq!(server.ask(&params, "put", &json!(["w", [1.0, 2.0]])).json(), Value::Null);
    let step = json!({"name": "w", "rate": 0.5, "gradient": [1.0, -1.0]});
    assert_eq!(server.ask(&params, "add", &step).json(), 1);
    let body = server.request("POST", &format!("/actors/{params}/get")).json(&json!(["w"]));
    let cbor = body.clone().header("accept", "application/cbor").send().status(200);
    assert_eq!(cbor.header("content-type"), "application/cbor");
    assert_eq!(body.send().json(), json!([0.5, 2.5]));

    let many: Vec<f64> = (0..100_000).map(f64::from).collect();
    let stored = server.post("/objects", &json!(many)).status(201).json();
    server.ask(&params, "put", &json!(["many", {"$object": stored["id"]}])).status(200);
    assert_eq!(server.ask(&params, "get", &json!(["many"])).json(), json!(many));

    let rogue = server.make("actors/Rogue", &json!([1]));
    let bytes = server.ask(&rogue, "giant", &json!([100_000])).status(200);
    assert_eq!(bytes.header("content-type"), "application/octet-stream");
    assert_eq!(bytes.body, vec![7; 100_000]);
}

/// Goal: an error that a method returns is the client's to see, and the state is as the method left
/// it; a constructor's error is one of the request that wanted the actor.
#[test]
fn errors_of_methods_leave_the_actor() {
    let server = server(&["counter", "actors"]);
    let counter = server.make("counter/Counter", &json!([]));
    server.ask(&counter, "add", &json!([3])).status(200);
    let problem = server.ask(&counter, "subtract", &json!([5])).problem(409, "task_failed");
    assert_eq!(problem["failure"]["kind"], "app");
    assert_eq!(problem["failure"]["message"], "cannot take 5 from 3");
    assert_eq!(server.ask(&counter, "value", &json!([])).json(), 3);
    let shown = server.get(&format!("/actors/{counter}")).json();
    assert_eq!(shown["last_failure"]["message"], "cannot take 5 from 3");

    let rogue = server.make("actors/Rogue", &json!([1]));
    for n in 0..20 {
        server.ask(&rogue, "push_and_fail", &json!([n])).problem(409, "task_failed");
    }
    let values = server.ask(&rogue, "values", &json!([])).json();
    assert_eq!(values, json!([1].into_iter().chain(0..20).collect::<Vec<_>>()));

    let unlucky = server.post("/actors", &json!({"call": "actors/Rogue", "args": [13]}));
    let problem = unlucky.problem(409, "task_failed");
    assert_eq!(problem["failure"]["message"], "13 brings bad luck");
    assert_eq!(server.get("/actors").json()["total"], 2);
}

/// Goal: a call that traps, takes too long or too much fails alone: the state is the one before it.
#[test]
fn misdeeds_are_rolled_back() {
    let server = server(&["actors", "numbers"]);
    let rogue = server.make("actors/Rogue", &json!([0]));
    let mut expected = vec![0];
    for round in 1..=3 {
        for (method, args, kind) in [
            ("push_and_panic", json!([7]), "trap"),
            ("push_and_spin", json!([7]), "timeout"),
            ("hold", json!([1_000_000_000]), "memory"),
            ("giant", json!([80_000_000]), "memory"),
            ("submit", json!([]), "trap"),
        ] {
            let problem = server.ask(&rogue, method, &args).problem(409, "task_failed");
            assert_eq!(problem["failure"]["kind"], kind, "{problem}");
            server.ask(&rogue, "push", &json!([round])).status(200);
            expected.push(round);
        }
    }
    assert_eq!(server.ask(&rogue, "values", &json!([])).json(), json!(expected));
    server.is_well();
}

/// Goal: a call that takes long holds up neither tasks nor other actors.
#[test]
fn a_long_call_holds_up_nobody() {
    let server = server(&["actors", "counter", "numbers"]);
    let rogue = server.make("actors/Rogue", &json!([0]));
    let counters: Vec<String> =
        (0..8).map(|_| server.make("counter/Counter", &json!([]))).collect();
    thread::scope(|scope| {
        let long = scope.spawn(|| server.ask(&rogue, "work", &json!([4_000, 5])).json());
        for round in 1..=20 {
            server.is_well();
            for counter in &counters {
                assert_eq!(server.ask(counter, "increment", &json!([])).json(), round);
            }
        }
        assert!(!long.is_finished(), "nothing was held up because nothing was long");
        assert_eq!(long.join().expect("the long call ends"), 5);
    });
}

/// Goal: a deleted actor is gone, with the calls that wait for it, and what it did stops; its module
/// is needed for as long as it is there.
#[test]
fn a_deleted_actor_is_gone() {
    let server = ServerOptions::default().slots(1).guests(&["actors", "numbers"]).start();
    let rogue = server.make("actors/Rogue", &json!([0]));
    let problem = server.delete("/modules/actors").problem(409, "module_in_use");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(&rogue)), "{problem}");
    thread::scope(|scope| {
        let call = || server.ask(&rogue, "work", &json!([1_000_000, 1]));
        let waiting = [scope.spawn(call), scope.spawn(call)];
        wask_tests::eventually("calls that wait", wask_tests::DEADLINE, || {
            let shown = server.get(&format!("/actors/{rogue}")).json();
            (shown["waiting"] == 2).then_some(())
        });
        server.delete(&format!("/actors/{rogue}")).status(204);
        for call in waiting {
            call.join().expect("a client").problem(410, "actor_deleted");
        }
    });
    server.is_well();
    server.get(&format!("/actors/{rogue}")).problem(404, "unknown_actor");
    server.ask(&rogue, "values", &json!([])).problem(404, "unknown_actor");
    server.delete("/modules/actors").status(204);
}

/// Goal: a client hears what is wrong with its call, and nothing has happened.
#[test]
fn wrong_calls_are_refused() {
    let server = server(&["counter"]);
    let counter = server.make("counter/Counter", &json!([]));
    let problem = server.ask(&counter, "incremnt", &json!([])).problem(404, "unknown_method");
    assert!(problem["detail"].as_str().is_some_and(|d| d.contains("increment")), "{problem}");
    for (method, args) in [
        ("add", json!([])),
        ("add", json!(["one"])),
        ("add", json!([1, 2])),
        ("add", json!({"m": 1})),
        ("increment", json!([1])),
    ] {
        server.ask(&counter, method, &args).problem(400, "invalid_arguments");
    }
    for hidden in ["$save", "$load", "new", "Counter.increment"] {
        server.ask(&counter, hidden, &json!([])).problem(404, "unknown_method");
    }
    let body = json!({"call": "counter/Counter", "args": [1]});
    server.post("/actors", &body).problem(400, "invalid_request");
    server.call("counter/Counter.increment", &json!([])).problem(400, "not_a_task");
    assert_eq!(server.ask(&counter, "value", &json!([])).json(), 0);
}

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
