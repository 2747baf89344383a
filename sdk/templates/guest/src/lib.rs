//! Tasks for Wask: plain functions, each call of which runs in a sandbox of its own.

use wask::prelude::*;

/// A greeting.
#[wask::task]
fn greet(name: String) -> String {
    format!("Hello, {name}!")
}

/// The mean of some numbers; fails if there are none.
#[wask::task(retries = 0, timeout = "10s")]
fn mean(numbers: Vec<f64>) -> Result<f64, Error> {
    if numbers.is_empty() {
        return Err(Error::new("no numbers, no mean"));
    }
    Ok(numbers.iter().sum::<f64>() / numbers.len() as f64)
}

wask::export![greet, mean];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greets_by_name() {
        assert_eq!(greet("Ada".to_owned()), "Hello, Ada!");
    }

    #[test]
    fn mean_of_numbers() {
        assert_eq!(mean(vec![1.0, 2.0, 6.0]).unwrap(), 3.0);
        assert!(mean(vec![]).is_err());
    }
}
