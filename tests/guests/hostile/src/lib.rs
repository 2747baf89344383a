//! One function for each thing that a guest should not do and a sandbox must withstand, and a few
//! that are harmless, to be called afterwards.

use std::hint::black_box;

use wask::prelude::*;

const KIB: usize = 1024;
/// What `write_pattern` leaves behind and `find_pattern` looks for.
const PATTERN: u64 = 0x5ec2_e75e_c2e7_5ec2;

/// Returns its argument plus one. The harmless call after each hostile one.
#[wask::task]
fn inc(x: i64) -> i64 {
    x + 1
}

/// Never returns.
#[wask::task]
fn spin() -> u64 {
    let mut count = 0_u64;
    loop {
        count = black_box(count).wrapping_add(1);
    }
}

/// Takes 64 KiB after 64 KiB until there is no more.
#[wask::task]
fn grow_slowly() -> u64 {
    let mut held = Vec::new();
    loop {
        held.push(black_box(vec![1_u8; 64 * KIB]));
    }
}

/// Takes everything at once.
#[wask::task]
fn grow_at_once(bytes: u64) -> u64 {
    black_box(vec![1_u8; bytes as usize]).len() as u64
}

/// Takes memory, writes to all of it, gives it back and returns.
#[wask::task]
fn hold(bytes: u64) -> u64 {
    black_box(vec![0xa5_u8; bytes as usize]).len() as u64
}

/// Asks for more than it may have, takes the refusal for an answer and goes on.
#[wask::task]
fn asks_politely(bytes: u64) -> bool {
    Vec::<u8>::new().try_reserve_exact(bytes as usize).is_ok()
}

/// Calls itself without end.
#[wask::task]
fn recurse(depth: u64) -> u64 {
    descend(depth)
}

#[inline(never)]
fn descend(depth: u64) -> u64 {
    let frame = black_box([depth; 16]);
    if frame[3] == u64::MAX {
        0
    } else {
        descend(black_box(depth.wrapping_add(1) & 0xffff)) + frame[5]
    }
}

/// Executes `unreachable`.
#[wask::task]
fn hit_unreachable() -> u64 {
    #[cfg(target_arch = "wasm32")]
    core::arch::wasm32::unreachable();
    #[cfg(not(target_arch = "wasm32"))]
    std::process::abort();
}

/// Panics with this message.
#[wask::task]
fn panics(message: String) -> u64 {
    panic!("{message}")
}

/// Reads where no memory is.
#[wask::task]
fn out_of_bounds() -> u64 {
    let address = black_box(0x7fff_0000_usize) as *const u64;
    // SAFETY: none; the sandbox must end this.
    unsafe { address.read_volatile() }
}

/// Returns this many bytes.
#[wask::task]
fn giant_result(bytes: u64) -> Bytes {
    vec![b'x'; bytes as usize].into()
}

/// Returns an error with a message of this many bytes.
#[wask::task]
fn giant_error(bytes: u64) -> Result<u64, Error> {
    Err(Error::new("e".repeat(bytes as usize)))
}

/// Returns an error with causes.
#[wask::task]
fn fails(message: String) -> Result<u64, Error> {
    Err(Error::new("the disk is full").context("cannot write").context(message))
}

/// Logs this many lines of this many bytes.
#[wask::task]
fn log_flood(ctx: &Ctx, lines: u64, bytes: u64) -> u64 {
    let line = "l".repeat(bytes as usize);
    for _ in 0..lines {
        ctx.log(Level::Info, &line);
    }
    lines
}

/// Logs one line as it is.
#[wask::task]
fn log_line(ctx: &Ctx, line: String) -> u64 {
    ctx.log(Level::Warn, &line);
    1
}

/// Tells its progress without end.
#[wask::task]
fn progress_flood(ctx: &Ctx) -> u64 {
    let mut done = 0;
    loop {
        done += 1;
        ctx.progress(done, u64::MAX);
    }
}

/// What the host tells: the attempt and the task.
#[wask::task]
fn asks(ctx: &Ctx) -> String {
    format!("{} {} {}", ctx.task(), ctx.attempt(), ctx.cancelled())
}

/// Fills memory and stack with a pattern, as a secret would lie there.
#[wask::task]
fn write_pattern(bytes: u64) -> u64 {
    let on_the_heap = vec![PATTERN; bytes as usize / 8];
    let on_the_stack = [PATTERN; 8 * KIB];
    black_box(&on_the_heap).len() as u64 + black_box(&on_the_stack).len() as u64
}

/// Looks for the pattern in everything that it can reach, and for anything but zeros in memory
/// that it has just asked for.
#[wask::task]
fn find_pattern(bytes: u64) -> u64 {
    let half = PATTERN as u32;
    let found = words().filter(|word| *word == half).count() as u64;
    let fresh = Vec::<u64>::with_capacity(bytes as usize / 8);
    let start = fresh.as_ptr();
    // The allocator's own bookkeeping sits at the edges of what it hands out.
    let dirty = (64..fresh.capacity() - 64)
        // SAFETY: within the allocation; any bytes are a `u64`.
        .filter(|at| unsafe { start.add(*at).read_volatile() } == PATTERN)
        .count() as u64;
    found + dirty
}

#[cfg(target_arch = "wasm32")]
fn words() -> impl Iterator<Item = u32> {
    let end = core::arch::wasm32::memory_size(0) * 64 * KIB;
    // SAFETY: all of linear memory is readable; address 0 is left out because Rust says so.
    (1..end / 4).map(|word| unsafe { ((word * 4) as *const u32).read_volatile() })
}

#[cfg(not(target_arch = "wasm32"))]
fn words() -> impl Iterator<Item = u32> {
    std::iter::empty()
}

/// Arithmetic whose bits differ between machines unless the host makes them equal: NaNs with
/// payloads, sums in order.
#[wask::task]
fn float_bits(seed: f64) -> Vec<u64> {
    let nan = black_box(f64::from_bits(0x7ff8_dead_beef_0001));
    let zero = black_box(0.0_f64);
    let bits = [zero / zero, nan + seed, -nan * seed, (-seed).sqrt(), f64::INFINITY * zero];
    bits.into_iter().map(f64::to_bits).collect()
}

wask::export![
    inc,
    spin,
    grow_slowly,
    grow_at_once,
    hold,
    asks_politely,
    recurse,
    hit_unreachable,
    panics,
    out_of_bounds,
    giant_result,
    giant_error,
    fails,
    log_flood,
    log_line,
    progress_flood,
    asks,
    write_pattern,
    find_pattern,
    float_bits
];
