#[wask::task]
fn length(text: &str) -> u64 {
    text.len() as u64
}

#[wask::task]
fn first(bytes: &[u8]) -> u8 {
    bytes[0]
}

#[wask::task]
fn total(numbers: &[i64]) -> i64 {
    numbers.iter().sum()
}

fn main() {}
