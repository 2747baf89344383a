//! Arithmetic on whole numbers: the smallest useful guest.

use wask::prelude::*;

/// One more.
#[wask::task]
fn inc(x: i64) -> i64 {
    x + 1
}

/// One less.
#[wask::task]
fn dec(x: i64) -> i64 {
    x - 1
}

/// The sum of two numbers.
#[wask::task]
fn add(x: i64, y: i64) -> i64 {
    x + y
}

/// The square of a number.
#[wask::task]
fn square(x: i64) -> i64 {
    x * x
}

/// The sum of any number of numbers.
#[wask::task]
fn sum(numbers: Vec<i64>) -> i64 {
    numbers.iter().sum()
}

/// The quotient of two numbers; fails for a divisor of zero.
#[wask::task]
fn checked_div(x: i64, y: i64) -> Result<i64, Error> {
    x.checked_div(y).ok_or_else(|| Error::new(format!("cannot divide {x} by {y}")))
}

wask::export![inc, dec, add, square, sum, checked_div];

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: the functions are plain functions.
    #[test]
    fn arithmetic() {
        assert_eq!((inc(1), dec(1), add(2, 3), square(-4)), (2, 0, 5, 16));
        assert_eq!(sum((0..500).map(square).collect()), 41_541_750);
        assert_eq!(checked_div(7, 2).expect("two is no zero"), 3);
    }

    /// Goal: a division by zero is an error with a message, not a panic.
    #[test]
    fn division_by_zero_is_an_error() {
        let error = checked_div(7, 0).expect_err("zero");
        assert_eq!(error.message(), "cannot divide 7 by 0");
    }
}
