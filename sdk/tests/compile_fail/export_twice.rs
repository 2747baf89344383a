#[wask::task]
fn square(x: i64) -> i64 {
    x * x
}

wask::export![square, square];

fn main() {}
