//! Bodies: reading them within limits of size and time, and answering in JSON or CBOR as asked.

use axum::{
    body::{Body, Bytes},
    extract::{FromRequestParts, Request},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use http_body_util::BodyExt as _;
use serde::Serialize;
use tokio::time::Instant;

use crate::{
    cbor::{json_to_cbor, normalize},
    codes::{self, Code},
    config::ApiLimits,
    problem::{Answer, Problem},
    units::show_size,
};

/// The form in which structured data is answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Format {
    /// JSON, unless asked otherwise.
    Json,
    /// CBOR.
    Cbor,
}

impl Format {
    /// What `Accept` prefers. Anything but CBOR is answered with JSON; nothing is refused.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let (mut json, mut cbor) = (0.0, 0.0);
        for range in headers.get_all(header::ACCEPT) {
            for range in range.to_str().unwrap_or_default().split(',') {
                let mut parts = range.split(';').map(str::trim);
                let kind = parts.next().unwrap_or_default();
                let quality = parts.find_map(|p| p.strip_prefix("q=")?.parse::<f64>().ok());
                let quality = quality.unwrap_or(1.0);
                if kind.eq_ignore_ascii_case("application/cbor") {
                    cbor = quality;
                } else if kind.eq_ignore_ascii_case("application/json") {
                    json = quality;
                }
            }
        }
        if cbor > json { Self::Cbor } else { Self::Json }
    }

    /// The media type.
    pub(crate) const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Cbor => "application/cbor",
        }
    }

    /// A response with this content.
    pub(crate) fn reply(self, status: StatusCode, content: &impl Serialize) -> Response {
        match self.encode(content) {
            Ok(bytes) => {
                let kind = HeaderValue::from_static(self.media_type());
                (status, [(header::CONTENT_TYPE, kind)], bytes).into_response()
            }
            Err(error) => {
                tracing::error!(%error, "a response could not be encoded");
                Problem::new(codes::INTERNAL, "the response could not be encoded").into_response()
            }
        }
    }

    /// A response with status 200.
    pub(crate) fn ok(self, content: &impl Serialize) -> Response {
        self.reply(StatusCode::OK, content)
    }

    /// The content's bytes.
    pub(crate) fn encode(self, content: &impl Serialize) -> Result<Vec<u8>, String> {
        match self {
            Self::Json => serde_json::to_vec(content).map_err(|error| error.to_string()),
            Self::Cbor => {
                let mut bytes = Vec::new();
                ciborium::into_writer(content, &mut bytes).map_err(|error| error.to_string())?;
                Ok(bytes)
            }
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Format {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::of(&parts.headers))
    }
}

/// Reads a structured body, JSON or CBOR, as normalised CBOR. `invalid` is the code for one that
/// is well-formed but cannot be taken. An empty body is `None`.
pub(crate) async fn read_document(
    request: Request,
    limits: &ApiLimits,
    invalid: Code,
) -> Answer<Option<Vec<u8>>> {
    let format = body_format(request.headers())?;
    let body = read_body(request, limits.graph_body_max_bytes, limits).await?;
    if body.is_empty() {
        return Ok(None);
    }
    let depth = limits.nesting_max;
    let document = match format {
        Format::Json => json_to_cbor(&body, depth).map_err(|e| Problem::of_json(e, invalid))?,
        Format::Cbor => normalize(&body, depth).map_err(|e| Problem::of_cbor(e, invalid))?,
    };
    Ok(Some(document))
}

/// The form of a structured body. What `curl -d` sends without being told otherwise is taken for
/// JSON; pages of other origins cannot misuse that, since `Origin` is checked.
fn body_format(headers: &HeaderMap) -> Answer<Format> {
    let kind = media_type(headers);
    match kind.as_str() {
        "" | "application/json" | "text/json" | "application/x-www-form-urlencoded" => {
            Ok(Format::Json)
        }
        "application/cbor" => Ok(Format::Cbor),
        other if other.ends_with("+json") => Ok(Format::Json),
        other if other.ends_with("+cbor") => Ok(Format::Cbor),
        other => Err(Problem::new(
            codes::UNSUPPORTED_MEDIA_TYPE,
            format!("`{other}` is not taken here; send application/json or application/cbor"),
        )),
    }
}

/// The body's media type in lower case, without parameters; empty if there is none.
pub(crate) fn media_type(headers: &HeaderMap) -> String {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.unwrap_or_default().split(';').next().unwrap_or_default();
    kind.trim().to_ascii_lowercase()
}

/// Bytes of a body that is too large which are still read, so that a client that sends all before
/// it listens hears the answer.
const DRAINED_MAX_BYTES: u64 = 128 << 20;

