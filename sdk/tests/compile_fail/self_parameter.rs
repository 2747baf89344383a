struct Counter;

impl Counter {
    #[wask::task]
    fn count(&self, x: i64) -> i64 {
        x
    }
}

fn main() {}
