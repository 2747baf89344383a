//! Hostile guests, and what must be true after each of them. Every test drives a real executor or
//! a real compile child through its command line, its socket and its shared page.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

#[path = "sandbox/harness.rs"]
mod harness;
#[path = "sandbox/raw.rs"]
mod raw;
#[path = "sandbox/spawn.rs"]
mod spawn;

#[path = "sandbox/actors.rs"]
mod actors;
#[path = "sandbox/bare.rs"]
mod bare;
#[path = "sandbox/cpu.rs"]
mod cpu;
#[path = "sandbox/isolation.rs"]
mod isolation;
#[path = "sandbox/memory.rs"]
mod memory;
#[path = "sandbox/modules.rs"]
mod modules;
#[path = "sandbox/output.rs"]
mod output;
#[path = "sandbox/parking.rs"]
mod parking;
#[path = "sandbox/protocol.rs"]
mod protocol;
#[path = "sandbox/traps.rs"]
mod traps;

/// The parent's side of compiling, which lives beside the worker; these tests are its own.
#[path = "../../node/src/compiler.rs"]
#[expect(unreachable_pub, reason = "it is public where it lives")]
mod compiler;
