//! Waiting for a condition with a deadline; tests never sleep for a guessed time.

use std::{
    thread,
    time::{Duration, Instant},
};

/// The time that anything may take on a machine that is busy with other tests.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// How often a condition is looked at.
const INTERVAL: Duration = Duration::from_millis(10);

/// Asks again and again until there is an answer; fails when there is none within the deadline.
#[track_caller]
pub fn eventually<T>(what: &str, deadline: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(begun.elapsed() < deadline, "within {deadline:?} there was no: {what}");
        thread::sleep(INTERVAL);
    }
}
