use wask::prelude::*;

#[wask::value]
struct Missing;

#[wask::actor]
impl Missing {
    fn value(&self) {}
}

#[wask::value]
struct Other;

#[wask::actor]
impl Other {
    fn new() -> Result<i64, Error> {
        Ok(1)
    }
}

#[wask::value]
struct Nothing;

#[wask::actor]
impl Nothing {
    fn new() {}
}

#[wask::value]
struct Receiver;

#[wask::actor]
impl Receiver {
    fn new(&self) -> Self {
        Self
    }
}

wask::export![Missing, Other, Nothing, Receiver];

fn main() {}
