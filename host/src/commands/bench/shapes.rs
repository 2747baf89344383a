//! The measured shapes: which there are, how large each is unless it is said, and what runs it.
//! Each uses arguments that were never used before, so that no result can come from memory, and
//! checks every value that it gets.

mod arrays;
mod bulk;
mod calls;
mod chains;
mod examples;
mod many_modules;
mod mixed;
mod random;
mod trees;
mod values;

use std::fmt;

use clap::ValueEnum as _;

use super::{load::Load, modules::BenchModules, sample::Sample};
use crate::{
    cli::{BenchArgs, Shape},
    examples::{Example, Examples},
};

/// The example graphs that do something; the others show one idea each, on numbers.
const EXAMPLES: [&str; 5] = ["tree", "wordcount", "letters", "pipeline", "sprites"];

/// Modules of the shape that has many.
const MODULES: u32 = 64;

const MIB: u32 = 1024 * 1024;

/// Something that can be measured again and again.
pub(super) struct Workload {
    /// As reports call it.
    pub(super) name: String,
    kind: Kind,
}

enum Kind {
    Shape(Shape, u32),
    Example(Box<Example>),
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Shape(_, tasks) => write!(f, "{} of {tasks}", self.name),
            Kind::Example(_) => write!(f, "{}", self.name),
        }
    }
}

impl Workload {
    /// Runs it once.
    pub(super) fn run(&self, load: &mut Load<'_>) -> anyhow::Result<Sample> {
        let (shape, tasks) = match &self.kind {
            Kind::Shape(shape, tasks) => (*shape, *tasks),
            Kind::Example(example) => return load.example(example),
        };
        match shape {
            Shape::Accept => load.accept(tasks),
            Shape::Single => load.single(tasks),
            Shape::Chain => load.chain(tasks),
            Shape::Tree => load.tree(tasks),
            Shape::Map => load.map(tasks),
            Shape::FanIn => load.fan_in(tasks),
            Shape::Random => load.random(tasks),
            Shape::Mixed => load.mixed(tasks),
            Shape::Modules => load.many_modules(MODULES, tasks),
            Shape::Values1m => load.values(tasks, MIB),
            Shape::Bulk => load.bulk(tasks, 16 * MIB),
            Shape::Values16m | Shape::Examples => load.values(tasks, 16 * MIB),
        }
    }
}

/// The shapes that the command line asks for.
pub(super) fn selected(args: &BenchArgs) -> Vec<Shape> {
    match args.shape.as_slice() {
        [] => Shape::value_variants().to_vec(),
        asked => asked.to_vec(),
    }
}

/// What a shape consists of: itself, or each of the examples.
pub(super) fn workloads(
    shape: Shape,
    args: &BenchArgs,
    modules: &BenchModules,
) -> anyhow::Result<Vec<Workload>> {
    if shape != Shape::Examples {
        let tasks = args.tasks.unwrap_or(default_tasks(shape));
        let name = shape.to_possible_value().map(|value| value.get_name().to_owned());
        let name = name.unwrap_or_default();
        return Ok(vec![Workload { name, kind: Kind::Shape(shape, tasks) }]);
    }
    let examples = Examples::find(None)?.all(&EXAMPLES.map(str::to_owned))?;
    let mut workloads = Vec::new();
    for example in examples {
        modules.example(&example.name)?;
        let name = format!("{} (example)", example.name);
        workloads.push(Workload { name, kind: Kind::Example(Box::new(example)) });
    }
    Ok(workloads)
}

const fn default_tasks(shape: Shape) -> u32 {
    match shape {
        Shape::Accept => 100_000,
        Shape::Single => 2_000,
        Shape::Chain => 1_000,
        Shape::Tree => 16_384,
        Shape::Map | Shape::FanIn => 50_000,
        Shape::Random | Shape::Modules => 20_000,
        Shape::Mixed => 5_000,
        Shape::Values1m => 320,
        Shape::Values16m => 40,
        Shape::Bulk => 64,
        Shape::Examples => 0,
    }
}
