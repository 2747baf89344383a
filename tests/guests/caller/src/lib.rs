//! A module that asks for nothing but calls, and is pure as far as anybody can see.

use wask::prelude::*;

/// The result of any call with one number.
#[wask::task]
fn call(ctx: &Ctx, call: String, x: i64) -> Result<i64, Error> {
    ctx.submit(&call, (x,))?.result()
}

/// The same, or -1 if it fails.
#[wask::task]
fn call_or(ctx: &Ctx, call: String, x: i64) -> Result<i64, Error> {
    Ok(ctx.submit(&call, (x,))?.result().unwrap_or(-1))
}

/// The same within this module.
#[wask::task]
fn twice(ctx: &Ctx, x: i64) -> Result<i64, Error> {
    Ok(2 * ctx.submit("same", (x,))?.result::<i64>()?)
}

/// The same, by way of `call`.
#[wask::task]
fn indirect(ctx: &Ctx, call: String, x: i64) -> Result<i64, Error> {
    ctx.submit("call", (call, x))?.result()
}

/// Returns its argument.
#[wask::task]
fn same(x: i64) -> i64 {
    x
}

/// Refuses every number.
#[wask::task]
fn refuse(x: i64) -> Result<i64, Error> {
    Err(Error::new(format!("{x} is refused")))
}

wask::export![call, call_or, twice, indirect, same, refuse];
