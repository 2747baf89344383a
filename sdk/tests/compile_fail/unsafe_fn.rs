#[wask::task]
unsafe fn peek(x: i64) -> i64 {
    x
}

fn main() {}
