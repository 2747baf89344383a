#[wask::task(timeout = "half a minute")]
fn work() {}

#[wask::task(timeout = 30)]
fn other() {}

#[wask::task(timeout = "0s")]
fn never() {}

fn main() {}
