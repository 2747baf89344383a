struct Bytes;

#[wask::task]
fn length(_bytes: Bytes) -> Bytes {
    Bytes
}

fn main() {}
