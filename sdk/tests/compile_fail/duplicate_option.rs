#[wask::task(retries = 2, timeout = "1s", retries = 3)]
fn work() {}

fn main() {}
