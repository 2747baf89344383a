#[wask::task(retries = -1)]
fn work() {}

#[wask::task(retries = "2")]
fn other() {}

fn main() {}
