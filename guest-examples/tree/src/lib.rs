//! Very many tiny tasks: a sum by a tree of additions.
//!
//! The work is next to nothing, so the run shows what a task itself costs: 1 023 of them here,
//! a fresh sandbox for each.

/// One more.
#[wask::task]
pub fn inc(x: i64) -> i64 {
    x + 1
}

/// One less.
#[wask::task]
pub fn dec(x: i64) -> i64 {
    x - 1
}

/// The sum of two numbers.
#[wask::task]
pub fn add(x: i64, y: i64) -> i64 {
    x + y
}

wask::export![inc, dec, add];

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: the graph's arithmetic is right: 256 times (i + 1) + i, added up by neighbours.
    #[test]
    fn the_tree_adds_up_to_65536() {
        let mut level: Vec<i64> = (0..256).map(|i| add(inc(i), dec(inc(i)))).collect();
        while level.len() > 1 {
            level = level.chunks(2).map(|pair| add(pair[0], pair[1])).collect();
        }
        assert_eq!(level, [65_536]);
    }
}
