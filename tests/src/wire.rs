//! HTTP/1.1 by hand, for requests that no proper client would send: wrong hosts, bodies that come
//! byte by byte or not at all, streams that stay open.

use std::{
    io::{self, BufRead as _, BufReader, Read, Write as _},
    net::TcpStream,
    time::Duration,
};

use crate::api::Api;

/// A server that says nothing for so long has failed.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// A reply as it came over the wire.
#[derive(Clone, Debug)]
pub struct RawReply {
    /// HTTP status.
    pub status: u16,
    /// Headers; names are in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, put together from its chunks.
    pub body: Vec<u8>,
}

/// Connects and sends these bytes.
#[track_caller]
pub fn open(api: &Api, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(api.authority()).expect("the server takes connections");
    stream.set_read_timeout(Some(SILENCE_MAX)).expect("a time limit can be set");
    stream.set_nodelay(true).expect("an option can be set");
    stream.write_all(bytes).expect("the server reads");
    stream
}

/// Connects, sends these bytes and reads one reply.
#[track_caller]
pub fn exchange(api: &Api, bytes: &[u8]) -> RawReply {
    read_reply(open(api, bytes))
}

/// Reads one reply.
#[track_caller]
pub fn read_reply(stream: TcpStream) -> RawReply {
    let (status, headers, mut reader) = Body::of_stream(stream).expect("there is a reply");
    let mut body = Vec::new();
    reader.read_to_end(&mut body).expect("the reply is complete");
    RawReply { status, headers, body }
}

/// Status, headers, body.
pub(crate) type Head = (u16, Vec<(String, String)>, Body);

/// A body that is read while it comes.
#[derive(Debug)]
pub(crate) struct Body {
    stream: BufReader<TcpStream>,
    left: Left,
}

/// How much of the body, or of its current chunk, is still to come.
#[derive(Debug)]
enum Left {
    Bytes(u64),
    InChunk(u64),
    AllThatComes,
    Nothing,
}

impl Body {
    /// Reads the head of a reply.
    pub(crate) fn of_stream(stream: TcpStream) -> io::Result<Head> {
        let mut stream = BufReader::new(stream);
        let status_line = read_line(&mut stream)?;
        let status = status_line.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.ok_or_else(|| io::Error::other(format!("no status: {status_line}")))?;
        let mut headers = Vec::new();
        loop {
            let line = read_line(&mut stream)?;
            let Some((name, value)) = line.split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let header = |name: &str| headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
        let left = match (header("transfer-encoding"), header("content-length")) {
            (Some("chunked"), _) => Left::InChunk(0),
            (_, Some(length)) => Left::Bytes(length.parse().map_err(io::Error::other)?),
            _ => Left::AllThatComes,
        };
        Ok((status, headers, Self { stream, left }))
    }

    fn next_chunk(&mut self) -> io::Result<u64> {
        let line = read_line(&mut self.stream)?;
        // Each chunk but the first follows the line end of the one before.
        let line = if line.is_empty() { read_line(&mut self.stream)? } else { line };
        u64::from_str_radix(line.trim(), 16).map_err(io::Error::other)
    }
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if matches!(self.left, Left::InChunk(0)) {
            let length = self.next_chunk()?;
            self.left = if length == 0 { Left::Nothing } else { Left::InChunk(length) };
        }
        match &mut self.left {
            Left::Nothing => Ok(0),
            Left::AllThatComes => self.stream.read(buffer),
            Left::Bytes(left) | Left::InChunk(left) => {
                let count = (&mut self.stream).take(*left).read(buffer)?;
                *left -= count as u64;
                Ok(count)
            }
        }
    }
}

fn read_line(stream: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
