struct Odd;

#[wask::value]
struct Counter;

#[wask::actor]
impl Counter {
    fn new() -> Result<Self, Odd> {
        Err(Odd)
    }

    fn odd(&self, _odd: Odd) -> Odd {
        Odd
    }
}

wask::export![Counter];

fn main() {}