/// Reads a whole body, no larger than `max_bytes` and no slower than allowed.
pub(crate) async fn read_body(
    request: Request,
    max_bytes: u64,
    limits: &ApiLimits,
) -> Answer<Bytes> {
    let expects = request.headers().contains_key(header::EXPECT);
    let stated = request.headers().get(header::CONTENT_LENGTH);
    let stated = stated.and_then(|n| n.to_str().ok()?.parse::<u64>().ok());
    let mut reading = Reading { body: request.into_body(), start: Instant::now(), received: 0 };
    if stated.is_some_and(|length| length > max_bytes) {
        if !expects {
            reading.drain(limits).await;
        }
        return Err(too_large(max_bytes));
    }
    let Some(first) = reading.chunk(limits).await? else { return Ok(Bytes::new()) };
    if stated == Some(first.len() as u64) {
        return Ok(first);
    }
    let expected = stated.unwrap_or(0).min(1 << 20).max(first.len() as u64);
    let mut all = Vec::with_capacity(usize::try_from(expected).unwrap_or(0));
    all.extend_from_slice(&first);
    while let Some(chunk) = reading.chunk(limits).await? {
        if all.len() as u64 + chunk.len() as u64 > max_bytes {
            reading.drain(limits).await;
            return Err(too_large(max_bytes));
        }
        all.extend_from_slice(&chunk);
    }
    if all.len() as u64 > max_bytes {
        return Err(too_large(max_bytes));
    }
    Ok(all.into())
}

struct Reading {
    body: Body,
    start: Instant,
    received: u64,
}

impl Reading {
    /// The next bytes, if they come in time: what was received buys more of it.
    async fn chunk(&mut self, limits: &ApiLimits) -> Answer<Option<Bytes>> {
        let bought = self.received.saturating_mul(1_000) / limits.body_min_bytes_per_s.max(1);
        let bought = std::time::Duration::from_millis(bought);
        let deadline = self.start + limits.body_grace + bought;
        loop {
            let frame = tokio::time::timeout_at(deadline, self.body.frame()).await;
            let Ok(frame) = frame else { return Err(too_slow(limits)) };
            match frame {
                None => return Ok(None),
                Some(Err(error)) => {
                    let detail = format!("the body ended early: {error}");
                    return Err(Problem::new(codes::BODY_INTERRUPTED, detail));
                }
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.received += data.len() as u64;
                        return Ok(Some(data));
                    }
                }
            }
        }
    }

    async fn drain(&mut self, limits: &ApiLimits) {
        let end = self.received + DRAINED_MAX_BYTES;
        while self.received < end {
            match self.chunk(limits).await {
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => return,
            }
        }
    }
}

fn too_large(max_bytes: u64) -> Problem {
    let detail = format!("the body may have {} here", show_size(max_bytes));
    Problem::new(codes::BODY_TOO_LARGE, detail).header(header::CONNECTION, CLOSE)
}

fn too_slow(limits: &ApiLimits) -> Problem {
    let detail = format!(
        "the body must arrive with at least {} per second, after {} seconds of grace",
        show_size(limits.body_min_bytes_per_s),
        limits.body_grace.as_secs_f32()
    );
    Problem::new(codes::SLOW_BODY, detail).header(header::CONNECTION, CLOSE)
}

const CLOSE: HeaderValue = HeaderValue::from_static("close");

#[cfg(test)]
mod tests {
    use super::*;

    fn request(kind: &str, body: impl Into<Body>) -> Request {
        Request::builder().header(header::CONTENT_TYPE, kind).body(body.into()).unwrap()
    }

    fn limits() -> ApiLimits {
        ApiLimits {
            graph_body_max_bytes: 10,
            body_grace: std::time::Duration::from_millis(20),
            ..ApiLimits::default()
        }
    }

    async fn read(request: Request) -> Result<Option<Vec<u8>>, &'static str> {
        let read = read_document(request, &limits(), codes::INVALID_GRAPH).await;
        read.map_err(|problem| problem.code())
    }

    #[tokio::test]
    async fn bodies_are_taken_by_type_size_and_form() {
        assert_eq!(
            read(request("application/json; charset=utf-8", "[1]")).await,
            Ok(Some(vec![0x81, 1]))
        );
        assert_eq!(
            read(request("application/cbor", vec![0x9f, 1, 0xff])).await,
            Ok(Some(vec![0x81, 1]))
        );
        assert_eq!(read(request("application/json", "")).await, Ok(None));
        assert_eq!(read(request("text/plain", "[1]")).await, Err("unsupported_media_type"));
        assert_eq!(read(request("application/json", "[1")).await, Err("malformed_json"));
        assert_eq!(read(request("application/json", "[1e999]")).await, Err("invalid_graph"));
        assert_eq!(read(request("application/cbor", vec![0x9f])).await, Err("malformed_cbor"));
        assert_eq!(read(request("application/json", "[1,2,3,4,5,6]")).await, Err("body_too_large"));
    }

    #[tokio::test]
    async fn a_body_that_does_not_come_is_not_waited_for() {
        let never = futures::stream::pending::<Result<Bytes, std::io::Error>>();
        assert_eq!(read(request("", Body::from_stream(never))).await, Err("slow_body"));
    }

    #[test]
    fn accept_decides_between_json_and_cbor() {
        let format = |accept: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            Format::of(&headers)
        };
        assert_eq!(format("application/cbor"), Format::Cbor);
        assert_eq!(format("application/json, application/cbor;q=0.5"), Format::Json);
        assert_eq!(format("application/json;q=0.1, application/cbor"), Format::Cbor);
        assert_eq!(format("text/html, */*"), Format::Json);
        assert_eq!(format("application/cbor;q=0"), Format::Json);
    }
}
