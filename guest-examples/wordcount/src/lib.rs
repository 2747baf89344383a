//! Map, shuffle by key, reduce: the words of a text, counted.
//!
//! Each file's words are dealt into buckets by hash, so that every bucket can be summed on its
//! own: a word is always in the same one, whichever file it comes from.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use wask::prelude::*;

/// How often each word occurs.
pub type Counts = BTreeMap<String, u64>;

/// Map: the words of one file, counted, in buckets.
#[wask::task]
pub fn map(text: Bytes, buckets: usize) -> Result<Vec<Counts>, Error> {
    let mut counts = vec![Counts::new(); buckets.max(1)];
    let text = std::str::from_utf8(&text)?.to_lowercase();
    let words = text.split(|c: char| !c.is_alphabetic() && c != '\'');
    for word in words.map(|word| word.trim_matches('\'')).filter(|word| !word.is_empty()) {
        let bucket = hash(word) as usize % counts.len();
        *counts[bucket].entry(word.to_owned()).or_default() += 1;
    }
    Ok(counts)
}

/// Reduce: one bucket of every file, as one.
#[wask::task]
pub fn reduce(mapped: Vec<Vec<Counts>>, bucket: usize) -> Counts {
    let mut sum = Counts::new();
    for (word, count) in mapped.into_iter().flat_map(|file| file.into_iter().nth(bucket)).flatten()
    {
        *sum.entry(word).or_default() += count;
    }
    sum
}

/// The most frequent words of all buckets; those that are level come in alphabetical order.
#[wask::task]
pub fn top(reduced: Vec<Counts>, words: usize) -> Vec<(String, u64)> {
    let mut all: Vec<_> = reduced.into_iter().flatten().collect();
    all.sort_by_key(|(word, count)| (Reverse(*count), word.clone()));
    all.truncate(words);
    all
}

wask::export![map, reduce, top];

/// FNV-1a, which gives the same buckets on every machine.
fn hash(word: &str) -> u32 {
    word.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: a word of several files ends in one bucket, and so in one sum.
    #[test]
    fn a_word_meets_itself_in_one_bucket() {
        let files = ["It's a dog.", "A dog? A DOG!"].map(|text| map(text.into(), 3).unwrap());
        let reduced = (0..3).map(|bucket| reduce(files.to_vec(), bucket)).collect();
        let expected = [("a", 3), ("dog", 3), ("it's", 1)].map(|(word, n)| (word.to_owned(), n));
        assert_eq!(top(reduced, 10), expected);
    }
}
