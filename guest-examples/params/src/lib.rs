//! A parameter server: weights that live in an actor while tasks beside it work out how to
//! improve them.

use std::collections::BTreeMap;

use wask::prelude::*;

/// Weights by name.
#[wask::value]
#[derive(Default)]
pub struct Params {
    weights: BTreeMap<String, Weights>,
}

#[wask::value]
struct Weights {
    values: Vec<f64>,
    version: u64,
}

#[wask::actor]
impl Params {
    /// No weights yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Weights to start from, as version 0.
    pub fn put(&mut self, name: String, weights: Vec<f64>) {
        self.weights.insert(name, Weights { values: weights, version: 0 });
    }

    /// The weights as they are.
    pub fn get(&self, name: String) -> Result<Vec<f64>, Error> {
        self.weights.get(&name).map(|weights| weights.values.clone()).ok_or_else(|| unknown(&name))
    }

    /// A step of descent, `rate` times the gradient downwards; the number of the new version.
    pub fn add(&mut self, name: String, gradient: Vec<f64>, rate: f64) -> Result<u64, Error> {
        let Weights { values, version } =
            self.weights.get_mut(&name).ok_or_else(|| unknown(&name))?;
        if values.len() != gradient.len() {
            return Err(Error::new(format!(
                "{} numbers for {} weights",
                gradient.len(),
                values.len()
            )));
        }
        values.iter_mut().zip(gradient).for_each(|(value, slope)| *value -= rate * slope);
        *version += 1;
        Ok(*version)
    }
}

/// How the mean squared error over the points changes with each weight, where `weights[i]` is the
/// factor of x to the power of i: for a line its height at zero and its slope.
#[wask::task]
pub fn gradient(weights: Vec<f64>, points: Vec<(f64, f64)>) -> Vec<f64> {
    let mut gradient = vec![0.0; weights.len()];
    for (x, y) in &points {
        let error = weights.iter().rev().fold(0.0, |sum, weight| sum * x + weight) - y;
        let powers = std::iter::successors(Some(1.0), |power| Some(power * x));
        let share = 2.0 * error / points.len() as f64;
        gradient.iter_mut().zip(powers).for_each(|(slope, power)| *slope += share * power);
    }
    gradient
}

wask::export![Params, gradient];

fn unknown(name: &str) -> Error {
    Error::new(format!("there are no weights `{name}`"))
}
