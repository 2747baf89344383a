//! The rules of the repository that a machine can check, each with the reason in its message.
//!
//! Reads the checkout and cargo's view of it. Never builds, never changes a file.

#![expect(clippy::expect_used, reason = "a checkout that cannot be read fails the test")]

mod documents;
mod examples;
mod manifests;
mod purity;
mod sources;
mod tree;

/// Fails with all that is wrong at once, one line each.
fn report(rule: &str, wrong: &[String]) {
    assert!(wrong.is_empty(), "{rule}:\n  {}\n", wrong.join("\n  "));
}
