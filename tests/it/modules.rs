//! Modules: upload, names, prefixes, bytes, refusals, deletion.

use serde_json::json;
use wask_tests::{Server, guest, guest_variant, items_of};

use crate::shared;

/// Goal: an upload answers with all that a caller must know of the module; a second one is no news.
#[test]
fn an_upload_describes_the_module() {
    let server = shared();
    let wasm = guest_variant("numbers", "described");
    let module = server.upload_bytes("?name=described", &wasm).status(201).json();
    let id = blake3::hash(&wasm).to_hex().to_string();
    assert_eq!(module["id"], id);
    assert_eq!(module["name"], "described");
    assert_eq!(module["size"], wasm.len());
    assert_eq!(module["pure"], true);
    assert_eq!(module["imports"], json!([]));
    let functions = module["functions"].as_array().expect("a list of functions");
    let square = functions.iter().find(|function| function["name"] == "square").expect("square");
    assert_eq!(square["doc"], "The square of a number.");
    assert_eq!(square["params"][0]["name"], "x");
    assert_eq!(square["params"][0]["schema"]["type"], "integer");
    assert_eq!(square["result"]["schema"]["type"], "integer");
    let created = module["created_at"].as_str().expect("a time");
    assert!(created.len() == "2026-01-01T00:00:00.000000Z".len() && created.ends_with('Z'));

    let again = server.upload_bytes("?name=described", &wasm).status(200).json();
    assert_eq!(again["id"], id);
    assert_eq!(again["created_at"], module["created_at"]);
}

/// Goal: a module is found by name, by id and by a unique prefix, and its bytes come back as sent.
#[test]
fn a_module_is_found_by_id_prefix_and_name() {
    let server = shared();
    let wasm = guest_variant("numbers", "found");
    let module = server.upload_bytes("?name=found", &wasm).json();
    let id = module["id"].as_str().expect("an id");
    for reference in ["found", id, &id[..8], &id[..20]] {
        let found = server.get(&format!("/modules/{reference}")).status(200).json();
        assert_eq!(found["id"], id, "{reference}");
        let bytes = server.get(&format!("/modules/{reference}/wasm")).status(200);
        assert_eq!(bytes.header("content-type"), "application/wasm");
        assert!(bytes.body == wasm, "the module's bytes changed");
        let call = format!("/call/{reference}/inc?wait=30s");
        assert_eq!(server.post(&call, &json!([41])).status(200).json(), 42);
    }
    for reference in [&id[..7], "nobody", "00000000000000"] {
        server.get(&format!("/modules/{reference}")).problem(404, "unknown_module");
    }
    let list = server.get("/modules").status(200).json();
    assert!(items_of(&list, "id").contains(&json!(id)));
}

/// Goal: a name is an alias that moves from module to module; the modules stay.
#[test]
fn a_name_moves() {
    let server = shared();
    let (one, other) = (guest_variant("numbers", "one"), guest_variant("numbers", "other"));
    let one = server.upload_bytes("?name=movable", &one).json()["id"].clone();
    let other = server.upload_bytes("?name=movable", &other).json()["id"].clone();
    assert_ne!(one, other);
    assert_eq!(server.get("/modules/movable").json()["id"], other);
    let back = format!("/modules/{}/name/movable", one.as_str().expect("an id"));
    let named = server.request("PUT", &back).send();
    assert!((200..300).contains(&named.status), "{named}");
    assert_eq!(server.get("/modules/movable").json()["id"], one);
    let path = format!("/modules/{}", other.as_str().expect("an id"));
    assert_eq!(server.get(&path).status(200).json()["id"], other);
}

/// Goal: what is no task module is refused with the reason, and leaves nothing behind.
#[test]
fn invalid_modules_are_refused() {
    let server = shared();
    let numbers = guest("numbers");
    let core = wat::parse_str(r#"(module (func (export "f")))"#).expect("wat");
    let stranger =
        wat::parse_str(r#"(component (import "wasi:filesystem/types@0.2.0" (instance)))"#)
            .expect("wat");
    let random: Vec<u8> =
        (0..20_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut damaged = numbers.to_vec();
    for byte in damaged.iter_mut().skip(2_000).step_by(997) {
        *byte ^= 0x55;
    }
    let cases: [(&str, &[u8]); 8] = [
        ("empty", &[]),
        ("text", b"hello"),
        ("random", &random),
        ("header only", b"\0asm"),
        ("truncated", &numbers[..numbers.len() / 2]),
        ("damaged", &damaged),
        ("core module without metadata", &core),
        ("unknown import", &stranger),
    ];
    for (what, bytes) in cases {
        let problem = server.upload_bytes("?name=broken", bytes).problem(422, "invalid_module");
        let detail = problem["detail"].as_str().expect("a detail");
        assert!(detail.len() > 10, "{what}: says nothing: {detail}");
        server.get("/modules/broken").problem(404, "unknown_module");
    }
    server.is_well();
}

/// Goal: a refused import is named.
#[test]
fn an_unknown_import_is_named() {
    let stranger =
        wat::parse_str(r#"(component (import "wasi:filesystem/types@0.2.0" (instance)))"#);
    let reply = shared().upload_bytes("", &stranger.expect("wat"));
    let problem = reply.problem(422, "invalid_module");
    let detail = problem["detail"].as_str().expect("a detail");
    assert!(detail.contains("wasi:filesystem/types"), "{detail}");
}

/// Goal: a module stays while an unfinished run needs it, and goes afterwards.
#[test]
fn a_needed_module_cannot_be_deleted() {
    let server = Server::start_default();
    server.upload(&["lab"]);
    let run = server.submit(&json!({"tasks": {"w": {"call": "lab/work", "args": [1_000_000, 1]}}}));
    server.delete("/modules/lab").problem(409, "module_in_use");
    assert_eq!(server.get("/modules/lab").status, 200);
    server.post(&format!("/runs/{run}/cancel"), &json!({})).json();
    assert_eq!(server.wait_run(&run)["state"], "cancelled");
    let deleted = server.delete("/modules/lab");
    assert!((200..300).contains(&deleted.status), "{deleted}");
    server.get("/modules/lab").problem(404, "unknown_module");
    server.delete("/modules/lab").problem(404, "unknown_module");
    let graph = json!({"tasks": {"a": {"call": "lab/work", "args": [1, 1]}}});
    let errors = server.post("/runs", &graph).errors(400, "invalid_graph");
    assert_eq!(errors, ["unknown_module /tasks/a/call"]);
    server.upload(&["lab"]);
    assert_eq!(server.call("lab/same_number", &json!([5])).status(200).json(), 5);
}

/// Goal: a module that is named twice keeps both names.
#[test]
fn a_module_may_have_several_names() {
    let server = shared();
    let wasm = guest_variant("numbers", "twice");
    server.upload_bytes("?name=first-name", &wasm).status(201);
    server.upload_bytes("?name=second-name", &wasm).status(200);
    let id = server.get("/modules/first-name").status(200).json()["id"].clone();
    assert_eq!(server.get("/modules/second-name").status(200).json()["id"], id);
}
