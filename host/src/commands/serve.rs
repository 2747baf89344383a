//! `wask serve`: puts node and API together, tells where they listen, and stops them in order.

mod data;
mod signals;

use std::{io::ErrorKind, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context as _;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle, time};
use wask_api::{ApiConfig, ApiLimits, Demo};
use wask_node::{Node, NodeConfig};

use self::{data::ServedData, signals::Signals};
use crate::{
    cli::ServeArgs, client::is_served_by_wask, config, descriptors, exit_code::Exit,
    session::Session,
};

/// Threads for requests, at most. The server loop and the executors have their own, and on small machines
/// they need the cores more.
const RUNTIME_THREADS: usize = 2;

/// How often a server loop that ended by itself is noticed.
const WATCH_INTERVAL: Duration = Duration::from_millis(500);

/// How long the node may take to stop, its own grace for running tasks included. What is left
/// after that dies with this process; every answer that was given is durable by then.
const SHUTDOWN_MAX: Duration = Duration::from_secs(8);

/// What the dashboard's button runs. The module is made of `tests/guests/tour` and kept here, so
/// that neither a build nor a first look needs a toolchain for wasm.
const DEMO: Demo = Demo {
    module: include_bytes!("../../demo/tour.wasm"),
    name: "tour",
    graph: include_str!("../../demo/graph.json"),
};

/// Serves until a signal asks it to stop.
pub(crate) fn run(session: &Session, args: &ServeArgs) -> anyhow::Result<Exit> {
    config::check_listen(args.listen, session.token.as_deref())?;
    let data = ServedData::open(args)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(RUNTIME_THREADS)
        .thread_name("wask-http")
        .enable_all()
        .build()?;
    let ended = runtime.block_on(serve(session, args, &data));
    // What still runs belongs to clients that were told to go; it must not delay the end.
    runtime.shutdown_background();
    ended
}

async fn serve(session: &Session, args: &ServeArgs, data: &ServedData) -> anyhow::Result<Exit> {
    let mut signals = Signals::new(args.stop_with_stdin)?;
    let listener = listen(args.listen).await?;
    let address = listener.local_addr()?;
    let config = node_config(args, data)?;
    let open_files = descriptors::raise_limit();
    let connections = descriptors::connections(args.connections_max, open_files, config.slots)?;
    tracing::debug!(connections, ?open_files, "connections at the same time");
    let limits = ApiLimits {
        connections_max: usize::try_from(connections).unwrap_or(usize::MAX),
        ..ApiLimits::default()
    };
    let node = tokio::task::spawn_blocking(move || wask_node::start(config))
        .await?
        .with_context(|| format!("cannot start with the data in {}", data.path().display()))?;
    let api = ApiConfig {
        hosts: args.allow_host.clone(),
        token: session.token.clone(),
        ui_dir: args.ui_dir.clone(),
        demo: Some(DEMO),
        limits,
        ..ApiConfig::default()
    };
    let (stop, stopped) = oneshot::channel::<()>();
    // A sender that is dropped means the same as one that spoke.
    let until = async move { drop(stopped.await) };
    let server = tokio::spawn(wask_api::serve(listener, node.handle(), api, until));
    session.output.line(format!("wask listening on http://{address}"))?;

    let alive = tokio::select! {
        () = signals.next() => true,
        () = loop_end(&node) => false,
    };
    tracing::info!("stopping; a second signal ends the server at once");
    tokio::select! {
        result = shut_down(node, stop, server) => result?,
        () = signals.next() => return Ok(Exit::Interrupted),
    }
    anyhow::ensure!(alive, "the server loop ended by itself; the log above says why");
    Ok(Exit::Ok)
}

async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let error = match TcpListener::bind(address).await {
        Ok(listener) => return Ok(listener),
        Err(error) => error,
    };
    let is_taken = error.kind() == ErrorKind::AddrInUse;
    if is_taken && tokio::task::spawn_blocking(move || is_served_by_wask(address)).await? {
        anyhow::bail!(
            "a wask server already serves {address}; use it, or pass `--listen 127.0.0.1:0`"
        );
    }
    let hint = if is_taken { "; pass `--listen 127.0.0.1:0` for a free port" } else { "" };
    Err(error).with_context(|| format!("cannot listen on {address}{hint}"))
}

/// Ends when the server loop has ended by itself.
async fn loop_end(node: &Node) {
    let mut ticks = time::interval(WATCH_INTERVAL);
    while !node.is_finished() {
        ticks.tick().await;
    }
}

/// Running tasks finish or are handed back first, so that clients that wait for them still get
/// their answers; then the connections end.
async fn shut_down(
    node: Node,
    stop: oneshot::Sender<()>,
    server: JoinHandle<std::io::Result<()>>,
) -> anyhow::Result<()> {
    // The server may have ended already, which its own result tells.
    let _ = stop.send(());
    if time::timeout(SHUTDOWN_MAX, node.shutdown()).await.is_err() {
        tracing::warn!("tasks that are still running are given up; they run again after a start");
    }
    server.await?.context("the HTTP server failed")
}

fn node_config(args: &ServeArgs, data: &ServedData) -> anyhow::Result<NodeConfig> {
    let program = std::env::current_exe().context("cannot tell where this program is")?;
    let mut config = NodeConfig::new(data.path().to_owned(), program);
    config.ephemeral = args.ephemeral;
    config.zero_work = args.zero_work;
    config.give_memory_back = wask_sandbox::give_memory_back;
    if let Some(slots) = args.slots {
        config.slots = slots;
    }
    let amount = |r: &config::ResourceAmount| (Arc::from(r.name.as_str()), r.thousandths);
    config.resources = args.resource.iter().map(amount).collect();
    if let Some(size) = args.values_memory {
        config.values_memory_max_bytes = size.0;
    }
    if let Some(entries) = args.memo_max_entries {
        config.memo_max_entries = entries;
    }
    Ok(config)
}
