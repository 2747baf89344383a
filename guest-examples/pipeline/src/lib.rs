//! A pipeline of real arithmetic: a year of temperatures from each of a hundred stations.
//!
//! Load the files, take away what the season explains, average three neighbours, correlate pairs,
//! keep the best. A series crosses from sandbox to sandbox as a plain `Vec<f64>`.

use wask::prelude::*;

/// How alike two places are: Pearson's correlation, from -1 to 1.
#[wask::value]
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Pair {
    pub first: u32,
    pub second: u32,
    pub correlation: f64,
}

/// The numbers of a CSV file of `date,number` lines under a heading.
#[wask::task]
pub fn load(csv: Bytes) -> Result<Vec<f64>, Error> {
    let text = std::str::from_utf8(&csv)?;
    let number_of = |line: &str| match line.split_once(',') {
        Some((_date, number)) => Ok(number.trim().parse()?),
        None => Err(Error::new(format!("{line:?} is not `date,number`"))),
    };
    text.lines().skip(1).map(number_of).collect()
}

/// The series' difference from the reference, in standard deviations around its mean.
#[wask::task]
pub fn normalise(series: Vec<f64>, reference: Vec<f64>) -> Result<Vec<f64>, Error> {
    if series.len() != reference.len() {
        return Err(Error::new(format!("{} days against {}", series.len(), reference.len())));
    }
    let difference = centred(series.iter().zip(&reference).map(|(a, b)| a - b).collect());
    let deviation = (dot(&difference, &difference) / difference.len() as f64).sqrt();
    Ok(difference.iter().map(|value| value / deviation).collect())
}

/// The mean of three neighbours, day by day.
#[wask::task]
pub fn roll(left: Vec<f64>, middle: Vec<f64>, right: Vec<f64>) -> Vec<f64> {
    left.iter().zip(&middle).zip(&right).map(|((a, b), c)| (a + b + c) / 3.0).collect()
}

/// How alike two series are. Their numbers come along to name the pair.
#[wask::task]
pub fn compare(first: u32, second: u32, a: Vec<f64>, b: Vec<f64>) -> Pair {
    let (a, b) = (centred(a), centred(b));
    let correlation = dot(&a, &b) / (dot(&a, &a) * dot(&b, &b)).sqrt();
    Pair { first, second, correlation }
}

/// The pair that is most alike.
#[wask::task]
pub fn best(pairs: Vec<Pair>) -> Option<Pair> {
    pairs.into_iter().max_by(|one, other| one.correlation.total_cmp(&other.correlation))
}

wask::export![load, normalise, roll, compare, best];

fn centred(mut series: Vec<f64>) -> Vec<f64> {
    let mean = series.iter().sum::<f64>() / series.len() as f64;
    series.iter_mut().for_each(|value| *value -= mean);
    series
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
