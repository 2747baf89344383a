use wask::prelude::*;

#[wask::task]
fn work(x: i64, ctx: &Ctx) -> i64 {
    ctx.progress(1, 1);
    x
}

fn main() {}
