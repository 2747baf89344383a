use wask::prelude::*;

#[wask::task]
fn work(ctx: Ctx) {
    ctx.progress(1, 1);
}

#[wask::task]
fn more(ctx: &mut Ctx) {
    ctx.progress(1, 1);
}

fn main() {}
