struct Odd;

#[wask::task]
fn work() -> Result<i64, Odd> {
    Err(Odd)
}

fn main() {}
