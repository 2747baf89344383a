//! The command line: every command, flag and help text, with an example each. Holds no logic and
//! reads nothing but the arguments.

mod bench;

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use self::bench::{BenchArgs, Growth, Shape};
use crate::config::{ByteSize, ResourceAmount};

/// Runs graphs of small sandboxed tasks.
#[derive(Debug, Parser)]
#[command(
    name = "wask",
    version,
    about = "Runs graphs of small tasks, each in a fresh WebAssembly sandbox",
    after_help = "First steps:\n  wask demo\n  wask new hello && wask build hello\n  wask serve\n  \
                  wask push hello.wasm\n  wask run hello/greet '\"Ada\"'\n\n\
                  RUN is a run's id, a unique prefix of it, or `last`.\n\
                  Exit codes: 0 ok, 1 a task or run failed, 2 usage, 3 server unreachable, \
                  4 refused by the server, 130 interrupted.",
    arg_required_else_help = true
)]
pub(crate) struct Cli {
    /// Flags that every command takes.
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags that every command takes.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalArgs {
    /// The server to talk to [default: http://127.0.0.1:8787]
    #[arg(long, global = true, value_name = "URL", env = "WASK_SERVER")]
    pub(crate) server: Option<String>,
    /// Print exactly one JSON value on stdout
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// The token that the server asks for; `serve` needs one to listen beyond loopback
    #[arg(long, global = true, value_name = "TOKEN", env = "WASK_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
}

/// All commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the scheduler, a local worker, the HTTP API and the dashboard
    Serve(ServeArgs),
    /// Run the example graphs on a server of their own
    Demo(DemoArgs),
    /// Make a guest project
    New(NewArgs),
    /// Compile a guest project into a module
    Build(BuildArgs),
    /// Upload modules
    Push(PushArgs),
    /// Call one function and print its result
    Run(RunArgs),
    /// Submit a graph
    Submit(SubmitArgs),
    /// List runs, newest first
    Runs(RunsArgs),
    /// List the tasks of a run
    Tasks(TasksArgs),
    /// Print the result of a task
    Result(ResultArgs),
    /// Print what tasks logged
    Logs(LogsArgs),
    /// Say why a task is in its state, worker by worker
    Explain(ExplainArgs),
    /// Cancel a run or one of its tasks
    Cancel(CancelArgs),
    /// Run the failed tasks of a run again
    Retry(RetryArgs),
    /// List modules and their functions
    Modules(ModulesArgs),
    /// List workers
    Workers(WorkersArgs),
    /// Draw the graph of a run
    Graph(GraphArgs),
    /// Write a run's timeline for Perfetto or chrome://tracing
    Trace(TraceArgs),
    /// Write a run as one HTML file that opens without a server
    Report(ReportArgs),
    /// Measure a server: throughput, latency, processor time by stage, memory
    Bench(BenchArgs),
    /// Check this machine and say how to mend what is missing
    Doctor(DoctorArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
}

/// `wask serve`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  wask serve --listen 127.0.0.1:0 --slots 4 --resource gpu=1")]
pub(crate) struct ServeArgs {
    /// Address to listen on; port 0 picks a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8787")]
    pub(crate) listen: SocketAddr,
    /// Where modules, results and history are kept [default: $XDG_DATA_HOME/wask]
    #[arg(long, value_name = "DIR", conflicts_with = "ephemeral")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Tasks that run at once [default: the number of cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) slots: Option<u16>,
    /// Keep nothing: data lives in a temporary directory that goes at the end
    #[arg(long)]
    pub(crate) ephemeral: bool,
    /// Accept this name in the Host header beside the listened address; repeatable
    #[arg(long, value_name = "HOST")]
    pub(crate) allow_host: Vec<String>,
    /// Offer an amount of a named resource, such as gpu=1; repeatable
    #[arg(long, value_name = "NAME=AMOUNT")]
    pub(crate) resource: Vec<ResourceAmount>,
    /// Memory for results that are still needed; more of them go to disk
    #[arg(long, value_name = "SIZE")]
    pub(crate) values_memory: Option<ByteSize>,
    /// Serve the dashboard from this folder instead of the built-in files
    #[arg(long, value_name = "DIR")]
    pub(crate) ui_dir: Option<PathBuf>,
    /// Results of pure calls to remember; older ones that nobody asked for again are forgotten
    #[arg(long, value_name = "ENTRIES")]
    pub(crate) memo_max_entries: Option<u64>,
    /// Connections at the same time, event streams among them [default: 16384, or what the limit of
    /// open files allows]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) connections_max: Option<u32>,
    /// Stop when standard input closes, so that a server never outlives its parent
    #[arg(long, hide = true)]
    pub(crate) stop_with_stdin: bool,
    /// Answer each task with null, without a sandbox: for measuring everything else
    #[arg(long, hide = true)]
    pub(crate) zero_work: bool,
}

/// `wask demo`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  wask demo --exit")]
pub(crate) struct DemoArgs {
    /// Stop when the examples are done; exit code 1 if a result is wrong
    #[arg(long)]
    pub(crate) exit: bool,
    /// Folder of examples [default: the nearest `guest-examples`]
    #[arg(long, value_name = "DIR")]
    pub(crate) examples: Option<PathBuf>,
    /// Run only these examples
    #[arg(long, value_name = "NAME")]
    pub(crate) only: Vec<String>,
}

/// `wask new`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  wask new hello\n\n\
                  The project depends on the SDK of the checkout that holds this program or the \
                  working directory, or on the one that WASK_SDK names (CHECKOUT/sdk). wask is not \
                  on crates.io yet.")]
pub(crate) struct NewArgs {
    /// Name of the project and of its folder
    pub(crate) name: String,
}

/// `wask build`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  wask build hello -o hello.wasm")]
pub(crate) struct BuildArgs {
    /// The project's folder
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,
    /// Where to write the module
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// `wask push`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  wask push numbers.wasm --name numbers")]
pub(crate) struct PushArgs {
    /// Modules, or core modules that use the SDK
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Name of the module [default: the file's name without `.wasm`]
    #[arg(long)]
    pub(crate) name: Option<String>,
}

/// `wask run`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  wask run numbers/add 1 2\n  wask run texts/upper '\"hello\"'\n  \
                        wask run letters/count @letters.txt\n\n\
                        An argument is JSON, or @FILE for a file's bytes."
)]
pub(crate) struct RunArgs {
    /// The function
    #[arg(value_name = "MODULE/FUNCTION")]
    pub(crate) call: String,
    /// Its arguments, as JSON, or @FILE for a file's bytes
    #[arg(value_name = "ARG", allow_negative_numbers = true)]
    pub(crate) args: Vec<String>,
    /// Write the result's bytes to this file
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// `wask submit`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  wask submit graph.yaml --follow\n\n\
                  In a graph file, {\"$file\": \"data/a.csv\"} stands for that file, uploaded, and \
                  {\"$files\": \"data/*.csv\"} for a list of files sorted by name. Paths are \
                  relative to the graph.")]
pub(crate) struct SubmitArgs {
    /// The graph, as JSON or YAML; `-` reads standard input
    #[arg(value_name = "GRAPH")]
    pub(crate) graph: PathBuf,
    /// Show progress until the run is finished; exit code 1 if it failed
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// Name of the run, instead of the graph's
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Send the same key again to get the same run instead of a second one
    #[arg(long, value_name = "KEY")]
    pub(crate) idempotency_key: Option<String>,
}

/// `wask runs`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  wask runs --state failed --limit 5")]
pub(crate) struct RunsArgs {
    /// Only runs in this state: running, succeeded, failed, cancelled
    #[arg(long)]
    pub(crate) state: Option<String>,
    /// Only runs whose name contains this
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) limit: u32,
}

