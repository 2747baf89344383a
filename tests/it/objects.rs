//! Objects: bytes that are named by their hash.

use serde_json::{Value, json};
use wask_tests::{Borrowed, Reply, exchange};

use crate::shared;

fn put(server: &Borrowed, media_type: &str, bytes: &[u8]) -> Value {
    let reply = server.request("POST", "/objects").body(media_type, bytes).send();
    assert!([200, 201].contains(&reply.status), "expected an object of {reply}");
    reply.json()
}

fn object_path(object: &Value) -> String {
    format!("/objects/{}", object["id"].as_str().expect("an id"))
}

fn get(server: &Borrowed, object: &Value, headers: &[(&str, &str)]) -> Reply {
    let mut request = server.request("GET", &object_path(object));
    for (name, value) in headers {
        request = request.header(name, value);
    }
    request.send()
}

/// Goal: JSON is stored as CBOR and comes back as JSON, or as CBOR for who asks.
#[test]
fn json_comes_back_as_json_or_cbor() {
    let server = shared();
    let value = json!({"a": [1, -2, 2.5, null, true, "ü"], "b": {"c": 9_007_199_254_740_993_u64}});
    let object = put(&server, "application/json", value.to_string().as_bytes());
    assert_eq!(object["media_type"], "application/cbor");
    let shown = get(&server, &object, &[]).status(200);
    assert_eq!(shown.header("content-type"), "application/json");
    assert_eq!(shown.json(), value);
    let cbor = get(&server, &object, &[("accept", "application/cbor")]).status(200);
    assert_eq!(cbor.header("content-type"), "application/cbor");
    assert_eq!(object["size"], cbor.body.len());
    assert_eq!(object["id"], blake3::hash(&cbor.body).to_hex().to_string());
    let read: ciborium::Value = ciborium::from_reader(cbor.body.as_slice()).expect("CBOR");
    assert_eq!(read.deserialized::<Value>().expect("plain values"), value);
}

/// Goal: CBOR and raw bytes come back byte for byte with their type; the same bytes are one object.
#[test]
fn bytes_come_back_as_they_are() {
    let server = shared();
    let bytes: Vec<u8> = (0..100_000_u32).map(|n| (n * 7 / 3) as u8).collect();
    let object = put(&server, "image/png", &bytes);
    assert_eq!(object["id"], blake3::hash(&bytes).to_hex().to_string());
    assert_eq!((&object["size"], &object["media_type"]), (&json!(100_000), &json!("image/png")));
    let back = get(&server, &object, &[]).status(200);
    assert_eq!(back.header("content-type"), "image/png");
    assert!(back.body == bytes);
    let again = server.request("POST", "/objects").body("image/png", bytes).send().status(200);
    assert_eq!(again.json()["id"], object["id"]);

    let mut cbor = Vec::new();
    ciborium::into_writer(&("list", 5, [1.5, 2.5]), &mut cbor).expect("CBOR");
    let object = put(&server, "application/cbor", &cbor);
    let back = get(&server, &object, &[("accept", "application/cbor")]).status(200);
    assert!(back.body == cbor);
    assert_eq!(get(&server, &object, &[]).status(200).json(), json!(["list", 5, [1.5, 2.5]]));
}

/// Goal: bytes under a name that is not their hash are refused and not kept.
#[test]
fn a_wrong_hash_is_refused() {
    let server = shared();
    let put = |hash: &str, body: &str| {
        let request = server.request("PUT", &format!("/objects/{hash}"));
        request.body("text/plain", body).send()
    };
    let hash = blake3::hash(b"what was meant").to_hex().to_string();
    put(&hash, "what was sent").problem(400, "hash_mismatch");
    server.get(&format!("/objects/{hash}")).problem(404, "unknown_object");
    let stored = put(&hash, "what was meant");
    assert!([200, 201].contains(&stored.status), "{stored}");
    assert_eq!(server.get(&format!("/objects/{hash}")).status(200).text(), "what was meant");
}

