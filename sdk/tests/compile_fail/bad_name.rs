#[wask::task(name = "two words")]
fn work() {}

fn main() {}
