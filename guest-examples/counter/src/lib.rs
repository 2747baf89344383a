//! An actor: a counter that keeps its state from call to call.
//!
//! Tasks forget everything when they return; an actor is an object that stays.

use wask::prelude::*;

/// A number that goes up and down.
#[wask::value]
#[derive(Default)]
pub struct Counter {
    value: i64,
}

/// Counts from zero.
#[wask::actor]
impl Counter {
    pub fn new() -> Self {
        Self::default()
    }

    /// One more; the new value.
    pub fn increment(&mut self) -> i64 {
        self.add(1)
    }

    /// So many more; the new value.
    pub fn add(&mut self, n: i64) -> i64 {
        self.value += n;
        self.value
    }

    /// So many less; fails, and changes nothing, if that is less than zero.
    pub fn subtract(&mut self, n: i64) -> Result<i64, Error> {
        if n > self.value {
            return Err(Error::new(format!("cannot take {n} from {}", self.value)));
        }
        Ok(self.add(-n))
    }

    /// The value as it is.
    pub fn value(&self) -> i64 {
        self.value
    }
}

wask::export![Counter];

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: each call sees what the ones before it did.
    #[test]
    fn calls_add_up() {
        let mut counter = Counter::new();
        assert_eq!((counter.increment(), counter.add(9), counter.value()), (1, 10, 10));
        assert_eq!(counter.subtract(10).expect("there is enough"), 0);
    }

    /// Goal: a call that fails leaves the value as it was.
    #[test]
    fn a_failure_changes_nothing() {
        let mut counter = Counter::new();
        counter.add(2);
        let error = counter.subtract(3).expect_err("too much");
        assert_eq!((error.message(), counter.value()), ("cannot take 3 from 2", 2));
    }
}
