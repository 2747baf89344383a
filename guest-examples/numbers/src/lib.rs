//! Arithmetic on whole numbers.
#[unsafe(no_mangle)] pub extern "C" fn x() -> i32 { 1 }