/// `wask tasks`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  wask tasks last --state failed")]
pub(crate) struct TasksArgs {
    /// The run
    pub(crate) run: String,
    /// Only tasks in this state, such as failed, running or no-worker
    #[arg(long)]
    pub(crate) state: Option<String>,
    /// Only tasks of this MODULE/FUNCTION
    #[arg(long)]
    pub(crate) call: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) limit: u32,
}

/// `wask result`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  wask result last total\n  wask result last 'sq[3]'")]
pub(crate) struct ResultArgs {
    /// The run
    pub(crate) run: String,
    /// The task
    pub(crate) key: String,
    /// Write the result's bytes to this file
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// `wask logs`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  wask logs last total")]
pub(crate) struct LogsArgs {
    /// The run
    pub(crate) run: String,
    /// The task; without it, all tasks of the run
    pub(crate) key: Option<String>,
}

/// `wask explain`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  wask explain last train")]
pub(crate) struct ExplainArgs {
    /// The run
    pub(crate) run: String,
    /// The task
    pub(crate) key: String,
}

/// `wask cancel`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  wask cancel last --reason 'wrong input'")]
pub(crate) struct CancelArgs {
    /// The run
    pub(crate) run: String,
    /// The task; without it, the whole run
    pub(crate) key: Option<String>,
    /// Why, for whoever looks at it later
    #[arg(long)]
    pub(crate) reason: Option<String>,
}

/// `wask retry`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  wask retry last --failed")]
pub(crate) struct RetryArgs {
    /// The run
    pub(crate) run: String,
    /// The tasks; without them, all that failed or were aborted
    pub(crate) keys: Vec<String>,
    /// All that failed or were aborted; said for clarity, as it is what happens without keys
    #[arg(long, conflicts_with = "keys")]
    pub(crate) failed: bool,
}

/// `wask modules`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  wask modules numbers")]
pub(crate) struct ModulesArgs {
    /// Show this module's functions with parameters and documentation
    pub(crate) module: Option<String>,
}

/// `wask workers`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  wask workers --json")]
pub(crate) struct WorkersArgs {}

/// `wask trace`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  wask trace last -o trace.json")]
pub(crate) struct TraceArgs {
    /// The run
    pub(crate) run: String,
    /// Where to write it [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// `wask report`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  wask report last -o run.html")]
pub(crate) struct ReportArgs {
    /// The run
    pub(crate) run: String,
    /// Where to write it [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// `wask graph`
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  wask graph last -o graph.svg\n  wask graph last --format mermaid"
)]
pub(crate) struct GraphArgs {
    /// The run
    pub(crate) run: String,
    /// What to write
    #[arg(long, value_enum, default_value_t = GraphFormat::Svg)]
    pub(crate) format: GraphFormat,
    /// What a node stands for [default: a key, of more than 200 keys a function]
    #[arg(long, value_enum)]
    pub(crate) by: Option<GraphBy>,
    /// Where to write it [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// Forms of a graph.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum GraphFormat {
    /// A picture
    Svg,
    /// For graphviz
    Dot,
    /// For Markdown
    Mermaid,
    /// For programs
    Json,
}

/// What a node of a graph stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum GraphBy {
    /// A key of the graph: a task, or an array of tasks
    Node,
    /// All tasks of a function
    Function,
}