/// Goal: parts of an object can be had (RFC 9110, section 14).
#[test]
fn ranges_are_served() {
    let server = shared();
    let object = put(&server, "text/plain", b"0123456789 ranges");
    let part = |range: &str| get(&server, &object, &[("range", range)]);
    let middle = part("bytes=2-5").status(206);
    assert_eq!(middle.text(), "2345");
    assert_eq!(middle.header("content-range"), "bytes 2-5/17");
    assert_eq!(part("bytes=10-").status(206).text(), " ranges");
    assert_eq!(part("bytes=-6").status(206).text(), "ranges");
    assert_eq!(part("bytes=11-999").status(206).text(), "ranges");
    let beyond = part("bytes=17-");
    beyond.problem(416, "range_not_satisfiable");
    assert_eq!(beyond.header("content-range"), "bytes */17");
    assert_eq!(part("lines=1-2").status(200).text(), "0123456789 ranges");
}

/// Goal: an object never changes, and caches are told so.
#[test]
fn objects_are_immutable_for_caches() {
    let server = shared();
    let object = put(&server, "text/plain", b"for caches");
    let first = get(&server, &object, &[]).status(200);
    let etag = first.header("etag");
    assert!(etag.len() > 2 && etag.starts_with('"'), "a strong tag: {etag}");
    assert!(first.header("cache-control").contains("immutable"));
    let known = get(&server, &object, &[("if-none-match", etag)]).status(304);
    assert!(known.body.is_empty());
    get(&server, &object, &[("if-none-match", "\"other\"")]).status(200);
}

/// Goal: HEAD tells size and type without the bytes.
#[test]
fn head_tells_without_bytes() {
    let server = shared();
    let object = put(&server, "text/csv", b"a,b\n1,2\n");
    let head = server.request("HEAD", &object_path(&object)).send().status(200);
    assert_eq!(head.header("content-length"), "8");
    assert_eq!(head.header("content-type"), "text/csv");
    assert!(head.body.is_empty());
    assert_eq!(server.request("HEAD", &format!("/objects/{}", "0".repeat(64))).send().status, 404);
}

/// Goal: an object that nobody needs can be deleted; one that a run needs cannot.
#[test]
fn deletion_respects_need() {
    let server = shared();
    let lone = put(&server, "text/plain", b"nobody needs this");
    let deleted = server.delete(&object_path(&lone));
    assert!((200..300).contains(&deleted.status), "{deleted}");
    get(&server, &lone, &[]).problem(404, "unknown_object");
    server.delete(&object_path(&lone)).problem(404, "unknown_object");

    let needed = put(&server, "text/plain", b"a run needs this");
    let run = server.submit(&json!({"tasks": {
        "first": {"call": "lab/work", "args": [1_000_000, 2]},
        "then": {"call": "lab/len", "args": [{"$object": needed["id"]}], "after": ["first"]}}}));
    server.delete(&object_path(&needed)).problem(409, "object_in_use");
    server.post(&format!("/runs/{run}/cancel"), &json!({})).json();
    get(&server, &needed, &[]).status(200);
}

/// Goal: objects are arguments, raw ones and structured ones, nested or not.
#[test]
fn objects_are_arguments() {
    let server = shared();
    let raw = put(&server, "application/octet-stream", &[7; 10_000]);
    let list = put(&server, "application/json", b"[1, 2, 39]");
    let run = server.finish(&json!({"tasks": {
        "len": {"call": "lab/len", "args": [{"$object": raw["id"]}]},
        "sum": {"call": "numbers/sum", "args": [{"$object": list["id"]}]},
        "nested": {"call": "lab/same_lists", "args": [{"rows": [{"$object": list["id"]}, [4]]}]}}}));
    let outputs = json!({"len": 10_000, "sum": 42, "nested": {"rows": [[1, 2, 39], [4]]}});
    assert_eq!(run["outputs"], outputs);
}

/// Goal: an object that is announced too large is refused before it is sent.
#[test]
fn an_oversized_object_is_refused_at_once() {
    let server = shared();
    let authority = server.authority();
    let request = format!(
        "POST /api/v1/objects HTTP/1.1\r\nHost: {authority}\r\nContent-Type: text/plain\r\n\
         Expect: 100-continue\r\nContent-Length: 99000000000\r\n\r\n"
    );
    let reply = exchange(&server, request.as_bytes());
    assert_eq!(reply.status, 413);
    let problem: Value = serde_json::from_slice(&reply.body).expect("a problem");
    assert_eq!(problem["code"], "body_too_large");
    server.is_well();
}
