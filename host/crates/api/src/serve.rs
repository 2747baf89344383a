//! The listener's loop: connections over TCP, HTTP/1.1, tuned for latency and bounded in number
//! and time.

use std::{sync::Arc, time::Duration};

use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
};

use wask_node::Handle;

use crate::{config::ApiConfig, router::router, state::ApiState};

/// Serves the API until `shutdown` comes; then takes no more connections, ends waits and feeds,
/// and returns when the requests in progress are answered or their grace is over.
///
/// Fails only if the listener has no address.
pub async fn serve(
    listener: TcpListener,
    handle: Handle,
    mut config: ApiConfig,
    shutdown: impl Future<Output = ()>,
) -> std::io::Result<()> {
    config.listen.push(listener.local_addr()?);
    let state = ApiState::new(handle, config);
    let limits = state.limits().clone();
    let app = TowerToHyperService::new(router(state.clone()));
    let places = Arc::new(Semaphore::new(limits.connections_max));
    let (stop, stopped) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(limits.head_read_max);
    builder.pipeline_flush(true);
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            accepted = accept(&listener, &places) => {
                let (stream, place) = accepted;
                let (builder, app) = (builder.clone(), app.clone());
                let mut stopped = stopped.clone();
                connections.spawn(async move {
                    let _place = place;
                    let connection = builder.serve_connection(TokioIo::new(stream), app);
                    let connection = connection.with_upgrades();
                    tokio::pin!(connection);
                    tokio::select! {
                        done = connection.as_mut() => return log_end(done),
                        _ = stopped.wait_for(|stop| *stop) => connection.as_mut().graceful_shutdown(),
                    }
                    log_end(connection.await);
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    state.close();
    stop.send_replace(true);
    let all = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(limits.shutdown_grace, all).await.is_err() {
        connections.shutdown().await;
    }
    Ok(())
}

/// The next connection, once there is a place for it.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, Option<OwnedSemaphorePermit>) {
    // The semaphore is never closed, so that there always is a permit in the end.
    let place = Arc::clone(places).acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Small answers must not wait for more to send; without it they only come later.
                let _slower = stream.set_nodelay(true);
                return (stream, place);
            }
            Err(error) => {
                // Out of file descriptors, mostly: connections that end free some.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

fn log_end(end: hyper::Result<()>) {
    if let Err(error) = end {
        tracing::debug!(error = &error as &dyn std::error::Error, "a connection ended early");
    }
}
