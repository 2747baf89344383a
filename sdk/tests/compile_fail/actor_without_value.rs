struct Counter {
    count: i64,
}

#[wask::actor]
impl Counter {
    fn new(start: i64) -> Self {
        Self { count: start }
    }

    fn increment(&mut self) -> i64 {
        self.count += 1;
        self.count
    }
}

wask::export![Counter];

fn main() {}