impl GraphFormat {
    /// As the server calls it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Dot => "dot",
            Self::Mermaid => "mermaid",
            Self::Json => "json",
        }
    }
}

impl GraphBy {
    /// As the server calls it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Function => "function",
        }
    }
}

/// `wask doctor`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  wask doctor")]
pub(crate) struct DoctorArgs {
    /// The data directory to check [default: $XDG_DATA_HOME/wask]
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
}

/// `wask completions`
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  wask completions bash > ~/.local/share/bash-completion/completions/wask"
)]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: the definitions agree with each other (no flag twice, no impossible conflict).
    #[test]
    fn definitions_are_consistent() {
        <Cli as clap::CommandFactory>::command().debug_assert();
    }

    /// Goal: negative numbers are arguments of the call, not unknown flags.
    #[test]
    fn negative_numbers_are_arguments() {
        let cli = Cli::try_parse_from(["wask", "run", "n/add", "-5", "2", "--json"]).unwrap();
        let Command::Run(run) = cli.command else { panic!("not `run`") };
        assert_eq!(run.args, ["-5", "2"]);
        assert!(cli.global.json);
    }

    /// Goal: every visible command shows an example in its help.
    #[test]
    fn every_command_shows_an_example() {
        let command = <Cli as clap::CommandFactory>::command();
        for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
            let help = sub.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("Example"), "{} shows no example", sub.get_name());
        }
    }
}
