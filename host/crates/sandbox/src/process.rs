//! What a child process gives up before it meets a guest, and the memory that an executor gives
//! back after a large one.
#![expect(unsafe_code, reason = "signals and the allocator have no safe face")]

use std::io;

use rustix::{
    process::{Resource, Rlimit, Signal, getrlimit, set_parent_process_death_signal, setrlimit},
    thread::{CapabilitySet, CapabilitySets, set_capabilities, set_no_new_privs},
};
use wask_proto::bulk;

/// Seconds of processor time for one compile child: a last resort behind the parent's wall limit.
const COMPILE_CPU_MAX_S: u64 = 600;

/// What the stack of a thread must hold for guests to run on it: the deepest guest, the host
/// functions that it calls, and what leads to it.
const STACK_BYTES: u64 = 4 * 1024 * 1024;

/// For an executor: no core dumps, no new privileges, no capabilities. It dies with the thread
/// that started it, which the worker therefore keeps for as long as it wants executors.
///
/// Signals that ask a whole process group to end (Ctrl-C, a service manager) are for the server,
/// which finishes what runs; an executor ends when its socket does.
pub(crate) fn confine_executor() -> io::Result<()> {
    for signal in [libc::SIGINT, libc::SIGTERM] {
        // SAFETY: ignoring a signal installs no handler, so nothing can run at a bad moment.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
    confine()
}

/// For a compile child: the same, and limits of its own on memory and processor time.
pub(crate) fn confine_compile_child(memory_max_bytes: u64) -> io::Result<()> {
    confine()?;
    // Data, not address space: wasmtime reserves gigabytes of addresses for one memory without
    // using them, and those do not count here.
    limit(Resource::Data, memory_max_bytes)?;
    limit(Resource::Cpu, COMPILE_CPU_MAX_S)
}

/// Hands memory that is kept for large values, or that the allocator holds, back to the system. Large arguments and results come as
/// blocks of many sizes, and the allocator keeps what they leave behind.
pub fn give_memory_back() {
    bulk::give_back();
    // SAFETY: `malloc_trim` only releases memory that is free, and may be called at any time.
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Whether guests fit onto the main thread's stack. Where they do not, they need fibers.
pub(crate) fn stack_has_room() -> bool {
    getrlimit(Resource::Stack).current.is_none_or(|bytes| bytes >= STACK_BYTES)
}

/// Asks for a main thread's stack that guests fit onto. It grows as it is used, so the limit may
/// still be raised after the start.
fn widen_stack() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Stack);
    if !stack_has_room() && maximum.is_none_or(|maximum| maximum >= STACK_BYTES) {
        // Refused, guests run on fibers.
        let _ = setrlimit(Resource::Stack, Rlimit { current: Some(STACK_BYTES), maximum });
    }
}

fn confine() -> io::Result<()> {
    widen_stack();
    limit(Resource::Core, 0)?;
    set_no_new_privs(true)?;
    let none = CapabilitySet::empty();
    let sets = CapabilitySets { effective: none, permitted: none, inheritable: none };
    // Where a kernel filter forbids even this, there are none to drop.
    let _ = set_capabilities(None, sets);
    // Last, because a change of privileges may clear it.
    Ok(set_parent_process_death_signal(Some(Signal::KILL))?)
}

fn limit(resource: Resource, value: u64) -> io::Result<()> {
    Ok(setrlimit(resource, Rlimit { current: Some(value), maximum: Some(value) })?)
}
