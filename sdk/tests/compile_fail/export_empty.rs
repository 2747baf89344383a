wask::export![];

fn main() {}
