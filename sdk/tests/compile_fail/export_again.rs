#[wask::task]
fn square(x: i64) -> i64 {
    x * x
}

wask::export![square];

wask::export![square];

fn main() {}
