//! Bytes between tasks: files of random letters are made, sorted and counted, the counts merged.
//!
//! `Bytes` crosses from one sandbox to the next as it is, whether a hundred bytes or ten million.

use std::collections::BTreeMap;

use wask::prelude::*;

/// How often each letter occurs.
pub type Counts = BTreeMap<char, u64>;

/// That many random letters; the same seed gives the same letters.
#[wask::task]
pub fn make(seed: u64, size: usize) -> Bytes {
    let mut state = seed;
    (0..size).map(|_| b'a' + (next(&mut state) % 26) as u8).collect()
}

/// The same letters in alphabetical order.
#[wask::task]
pub fn sort(mut letters: Bytes) -> Bytes {
    letters.sort_unstable();
    letters
}

/// How often each letter occurs in sorted letters: the length of its run.
#[wask::task]
pub fn count(letters: Bytes) -> Result<Counts, Error> {
    if !letters.is_sorted() {
        return Err(Error::new("the letters are not sorted"));
    }
    let mut counts = Counts::new();
    let mut rest = &letters[..];
    while let Some(&letter) = rest.first() {
        let (run, others) = rest.split_at(rest.partition_point(|other| *other == letter));
        counts.insert(char::from(letter), run.len() as u64);
        rest = others;
    }
    Ok(counts)
}

/// Several counts as one.
#[wask::task]
pub fn merge(counts: Vec<Counts>) -> Counts {
    let mut sum = Counts::new();
    for (letter, count) in counts.into_iter().flatten() {
        *sum.entry(letter).or_default() += count;
    }
    sum
}

wask::export![make, sort, count, merge];

/// The next number of SplitMix64 (Steele, Lea and Flood, 2014).
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: sorting loses no letter and counting finds each.
    #[test]
    fn sorted_letters_are_counted() {
        assert_eq!(count(sort("wask asks".replace(' ', "").into())).unwrap()[&'s'], 3);
        assert_eq!(count(sort(make(7, 10_000))).unwrap().values().sum::<u64>(), 10_000);
    }

    /// Goal: letters in disorder are refused instead of being counted wrongly.
    #[test]
    fn unsorted_letters_are_refused() {
        assert_eq!(count("ba".into()).unwrap_err().message(), "the letters are not sorted");
    }
}
