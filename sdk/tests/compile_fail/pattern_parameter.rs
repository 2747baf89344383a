#[wask::task]
fn norm((x, y): (f64, f64)) -> f64 {
    x.hypot(y)
}

fn main() {}
