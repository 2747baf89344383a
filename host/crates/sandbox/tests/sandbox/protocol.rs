//! What a worker relies on: claims, jobs taken back, cancels, order, timings, the end.

use std::{
    sync::atomic::Ordering::{Acquire, Release},
    time::{SystemTime, UNIX_EPOCH},
};

use wask_proto::{
    FailureKind, ModuleId,
    executor::{JobOutcome, ToExecutor},
};

use crate::{
    harness::{Call, PATIENCE, Workshop, guest},
    raw::{self, Raw},
};

#[test]
fn outcomes_come_in_order_and_lose_nothing() {
    let workshop = Workshop::new();
    let module = workshop.module(&guest("numbers"));
    let mut executor = workshop.executor();
    let calls: Vec<Call> = (0..5_000).map(|n| Call::new(module, "inc").arg(n)).collect();
    let mut seqs = Vec::new();
    for calls in calls.chunks(700) {
        seqs.extend(executor.send(calls));
    }
    for (n, seq) in seqs.into_iter().enumerate() {
        let done = executor.next();
        assert_eq!(done.seq, seq);
        let JobOutcome::Success(bytes) = done.outcome else { panic!("{:?}", done.outcome) };
        let result: i64 = ciborium::from_reader(&*bytes).unwrap();
        assert_eq!(result, n as i64 + 1);
    }
}

#[test]
fn a_finished_call_does_not_wait_for_a_long_one_behind_it() {
    let workshop = Workshop::new();
    let module = workshop.module(&guest("hostile"));
    let mut executor = workshop.executor();
    let seqs = executor.send(&[Call::new(module, "inc").arg(1), Call::new(module, "spin")]);
    let first = executor.next();
    assert_eq!(first.seq, seqs[0]);
    assert_eq!(executor.page.last_claimed(), seqs[1]);
    executor.page.cancel.store(seqs[1], Release);
    assert!(matches!(executor.next().outcome, JobOutcome::Cancelled));
}

#[test]
fn revoked_jobs_are_not_run_and_later_ones_are() {
    let workshop = Workshop::new();
    let module = workshop.module(&guest("hostile"));
    let mut executor = workshop.executor();
    let inc = Call::new(module, "inc").arg(1);
    let seqs = executor.send(&[Call::new(module, "spin"), inc.clone(), inc.clone()]);
    executor.until("the first to begin", |page| page.last_claimed() == seqs[0]);
    assert_eq!(executor.page.revoke(), seqs[0]);
    let more = executor.send(std::slice::from_ref(&inc));
    executor.tell(ToExecutor::GoOn);
    let last = executor.send(std::slice::from_ref(&inc));
    executor.page.cancel.store(seqs[0], Release);
    assert_eq!(executor.next().seq, seqs[0]);
    let done = executor.next();
    assert_eq!(done.seq, last[0], "{more:?} was sent before the end of the revocation");
    assert!(matches!(done.outcome, JobOutcome::Success(_)));
    assert_eq!(executor.page.last_claimed(), last[0]);
}

#[test]
fn jobs_can_be_taken_back_while_nothing_runs() {
    let workshop = Workshop::new();
    let module = workshop.module(&raw::run(""));
    let mut executor = workshop.executor();
    let call = Call::new(module, "f");
    executor.result(&call);
    assert_eq!(executor.page.revoke(), 1);
    executor.tell(ToExecutor::GoOn);
    executor.until("the executor to go on", |page| page.claim.load(Acquire) == 1);
    executor.result(&call);
}

#[test]
fn a_job_cancelled_before_it_begins_is_not_run() {
    let workshop = Workshop::new();
    let module = workshop.module(&guest("hostile"));
    let mut executor = workshop.executor();
    executor.page.cancel.store(1, Release);
    let done = executor.run(&Call::new(module, "inc").arg(1));
    assert!(matches!(done.outcome, JobOutcome::Cancelled));
    assert_eq!(done.run_us, 0);
    executor.result(&Call::new(module, "inc").arg(1));
}

#[test]
fn the_page_tells_what_runs_since_when_and_how_far_it_is() {
    let workshop = Workshop::new();
    let module = workshop.module(&guest("hostile"));
    let mut executor = workshop.executor();
    let seq = executor.send(&[Call::new(module, "progress_flood")])[0];
    executor.until("progress", |page| page.progress_done.load(Acquire) > 10);
    assert_eq!(executor.page.progress_total.load(Acquire), u64::MAX);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros() as u64;
    let since = executor.page.running_since.load(Acquire);
    assert!(since <= now + 1_000 && since + 60_000_000 > now, "{since} {now}");
    executor.page.cancel.store(seq, Release);
    assert_eq!(executor.next().started_at.0, since);
    executor.until("the end", |page| page.running_since.load(Acquire) == 0);
    executor.result(&Call::new(module, "inc").arg(1));
    assert_eq!(executor.page.progress_done.load(Acquire), 0);
}

