fn square(x: i64) -> i64 {
    x * x
}

mod shapes {
    pub fn area(x: f64) -> f64 {
        x * x
    }
}

wask::export![square, shapes::area];

fn main() {}
