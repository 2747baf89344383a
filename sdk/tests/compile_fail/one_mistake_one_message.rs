use wask::prelude::*;

#[wask::value(copy)]
struct Place {
    x: f64,
}

#[wask::task]
fn length(text: &str) -> u64 {
    text.len() as u64
}

#[wask::task(retry = 2)]
pub fn nearest(place: Place) -> f64 {
    place.x
}

#[wask::task]
fn twice<T: Clone>(x: T) -> (T, T) {
    (x.clone(), x)
}

#[wask::task]
fn late(x: i64, ctx: &Ctx) -> i64 {
    x + i64::from(ctx.attempt())
}

#[wask::task]
fn place(place: Place) -> Place {
    place
}

wask::export![length, nearest, twice, late, place];

fn main() {}
