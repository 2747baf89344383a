//! Has the crate compiled again when the dashboard's files change, which the compiler cannot know.

fn main() {
    println!("cargo::rerun-if-changed=../../../web-dashboard/dist");
}
