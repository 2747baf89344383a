//! The whole graph, natively: the same functions, called from a test, give the expected result.

use std::{fs, path::Path};

use letters::{count, make, merge, sort};
use serde_json::{Value, json};

const FILES: u64 = 100;
const SIZE: usize = 100_000;

/// Goal: the merged counts are those of expected.json, and no letter is missing.
#[test]
fn the_counts_are_the_expected_ones() {
    let counts = merge((0..FILES).map(|seed| count(sort(make(seed, SIZE))).unwrap()).collect());
    assert_eq!(counts.values().sum::<u64>(), FILES * SIZE as u64);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("expected.json");
    let expected: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(json!({ "counts": counts }), expected);
}
