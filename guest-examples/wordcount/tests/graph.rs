//! The whole graph, natively: the same functions, called from a test, give the expected result.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::{Value, json};
use wordcount::{map, reduce, top};

const BUCKETS: usize = 4;

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn chapters() -> Vec<String> {
    let chapter = |n| fs::read_to_string(folder().join(format!("data/chapter-{n:02}.txt")));
    (1..=12).map(|n| chapter(n).unwrap()).collect()
}

/// Goal: map, shuffle and reduce give expected.json.
#[test]
fn the_top_words_are_the_expected_ones() {
    let chapters = chapters().into_iter();
    let mapped: Vec<_> = chapters.map(|text| map(text.into(), BUCKETS).unwrap()).collect();
    let reduced = (0..BUCKETS).map(|bucket| reduce(mapped.clone(), bucket)).collect();
    let text = fs::read_to_string(folder().join("expected.json")).unwrap();
    let expected: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json!({ "words": top(reduced, 20) }), expected);
}

/// Goal: no word is lost or counted twice on the way, whatever the number of buckets.
#[test]
fn buckets_do_not_change_the_counts() {
    let text = chapters().swap_remove(3);
    let mut plain = BTreeMap::new();
    let words = text.split(|c: char| !c.is_alphabetic() && c != '\'');
    for word in words.map(|word| word.trim_matches('\'').to_lowercase()) {
        *plain.entry(word).or_insert(0) += 1;
    }
    plain.remove("");
    for buckets in [1, 3, 16] {
        let mapped = map(text.as_str().into(), buckets).unwrap();
        assert_eq!(mapped.into_iter().flatten().collect::<BTreeMap<_, _>>(), plain);
    }
}
