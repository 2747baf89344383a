#[wask::actor]
#[wask::value]
struct Counter {
    count: i64,
}

#[wask::value]
struct Pair<T>(T, T);

#[wask::actor]
impl<T> Pair<T> {
    fn new(first: T, second: T) -> Self {
        Self(first, second)
    }
}

#[wask::value]
struct Shown;

#[wask::actor]
impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("shown")
    }
}

#[wask::value]
struct Patient;

#[wask::actor(retries = 2)]
impl Patient {
    #[wask(memory = "1MiB")]
    fn new() -> Self {
        Self
    }
}

#[wask::actor]
fn start() {}

wask::export![Counter, Patient];

fn main() {}
