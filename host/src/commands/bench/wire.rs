//! A connection on which a call is one write and its answer one read: what is timed on it is the
//! server. The client of the other commands takes some system calls more for each request.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
};

use anyhow::{Context, ensure};

use crate::client::{Client, Path};

/// A connection that is kept.
pub(super) struct Wire {
    stream: BufReader<TcpStream>,
    /// What stands in each request after its path.
    headers: String,
    request: Vec<u8>,
}

impl Wire {
    /// Connects to the client's server.
    pub(super) fn open(client: &Client) -> anyhow::Result<Self> {
        let server = client.server();
        let authority = server.strip_prefix("http://").unwrap_or(server).trim_end_matches('/');
        let stream =
            TcpStream::connect(authority).with_context(|| format!("no connection to {server}"))?;
        stream.set_nodelay(true)?;
        let token = client.token().map(|token| format!("authorization: Bearer {token}\r\n"));
        let headers = format!(
            " HTTP/1.1\r\nhost: {authority}\r\n{}content-type: application/json\r\n",
            token.unwrap_or_default()
        );
        Ok(Self { stream: BufReader::new(stream), headers, request: Vec::new() })
    }

    /// POST of JSON; the body of a successful answer.
    pub(super) fn post(&mut self, path: &Path, body: &[u8]) -> anyhow::Result<Vec<u8>> {
        self.request.clear();
        let length = body.len();
        write!(self.request, "POST /api/v1{path}{}", self.headers)?;
        write!(self.request, "content-length: {length}\r\n\r\n")?;
        self.request.extend_from_slice(body);
        self.stream.get_mut().write_all(&self.request)?;
        let status = self.line()?;
        let mut length = None;
        loop {
            let header = self.line()?;
            if header.is_empty() {
                break;
            }
            if let Some((name, value)) = header.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = Some(value.trim().parse()?);
            }
        }
        let mut answer = vec![0; length.context("the answer does not tell its length")?];
        self.stream.read_exact(&mut answer)?;
        let good = status.split(' ').nth(1).is_some_and(|code| code.starts_with('2'));
        ensure!(good, "{status}: {}", String::from_utf8_lossy(&answer));
        Ok(answer)
    }

    fn line(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        ensure!(self.stream.read_line(&mut line)? > 0, "the server closed the connection");
        line.truncate(line.trim_end().len());
        Ok(line)
    }
}
