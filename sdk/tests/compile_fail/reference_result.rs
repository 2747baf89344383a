#[wask::task]
fn name() -> &'static str {
    "name"
}

fn main() {}
