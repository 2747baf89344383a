//! Growth with the event streams that are connected while a map runs. They follow another run,
//! which does nothing, so that nothing is sent to them.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use anyhow::{Context as _, ensure};
use serde_json::json;

use super::{
    super::{
        load::Load,
        sample::Measured,
        server::{OwnServer, ServerOptions},
    },
    Curve, MAP_TASKS, Means,
};
use crate::descriptors;

/// How long a server may take to begin a stream.
const BEGIN_WITHIN: Duration = Duration::from_secs(5);

/// A map beside so many streams.
pub(super) fn measure(means: &Means<'_>) -> anyhow::Result<Curve> {
    let title = "Idle event streams: what each task of a map beside them costs";
    let series = ["time, us", "processor time outside, us"];
    let mut curve = Curve::new("streams", title, "streams", &series);
    // Both ends of a stream are a file each, of two processes.
    descriptors::raise_limit();
    let own = OwnServer::start(&ServerOptions::of(means.args))?;
    let client = own.client();
    let mut load = Load::new(&client, means.modules, Some(&own))?;
    let idle = load.submit(&json!({ "name": "idle", "open": true, "tasks": {} }))?;
    let mut streams = Vec::new();
    for count in means.steps(1, 10_000, 10_000) {
        means.announce("streams", count);
        let refused = fill(&mut streams, count as usize, || connect(client.server(), &idle));
        let count = u32::try_from(streams.len()).unwrap_or(count);
        let samples =
            (0..means.args.repeat).map(|_| load.array(MAP_TASKS)).collect::<anyhow::Result<_>>()?;
        let measured = Measured::new("streams".to_owned(), samples);
        let Some(sample) = measured.median() else { continue };
        let outside = sample.used.as_ref().map(|used| used.cpu.outside_us_per_task(sample.tasks));
        curve.point(count, vec![Some(sample.us_per_task()), outside]);
        if let Err(error) = refused {
            means.output.message(format!("no more than {count} streams: {error:#}"));
            break;
        }
    }
    Ok(curve)
}

/// Connects until there are so many; fails when the server takes no more.
fn fill<T>(
    streams: &mut Vec<T>,
    count: usize,
    connect: impl Fn() -> anyhow::Result<T>,
) -> anyhow::Result<()> {
    while streams.len() < count {
        streams.push(connect()?);
    }
    Ok(())
}

/// Opens a stream of a run's events and reads its begin.
fn connect(server: &str, run: &str) -> anyhow::Result<TcpStream> {
    let address = server.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).context("cannot connect")?;
    stream.set_read_timeout(Some(BEGIN_WITHIN))?;
    let request = format!(
        "GET /api/v1/runs/{run}/events HTTP/1.1\r\nhost: {address}\r\naccept: text/event-stream\r\n\r\n"
    );
    stream.write_all(request.as_bytes())?;
    let mut begin = [0; 512];
    let length = stream.read(&mut begin).context("the stream does not begin")?;
    let begin = String::from_utf8_lossy(begin.get(..length).unwrap_or_default());
    ensure!(begin.starts_with("HTTP/1.1 200"), "the server answers {}", begin.escape_debug());
    Ok(stream)
}
