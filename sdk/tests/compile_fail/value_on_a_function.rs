#[wask::value]
fn square(x: i64) -> i64 {
    x * x
}

#[wask::value(copy)]
struct Place;

fn main() {}
