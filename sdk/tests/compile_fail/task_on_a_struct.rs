#[wask::task]
struct Place;

fn main() {}
