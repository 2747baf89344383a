//! A parameter server: weights in an actor, and tasks that improve them.

use std::collections::BTreeMap;

use wask::prelude::*;

type Points = Vec<(f64, f64)>;

/// Weights by name.
#[wask::value]
#[derive(Default)]
pub struct Params(BTreeMap<String, Weights>);

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
        self.0.insert(name, Weights { values: weights, version: 0 });
    }

    /// The weights as they are.
    pub fn get(&self, name: String) -> Result<Vec<f64>, Error> {
        self.0.get(&name).map(|weights| weights.values.clone()).ok_or_else(|| unknown(&name))
    }

    /// A step of descent, `rate` times the gradient downwards; the number of the new version.
    pub fn add(&mut self, name: String, gradient: Vec<f64>, rate: f64) -> Result<u64, Error> {
        let weights = self.0.get_mut(&name).ok_or_else(|| unknown(&name))?;
        let Weights { values, version } = weights;
        let (given, wanted) = (gradient.len(), values.len());
        if given != wanted {
            return Err(Error::new(format!("{given} numbers for {wanted} weights")));
        }
        values.iter_mut().zip(gradient).for_each(|(value, slope)| *value -= rate * slope);
        *version += 1;
        Ok(*version)
    }
}

/// How the mean squared error changes with each weight, of which `weights[i]` belongs to x^i.
#[wask::task]
pub fn gradient(weights: Vec<f64>, points: Points) -> Vec<f64> {
    let mut gradient = vec![0.0; weights.len()];
    for (x, y) in &points {
        let error = weights.iter().rev().fold(0.0, |sum, weight| sum * x + weight) - y;
        let mut share = 2.0 * error / points.len() as f64;
        for slope in &mut gradient {
            *slope += share;
            share *= x;
        }
    }
    gradient
}

/// Improves an actor's weights a hundred times, with these points; its last version.
#[wask::task]
pub fn train(ctx: &Ctx, points: Points, actor: String, name: String) -> Result<u64, Error> {
    let params = ctx.actor(&actor);
    (0..100).try_fold(0, |_, _| {
        let slopes = gradient(params.call("get", (&name,))?, points.clone());
        params.call("add", (&name, slopes, 0.1))
    })
}

fn unknown(name: &str) -> Error {
    Error::new(format!("there are no weights `{name}`"))
}

wask::export![Params, gradient, train];
