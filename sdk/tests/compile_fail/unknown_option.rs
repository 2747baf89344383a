#[wask::task(retry = 2)]
fn work() {}

#[wask::task(fast)]
fn other() {}

fn main() {}