#[test]
fn timings_add_up() {
    let workshop = Workshop::new();
    let module = workshop.module(&guest("hostile"));
    let mut executor = workshop.executor();
    let done = executor.run(&Call::new(module, "spin").timeout_ms(60));
    assert!((50_000..10_000_000).contains(&done.run_us), "{}", done.run_us);
    let quick = executor.run(&Call::new(module, "inc").arg(1));
    assert!(quick.run_us < 50_000 && quick.started_at > done.started_at);
}

#[test]
fn large_arguments_arrive_whole() {
    let workshop = Workshop::new();
    let module = workshop.module(&guest("numbers"));
    let mut executor = workshop.executor();
    let numbers: Vec<_> = (0..1_000_000_i64).map(ciborium::Value::from).collect();
    let total = executor.result(&Call::new(module, "sum").arg(numbers));
    assert_eq!(total, ciborium::Value::from(499_999_500_000_i64));
}

#[test]
fn a_module_that_was_never_compiled_here_is_named() {
    let workshop = Workshop::new();
    let module = workshop.module(&raw::run(""));
    let mut executor = workshop.executor();
    let unknown = ModuleId::of(b"unknown");
    let failure = executor.failure(&Call::new(unknown, "f"), FailureKind::Invalid);
    assert!(failure.message.contains(&unknown.to_string()), "{}", failure.message);
    executor.result(&Call::new(module, "f"));
}

#[test]
fn a_torn_compiled_form_is_an_invalid_failure() {
    let workshop = Workshop::new();
    let wasm = Raw { items: "(global i32 (i32.const 77))", ..Raw::default() }.wasm();
    let (module, harmless) = (workshop.module(&wasm), workshop.module(&raw::run("")));
    let code = std::fs::read_dir(workshop.cache_dir()).unwrap().map(|entry| entry.unwrap().path());
    let code = code
        .filter(|path| path.extension().is_some_and(|extension| extension == "cwasm"))
        .find(|path| path.to_string_lossy().contains(&module.to_string()));
    std::fs::write(code.unwrap(), b"\x7fELF and no more").unwrap();
    let mut executor = workshop.executor();
    executor.failure(&Call::new(module, "f"), FailureKind::Invalid);
    executor.result(&Call::new(harmless, "f"));
}

#[test]
fn an_executor_ends_when_its_worker_hangs_up() {
    let workshop = Workshop::new();
    let module = workshop.module(&raw::run(""));
    let mut executor = workshop.executor();
    executor.result(&Call::new(module, "f"));
    assert_eq!(executor.close(), Some(0));
}

#[test]
fn signals_to_the_whole_process_group_do_not_end_an_executor() {
    let workshop = Workshop::new();
    let module = workshop.module(&raw::run(""));
    let mut executor = workshop.executor();
    let pid = rustix::process::Pid::from_raw(executor.pid().cast_signed()).unwrap();
    for signal in [rustix::process::Signal::INT, rustix::process::Signal::TERM] {
        rustix::process::kill_process(pid, signal).unwrap();
    }
    executor.result(&Call::new(module, "f"));
    assert_eq!(executor.close(), Some(0));
}

#[test]
fn an_idle_executor_wakes_nobody() {
    let workshop = Workshop::new();
    let module = workshop.module(&raw::run(""));
    let mut executor = workshop.executor();
    executor.result(&Call::new(module, "f"));
    // Wait until it has gone to sleep: no context switch between two looks.
    let deadline = std::time::Instant::now() + PATIENCE;
    let mut before = executor.voluntary_switches();
    loop {
        std::thread::sleep(std::time::Duration::from_millis(200));
        let now = executor.voluntary_switches();
        if now == before {
            break;
        }
        before = now;
        assert!(std::time::Instant::now() < deadline, "the executor does not go to sleep");
    }
    // And it wakes up again for deadlines.
    let module = workshop.module(&raw::run("(loop $l (br $l))"));
    executor.failure(&Call::new(module, "f").timeout_ms(20), FailureKind::Timeout);
}
