#[wask::task(media_type = "image/png")]
fn draw() -> String {
    String::new()
}

#[wask::task(media_type = "png")]
fn paint() -> wask::Bytes {
    wask::Bytes::new()
}

fn main() {}
