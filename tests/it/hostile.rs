//! Hostile guests, by way of HTTP: each ends in its typed failure, and the next call is fine.

use serde_json::{Value, json};
use wask_tests::{Api, DEADLINE, Server, ServerOptions, eventually};

const MIB: u64 = 1024 * 1024;

/// Memory that an executor may hold on to beyond what it had before.
const SLACK_BYTES: u64 = 24 * MIB;

fn one_slot() -> Server {
    ServerOptions::default().slots(1).guests(&["numbers", "hostile"]).start()
}

fn resident_bytes(server: &Server) -> u64 {
    server.executors().iter().map(wask_tests::Process::resident_bytes).sum()
}

/// Runs one call alone, with small limits; its task.
#[track_caller]
fn attempt(server: &Api, function: &str, args: &Value) -> Value {
    let run = server.finish(&json!({"tasks": {"t": {
        "call": format!("hostile/{function}"), "args": args, "cache": false,
        "timeout": "400ms", "memory": "64MiB"}}}));
    server.task(run["id"].as_str().expect("an id"), "t")
}

/// Calls that must fail with one kind; each is followed by a good call in the same slot, and the
/// executor must hold no more memory in the end.
#[track_caller]
fn fail(kind: &str, calls: &[(&str, Value, &str)]) {
    let server = one_slot();
    server.is_well();
    let before = resident_bytes(&server);
    for (function, args, words) in calls {
        let told = attempt(&server, function, args);
        let failure = &told["failure"];
        assert_eq!((&told["state"], &failure["kind"]), (&json!("failed"), &json!(kind)), "{told}");
        let message = failure["message"].as_str().unwrap_or_default();
        assert!(message.contains(words), "{function}: `{words}` is missing: {told}");
        server.is_well();
    }
    assert_eq!(server.executors().len(), 1);
    let back = || (resident_bytes(&server) <= before + SLACK_BYTES).then_some(());
    eventually("memory back to where it was", DEADLINE, back);
}

/// Goal: `spin` and `progress_flood` end at their deadline.
#[test]
fn endless_guests_time_out() {
    fail("timeout", &[("spin", json!([]), "400"), ("progress_flood", json!([]), "400")]);
}

/// Goal: `grow_slowly` and `grow_at_once` end at their limit.
#[test]
fn greedy_guests_hit_their_memory_limit() {
    fail(
        "memory",
        &[("grow_slowly", json!([]), "64 MiB"), ("grow_at_once", json!([1_000 * MIB]), "64 MiB")],
    );
}

/// Goal: `hit_unreachable`, `panics`, `out_of_bounds` and `recurse` trap.
#[test]
fn broken_guests_trap() {
    fail(
        "trap",
        &[
            ("hit_unreachable", json!([]), "unreachable"),
            ("panics", json!(["no way \u{1b}[31m"]), "no way"),
            ("out_of_bounds", json!([]), "out of bounds"),
            ("recurse", json!([1]), "stack overflow"),
        ],
    );
}

/// Goal: `log_flood` and an error without end exceed their output budgets.
#[test]
fn talkative_guests_exceed_their_budget() {
    fail(
        "output",
        &[
            ("log_flood", json!([1_000_000, 1]), "lines"),
            ("log_flood", json!([100, 100 * 1024]), "MiB"),
        ],
    );
}

/// Goal: `giant_result` beyond the limit is an output failure; `giant_error` is cut to size.
#[test]
fn giant_answers_are_bounded() {
    let server = one_slot();
    let run = server.finish(&json!({"tasks": {"t": {
        "call": "hostile/giant_result", "args": [65 * MIB], "memory": "256MiB"}}}));
    let told = server.task(run["id"].as_str().expect("an id"), "t");
    assert_eq!(told["failure"]["kind"], "output", "{told}");
    server.is_well();
    let told = attempt(&server, "giant_error", &json!([MIB]));
    assert_eq!(told["failure"]["kind"], "app");
    let message = told["failure"]["message"].as_str().expect("a message");
    assert!(message.starts_with("eeee") && message.len() <= 16 * 1024 + 8, "{}", message.len());
    server.is_well();
}

/// Goal: `asks_politely` and `hold` stay within what they may have, and succeed.
#[test]
fn guests_within_their_limits_succeed() {
    let server = one_slot();
    let told = attempt(&server, "asks_politely", &json!([1_000 * MIB]));
    assert_eq!(told["state"], "succeeded", "{told}");
    let before = resident_bytes(&server);
    let told = attempt(&server, "hold", &json!([40 * MIB]));
    assert_eq!(told["state"], "succeeded", "{told}");
    assert!(told["peak_memory"].as_u64() >= Some(40 * MIB), "{told}");
    server.is_well();
    let back = || (resident_bytes(&server) <= before + SLACK_BYTES).then_some(());
    eventually("memory back to where it was", DEADLINE, back);
}

/// Goal: what `write_pattern` leaves in the slot, `find_pattern` does not find.
#[test]
fn nothing_of_one_task_reaches_the_next() {
    let server = one_slot();
    for bytes in [64 * 1024, 8 * MIB] {
        for _ in 0..3 {
            assert_eq!(attempt(&server, "write_pattern", &json!([bytes]))["state"], "succeeded");
            let run = server.finish(&json!({"tasks": {"t": {
                "call": "hostile/find_pattern", "args": [bytes], "cache": false}}}));
            assert_eq!(run["outputs"], json!({"t": 0}), "after {bytes} bytes");
        }
    }
}

/// Goal: `float_bits` gives the same bytes each time it is executed.
#[test]
fn the_same_input_gives_the_same_bytes() {
    let server = one_slot();
    let object = || {
        let told = attempt(&server, "float_bits", &json!([1.5]));
        assert_eq!((&told["state"], &told["cached"]), (&json!("succeeded"), &json!(false)));
        told["result"]["object"].clone()
    };
    assert_eq!(object(), object());
}

/// Goal: a crowd of hostile tasks beside good ones harms none of the good ones.
#[test]
fn good_tasks_do_not_notice_bad_neighbours() {
    let server = ServerOptions::default().guests(&["numbers", "hostile"]).start();
    server.is_well();
    let executors = server.executors();
    let bad = |call: &str, args: Value| {
        let each: Vec<Value> = (0..10).map(|_| args.clone()).collect();
        json!({"call": format!("hostile/{call}"), "map": {"each": each}, "cache": false,
               "timeout": "100ms", "memory": "32MiB"})
    };
    let run = server.finish(&json!({"outputs": ["sum"], "tasks": {
        "panic": bad("panics", json!(["x"])), "spin": bad("spin", json!([])),
        "grow": bad("grow_slowly", json!([])), "deep": bad("recurse", json!([1])),
        "good": {"call": "numbers/inc", "map": {"range": [0, 2_000]}, "cache": false},
        "sum": {"call": "numbers/sum", "args": [{"$tasks": "good"}]}}}));
    assert_eq!(run["outputs"], json!({"sum": 2_001_000}));
    assert_eq!(
        (&run["counts"]["failed"], &run["counts"]["succeeded"]),
        (&json!(40), &json!(2_001))
    );
    assert_eq!(server.executors(), executors, "no executor died of a guest");
}
