//! The command line of `wask bench`: what can be measured, and how. Holds no logic.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// What `wask bench` measures.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Shape {
    /// Time until an array of 100 000 tasks is accepted
    Accept,
    /// One call after the other on one connection
    Single,
    /// Each call needs the one before
    Chain,
    /// `inc` leaves, summed by neighbours
    Tree,
    /// One array of `inc`, all results fetched
    Map,
    /// One call needs the results of all others
    FanIn,
    /// A random graph, always the same one
    Random,
    /// Calls of some microseconds, of a millisecond and of twenty, mixed
    Mixed,
    /// 64 modules in turn
    Modules,
    /// Values of 1 MiB: producers, and four consumers each
    #[value(name = "values-1m")]
    Values1m,
    /// Values of 16 MiB
    #[value(name = "values-16m")]
    Values16m,
    /// 1 GiB through a chain: each call takes 16 MiB, changes a byte and returns them
    Bulk,
    /// The example graphs
    Examples,
}

/// Along which quantity `wask bench --growth` measures.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Growth {
    /// Tasks of a run: time for each
    Tasks,
    /// Runs at the same time: time for each task
    Runs,
    /// Modules in turn: time for each task
    Modules,
    /// Connected event streams: time for each task of a map
    Streams,
    /// Finished tasks in the journal: time to start again
    Restart,
}

/// `wask bench`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  wask bench --shape map --tasks 50000 --repeat 5\n\n\
                        Without --server it starts a server of its own for each shape, which keeps its \
                        journal in a temporary directory.")]
pub(crate) struct BenchArgs {
    /// Number of tasks [default: by shape; map 50000, tree 16384 leaves, chain 1000, single 2000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub(crate) tasks: Option<u32>,
    /// What to measure; repeatable [default: all]
    #[arg(long)]
    pub(crate) shape: Vec<Shape>,
    /// Measure so many times and report the median
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) repeat: u32,
    /// Slots of the server that it starts [default: the number of cores]
    #[arg(long, value_name = "N")]
    pub(crate) slots: Option<u16>,
    /// The module with `inc`, `add` and `sum` [default: the example `numbers`, built if need be]
    #[arg(long, value_name = "FILE")]
    pub(crate) module: Option<PathBuf>,
    /// Where the server that it starts keeps its journal [default: a temporary directory]
    #[arg(long, value_name = "DIR", conflicts_with = "ephemeral")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Measure a server without a journal
    #[arg(long)]
    pub(crate) ephemeral: bool,
    /// Measure a map of a million tasks that are answered without a sandbox
    #[arg(long, conflicts_with_all = ["shape", "growth", "server"])]
    pub(crate) zero_work: bool,
    /// Measure how cost grows with a quantity [default: with each]
    #[arg(long, value_name = "WHAT", num_args = 0.., conflicts_with_all = ["shape", "server"])]
    pub(crate) growth: Option<Vec<Growth>>,
    /// The most of a quantity that --growth goes to [default: by quantity, a million tasks]
    #[arg(long, value_name = "N", requires = "growth", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub(crate) up_to: Option<u32>,
    /// Measure bare sandboxes of --module in this process and print calls per second
    #[arg(long, hide = true, requires = "module")]
    pub(crate) bare: bool,
}
