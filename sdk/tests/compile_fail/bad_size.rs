#[wask::task(memory = "64MB")]
fn work() {}

#[wask::task(memory = 64)]
fn other() {}

#[wask::task(memory = "99999999999GiB")]
fn huge() {}

fn main() {}
