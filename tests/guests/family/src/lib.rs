//! Tasks that submit tasks in all the ways that a scheduler must withstand.

use wask::prelude::*;

/// Submits itself one level deeper and waits, until the depth is reached.
#[wask::task]
fn nest(ctx: &Ctx, depth: u32) -> Result<u32, Error> {
    if depth == 0 {
        return Ok(0);
    }
    Ok(ctx.submit("nest", (depth - 1,))?.result::<u32>()? + 1)
}

/// Submits itself with the same argument, for ever.
#[wask::task]
fn endless(ctx: &Ctx, x: u32) -> Result<u32, Error> {
    ctx.submit("endless", (x,))?.result()
}

/// Waits for a long call in the module `lab`, and says so before.
#[wask::task]
fn wait_for_work(ctx: &Ctx, million_steps: u64, tag: i64) -> Result<i64, Error> {
    ctx.log(Level::Info, "submitting");
    ctx.submit("lab/work", (million_steps, tag))?.result()
}

/// Submits work and does not wait for it.
#[wask::task]
fn fire_and_forget(ctx: &Ctx, million_steps: u64, tag: i64) -> Result<i64, Error> {
    ctx.submit("lab/work_aloud", (million_steps, tag))?;
    Ok(tag)
}

/// Submits work, waits for it and works itself, so that there is time to kill its executor.
#[wask::task]
fn wait_then_work(ctx: &Ctx, tag: i64, million_steps: u64) -> Result<Vec<i64>, Error> {
    let children = ctx.map("trace", [tag, tag + 1, tag + 2])?;
    let values = ctx.gather(&children)?;
    let mut state = tag as u64;
    for _ in 0..million_steps * 1_000_000 {
        state = std::hint::black_box(state.wrapping_mul(6_364_136_223_846_793_005) + 1);
    }
    Ok(values)
}

/// Returns its argument, and says in its log that it ran.
#[wask::task]
fn trace(ctx: &Ctx, tag: i64) -> i64 {
    ctx.log(Level::Info, format!("ran {tag} in attempt {}", ctx.attempt()));
    tag
}

/// Submits any call with these numbers as arguments, and returns the result.
#[wask::task]
fn relay(ctx: &Ctx, call: String, args: Vec<i64>) -> Result<i64, Error> {
    match args[..] {
        [] => ctx.submit(&call, ())?.result(),
        [a] => ctx.submit(&call, (a,))?.result(),
        [a, b] => ctx.submit(&call, (a, b))?.result(),
        _ => Err(Error::new("at most two arguments")),
    }
}

/// Submits a call that fails, and goes on without it.
#[wask::task]
fn forgive(ctx: &Ctx) -> Result<String, Error> {
    match ctx.submit("fail", (7,))?.result::<i64>() {
        Ok(value) => Err(Error::new(format!("{value} is no failure"))),
        Err(error) => Ok(format!("{error}; {}", error.causes().join(", "))),
    }
}

/// Fails.
#[wask::task]
fn fail(code: i64) -> Result<i64, Error> {
    Err(Error::new(format!("code {code}")).context("told to fail"))
}

/// Panics.
#[wask::task]
fn panics() -> i64 {
    panic!("as asked")
}

/// Sends raw bytes through a call and back, both alone and inside of a value.
#[wask::task]
fn round_trip(ctx: &Ctx, data: Bytes) -> Result<Bytes, Error> {
    let same = ctx.submit("same_bytes", (&data,))?;
    let joined = ctx.submit("join", (vec![&same, &same],))?;
    joined.result()
}

/// Returns its argument.
#[wask::task]
fn same_bytes(data: Bytes) -> Bytes {
    data
}

/// Puts parts side by side.
#[wask::task]
fn join(parts: Vec<Bytes>) -> Bytes {
    parts.iter().flat_map(|part| part.iter().copied()).collect::<Vec<u8>>().into()
}

/// A chain of additions, each of which takes the one before as its argument.
#[wask::task]
fn chain(ctx: &Ctx, length: u32) -> Result<i64, Error> {
    let mut last = ctx.submit("add", (0, 0))?;
    for _ in 0..length {
        last = ctx.submit("add", (last, 1))?;
    }
    last.result()
}

/// The sum of two numbers.
#[wask::task]
fn add(x: i64, y: i64) -> i64 {
    x + y
}

/// The sum over as many calls, all of them waited for at once.
#[wask::task]
fn fan_out(ctx: &Ctx, width: i64) -> Result<i64, Error> {
    let children = ctx.map("trace", 0..width)?;
    Ok(ctx.gather::<i64>(&children)?.iter().sum())
}

/// Hands over to a call that fails.
#[wask::task]
fn hand_over_to_failure(ctx: &Ctx) -> Result<Tail<i64>, Error> {
    Ok(Tail::Call(ctx.submit("fail", (9,))?))
}

wask::export![
    nest,
    endless,
    wait_for_work,
    fire_and_forget,
    wait_then_work,
    trace,
    relay,
    forgive,
    fail,
    panics,
    round_trip,
    same_bytes,
    join,
    chain,
    add,
    fan_out,
    hand_over_to_failure,
];
