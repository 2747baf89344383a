//! The graph that the server carries with it: something to look at, at a click.

use serde_json::{Value, json};
use wask_tests::{Server, ServerOptions, guest};

/// Goal: one request runs it; it fails for the reason that it should, and a retry mends exactly that.
#[test]
fn a_click_runs_it_and_a_retry_mends_it() {
    let server = ServerOptions::default().slots(2).start();
    let run = server.post("/demo", &json!({})).status(202).json();
    let id = run["id"].as_str().expect("an id");
    let run = server.wait_run(id);
    assert_eq!((&run["state"], &run["counts"]["failed"]), (&json!("failed"), &json!(1)), "{run}");
    assert_eq!(run["failures"][0]["message"], "page 4 is not there yet; try again");
    let retried = server.post(&format!("/runs/{id}/retry"), &json!({})).status(200).json();
    assert_eq!(retried["retried"], 2, "the page, and who needs it");
    let run = server.wait_run(id);
    assert_eq!((&run["state"], &run["counts"]["failed"]), (&json!("succeeded"), &json!(0)));
    let text = server.result(id, "write-up").status(200).text();
    assert!(text.contains("9 pages, 32 leaves"), "{}", text.lines().take(2).collect::<String>());
}

/// Goal: the module that the program carries is made of the sources that are there.
#[test]
fn the_module_is_made_of_its_sources() {
    let server = Server::start_default();
    server.post("/demo", &json!({})).status(202);
    let functions = |module: Value| module["functions"].clone();
    let carried = functions(server.get("/modules/tour").json());
    let made = server.upload_bytes("?name=made", &guest("tour")).json();
    assert_eq!(
        carried,
        functions(made),
        "make guests, then copy target/guests/tour.wasm to host/demo"
    );
}
