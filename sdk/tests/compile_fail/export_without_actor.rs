#[wask::value]
struct Counter {
    count: i64,
}

impl Counter {
    fn new() -> Self {
        Self { count: 0 }
    }
}

wask::export![Counter];

fn main() {
    let _ = Counter::new().count;
}
