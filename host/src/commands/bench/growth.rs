//! `wask bench --growth`: how cost grows with tasks, runs, modules, streams and history. Each curve
//! goes up in powers of ten, on a server of its own.

mod curve;
mod modules;
mod restart;
mod runs;
mod streams;
mod tasks;

use clap::ValueEnum as _;
use serde_json::json;

use self::curve::Curve;
use super::{machine, modules::BenchModules};
use crate::{
    cli::{BenchArgs, Growth},
    exit_code::Exit,
    output::Output,
    session::Session,
};

/// Tasks of the map that is measured where something else grows.
const MAP_TASKS: u32 = 20_000;

/// What every curve is measured with.
struct Means<'a> {
    args: &'a BenchArgs,
    modules: &'a BenchModules,
    output: Output,
}

impl Means<'_> {
    /// The steps of a curve: powers of ten from `first` to what the command line says, or else to
    /// `last`, and never beyond `most`.
    fn steps(&self, first: u32, last: u32, most: u32) -> Vec<u32> {
        steps(first, self.args.up_to.unwrap_or(last).min(most))
    }

    /// Says what is measured now.
    fn announce(&self, what: &str, size: u32) {
        self.output.message(format!("{what}: {size} …"));
    }
}

/// Powers of ten from `first`, and `last`.
fn steps(first: u32, last: u32) -> Vec<u32> {
    let powers = std::iter::successors(Some(first), |step| step.checked_mul(10));
    let mut steps: Vec<u32> = powers.take_while(|step| *step < last).collect();
    steps.push(last);
    steps
}

/// Measures the curves that are asked for, and prints them.
pub(super) fn run(
    session: &Session,
    args: &BenchArgs,
    modules: &BenchModules,
    asked: &[Growth],
) -> anyhow::Result<Exit> {
    let output = session.output;
    let means = Means { args, modules, output };
    let asked = if asked.is_empty() { Growth::value_variants() } else { asked };
    let mut curves: Vec<Curve> = Vec::new();
    for growth in asked {
        curves.push(match growth {
            Growth::Tasks => tasks::measure(&means)?,
            Growth::Runs => runs::measure(&means)?,
            Growth::Modules => modules::measure(&means)?,
            Growth::Streams => streams::measure(&means)?,
            Growth::Restart => restart::measure(&means)?,
        });
    }
    let machine = machine::describe();
    if output.json {
        let curves: serde_json::Map<_, _> =
            curves.iter().map(|curve| (curve.name.to_owned(), curve.json())).collect();
        output.value(&json!({ "machine": machine.json(), "curves": curves }))?;
        return Ok(Exit::Ok);
    }
    output.line(format!("{machine}"))?;
    for curve in &curves {
        output.line(format!("\n{}", curve.title))?;
        output.table(&curve.table())?;
    }
    Ok(Exit::Ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: a curve ends where it should, whether that is a power of ten or not.
    #[test]
    fn steps_are_powers_of_ten() {
        assert_eq!(steps(1_000, 100_000), [1_000, 10_000, 100_000]);
        assert_eq!(steps(1, 40), [1, 10, 40]);
        assert_eq!(steps(1_000, 200), [200]);
    }
}
