//! Executors that die: only the attempt that ran there counts it, and a new one takes the slot.

use serde_json::{Value, json};
use wask_tests::{DEADLINE, Process, Server, ServerOptions, eventually, kill_hard};

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The executor that is working: the one whose processor time grows.
fn busy_executor(server: &Server) -> Process {
    eventually("an executor at work", DEADLINE, || {
        // Processor time is counted in hundredths of a second, so some time has to pass.
        let before: Vec<(Process, u64)> =
            server.executors().into_iter().map(|it| (it.clone(), it.cpu_ticks())).collect();
        std::thread::sleep(std::time::Duration::from_millis(150));
        let worked = |(process, ticks): &(Process, u64)| process.cpu_ticks() >= ticks + 5;
        before.into_iter().find(worked).map(|(process, _)| process)
    })
}

/// The kinds of a task's failed attempts, in order.
fn failed_attempts(task: &Value) -> Vec<String> {
    let attempts = task["attempts"].as_array().expect("attempts").iter();
    let kinds = attempts.map(|attempt| text(&attempt["failure"]["kind"]).to_owned());
    kinds.filter(|kind| !kind.is_empty()).collect()
}

/// Goal: a task whose executor is killed runs again, without a retry of its own being used; its
/// neighbours notice nothing.
#[test]
fn a_killed_executor_costs_one_attempt() {
    let server = ServerOptions::default().slots(2).guests(&["numbers", "lab"]).start();
    let id = server.submit(&json!({"tasks": {
        "long": {"call": "lab/work", "args": [3_000, 1], "priority": 1},
        "others": {"call": "lab/work", "map": {"range": [0, 40]}, "args": [5, {"$item": 0}]}}}));
    server.wait_task(&id, "long", &["running"]);
    let done = || (server.run(&id)["counts"]["succeeded"].as_u64() >= Some(40)).then_some(());
    eventually("end of the neighbours", DEADLINE, done);
    let victim = busy_executor(&server);
    kill_hard(victim.pid);
    let run = server.wait_run(&id);
    assert_eq!(run["state"], "succeeded", "{run}");
    assert_eq!(run["outputs"]["long"], 1);
    let long = server.task(&id, "long");
    assert_eq!(long["attempt"], 2);
    assert_eq!(failed_attempts(&long), ["worker-lost"], "{long}");
    for n in 0..40 {
        let task = server.task(&id, &format!("others[{n}]"));
        assert_eq!((&task["attempt"], failed_attempts(&task).len()), (&json!(1), 0), "{task}");
    }
    let replaced = || {
        let executors = server.executors();
        (executors.len() == 2 && !executors.contains(&victim)).then_some(())
    };
    eventually("a new executor", DEADLINE, replaced);
}

/// Goal: a task that outlives no executor fails with `worker-lost` after three losses, and what
/// waits behind it runs.
#[test]
fn a_task_that_loses_every_executor_fails() {
    let server = ServerOptions::default().slots(1).guests(&["numbers", "lab"]).start();
    let id = server.submit(&json!({"tasks": {
        "deadly": {"call": "lab/work", "args": [1_000_000, 1], "priority": 1},
        "behind": {"call": "numbers/inc", "map": {"range": [0, 20]}}}}));
    let mut losses = 0;
    while server.task(&id, "deadly")["state"] != "failed" {
        losses += 1;
        assert!(losses <= 10, "it never gives up");
        let running = || {
            let task = server.task(&id, "deadly");
            let ready = task["state"] == "failed"
                || (task["state"] == "running" && task["attempt"] == losses);
            ready.then_some(task)
        };
        let task = eventually("the next attempt", DEADLINE, running);
        if task["state"] == "running" {
            kill_hard(busy_executor(&server).pid);
            let noticed = || {
                let task = server.task(&id, "deadly");
                (failed_attempts(&task).len() as u64 == losses).then_some(())
            };
            eventually("the loss in the history", DEADLINE, noticed);
        }
    }
    let run = server.wait_run(&id);
    assert_eq!(run["counts"]["succeeded"], 20, "{run}");
    let deadly = server.task(&id, "deadly");
    assert_eq!(deadly["failure"]["kind"], "worker-lost", "{deadly}");
    assert!((3..=4).contains(&failed_attempts(&deadly).len()), "{deadly}");
    for n in 0..20 {
        let task = server.task(&id, &format!("behind[{n}]"));
        assert_eq!(failed_attempts(&task), [""; 0], "an innocent was blamed: {task}");
    }
    server.is_well();
}

/// Goal: an idle executor that dies is replaced, and nobody notices.
#[test]
fn an_idle_executor_is_replaced() {
    let server = ServerOptions::default().slots(2).start();
    server.is_well();
    for _ in 0..3 {
        let before = server.executors();
        assert_eq!(before.len(), 2, "{before:?}");
        before.iter().for_each(|executor| kill_hard(executor.pid));
        server.is_well();
        let replaced = || {
            let now = server.executors();
            (now.len() == 2 && before.iter().all(|old| !now.contains(old))).then_some(())
        };
        eventually("new executors", DEADLINE, replaced);
    }
    let run = server.finish(&json!({"tasks": {
        "i": {"call": "numbers/inc", "map": {"range": [0, 500]}, "cache": false}}}));
    assert_eq!(run["counts"]["succeeded"], 500);
}

/// Goal: executors see neither the environment nor the network files of the server, and go with it.
#[test]
fn executors_are_poor_and_mortal() {
    let mut server = ServerOptions::default().slots(2).start();
    let executors = server.executors();
    assert_eq!(executors.len(), 2, "{executors:?}");
    for executor in &executors {
        let environment = std::fs::read(format!("/proc/{}/environ", executor.pid)).expect("ours");
        let names: Vec<String> = environment
            .split(|byte| *byte == 0)
            .filter(|entry| !entry.is_empty())
            .map(|entry| String::from_utf8_lossy(entry).into_owned())
            .collect();
        let allowed =
            |entry: &String| entry.starts_with("RUST_BACKTRACE=") || entry.starts_with("RUST_LOG=");
        assert!(names.iter().all(allowed), "{names:?}");
    }
    server.kill9();
    assert!(executors.iter().all(|executor| !executor.is_alive()));
}
